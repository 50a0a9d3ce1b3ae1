#!/usr/bin/env bash
# Installs the system libraries that Freshet is built on, and with --tests what its tests need as well
# (--benchmarks: what the benchmark's peers need). Asks nothing.
# Does nothing, and needs no rights, when all is there.
#
#     scripts/install-dependencies.sh [--tests|--benchmarks]

set -euo pipefail

fail() {
    echo "install-dependencies.sh: $1" >&2
    exit 1
}

tests=no
benchmarks=no
case "$*" in
    '') ;;
    --tests) tests=yes ;;
    --benchmarks) benchmarks=yes ;;
    *) fail "usage: install-dependencies.sh [--tests|--benchmarks]" ;;
esac

is_installed() { # by dpkg
    [ "$(dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

with_apt() {
    local packages=(libwebsockets-dev libwebsockets-evlib-uv libuv1-dev libcurl4-openssl-dev libssl-dev zlib1g-dev pkg-config)
    if [ "$tests" = yes ]; then packages+=(python3 python3-venv python3-lib2to3 openssl nginx-light tinyproxy-bin etcd-server etcd-client nats-server); fi

    if [ "$benchmarks" = yes ]; then
        packages+=(python3 python3-venv openssl gcc golang-go golang-github-gorilla-websocket-dev nodejs node-ws)
        packages+=(etcd-server etcd-client nats-server golang-etcd-server-dev)
    fi

    local missing=() package
    for package in "${packages[@]}"; do
        is_installed "$package" || missing+=("$package")
    done
    [ ${#missing[@]} -gt 0 ] || return 0

    local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -y -qq -o DPkg::Lock::Timeout=120)
    if [ "$(id -u)" -ne 0 ]; then
        if ! command -v sudo >/dev/null || ! sudo -n true 2>/dev/null; then
            fail "missing: ${missing[*]}; hint: no root and no sudo without a password, so as root: apt-get install ${missing[*]}"
        fi
        apt=(sudo -n "${apt[@]}")
    fi
    echo "install-dependencies.sh: installing ${missing[*]}" >&2
    "${apt[@]}" update >/dev/null || fail "apt-get update failed; hint: check the network and the apt sources"
    "${apt[@]}" install --no-install-recommends "${missing[@]}" >/dev/null ||
        fail "apt-get could not install ${missing[*]}; hint: what it said is above"
}

# Not tried yet: see "Status" in README.md.
with_brew() {
    local packages=(libwebsockets libuv openssl@3 pkg-config)
    if [ "$tests" = yes ]; then packages+=(python nginx tinyproxy etcd nats-server); fi
    [ "$benchmarks" = no ] || fail "the benchmark's peers are installed by hand on this system; see Benchmarks/README.md"

    local missing=() package
    for package in "${packages[@]}"; do
        brew list --versions "$package" >/dev/null 2>&1 || missing+=("$package")
    done
    [ ${#missing[@]} -gt 0 ] || return 0

    echo "install-dependencies.sh: installing ${missing[*]}" >&2
    NONINTERACTIVE=1 brew install --quiet "${missing[@]}" >/dev/null ||
        fail "brew could not install ${missing[*]}; hint: what it said is above"
}

if command -v apt-get >/dev/null && command -v dpkg-query >/dev/null; then
    with_apt
elif command -v brew >/dev/null; then
    with_brew
elif pkg-config --exists libwebsockets libuv libcurl openssl zlib 2>/dev/null; then
    : # somebody has installed them by other means
else
    fail "neither apt-get nor brew is here; hint: install libwebsockets (4.1 or newer), libuv, libcurl (7.85 or newer), OpenSSL 3, zlib, all with headers, and pkg-config"
fi
