#!/usr/bin/env bash
# Two hosts in network namespaces with a cable between them: the server's and the clients'. While clients are soaked the cable loses
# packets, is slow, is pulled out, and the clients' host gets another address: what a fault proxy cannot do.
#
#     scripts/soak-netns.sh [freshet] [REPORT]
#
# Needs root, ip, tc and nginx. Where namespaces are not allowed it says so and does nothing.

set -euo pipefail
cd "$(dirname "$0")/.."
freshet=$(realpath "${1:-.build/release/freshet}")
report=${2:-.build/soak-netns}

skip() { echo "SKIPPED: $1: nothing was tested across network namespaces" >&2; exit 0; }
[ "$(uname)" = Linux ] || skip "this is not Linux"
[ "$(id -u)" = 0 ] || skip "this is not root"
for tool in ip tc nginx; do command -v "$tool" >/dev/null || skip "$tool is not installed"; done
server="freshet-s-$$" clients="freshet-c-$$"
ip netns add "$server" 2>/dev/null || skip "network namespaces are not allowed here"
folder=$(mktemp -d)
pids=()
cleanup() {
    for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
    for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null || true; done
    ip netns del "$clients" 2>/dev/null || true
    ip netns del "$server" 2>/dev/null || true
    rm -rf "$folder"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
ip netns add "$clients"
in_server() { ip netns exec "$server" "$@"; }
in_clients() { ip netns exec "$clients" "$@"; }

ip link add v0 netns "$server" type veth peer name v0 netns "$clients"
in_server ip link set lo up
in_clients ip link set lo up
in_server ip addr add 10.77.0.1/24 dev v0
in_clients ip addr add 10.77.0.2/24 dev v0
in_server ip link set v0 up
in_clients ip link set v0 up
netem=1
in_clients tc qdisc add dev v0 root netem delay 1ms 2>/dev/null || netem=0
if [ $netem = 1 ]; then
    in_clients tc qdisc del dev v0 root
else
    echo "SKIPPED: the kernel has no netem: no packet is lost or late here" >&2
fi

# The embedded server listens on the loopback device alone; nginx takes it to the cable.
ip netns exec "$server" "$freshet" serve --port 4000 >"$folder/serve" 2>&1 & pids+=($!)
cat >"$folder/nginx.conf" <<NGINX
daemon off; master_process off; pid $folder/nginx.pid; error_log stderr;
events { worker_connections 256; }
http {
  access_log off;
  client_body_temp_path $folder/a; proxy_temp_path $folder/b; fastcgi_temp_path $folder/c;
  uwsgi_temp_path $folder/d; scgi_temp_path $folder/e;
  server {
    listen 10.77.0.1:8080;
    location / {
      proxy_pass http://127.0.0.1:4000; proxy_http_version 1.1; proxy_read_timeout 300s;
      proxy_set_header Upgrade \$http_upgrade; proxy_set_header Connection \$http_connection;
    }
  }
}
NGINX
ip netns exec "$server" nginx -p "$folder" -e stderr -c "$folder/nginx.conf" >"$folder/nginx" 2>&1 & pids+=($!)
sleep 2

# Not by the function: that would be a shell's pid.
ip netns exec "$clients" "$freshet" soak --target ws://10.77.0.1:8080/graphql --i-own-this \
    -q 'subscription ($after: Int) { events(after: $after) { n } }' --cursor after=events.n --number events.n \
    --faults none --clients 10 --for 75s --report "$report" --require lost==0 --require duplicates==0 \
    --require 'delivered>10000' & soak=$!
pids+=("$soak")

step() { echo "== $1" >&2; sleep "$2"; }
step "all is well" 8
if [ $netem = 1 ]; then
    in_clients tc qdisc add dev v0 root netem loss 20% delay 40ms 20ms
    step "20 % of the packets are lost" 12
    in_clients tc qdisc change dev v0 root netem delay 300ms 100ms
    step "a long way" 8
    in_clients tc qdisc del dev v0 root
fi
in_clients ip link set v0 down
step "the cable is pulled out" 8
in_clients ip link set v0 up
step "it is back" 8
in_clients ip addr del 10.77.0.2/24 dev v0
in_clients ip addr add 10.77.0.3/24 dev v0
step "the clients' host has another address" 12
in_server ip addr del 10.77.0.1/24 dev v0
step "the server's address is gone" 5
in_server ip addr add 10.77.0.1/24 dev v0
step "it is back" 5
wait "$soak"
