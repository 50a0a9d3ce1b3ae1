# SPDX-License-Identifier: Apache-2.0
"""From the runs to lines with a ratio, a target and a verdict; and those lines as a table."""

import dataclasses
import statistics

import clients

SIZES = [16, 128, 1024, 16384, 1048576]
RECEIVE_TARGETS = {16: 5.0, 128: 4.0, 1024: 1.8, 16384: 1.0, 1048576: 1.0}
CEILING_TARGET = 0.6
ECHO_TARGET = 1.05
LIBCURL_TARGET = 0.9
START_UP_TARGET = 0.5
GROUPS = ["Receive", "Receive, TLS", "Receive, deflate", "Send", "Echo", "CPU time", "Idle connections", "HTTP requests",
          "HTTP CPU time", "HTTP start-up", "Cache of 1M objects"]


@dataclasses.dataclass
class Line:
    group: str
    row: str
    against: str
    value: float
    target: float | None = None
    less: bool = False  # is better
    unit: str = "x"
    note: str = ""

    @property
    def verdict(self):
        if self.target is None:
            return ""
        return "ok" if (self.value <= self.target if self.less else self.value >= self.target) else "MISSED"

    @property
    def target_text(self):
        if self.target is None:
            return "(no target)"
        return f"at {'most' if self.less else 'least'} {self.target:g}{self.unit}"

    @property
    def value_text(self):
        return f"{self.value:.2f}x" if self.unit == "x" else f"{self.value:.1f}{self.unit}"

    def facts(self):
        return {**dataclasses.asdict(self), "verdict": self.verdict}


def rate(result):
    return result["messages"] / result["seconds"]


def cpu(result):
    return result["cpu_seconds"] / result["messages"]


def size_text(size):
    return {1024: "1 KiB", 16384: "16 KiB", 1048576: "1 MiB"}.get(size, f"{size} B")


class Results:
    """Medians of what was measured: row -> client -> [result]."""

    def __init__(self, runs):
        self.runs = runs

    def median(self, row, client, figure):
        values = [figure(result) for result in self.runs.get(row, {}).get(client, [])]
        return statistics.median(values) if values else None

    def best(self, row, figure, pick=max):
        """The best peer and its median."""
        peers = {client: self.median(row, client, figure) for client in self.runs.get(row, {}) if clients.is_peer(client)}
        name = pick(peers, key=peers.get) if peers else None
        return f"best peer ({name})", peers.get(name)


    def server_share(self, row):
        """How much of a core the server needed, with the client that made it work most."""
        share = lambda result: result["server_cpu_each"] * rate(result)
        return max((self.median(row, client, share) for client in self.runs.get(row, {})), default=None)


def evaluate(runs):
    """All lines for which there is something to compare."""
    results, lines = Results(runs), []

    def compare(group, row, against, ours, theirs, target=None, less=False):
        if ours and theirs:
            lines.append(Line(group, row, against, ours / theirs, target, less))

    for group, suffix in (("Receive", ""), ("Receive, TLS", ", TLS")):
        for size in SIZES:
            row = f"receive {size} B{suffix}"
            ours = results.median(row, "freshet", rate)
            name = size_text(size)
            # The targets against peers are for plain connections.
            compare(group, name, *_sides(ours, results.best(row, rate)), None if suffix else RECEIVE_TARGETS[size])
            compare(group, name, "the ceiling in C", ours, results.median(row, "ceiling", rate),
                    CEILING_TARGET if size >= 1024 else None)
    row = "receive 1024 B, deflate"
    compare("Receive, deflate", "1 KiB", *_sides(results.median(row, "freshet", rate), results.best(row, rate)), 1.0)
    for size in SIZES:
        row = f"send {size} B"
        compare("Send", size_text(size), *_sides(results.median(row, "freshet", rate), results.best(row, rate)), 1.0)
    for client, suffix in (("freshet", ""), ("freshet-loop", ", consumer on the loop")):
        for part, name in (("p50", "p50"), ("p99", "p99"), ("p999", "p99.9")):
            figure = lambda result: result[part]
            compare("Echo", f"{name}{suffix}", *_sides(results.median("echo", client, figure), results.best("echo", figure, min)),
                    ECHO_TARGET, less=True)
    compare("CPU time", "a message of 128 B", "lws", *(results.median("receive 128 B", client, cpu) for client in ("freshet", "lws")),
            0.3, less=True)
    beside, alone = (results.median(f"beside {count}", "freshet", lambda result: result["cpu_us_each"]) for count in (10000, 0))
    compare("CPU time", "beside 10,000 idle ones", "with none", beside, alone, 2.0, less=True)
    for connections in (1000, 10000):
        for suffix, limit in (("", 10), (", TLS", 40)):
            lines += _idle(results, connections, suffix, limit)
    return lines + _http(results) + list(_cache(results))


def _sides(ours, best):
    name, theirs = best
    return name, ours, theirs


def _idle(results, connections, suffix, limit):
    row = f"idle {connections}{suffix}"
    for client in sorted(results.runs.get(row, {}), key=lambda client: client != "freshet"):
        each, seconds = (results.median(row, client, lambda result: result[name]) for name in ("kib_each", "seconds"))
        ours = client == "freshet"
        yield Line("Idle connections", f"{connections:,}{suffix}", "(ours)" if ours else f"({client})", each, limit if ours else None,
                   less=True, unit=" KiB", note=f"opened in {seconds:.1f} s")


def _http(results):
    lines = []

    def compare(group, row, against, ours, theirs, **more):
        if ours and theirs:
            lines.append(Line(group, row, against, ours / theirs, **more))

    rows = ("sequential", "sequential, TLS", "parallel", "parallel, TLS")
    for row in rows:
        ours, busy = results.median(row, "freshet", rate), results.server_share(row)
        compare("HTTP requests", row, "libcurl in C", ours, results.median(row, "libcurl", rate), target=LIBCURL_TARGET,
                note=f"the server was busy for {busy:.0%}" if busy else "")
        compare("HTTP requests", row, *_sides(ours, results.best(row, rate)), target=1.0)
    for row in rows:
        ours = results.median(row, "freshet", cpu)
        compare("HTTP CPU time", row, "libcurl in C", ours, results.median(row, "libcurl", cpu),
                target=round(1 / LIBCURL_TARGET, 2), less=True)
        compare("HTTP CPU time", row, *_sides(ours, results.best(row, cpu, min)), target=1.0, less=True)
    seconds = lambda result: result["seconds"]
    for client, target in (("urlsession", START_UP_TARGET), ("libcurl", None), ("net-http", None)):
        compare("HTTP start-up", "and one GET", client, results.median("start-up", "freshet", seconds),
                results.median("start-up", client, seconds), target=target, less=True)
    return lines


def _cache(results):
    for name, figure, unit in (("written", "write_ns", " ns"), ("read", "read_ns", " ns"), ("memory", "bytes", " B")):
        value = results.median("cache", "freshet", lambda result: result[figure])
        if value:
            yield Line("Cache of 1M objects", f"an object of 5 fields, {name}", "(ours, CPU time)" if unit == " ns" else "(ours)",
                       value, less=True, unit=unit)


def text(lines, facts, failures):
    """The table, then what failed, then one line that says it all."""
    width = max([len(line.row) for line in lines] + [20])
    other = max([len(line.against) for line in lines] + [20])
    out = [f"{facts['machine']['cpu']}, {facts['machine']['cores']} cores, {facts['machine']['kernel']}; "
           f"libwebsockets {facts['versions']['libwebsockets']}, libcurl {facts['versions']['libcurl']}, "
           f"{facts['versions']['openssl']}", "",
           f"  {'ROW':{width}}  {'AGAINST':{other}}  {'MEASURED':>10}  {'TARGET':16}  VERDICT"]
    for group in GROUPS:
        members = [line for line in lines if line.group == group]
        if members:
            out += ["", group]
        for line in members:
            out.append(f"  {line.row:{width}}  {line.against:{other}}  {line.value_text:>10}  {line.target_text:16}  "
                       f"{line.verdict:7}  {line.note}".rstrip())
    failed = [(row, client, why) for row, whys in failures.items() for client, why in whys.items()]
    if failed:
        out += ["", "FAILED TO RUN: these are missing above"] + [f"  {row}: {client}: {why}" for row, client, why in failed]
    missed = [line for line in lines if line.verdict == "MISSED"]
    met = sum(line.verdict == "ok" for line in lines)
    ceiling = lambda line: next((f" ({name})" for name in ("ceiling", "libcurl") if name in line.against), "")
    names = [f"{line.group} {line.row}{ceiling(line)}" for line in missed]
    out += ["", f"{met} targets met, {len(missed)} missed" + (f": {'; '.join(names)}" if names else "")
            + (f"; {len(failed)} failed to run" if failed else "")]
    return "\n".join(out)
