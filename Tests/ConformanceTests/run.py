#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the whole Autobahn test suite against our client and prints what came of it.

    run.py SUITE CLIENT [CASES...]

SUITE is the folder that Autobahn/port.sh made, CLIENT the built AutobahnClient. CASES are names or beginnings of names, as
in "6" or "12.1"; by default all. Two servers share the work, for the suite's server is single-threaded and the compression
cases keep it busy. Exits with 1 if a case failed, is not implemented, or is not strict without a known reason.
"""

import json
import os
import socket
import subprocess
import sys
import time

AGENT = "freshet"

# Whether a good message is echoed before the bad frame behind it is seen depends on how the two arrive: RFC 6455 leaves it open.
KNOWN = {
    "the good message before the violation may be echoed or not: both frames came in one read":
        "3.2 3.3 3.4 4.1.3 4.1.4 4.1.5 4.2.3 4.2.4 4.2.5 5.15".split(),
}
BAD = {"FAILED", "UNIMPLEMENTED", "WRONG CODE", "UNCLEAN"}


def all_cases(suite):
    """The names of all cases, asked from the suite itself."""
    code = ("from autobahntestsuite.case import Cases\n"
            "for case in Cases: print(case.__name__.removeprefix('Case').replace('_', '.'))")
    return subprocess.run([f"{suite}/venv/bin/python", "-W", "ignore", "-c", code], check=True,
                          capture_output=True, text=True).stdout.split()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Half:
    """One server with one client, and the cases that they share."""

    def __init__(self, suite, client, name, cases):
        self.name, self.cases = name, cases
        self.port = free_port()
        self.reports = f"{suite}/reports-{name}"
        spec = f"{suite}/spec-{name}.json"
        with open(spec, "w") as file:
            json.dump({"url": f"ws://127.0.0.1:{self.port}", "outdir": self.reports, "cases": ["*"],
                       "exclude-cases": [], "exclude-agent-cases": {}}, file)
        log = open(f"{suite}/server-{name}.log", "w")
        self.server = subprocess.Popen([f"{suite}/run.sh", spec], stdout=log, stderr=log)
        self.client_path, self.client = client, None

    def start(self):
        deadline = time.monotonic() + 30
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                break
            except OSError:
                if time.monotonic() > deadline or self.server.poll() is not None:
                    sys.exit(f"run.py: the server {self.name} did not start")
                time.sleep(0.1)
        self.client = subprocess.Popen([self.client_path, f"ws://127.0.0.1:{self.port}", AGENT, *self.cases],
                                       stdout=subprocess.DEVNULL)

    def stop(self):
        for process in (self.client, self.server):
            if process and process.poll() is None:
                process.kill()
                process.wait()

    def results(self):
        with open(f"{self.reports}/index.json") as file:
            found = json.load(file)[AGENT]
        return {case: found.get(case) for case in self.cases}


def order(name):
    return [int(part) for part in name.split(".")]


def show(results):
    """Prints a line for each group and one for each case that is not simply right; returns how many are bad."""
    groups, special, bad = {}, [], 0
    for name in sorted(results, key=order):
        result = results[name] or {"behavior": "FAILED", "behaviorClose": "no result"}
        verdict = result["behavior"]
        if result["behaviorClose"] in BAD or result["behaviorClose"] == "no result":
            verdict = f"FAILED ({result['behaviorClose']})"
        counts = groups.setdefault(order(name)[0], {})
        counts[verdict] = counts.get(verdict, 0) + 1
        if verdict == "OK":
            continue
        reason = next((reason for reason, names in KNOWN.items() if name in names), None)
        if verdict == "INFORMATIONAL":
            reason = "no right answer: what the client does is only told"
        known = reason if verdict in ("NON-STRICT", "INFORMATIONAL") else None
        bad += known is None
        special.append(f"  {name:8} {verdict:14} {known or 'NOT EXPECTED'}")
    for group, counts in sorted(groups.items()):
        print(f"  group {group:2}  " + "  ".join(f"{verdict} {count}" for verdict, count in sorted(counts.items())))
    print("\n".join(special))
    totals = {}
    for counts in groups.values():
        for verdict, count in counts.items():
            totals[verdict] = totals.get(verdict, 0) + count
    print(f"{sum(totals.values())} cases: " + ", ".join(f"{count} {verdict}" for verdict, count in totals.items()))
    return bad


def main():
    suite, client, wanted = sys.argv[1], sys.argv[2], sys.argv[3:]
    cases = [case for case in all_cases(suite)
             if not wanted or any(case == name or case.startswith(name + ".") for name in wanted)]
    halves = [("a", [case for case in cases if order(case)[0] != 13]), ("b", [case for case in cases if order(case)[0] == 13])]
    running = [Half(suite, client, name, part) for name, part in halves if part]
    started = time.monotonic()
    deadline = started + 3600
    try:
        for half in running:
            half.start()
        while any(half.client.poll() is None for half in running):
            if time.monotonic() > deadline:
                sys.exit("run.py: not done within an hour")
            time.sleep(1)
            print(f"\r{len(cases)} cases, {int(time.monotonic() - started)} s", end="", file=sys.stderr, flush=True)
        print(file=sys.stderr)
        failed = [half.name for half in running if half.client.returncode != 0]
        if failed:
            sys.exit(f"run.py: the client of server {failed[0]} ended with {running[0].client.returncode}")
        results = {}
        for half in running:
            results.update(half.results())
    finally:
        for half in running:
            half.stop()
    sys.exit(1 if show(results) else 0)


if __name__ == "__main__":
    main()
