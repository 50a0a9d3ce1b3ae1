#!/usr/bin/env bash
# Runs the Autobahn test suite against our WebSocket client and prints its table.
#
#     scripts/conformance.sh [CASES...]     names or beginnings of names, as in: 6 12.1

set -euo pipefail
cd "$(dirname "$0")/.."

scripts/install-dependencies.sh --tests
suite=$PWD/.build-autobahn
if [ ! -x "$suite/run.sh" ]; then
    echo "conformance.sh: setting up the suite in .build-autobahn" >&2
    rm -rf "$suite"
    Tests/ConformanceTests/Autobahn/port.sh "$suite"
fi
swift build -c release --scratch-path .build --product AutobahnClient
python3 Tests/ConformanceTests/run.py "$suite" "$PWD/.build/release/AutobahnClient" "$@"
