#!/usr/bin/env bash
# Hours of what the test suite has minutes of: every fault against every server, and many simulated seeds, each night other ones.
#
#     scripts/soak-nightly.sh [HOURS] [REPORT]

set -euo pipefail
cd "$(dirname "$0")/.."
hours=${1:-8}
report=${2:-.build/soak-nightly}
seed=${SEED:-$(date +%Y%m%d)}

scripts/install-dependencies.sh --tests
swift build -c release --scratch-path .build --product freshet
.build/release/freshet soak --sim --seeds 1000000 --seed "$((seed * 1000000 % 1000000007))"
.build/release/freshet soak --local graphql,etcd,nats --faults all --clients 200 --for "${hours}h" --seed "$seed" \
    --report "$report" --require lost==0 --require duplicates==0 --require away==0
scripts/soak-netns.sh .build/release/freshet "$report-netns"
