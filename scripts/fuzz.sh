#!/usr/bin/env bash
# Feeds the fuzz targets inputs that libFuzzer makes up, for so many seconds each (60 unless told), under AddressSanitizer.
#
#     scripts/fuzz.sh [SECONDS] [TARGETS...]     frames, deflate, upgrade, scanner; all of them unless told
#     scripts/fuzz.sh --merge [TARGETS...]       takes the inputs that reach new code into the corpora
#
# What is found goes to .build-fuzz/findings; the corpora in Tests/FuzzTests are only changed by --merge.

set -euo pipefail
cd "$(dirname "$0")/.."

fail() {
    echo "fuzz.sh: $1" >&2
    exit 2
}

merge=no
seconds=60
if [ "${1:-}" = --merge ]; then
    merge=yes
    shift
elif [[ "${1:-}" =~ ^[0-9]+$ ]]; then
    seconds=$1
    shift
fi
[ "$seconds" -gt 0 ] || fail "SECONDS must be more than 0"
[ $# -gt 0 ] || set -- frames deflate upgrade scanner
for target in "$@"; do
    case "$target" in
        frames | deflate | upgrade | scanner) ;;
        *) fail "there is no target $target; hint: there are frames, deflate, upgrade and scanner" ;;
    esac
done

program() { # of a target: upgrade's is FuzzUpgrade
    echo "$build/Fuzz${1^}"
}

scripts/install-dependencies.sh
# Optimized, with the assertions and all of Swift's own checks. SwiftPM's option leaves the main to libFuzzer; the compiler
# takes only the last one of its own.
options=(-c release --scratch-path .build-fuzz --sanitize fuzzer -Xswiftc -sanitize=fuzzer,address
    -Xswiftc -assert-config -Xswiftc Debug -Xcc -fsanitize=fuzzer-no-link,address)
export FRESHET_FUZZ=1
mkdir -p .build-fuzz
build=$(swift build "${options[@]}" --show-bin-path)
for target in "$@"; do
    swift build "${options[@]}" --product "Fuzz${target^}" >.build-fuzz/build.log 2>&1 || {
        cat .build-fuzz/build.log >&2
        fail "Fuzz${target^} cannot be built"
    }
done

# The runtime's own handler would be the first to see a trap, and libFuzzer could not keep the input.
export SWIFT_BACKTRACE=enable=no
limits=(-max_len=1024 -timeout=10 -rss_limit_mb=1024 -malloc_limit_mb=128)

# An interrupt does not reach what runs in the background.
running=
trap '[ -z "$running" ] || kill "$running"' EXIT

# One target for its time. Says how it went in one line.
fuzz() {
    local target=$1 corpus=Tests/FuzzTests/Corpora/$1 work=.build-fuzz/corpus/$1 findings=.build-fuzz/findings/$1
    local log=.build-fuzz/$1.log
    mkdir -p "$work" "$findings"
    local status=0
    "$(program "$target")" "${limits[@]}" -max_total_time="$seconds" -print_final_stats=1 \
        -dict="Tests/FuzzTests/Dictionaries/$target.dict" -artifact_prefix="$findings/" \
        "$work" "$corpus" </dev/null >"$log" 2>&1 &
    running=$!
    local pid=$running next=$((SECONDS + 15))
    while kill -0 "$pid" 2>/dev/null; do
        sleep 0.5
        if [ "$SECONDS" -ge "$next" ]; then
            echo "$target: $(grep -a '^#' "$log" | tail -n 1 | tr -s '[:space:]' ' ')" >&2
            next=$((SECONDS + 15))
        fi
    done
    wait "$pid" || status=$?
    running=

    local count
    count=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    if [ "$status" -eq 0 ]; then
        printf '%-8s %14s inputs in %s s, %s from the corpus, no finding\n' "$target" "$(thousands "${count:-0}")" \
            "$seconds" "$(find "$corpus" -type f | wc -l)"
        return 0
    fi
    local input
    input=$(sed -n 's/.*Test unit written to //p' "$log" | tail -n 1)
    grep -a -m 1 -E 'Fatal error|ERROR:' "$log" | cut -c 1-1000 >&2 || tail -n 20 "$log" >&2
    printf '%-8s %14s inputs, finding: %s\n' "$target" "$(thousands "${count:-0}")" "${input:-see $log}"
    if [ -n "$input" ]; then echo "         again: SWIFT_BACKTRACE=enable=no $(program "$target") $input"; fi
    return 1
}

thousands() {
    sed -E ':a; s/^([0-9]+)([0-9]{3})/\1,\2/; ta' <<<"$1"
}

# Adds to the corpus what reaches code that it does not reach, up to 150 files in all: the largest first, which reach the
# most. None has more than 400 bytes.
take() {
    local target=$1 corpus=Tests/FuzzTests/Corpora/$1 work=.build-fuzz/corpus/$1 merged=.build-fuzz/merged/$1
    [ -d "$work" ] || fail "$target has not been fuzzed here yet"
    rm -rf "$merged"
    mkdir -p "$merged"
    cp "$corpus"/* "$merged"
    "$(program "$target")" "${limits[@]}" -max_len=400 -set_cover_merge=1 "$merged" "$work" \
        </dev/null >".build-fuzz/$target.log" 2>&1 || fail "the merge failed; hint: see .build-fuzz/$target.log"
    local name count
    count=$(find "$corpus" -type f | wc -l)
    while read -r _ name; do
        if [ "$count" -ge 150 ]; then break; fi
        if [ ! -e "$corpus/$name" ]; then
            cp "$merged/$name" "$corpus/$name"
            count=$((count + 1))
        fi
    done < <(find "$merged" -type f -printf '%s %f\n' | sort -rn)
    echo "$target: $(find "$corpus" -type f | wc -l) inputs, $(cat "$corpus"/* | wc -c) bytes"
}

passed=0 failed=0
for target in "$@"; do
    if [ "$merge" = yes ]; then
        take "$target"
    elif fuzz "$target"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
    fi
done
[ "$merge" = no ] || exit 0
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
