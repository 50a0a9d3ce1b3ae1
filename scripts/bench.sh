#!/usr/bin/env bash
# Installs what the benchmark's peers need, then measures them and us. Arguments go to Benchmarks/run.py.
#
#     scripts/bench.sh [--quick] [--rows receive,send] [--clients freshet,lws] [--runs N]
#     scripts/bench.sh documents [--quick] [--rows etcd-catch-up,nats-latency] [--runs N]

set -euo pipefail
cd "$(dirname "$0")/.."

scripts/install-dependencies.sh --benchmarks
python=Benchmarks/.build-python
if ! cmp -s Benchmarks/Peers/Python/requirements.txt "$python/requirements.txt"; then
    echo "bench.sh: installing the Python peers" >&2
    python3 -m venv --clear "$python"
    "$python/bin/python" -m pip install --quiet --disable-pip-version-check -r Benchmarks/Peers/Python/requirements.txt
    cp Benchmarks/Peers/Python/requirements.txt "$python/requirements.txt"
fi
ulimit -n "$(ulimit -Hn)"
if [ "${1:-}" = documents ]; then
    shift
    exec python3 Benchmarks/documents.py "$@"
fi
python3 Benchmarks/run.py "$@"
