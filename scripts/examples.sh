#!/usr/bin/env bash
# Runs the examples against their servers, and checks that everything they show has happened.
#
#     scripts/examples.sh [DIR]     DIR has the built programs, .build/release by default

set -euo pipefail
cd "$(dirname "$0")/.."

fail() {
    echo "examples.sh: $1" >&2
    exit 1
}

programs=${1:-.build/release}
for name in AppBackend DocumentSource FirestoreUsers freshet; do
    [ -x "$programs/$name" ] || fail "there is no program at $programs/$name; hint: make examples builds it"
done

dir=$(mktemp -d)
: >"$dir/server.out"
server=''
app=''
stop() { # by pid; nothing where there is none
    [ -n "$1" ] || return 0
    kill -TERM "$1" 2>/dev/null || true
    wait "$1" 2>/dev/null || true
}
# shellcheck disable=SC2317  # called by the trap
clean_up() {
    stop "$app"
    stop "$server"
    rm -rf "$dir"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

serve() { # a Python program that says where it listens; sets url
    : >"$dir/server.out"
    .build-python/bin/python -B "$@" >"$dir/server.out" 2>"$dir/server.err" &
    server=$!
    for _ in $(seq 300); do
        grep -q '^listening ' "$dir/server.out" && break
        kill -0 "$server" 2>/dev/null || break
        sleep 0.1
    done
    url=$(sed -n 's/^listening //p' "$dir/server.out")
    [ -n "$url" ] && return
    cat "$dir/server.err" >&2
    fail "the server $1 did not start within 30 s"
}

serve Examples/AppBackend/Server/server.py --control
timeout 60 "$programs/AppBackend" "$url" --expire | tee "$dir/output" || fail "AppBackend failed, or did not end within 60 s"

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
echo "AppBackend: signed in, listed, renewed once after a 401, corrected, watched, signed out."
stop "$server"

# A source of one's own: documents as they are, then each change.
serve Examples/DocumentSource/server.py
write() {
    .build-python/bin/python -c '
import json, sys, urllib.request
body = json.dumps({"query": "mutation { " + sys.argv[2] + " }"}).encode()
urllib.request.urlopen(urllib.request.Request(sys.argv[1], body, {"Content-Type": "application/json"}))' "$url/" "$1"
}
shown() { # waits until the output has a line
    for _ in $(seq 300); do
        grep -qxF -- "$1" "$dir/documents" && return
        kill -0 "$app" 2>/dev/null || break
        sleep 0.1
    done
    cat "$dir/documents" >&2
    fail "DocumentSource did not print: $1"
}
write 'put(key: "a", value: "one")'
: >"$dir/documents"
stdbuf -oL "$programs/DocumentSource" "$url/" >"$dir/documents" 2>&1 &
app=$!
shown '+ a = one'
write 'put(key: "a", value: "two")'
shown '~ a = two, was one'
write 'put(key: "b", value: "new")'
write 'remove(key: "a")'
shown '- a'
cat "$dir/documents"
echo "DocumentSource: listed, then every change."
stop "$app"
app=''
stop "$server"
server=''

# Firestore, in Google's emulator: there is no other server to try it with.
jar=$(dpkg -L google-cloud-cli-firestore-emulator 2>/dev/null | grep 'emulator[.]jar$' | head -n 1 || true)
if [ -z "$jar" ] || ! command -v java >/dev/null; then
    echo "SKIPPED: no Firestore emulator here, so FirestoreUsers was built and not run"
    exit 0
fi
port=$(.build-python/bin/python -c '
import socket
with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    print(free.getsockname()[1])')
: >"$dir/emulator.out"
java -Xmx400m -XX:+UseSerialGC -Duser.language=en -cp "$jar" com.google.cloud.datastore.emulator.firestore.CloudFirestore \
    --host=127.0.0.1 --port="$port" --project_id=demo >"$dir/emulator.out" 2>&1 &
server=$!
for _ in $(seq 300); do
    grep -q 'is now running' "$dir/emulator.out" && break
    kill -0 "$server" 2>/dev/null || break
    sleep 0.1
done
grep -q 'is now running' "$dir/emulator.out" || fail "the Firestore emulator did not start within 30 s"
FIRESTORE_EMULATOR_HOST=127.0.0.1:$port timeout 60 "$programs/FirestoreUsers" demo | tee "$dir/output" ||
    fail "FirestoreUsers failed, or did not end within 60 s"
expect 'French: 0'
expect 'read: Ada'
expect 'French: added ada'
expect 'not overwritten: true'
expect 'French: removed ada'
echo "FirestoreUsers: made, read, updated, kept from being overwritten, watched."

# The same four by the command line: create, watch, update, get.
users=firestore://demo/users/grace
export FIRESTORE_EMULATOR_HOST=127.0.0.1:$port
timeout 20 "$programs/freshet" put "$users" '{"name":"Grace"}' --create >/dev/null || fail "freshet put --create failed"
timeout 20 "$programs/freshet" watch "$users" -o jsonl -n 2 >"$dir/watched" 2>/dev/null &
app=$!
for _ in $(seq 100); do
    grep -q '"name":"Grace"' "$dir/watched" && break
    sleep 0.1
done
timeout 20 "$programs/freshet" put "$users" '{"name":"Grace Hopper"}' >/dev/null || fail "freshet put failed"
wait "$app" || fail "freshet watch did not see the change within 20 s"
app=''
timeout 20 "$programs/freshet" get "$users" | tee "$dir/output"
expect 'Grace Hopper'
grep -q '"name":"Grace Hopper"' "$dir/watched" || fail "freshet watch saw another change: $(cat "$dir/watched")"
if timeout 20 "$programs/freshet" put "$users" '{}' --create >/dev/null 2>&1; then fail "freshet put --create overwrote"; fi
echo "freshet: made, watched, changed and read a document of Firestore."
