# SPDX-License-Identifier: Apache-2.0
"""Who is measured, how each is built, and in which versions."""

import json
import os
import pathlib
import platform
import re
import subprocess

HERE = pathlib.Path(__file__).resolve().parent
BUILD = HERE / ".build-c"
PYTHON = HERE / ".build-python/bin/python"
NIO = HERE / ".build-nio"
FRESHET = HERE / ".build-swift/release"
URLSESSION = HERE / ".build-urlsession"

# Name -> (the command before MODE URL, what is added at the end).
CLIENTS = {
    "freshet": ([FRESHET / "FreshetBench"], []),
    "freshet-loop": ([FRESHET / "FreshetBench"], ["--on-loop", "1"]),
    "ceiling": ([BUILD / "ceiling"], []),
    "lws": ([BUILD / "lws"], []),
    "nio": ([NIO / "release/NIOPeer"], []),
    "picows": ([PYTHON, HERE / "Peers/Python/client.py", "picows"], []),
    "aiohttp": ([PYTHON, HERE / "Peers/Python/client.py", "aiohttp"], []),
    "websockets": ([PYTHON, HERE / "Peers/Python/client.py", "websockets"], []),
    "node-ws": (["node", HERE / "Peers/Node/client.js"], []),
    "gorilla": ([BUILD / "gorilla"], []),
    "libcurl": ([BUILD / "libcurl"], []),
    "urlsession": ([URLSESSION / "release/URLSessionPeer"], []),
    "async-http-client": ([NIO / "release/NIOPeer"], []),
    "net-http": ([BUILD / "net-http"], []),
    "fetch": (["node", HERE / "Peers/Node/fetch.js"], []),
}
# Who speaks HTTP, and of those who nothing else.
HTTP = ["freshet", "libcurl", "urlsession", "async-http-client", "aiohttp", "net-http", "fetch"]
HTTP_ONLY = [client for client in HTTP if client not in ("freshet", "aiohttp")]


def is_peer(client):
    return not client.startswith("freshet") and client not in ("ceiling", "libcurl")


def command(client, mode, url, arguments):
    start, end = CLIENTS[client]
    if client == "freshet" and mode == "once":
        start = [FRESHET / "FreshetOnce"]
    return [str(part) for part in [*start, mode, url, *arguments, *end]]


def build(wanted, say):
    """Builds the server and the wanted clients. Returns client -> why it could not be built; without the server and ours
    there is nothing to measure."""
    BUILD.mkdir(exist_ok=True)
    steps = [
        (["server"], f"cc -O2 -D_GNU_SOURCE -o {BUILD}/server {HERE}/Server/*.c -lssl -lcrypto -lz -lpthread"),
        (["server"], f"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=bench -days 30 "
                     f"-addext subjectAltName=IP:127.0.0.1 -keyout {BUILD}/key.pem -out {BUILD}/cert.pem"),
        (["freshet", "freshet-loop"],
         f"swift build -c release --package-path {HERE} --scratch-path {HERE}/.build-swift"),
        (["freshet"], f"swift build -c release --package-path {HERE.parent} --scratch-path {HERE.parent}/.build --product CacheMeasure"),
        (["ceiling"], f"cc -O2 -o {BUILD}/ceiling {HERE}/Peers/C/ceiling.c -lssl -lcrypto"),
        (["lws"], f"cc -O2 -o {BUILD}/lws {HERE}/Peers/C/lws.c -lwebsockets -lssl -lcrypto"),
        (["gorilla"], f"cd {HERE}/Peers/Go && GO111MODULE=off GOPATH=/usr/share/gocode GOCACHE={HERE}/.build-go "
                      f"go build -o {BUILD}/gorilla client.go"),
        (["libcurl"], f"cc -O2 -o {BUILD}/libcurl {HERE}/Peers/C/curl.c -lcurl"),
        (["net-http"], f"cd {HERE}/Peers/Go/http && GO111MODULE=off GOCACHE={HERE}/.build-go "
                       f"go build -o {BUILD}/net-http client.go"),
        (["urlsession"], f"swift build -c release --package-path {HERE}/Peers/URLSession --scratch-path {URLSESSION}"),
        (["nio", "async-http-client"], f"swift build -c release --package-path {HERE}/Peers/NIO --scratch-path {NIO}"),
    ]
    steps = [(names, step) for names, step in steps if "server" in names or set(names) & set(wanted)]
    failed = {}
    for number, (names, step) in enumerate(steps):
        hint = " (minutes, the first time)" if step.startswith("swift") else ""
        say(f"building {names[0]}, {number + 1} of {len(steps)}{hint}")
        done = subprocess.run(step, shell=True, capture_output=True, text=True)
        if done.returncode == 0:
            continue
        said = (done.stdout[-2000:] + done.stderr[-2000:]).strip()
        if names[0] in ("server", "freshet"):
            raise SystemExit(f"\nrun.py: this failed: {step}\n{said}")
        say(f"{names[0]} CANNOT BE BUILT, the benchmark goes on without it: {step}\n{said}\n")
        errors = [line for line in said.splitlines() if "error:" in line] or said.splitlines() or ["no output"]
        for name in set(names) & set(wanted):
            failed[name] = f"could not be built: {errors[0].strip()[:200]}"
    return failed


def _said(*words, find=r".*"):
    try:
        text = subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=30).stdout
    except (OSError, subprocess.TimeoutExpired):
        return "?"
    found = re.search(find, text.strip())
    return (found.group(1) if found.groups() else found.group(0)) if found else "?"


def _python(package):
    return _said(PYTHON, "-c", f"import importlib.metadata; print(importlib.metadata.version({package!r}))")


def _nio(package):
    """As resolved: the file is SwiftPM's own, and it is there only if the package has been built."""
    try:
        pins = json.loads((HERE / "Peers/NIO/Package.resolved").read_text())["pins"]
    except (OSError, ValueError, KeyError):
        return "?"
    return next((pin["state"].get("version", "?") for pin in pins if pin["identity"] == package), "?")


def facts():
    """What somebody who reads the ratios elsewhere has to know of the machine and of the versions."""
    cpu = "?"
    if os.path.exists("/proc/cpuinfo"):
        found = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
        cpu = found.group(1) if found else "?"
    node_ws = _said("node", "-p", "require('/usr/share/nodejs/ws/package.json').version")
    gorilla = _said("dpkg-query", "--show", "--showformat=${Version}", "golang-github-gorilla-websocket-dev")
    return {
        "machine": {
            "cpu": cpu, "cores": os.cpu_count(), "kernel": f"{platform.system()} {platform.release()}",
            "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        },
        "versions": {
            "freshet": _said("git", "-C", HERE, "describe", "--always", "--dirty"),
            "swift": _said("swift", "--version", find=r"Swift version (\S+)"),
            "cc": _said("cc", "--version"),
            "libwebsockets": _said("pkg-config", "--modversion", "libwebsockets", find=r"[\d.]+"),
            "libcurl": _said("pkg-config", "--modversion", "libcurl"),
            "openssl": _said("openssl", "version", find=r"OpenSSL \S+"),
            "swift-nio": _nio("swift-nio"), "swift-nio-ssl": _nio("swift-nio-ssl"),
            "async-http-client": _nio("async-http-client"),
            "python": _said(PYTHON, "--version", find=r"\d\S*"),
            "picows": _python("picows"), "uvloop": _python("uvloop"),
            "aiohttp": _python("aiohttp"), "websockets": _python("websockets"),
            "node": _said("node", "--version"), "node-ws": node_ws,
            "go": _said("go", "version", find=r"go\d\S*"), "gorilla": gorilla,
        },
    }
