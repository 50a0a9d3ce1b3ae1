#!/usr/bin/env bash
# Everything that is checked before a change goes in: format, build, tests.
#
#     scripts/test.sh [ARGUMENTS FOR swift test]
#
# Tests that need the machine for themselves (they measure time, or move gigabytes) come after the others, unless there
# are arguments: then those alone say what is run.

set -euo pipefail
cd "$(dirname "$0")/.."

step() { echo "== $1" >&2; }

step "dependencies"
scripts/install-dependencies.sh --tests

step "Python environment of the interop servers"
scripts/python-env.sh .build-python

step "format"
make --no-print-directory lint

step "build"
swift build --scratch-path .build-debug

step "tests"
# The interop tests start these as processes of their own.
export FRESHET_PYTHON="$PWD/.build-python/bin/python"
export FRESHET_BINARY="$PWD/.build-debug/debug/freshet"
test=(swift test --disable-xctest --parallel --scratch-path .build-debug)
alone='FreshetTransportTests[.](BackPressure|PendingOutput|[A-Za-z]+Fault)Tests|FreshetGraphQLTests[.](Proof|FaultProxyClient)Tests|SimulationTests[.]|InteropTests[.](BadHTTP|Nginx|Backend|Proxy|Login|PollingFallback|GraphQLInterop|TLSBackPressure|TLSFault|Churn|PlantedClientFault|SoakCommand)Tests'
if [ $# -gt 0 ]; then
    "${test[@]}" "$@"
else
    # In groups: all at once, those with much to compute keep the others from their turns until their time is up.
    groups='FreshetGraphQLTests[.]|FreshetHTTPTests[.]|InteropTests[.]'
    documents='InteropTests[.](Etcd|NATS|Kubernetes|RealKubernetes|StateFile|DocumentCommand|Firestore|GoogleTokens)'
    "${test[@]}" --skip "$alone" --skip "$groups"
    "${test[@]}" --skip "$alone" --filter 'FreshetGraphQLTests[.]'
    "${test[@]}" --skip "$alone" --skip "$documents" --filter 'FreshetHTTPTests[.]|InteropTests[.]'
    "${test[@]}" --skip "$alone" --filter "$documents"
    step "tests that need the machine for themselves"
    "${test[@]}" --no-parallel --filter "$alone"
fi
