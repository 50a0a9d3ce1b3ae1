#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs our client and its peers against one server, interleaved, and prints ratios of medians with a verdict for each target.

    run.py [--rows receive,tls,deflate,send,echo,idle,beside,http,start-up,cache] [--clients freshet,lws,...] [--runs N] [--quick]
           [--out DIR]

Writes DIR/results.json and DIR/results.svg. Absolute figures depend on the machine and are noise; only ratios within one run
mean something. Run it by scripts/bench.sh, which installs what is needed. The exit code is 1 if a program failed to run;
a missed target is no failure.
"""

import argparse
import dataclasses
import json
import os
import pathlib
import subprocess
import sys
import time

import clients
import plot
import report

ROWS = ["receive", "tls", "deflate", "send", "echo", "idle", "beside", "http", "start-up", "cache"]
# Messages that take a fast client about half a second; slower ones get fewer.
COUNTS = {16: 24_000_000, 128: 8_000_000, 1024: 1_600_000, 16384: 120_000, 1048576: 1_500}
WARM_UP = 1000  # requests that every client of HTTP makes before it measures
LIMIT = 30  # seconds for one run, and 4 ms for each connection that it opens
STARTED = time.monotonic()


@dataclasses.dataclass
class Row:
    name: str
    clients: list
    mode: str
    path: str  # with {count}
    turns: int
    size: int = 0  # if set, --size and as many messages as suit the client's speed
    secure: bool = False
    scheme: str = "ws"
    arguments: tuple = ()
    connections: int = 0
    peer_turns: int = 0  # fewer for peers, where a figure hardly varies and takes long

    def turns_of(self, client):
        return self.peer_turns if self.peer_turns and clients.is_peer(client) else self.turns

    def measurements(self):
        return sum(self.turns_of(client) for client in self.clients)


def plan(options):
    """All rows that are asked for."""
    runs = options.runs
    wanted = [client for client in options.clients if client not in clients.HTTP_ONLY]
    plain = [client for client in wanted if client != "freshet-loop"]
    rows = []
    flood = "/flood?size={size}&count={{count}}"
    for size in report.SIZES:
        path = flood.format(size=size)
        if "receive" in options.rows:
            rows.append(Row(f"receive {size} B", plain, "receive", path, runs, size))
        if "tls" in options.rows:
            rows.append(Row(f"receive {size} B, TLS", plain, "receive", path, runs, size, secure=True))
        if "send" in options.rows:
            rows.append(Row(f"send {size} B", [client for client in plain if client != "ceiling"], "send", "/sink", runs, size))
    if "deflate" in options.rows:
        able = [client for client in plain if client not in ("ceiling", "nio", "picows")]
        rows.append(Row("receive 1024 B, deflate", able, "receive", flood.format(size=1024) + "&deflate=1", runs, 1024))
    if "echo" in options.rows:
        able = [client for client in wanted if client != "ceiling"]
        rows.append(Row("echo", able, "echo", "/echo", runs, arguments=("--count", 5000 if options.quick else 20000)))
    for connections in (1000, 10000):
        for secure in (False, True):
            # Python and Node need half a minute and more for ten thousand.
            able = ["freshet", "lws", "nio", "gorilla"] + (["picows", "node-ws"] if connections == 1000 else [])
            if options.quick and connections == 10000:
                able = ["freshet"]
            if "idle" in options.rows:
                name = f"idle {connections}{', TLS' if secure else ''}"
                turns = 1 if options.quick else min(runs, 3)
                rows.append(Row(name, [client for client in wanted if client in able], "idle", "/idle", turns, secure=secure,
                                connections=connections, peer_turns=1))
    for connections in (0, 10000):
        if "beside" in options.rows and "freshet" in wanted:
            rows.append(Row(f"beside {connections}", ["freshet"], "beside", "/tick?rate=1000", runs, connections=connections))
    return rows + http_rows(options)


def http_rows(options):
    rows = []
    able = [client for client in options.clients if client in clients.HTTP]
    for mode in ("sequential", "parallel"):
        for secure in (False, True):
            if "http" in options.rows:
                # URLSession cannot be told of our authority.
                those = [client for client in able if not (secure and client == "urlsession")]
                rows.append(Row(f"{mode}{', TLS' if secure else ''}", those, mode, "/items/1", options.runs, 1024, secure,
                                "http", connections=64))
    if "start-up" in options.rows:
        those = [client for client in able if client in ("freshet", "libcurl", "urlsession", "net-http")]
        rows.append(Row("start-up", those, "once", "/items/1", 5 if options.quick else 20, scheme="http",
                        arguments=("--size", 1024)))
    return rows


def environment():
    """What Node has to be told that way."""
    return dict(os.environ, NODE_PATH="/usr/share/nodejs", NODE_EXTRA_CA_CERTS=str(clients.BUILD / "cert.pem"))


def why(done):
    """The line of stderr that says most: a crash in Swift tells first, most others last."""
    lines = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
    return next((line for line in lines if "Fatal error" in line), lines[-1])[:200]


def cpu_of(process):
    """Seconds of CPU time that the threads of a process have used (Linux)."""
    total = 0
    for task in pathlib.Path(f"/proc/{process.pid}/task").iterdir():
        try:
            total += int((task / "schedstat").read_text().split()[0])
        except FileNotFoundError:
            pass  # it has just ended
    return total / 1e9


class Bench:
    def __init__(self, server, options, rows):
        self.server, self.options = server, options
        self.ports = [int(port) for port in server.stdout.readline().split()]
        self.results = {}  # row -> client -> [result]
        self.failures = {}  # row -> client -> why
        self.done, self.total = 0, sum(row.measurements() for row in rows)

    def run(self, row, client, count=None):
        port = self.ports[row.secure + (2 if row.scheme == "http" else 0)]
        url = f"{row.scheme}{'s' if row.secure else ''}://127.0.0.1:{port}{row.path.format(count=count)}"
        arguments = list(row.arguments)
        if row.size:
            arguments += ["--size", row.size, "--count", count]
        if row.connections:
            arguments += ["--connections", row.connections]
        if row.secure:
            arguments += ["--ca", clients.BUILD / "cert.pem"]
        limit = LIMIT + row.connections * 0.004
        try:
            begun, server_begun = time.monotonic(), cpu_of(self.server)
            done = subprocess.run(clients.command(client, row.mode, url, arguments), capture_output=True, text=True,
                                  timeout=limit, env=environment())
            seconds, server_cpu = time.monotonic() - begun, cpu_of(self.server) - server_begun
        except subprocess.TimeoutExpired:
            return {"failed": f"took more than {limit:.0f} s"}
        except OSError as error:
            return {"failed": str(error)}
        lines = done.stdout.strip().splitlines()
        if row.mode == "once" and not done.returncode:
            return {"client": client, "mode": "once", "seconds": seconds}
        if done.returncode or not lines:
            return {"failed": why(done)}
        result = json.loads(lines[-1])
        if row.scheme == "http" and "messages" in result:
            result["server_cpu_each"] = server_cpu / (result["messages"] + WARM_UP)
        return {"failed": "does not know this mode"} if result.get("unsupported") else result

    def suitable_count(self, row, client):
        """As many messages as keep this client busy for about half a second, or a result that failed."""
        full = COUNTS[row.size] // ((2 if self.options.quick else 1) * (4 if row.mode == "send" else 1))
        count = max(full // 400, 20)
        while True:
            result = self.run(row, client, count)
            if "failed" in result:
                return None, result
            if result["seconds"] >= 0.02 or count == full:
                break
            count = min(full, count * 8)  # too short to tell
        rate = result["messages"] / max(result["seconds"], 1e-6)
        return max(20, min(full, int(rate * (0.25 if self.options.quick else 0.6)))), result

    def measure(self, row):
        """One row: every client in turn, several times; each with as many messages as suit its speed."""
        counts = {}
        for turn in range(row.turns):
            for client in row.clients:
                if turn >= row.turns_of(client):
                    continue
                self.done += 1
                if client in self.failures.get(row.name, {}):
                    continue
                say(f"{self.done:4} of {self.total}  {row.name}: {client}, run {turn + 1} of {row.turns_of(client)}",
                    keep=turn == 0 and client == row.clients[0])
                result = {}
                if row.size and client not in counts:
                    counts[client], result = self.suitable_count(row, client)
                if "failed" not in result:
                    result = self.run(row, client, counts.get(client))
                if "failed" in result:
                    self.failures.setdefault(row.name, {})[client] = result["failed"]
                    say(f"{row.name}: {client} FAILED: {result['failed']}\n", keep=True)
                else:
                    self.results.setdefault(row.name, {}).setdefault(client, []).append(result)


    def measure_cache(self):
        """The cache of GraphQL results, by a program of the package itself; it has no peers."""
        for turn in range(min(self.options.runs, 3)):
            say(f"cache: run {turn + 1}", keep=turn == 0)
            program = clients.HERE.parent / ".build/release/CacheMeasure"
            done = subprocess.run([program], capture_output=True, text=True, timeout=LIMIT * 4)
            if done.returncode:
                self.failures.setdefault("cache", {})["freshet"] = why(done)
                return
            self.results.setdefault("cache", {}).setdefault("freshet", []).append(json.loads(done.stdout))


def say(text, keep=True):
    """Progress, with the time that has passed. On a terminal one line that changes; elsewhere only what is worth keeping."""
    passed = int(time.monotonic() - STARTED)
    stamp = f"[{passed // 60:2}:{passed % 60:02}] "
    if sys.stderr.isatty():
        print(f"\r\033[K{stamp}{text}", end="", file=sys.stderr, flush=True)
    elif keep:
        print(stamp + text.rstrip("\n"), file=sys.stderr, flush=True)


def parse():
    listed = lambda text: text.split(",")
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=listed, default=ROWS)
    parser.add_argument("--clients", type=listed, default=list(clients.CLIENTS))
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="at most two runs, of fewer messages")
    parser.add_argument("--out", type=pathlib.Path, default=clients.HERE / "out")
    options = parser.parse_args()
    for given, known in ((options.rows, ROWS), (options.clients, clients.CLIENTS)):
        unknown = [name for name in given if name not in known]
        if unknown:
            parser.error(f"unknown: {', '.join(unknown)}; known: {', '.join(known)}")
    if options.quick:
        options.runs = min(options.runs, 2)
    return options


def main():
    options = parse()
    unbuilt = clients.build(options.clients, say)
    options.clients = [client for client in options.clients if client not in unbuilt]
    rows = plan(options)
    server = subprocess.Popen([clients.BUILD / "server", clients.BUILD / "cert.pem", clients.BUILD / "key.pem"],
                              stdout=subprocess.PIPE, text=True)
    try:
        bench = Bench(server, options, rows)
        if unbuilt:
            bench.failures["build"] = unbuilt
        for row in rows:
            bench.measure(row)
        if "cache" in options.rows:
            bench.measure_cache()
    finally:
        server.kill()
        server.wait()
    say(f"{bench.done} measurements done\n")
    facts = clients.facts()
    lines = report.evaluate(bench.results)
    print(report.text(lines, facts, bench.failures))
    options.out.mkdir(parents=True, exist_ok=True)
    document = {"version": 2, **facts, "runs_each": options.runs, "quick": options.quick,
                "report": [line.facts() for line in lines], "runs": bench.results, "failures": bench.failures}
    (options.out / "results.json").write_text(json.dumps(document, indent=1) + "\n")
    (options.out / "results.svg").write_text(plot.svg(lines))
    print(f"Ratios of medians over {options.runs} runs; absolute figures are noise. "
          f"{options.out}/results.json has all runs, results.svg the plot.")
    return 1 if bench.failures else 0


if __name__ == "__main__":
    sys.exit(main())
