#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Documents: our client and its peers against one etcd, nats-server and Firestore emulator, interleaved; ratios of medians with a
verdict.

    documents.py [--rows etcd-catch-up,nats-latency,...] [--runs N] [--quick] [--out DIR]

Run it by scripts/bench.sh documents, which installs what is needed. Writes DIR/documents.json. Absolute figures are noise.
"""

import argparse
import json
import os
import pathlib
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
OURS = HERE / ".build-swift/release/DocumentBench"
GO = HERE / ".build-c/clientv3"
PYTHON = HERE / ".build-python/bin/python"
NATS_PY = HERE / "Peers/Python/nats_client.py"
FIRESTORE_PY = HERE / "Peers/Python/firestore_client.py"
ROWS = ["etcd-catch-up", "etcd-latency", "etcd-watches", "etcd-slow", "nats-catch-up", "nats-latency", "firestore-first",
        "firestore-changes", "firestore-memory"]
# The emulator gives up a stream of ours for which more than 10,000 messages wait: all of these may.
FIRESTORE_DOCUMENTS = 9_900
STARTED = time.monotonic()


def say(text):
    passed = int(time.monotonic() - STARTED)
    print(f"[{passed // 60:2}:{passed % 60:02}] {text}", file=sys.stderr, flush=True)


def build():
    say("building ours (minutes, the first time)")
    subprocess.run(f"swift build -c release --package-path {HERE} --scratch-path {HERE}/.build-swift --product DocumentBench",
                   shell=True, check=True, stdout=subprocess.DEVNULL)
    say("building clientv3")
    GO.parent.mkdir(exist_ok=True)
    subprocess.run(f"cd {HERE}/Peers/Go/etcd && GO111MODULE=off GOPATH=/usr/share/gocode GOCACHE={HERE}/.build-go "
                   f"go build -o {GO} client.go", shell=True, check=True)


def port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def wait_for(number, process):
    for _ in range(300):
        if process.poll() is not None:
            raise SystemExit(f"documents.py: a server ended with {process.returncode}")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", number)) == 0:
                return
        time.sleep(0.1)
    raise SystemExit("documents.py: a server did not start within 30 s")


def start_etcd(folder):
    client, peer = port(), port()
    url = f"http://127.0.0.1:{client}"
    process = subprocess.Popen(["etcd", "--data-dir", folder / "etcd", "--listen-client-urls", url, "--advertise-client-urls",
                                url, "--listen-peer-urls", f"http://127.0.0.1:{peer}", "--quota-backend-bytes", str(8 << 30),
                                "--log-level", "error"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_for(client, process)
    return process, url


def start_nats(folder):
    plain, web = port(), port()
    settings = folder / "nats.conf"
    settings.write_text(f'listen: "127.0.0.1:{plain}"\njetstream {{ store_dir: "{folder}/nats" }}\n'
                        f'websocket {{ listen: "127.0.0.1:{web}", no_tls: true }}\n')
    process = subprocess.Popen(["nats-server", "-c", settings], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_for(web, process)
    return process, f"nats://127.0.0.1:{plain}", f"ws://127.0.0.1:{web}"


def firestore_jar():
    """Where Debian's package has put Google's emulator; None where it is not installed."""
    try:
        found = subprocess.run(["dpkg", "-L", "google-cloud-cli-firestore-emulator"], capture_output=True, text=True)
    except FileNotFoundError:
        return None
    jars = [line for line in found.stdout.splitlines() if line.endswith("emulator.jar")]
    return jars[0] if jars and shutil.which("java") else None


def start_firestore(jar):
    number = port()
    process = subprocess.Popen(["java", "-Xms512m", "-Xmx512m", "-XX:+UseSerialGC", "-cp", jar,
                                "com.google.cloud.datastore.emulator.firestore.CloudFirestore", "--host=127.0.0.1",
                                f"--port={number}", "--project_id=demo"],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_for(number, process)
    return process, f"127.0.0.1:{number}"


def run(command, limit=600):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=limit)
    lines = done.stdout.strip().splitlines()
    if done.returncode or not lines:
        words = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        raise RuntimeError(f"{pathlib.Path(str(command[0])).name}: {words[:300]}")
    return json.loads(lines[-1])


def etcdctl(url, count, first):
    """Five lines a change: what, key and value before, key and value; three for each of the 10,000 keys' first."""
    begun = time.monotonic()
    process = subprocess.Popen(["etcdctl", "--endpoints", url, "watch", "--prefix", "bench/", "--prev-kv", "--rev", str(first)],
                               stdout=subprocess.PIPE, env=dict(os.environ, ETCDCTL_API="3"))
    lines = 0
    while lines < 5 * count - 2 * 10_000:
        piece = process.stdout.read1(1 << 20)
        if not piece:
            raise RuntimeError("etcdctl ended early")
        lines += piece.count(b"\n")
    seconds = time.monotonic() - begun
    process.kill()
    process.wait()
    return {"client": "etcdctl", "messages": count, "seconds": seconds}


def firestore_changes(command, host, rounds):
    """The client watches; then somebody else writes, a hundred changes ten times a second."""
    with subprocess.Popen([str(part) for part in command] + ["firestore-changes", host, "--count", str(rounds)],
                          stdout=subprocess.PIPE, text=True) as client:
        try:
            if client.stdout.readline().strip() != "ready":
                raise RuntimeError(f"{pathlib.Path(str(command[-1])).name}: its watch did not begin")
            written = run([PYTHON, FIRESTORE_PY, "firestore-write", host, "--count", rounds])
            told, _ = client.communicate(timeout=120)
        finally:
            client.kill()
    return dict(json.loads(told.strip().splitlines()[-1]), written=written["messages"], writing_seconds=written["seconds"])


def measure(options, etcd, nats, firestore):
    """Row -> client -> [result]."""
    count = 100_000 if options.quick else 1_000_000
    keys = 50_000 if options.quick else 200_000
    trips = 1000 if options.quick else 5000
    watches = 1000 if options.quick else 10_000
    first, results = 1, {}
    if set(options.rows) & {"etcd-catch-up", "etcd-slow"}:
        say(f"writing {count} changes to etcd")
        first = run([GO, "etcd-load", etcd, "--count", count])["revision"]
    if "nats-catch-up" in options.rows or "nats-latency" in options.rows:
        say(f"writing {keys} keys to NATS")
        run([PYTHON, NATS_PY, "nats-load", nats[0], "--count", keys])
    rounds = 30 if options.quick else 120
    clients = {"freshet": [OURS], "google-python": [PYTHON, FIRESTORE_PY]}
    if firestore:
        say(f"writing {FIRESTORE_DOCUMENTS} documents to Firestore")
        run([PYTHON, FIRESTORE_PY, "firestore-load", firestore, "--count", FIRESTORE_DOCUMENTS])
        # Once without measuring: the emulator is slow at what it does for the first time.
        for command in clients.values():
            run([*command, "firestore-first", firestore])
    plan = {
        "etcd-catch-up": {
            "freshet": lambda: run([OURS, "etcd-catch-up", etcd, "--count", count, "--from", first]),
            "clientv3": lambda: run([GO, "etcd-catch-up", etcd, "--count", count, "--from", first]),
            "etcdctl": lambda: etcdctl(etcd, count, first),
        },
        "etcd-latency": {
            "freshet": lambda: run([OURS, "etcd-latency", etcd, "--count", trips]),
            "clientv3": lambda: run([GO, "etcd-latency", etcd, "--count", trips]),
        },
        "etcd-watches": {"freshet": lambda: run([OURS, "etcd-watches", etcd, "--count", watches])},
        "etcd-slow": {"freshet": lambda: run([OURS, "etcd-slow", etcd, "--count", 20_000 if options.quick else 60_000, "--from", first])},
        "nats-catch-up": {
            "freshet": lambda: run([OURS, "nats-catch-up", nats[1], "--count", keys]),
            "nats-py": lambda: run([PYTHON, NATS_PY, "nats-catch-up", nats[0], "--count", keys]),
        },
        "nats-latency": {
            "freshet": lambda: run([OURS, "nats-latency", nats[1], "--count", trips]),
            "nats-py": lambda: run([PYTHON, NATS_PY, "nats-latency", nats[0], "--count", trips]),
        },
        "firestore-changes": {
            name: lambda command=command: firestore_changes(command, firestore, rounds) for name, command in clients.items()
        },
    }
    for row in ("firestore-first", "firestore-memory"):
        plan[row] = {name: lambda command=command, row=row: run([*command, row, firestore]) for name, command in clients.items()}
    for row in [row for row in ROWS if row in options.rows]:
        for turn in range(1 if row in ("etcd-watches", "etcd-slow") else options.runs):
            for client, measured in plan[row].items():
                say(f"{row}: {client}, run {turn + 1}")
                results.setdefault(row, {}).setdefault(client, []).append(measured())
    return results


def median(results, value):
    return statistics.median(value(result) for result in results)


def rate(result):
    return result["messages"] / result["seconds"]


def by_cpu(result):
    return result["messages"] / result["cpu_seconds"]


def report(results):
    """Lines of the table: row, against, measured, target, verdict."""
    lines = []

    def ratio(row, peer, value, target, label, less=False):
        if row in results and peer in results[row]:
            ours, theirs = (median(results[row][client], value) for client in ("freshet", peer))
            times = ours / theirs if theirs else float("inf")
            good = times <= target if less else times >= target
            lines.append((f"{row}, {label}", peer, f"{times:.2f}x", f"at {'most' if less else 'least'} {target}x",
                          "ok" if good else "MISSED"))

    for peer in ("etcdctl", "clientv3"):
        ratio("etcd-catch-up", peer, rate, 1, "changes a second")
    ratio("etcd-catch-up", "clientv3", lambda result: result["cpu_seconds"], 1, "CPU", less=True)
    ratio("nats-catch-up", "nats-py", rate, 3, "entries a second")
    for row, peer in (("etcd-latency", "clientv3"), ("nats-latency", "nats-py")):
        for name in ("p50", "p99"):
            ratio(row, peer, lambda result, name=name: result[name], 1, f"write to element, {name}", less=True)
        for client in ("freshet", peer):
            if client in results.get(row, {}):
                words = [f"{median(results[row][client], lambda result, name=name: result[name]):.0f}"
                         for name in ("after_p50", "after_p99")]
                lines.append((f"{row}, answer to element", client, " / ".join(words) + " µs", "(p50 / p99)", ""))
    ratio("firestore-first", "google-python", rate, 1, "documents a second")
    ratio("firestore-first", "google-python", by_cpu, 5, "documents a CPU second")
    ratio("firestore-changes", "google-python", by_cpu, 5, "changes a CPU second")
    ratio("firestore-memory", "google-python", lambda result: result["kib_each"], 1, "memory of a document", less=True)
    for client, runs in results.get("firestore-changes", {}).items():
        written = median(runs, lambda result: result["written"] / result["writing_seconds"])
        part = min(result["messages"] / result["written"] for result in runs)
        lines.append(("firestore-changes, written a second", client, f"{written:.0f}", f"{part:.0%} handed out", ""))
    for client in results.get("firestore-memory", {}):
        kib = median(results["firestore-memory"][client], lambda result: result["kib_each"])
        lines.append(("firestore-memory, each document", client, f"{kib:.1f} KiB", "", ""))
    for row, words in (("etcd-watches", "{connections} open in {seconds:.1f} s, {kib_each:.1f} KiB each"),
                       ("etcd-slow", "{growth_mib:.1f} MiB of growth, {rss_mib:.0f} at most")):
        if row in results:
            lines.append((row, "(ours)", words.format(**results[row]["freshet"][0]), "", ""))
    return lines


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=lambda text: text.split(","), default=ROWS)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--out", type=pathlib.Path, default=HERE / "out")
    options = parser.parse_args()
    if options.quick:
        options.runs = min(options.runs, 2)
    build()
    jar = firestore_jar()
    missing = [] if jar else [row for row in options.rows if row.startswith("firestore")]
    options.rows = [row for row in options.rows if row not in missing]
    # In memory where that is to be had: the disk is not what is measured.
    folder = pathlib.Path(tempfile.mkdtemp(dir="/dev/shm" if os.path.isdir("/dev/shm") else None))
    servers, etcd, nats, firestore = [], None, None, None
    wanted = {row.split("-")[0] for row in options.rows}
    try:
        if "etcd" in wanted:
            process, etcd = start_etcd(folder)
            servers.append(process)
        if "nats" in wanted:
            process, *nats = start_nats(folder)
            servers.append(process)
        if "firestore" in wanted:
            process, firestore = start_firestore(jar)
            servers.append(process)
        results = measure(options, etcd, nats, firestore)
    finally:
        for server in servers:
            server.kill()
            server.wait()
        shutil.rmtree(folder, ignore_errors=True)
    if missing:
        print(f"SKIPPED: no Firestore emulator here: {', '.join(missing)} were not measured")
    for line in [("ROW", "AGAINST", "MEASURED", "TARGET", "VERDICT"), *report(results)]:
        print("  ".join(text.ljust(width) for text, width in zip(line, (42, 13, 10, 16, 8))).rstrip())
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "documents.json").write_text(json.dumps({"quick": options.quick, "runs": results}, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
