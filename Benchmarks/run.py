#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs our client and its peers against one server, interleaved, and prints ratios of medians with a verdict for each target.

    run.py [--rows receive,tls,deflate,send,echo,idle,beside] [--clients freshet,lws,...] [--runs N] [--quick] [--out DIR]

Writes DIR/results.json and DIR/results.svg. Absolute figures depend on the machine and are noise; only ratios within one run
mean something. Run it by scripts/bench.sh, which installs what is needed.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys

import plot

HERE = pathlib.Path(__file__).parent
BUILD = HERE / ".build-c"
SIZES = [16, 128, 1024, 16384, 1048576]
# Messages that take a fast client about half a second; slower ones get fewer.
COUNTS = {16: 24_000_000, 128: 8_000_000, 1024: 1_600_000, 16384: 120_000, 1048576: 1_500}
PYTHON = HERE / ".build-python/bin/python"
CLIENTS = {
    "freshet": [HERE / ".build-swift/release/FreshetBench"],
    "ceiling": [BUILD / "ceiling"],
    "lws": [BUILD / "lws"],
    "picows": [PYTHON, HERE / "Peers/Python/client.py", "picows"],
    "aiohttp": [PYTHON, HERE / "Peers/Python/client.py", "aiohttp"],
    "websockets": [PYTHON, HERE / "Peers/Python/client.py", "websockets"],
    "node-ws": ["node", HERE / "Peers/Node/client.js"],
    "gorilla": [BUILD / "gorilla"],
}
RECEIVE_TARGETS = {16: 5.0, 128: 4.0, 1024: 1.8, 16384: 1.0, 1048576: 1.0}

parser = argparse.ArgumentParser()
parser.add_argument("--rows", default="receive,tls,deflate,send,echo,idle,beside")
parser.add_argument("--clients", default=",".join(CLIENTS))
parser.add_argument("--runs", type=int, default=5)
parser.add_argument("--quick", action="store_true", help="two runs of a quarter of the messages")
parser.add_argument("--out", default=str(HERE / "out"))
options = parser.parse_args()
if options.quick:
    options.runs = min(options.runs, 2)


def say(text):
    print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def build():
    BUILD.mkdir(exist_ok=True)
    commands = [
        f"cc -O2 -D_GNU_SOURCE -o {BUILD}/server {HERE}/Server/server.c {HERE}/Server/busy.c {HERE}/Server/idle.c "
        "-lssl -lcrypto -lz -lpthread",
        f"cc -O2 -o {BUILD}/ceiling {HERE}/Peers/C/ceiling.c -lssl -lcrypto",
        f"cc -O2 -o {BUILD}/lws {HERE}/Peers/C/lws.c -lwebsockets -lssl -lcrypto",
        f"cd {HERE}/Peers/Go && GO111MODULE=off GOPATH=/usr/share/gocode GOCACHE={HERE}/.build-go "
        f"go build -o {BUILD}/gorilla client.go",
        f"swift build -c release --package-path {HERE} --scratch-path {HERE}/.build-swift --product FreshetBench",
        f"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=bench -days 30 "
        f"-addext subjectAltName=IP:127.0.0.1 -keyout {BUILD}/key.pem -out {BUILD}/cert.pem",
    ]
    for number, command in enumerate(commands):
        say(f"building {number + 1} of {len(commands)}")
        done = subprocess.run(command, shell=True, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"\nrun.py: this failed: {command}\n{done.stdout[-2000:]}{done.stderr[-2000:]}")


class Bench:
    def __init__(self, plain, tls):
        self.plain, self.tls = plain, tls
        self.results = {}  # row -> client -> [result]
        self.failures = {}

    def run(self, client, mode, path, *arguments, secure=False):
        url = f"wss://127.0.0.1:{self.tls}{path}" if secure else f"ws://127.0.0.1:{self.plain}{path}"
        command = [str(part) for part in CLIENTS[client]] + [mode, url, *map(str, arguments)]
        if secure:
            command += ["--ca", str(BUILD / "cert.pem")]
        environment = dict(os.environ, NODE_PATH="/usr/share/nodejs")
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment)
        except subprocess.TimeoutExpired:
            return {"failed": "took more than 120 s"}
        lines = done.stdout.strip().splitlines()
        if done.returncode or not lines:
            return {"failed": (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1][:200]}
        return json.loads(lines[-1])

    def measure(self, row, clients, mode, path_for, size=None, secure=False, arguments=()):
        """One row: every client in turn, several times; each with as many messages as suit its speed."""
        clients = [client for client in clients if client in options.clients.split(",")]
        scale = {}
        for turn in range(options.runs + 1):  # the first finds out how fast each one is
            for client in clients:
                if client in self.failures.get(row, {}):
                    continue
                say(f"{row}: {client}, run {turn} of {options.runs}")
                count = None
                extra = list(arguments)
                if size:
                    full = COUNTS[size] // (4 if options.quick or mode == "send" else 1)
                    count = max(full // 40, 50) if turn == 0 else scale[client]
                    extra += ["--size", size, "--count", count]
                result = self.run(client, mode, path_for(count), *extra, secure=secure)
                if result.get("unsupported"):
                    self.failures.setdefault(row, {})[client] = None
                elif "failed" in result:
                    self.failures.setdefault(row, {})[client] = result["failed"]
                elif turn == 0 and size:
                    rate = result["messages"] / max(result["seconds"], 1e-6)
                    scale[client] = max(50, min(full, int(rate * (0.4 if options.quick else 1))))
                else:
                    self.results.setdefault(row, {}).setdefault(client, []).append(result)

    def median(self, row, client, figure):
        values = [figure(result) for result in self.results.get(row, {}).get(client, [])]
        return statistics.median(values) if values else None


def rate(result):
    return result["messages"] / result["seconds"]


def main():
    build()
    server = subprocess.Popen([BUILD / "server", BUILD / "cert.pem", BUILD / "key.pem"], stdout=subprocess.PIPE, text=True)
    try:
        plain, tls = server.stdout.readline().split()
        bench = Bench(plain, tls)
        rows = options.rows.split(",")
        everyone = list(CLIENTS)
        for size in SIZES:
            if "receive" in rows:
                bench.measure(f"receive {size} B", everyone, "receive",
                              lambda count: f"/flood?size={size}&count={count}", size)
            if "tls" in rows:
                bench.measure(f"receive {size} B, TLS", everyone, "receive",
                              lambda count: f"/flood?size={size}&count={count}", size, secure=True)
            if "send" in rows:
                bench.measure(f"send {size} B", everyone, "send", lambda count: "/sink", size)
        if "deflate" in rows:
            bench.measure("receive 1024 B, deflate", everyone, "receive",
                          lambda count: f"/flood?size=1024&count={count}&deflate=1", 1024)
        if "echo" in rows:
            bench.measure("echo", everyone, "echo", lambda count: "/echo",
                          arguments=("--count", 5000 if options.quick else 20000))
        for connections in (1000, 10000):
            for secure in (False, True):
                if "idle" in rows:
                    bench.measure(f"idle {connections}{', TLS' if secure else ''}", ["freshet"], "idle", lambda count: "/idle",
                                  secure=secure, arguments=("--connections", connections))
        for connections in (0, 10000):
            if "beside" in rows:
                bench.measure(f"beside {connections}", ["freshet"], "beside", lambda count: "/tick?rate=1000",
                              arguments=("--connections", connections))
    finally:
        server.kill()
        server.wait()
    say("")
    lines = report(bench)
    out = pathlib.Path(options.out)
    out.mkdir(exist_ok=True)
    (out / "results.json").write_text(json.dumps({"version": 1, "runs": bench.results, "failures": bench.failures}, indent=1))
    (out / "results.svg").write_text(plot.svg(lines))
    print(f"\n{out}/results.json and results.svg; ratios of medians over {options.runs} runs. Absolute figures are noise.")


def report(bench):
    """Prints the table; returns its lines for the plot: (row, ratio, target)."""
    lines = []

    def line(row, against, ratio, target, better_is_more=True):
        if ratio is None:
            return
        met = ratio >= target if better_is_more else ratio <= target
        sign = "at least" if better_is_more else "at most"
        print(f"{row:28} {against:26} {ratio:6.2f}x  {sign} {target}x  {'ok' if met else 'MISSED'}")
        lines.append((row, against, ratio, target))

    def best(row, figure, pick=max):
        peers = {client: bench.median(row, client, figure) for client in bench.results.get(row, {})
                 if client not in ("freshet", "ceiling")}
        name = pick(peers, key=peers.get) if peers else None
        return name, peers.get(name)

    for size in SIZES:
        for suffix in ("", ", TLS"):
            row = f"receive {size} B{suffix}"
            ours = bench.median(row, "freshet", rate)
            name, theirs = best(row, rate)
            if ours and theirs:
                line(row, f"best peer ({name})", ours / theirs, RECEIVE_TARGETS[size])
            ceiling = bench.median(row, "ceiling", rate)
            if ours and ceiling and size >= 1024:
                line(row, "the ceiling in C", ours / ceiling, 0.6)
    for row in ["receive 1024 B, deflate"] + [f"send {size} B" for size in SIZES]:
        ours = bench.median(row, "freshet", rate)
        name, theirs = best(row, rate)
        if ours and theirs:
            line(row, f"best peer ({name})", ours / theirs, 1.0)
    for part in ("p50", "p99", "p999"):
        ours = bench.median("echo", "freshet", lambda result: result[part])
        name, theirs = best("echo", lambda result: result[part], min)
        if ours and theirs:
            line(f"echo {part}", f"best peer ({name})", ours / theirs, 1.05, better_is_more=False)
    cpu = lambda result: result["cpu_seconds"] / result["messages"]
    ours, theirs = (bench.median("receive 128 B", client, cpu) for client in ("freshet", "lws"))
    if ours and theirs:
        line("CPU a message, 128 B", "lws", ours / theirs, 0.3, better_is_more=False)
    for connections in (1000, 10000):
        for suffix, limit in (("", 10), (", TLS", 40)):
            row = f"idle {connections}{suffix}"
            each = bench.median(row, "freshet", lambda result: result["kib_each"])
            if each:
                seconds = bench.median(row, "freshet", lambda result: result["seconds"])
                print(f"{row:28} {each:6.1f} KiB each, at most {limit}  {'ok' if each <= limit else 'MISSED'}; "
                      f"opened in {seconds:.1f} s")
    alone, beside = (bench.median(f"beside {count}", "freshet", lambda result: result["cpu_us_each"]) for count in (0, 10000))
    if alone and beside:
        line("CPU beside 10,000 idle", "with none", beside / alone, 2.0, better_is_more=False)
    for row, failed in bench.failures.items():
        for client, why in failed.items():
            if why:
                print(f"{row:28} {client} failed: {why}")
    return lines


if __name__ == "__main__":
    main()
