#!/usr/bin/env bash
# Runs the example AppBackend against its server, and checks that everything it shows has happened.
#
#     scripts/examples.sh [APP]     APP is the built program, .build/release/AppBackend by default

set -euo pipefail
cd "$(dirname "$0")/.."

fail() {
    echo "examples.sh: $1" >&2
    exit 1
}

app=${1:-.build/release/AppBackend}
[ -x "$app" ] || fail "there is no program at $app; hint: make examples builds it"

dir=$(mktemp -d)
: >"$dir/server.out"
server=''
# shellcheck disable=SC2317  # called by the trap
clean_up() {
    if [ -n "$server" ]; then
        kill -TERM "$server" 2>/dev/null || true
        wait "$server" 2>/dev/null || true
    fi
    rm -rf "$dir"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

.build-python/bin/python -B Examples/AppBackend/Server/server.py --control >"$dir/server.out" 2>"$dir/server.err" &
server=$!
for _ in $(seq 300); do
    grep -q '^listening ' "$dir/server.out" && break
    kill -0 "$server" 2>/dev/null || break
    sleep 0.1
done
url=$(sed -n 's/^listening //p' "$dir/server.out")
if [ -z "$url" ]; then
    cat "$dir/server.err" >&2
    fail "the server did not start within 30 s"
fi

timeout 60 "$app" "$url" --expire | tee "$dir/output" || fail "AppBackend failed, or did not end within 60 s"

expect() { # a line of the output
    grep -qF -- "$1" "$dir/output" || fail "the output has no line with: $1"
}
expect 'wrong password: unauthorized'
expect 'session: signed in'
expect 'item item-3: Item 3'
expect 'session: the credential was renewed'
expect 'after the token had died: Item 1'
expect 'not valid: title: '
expect 'not valid: price: '
expect 'created: Tea'
expect 'created Tea'
expect 'session: signed out'
expect 'signed out: unauthorized'
refreshes=$(.build-python/bin/python -c '
import json, sys, urllib.request
print(json.load(urllib.request.urlopen(sys.argv[1] + "/control"))["refreshes"])' "$url")
[ "$refreshes" = 1 ] || fail "the token was renewed $refreshes times, not once"
echo "signed in, listed, renewed once after a 401, corrected, watched, signed out."
