#!/usr/bin/env bash
# Shows a live subscription through a restart of its server, and checks that the loss was told.
#
#     scripts/demo.sh [FRESHET]     FRESHET is the built program, .build/release/freshet by default

set -euo pipefail

fail() {
    echo "demo.sh: $1" >&2
    exit 1
}

freshet=${1:-.build/release/freshet}
[ -x "$freshet" ] || fail "there is no program at $freshet; hint: make demo builds it"

dir=$(mktemp -d)
: >"$dir/server.out"
: >"$dir/output"
mkfifo "$dir/pipe"
server='' watch='' copy=''

# Ends a child of this script: politely, and after 3 s without asking.
stop() {
    [ -n "$1" ] || return 0
    kill -TERM "$1" 2>/dev/null || true
    for _ in $(seq 30); do
        kill -0 "$1" 2>/dev/null || break
        sleep 0.1
    done
    kill -KILL "$1" 2>/dev/null || true
    wait "$1" 2>/dev/null || true
}

# shellcheck disable=SC2317  # called by the trap
clean_up() {
    stop "$watch"
    stop "$copy"
    stop "$server"
    rm -rf "$dir"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# Waits up to 10 s until FILE has at least COUNT lines with TEXT, as long as PID lives.
wait_for() { # PID COUNT TEXT FILE
    for _ in $(seq 100); do
        if [ "$(grep -c -- "$3" "$4" || true)" -ge "$2" ]; then return 0; fi
        kill -0 "$1" 2>/dev/null || return 1
        sleep 0.1
    done
    return 1
}

"$freshet" serve --port 0 --down 1500ms >"$dir/server.out" 2>"$dir/server.err" &
server=$!
if ! wait_for "$server" 1 '^listening ' "$dir/server.out"; then
    cat "$dir/server.err" >&2
    fail "the server did not start within 10 s"
fi
url=$(sed -n 's/^listening //p' "$dir/server.out")

cat <<TEXT
A GraphQL server at $url sends a tick every 250 ms.
It will be restarted on the way, and refuse connections for 1.5 s. The state
lines tell how freshet reconnects; the GAP line stands exactly where ticks may
be missing.

\$ freshet watch $url \\
    -q 'subscription { ticks(every: 250) { n at } }' -n 24

TEXT

# tee by way of a named pipe, so that the watch is a child whose pid and exit code are known.
tee "$dir/output" <"$dir/pipe" &
copy=$!
"$freshet" watch "$url" -q 'subscription { ticks(every: 250) { n at } }' -n 24 --timeout 30s >"$dir/pipe" 2>&1 &
watch=$!

# Some 2.5 s of ticks, then the restart.
wait_for "$watch" 10 '"ticks"' "$dir/output" || fail "no ticks within 10 s"
kill -HUP "$server"

for _ in $(seq 400); do # --timeout ends it earlier; this is for the case that it does not
    kill -0 "$watch" 2>/dev/null || break
    sleep 0.1
done
kill -0 "$watch" 2>/dev/null && fail "freshet watch did not end within 40 s"
code=0
wait "$watch" || code=$?
watch=''
wait "$copy" || true # ends with its writer
copy=''

echo
[ "$code" -eq 0 ] || fail "freshet watch ended with exit code $code"
grep -q ' GAP cause=' "$dir/output" || fail "the restart was not told as a gap"
echo "24 ticks, one restart, one gap: told in its place."
