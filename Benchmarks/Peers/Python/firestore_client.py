# SPDX-License-Identifier: Apache-2.0
"""Google's own client for Python, and the loader and writer of documents.py: firestore_client.py MODE HOST:PORT [--count N]"""

import argparse
import datetime
import json
import os
import resource
import threading
import time

parser = argparse.ArgumentParser()
parser.add_argument("mode")
parser.add_argument("host")
parser.add_argument("--count", type=int, default=1000)
options = parser.parse_args()

os.environ["FIRESTORE_EMULATOR_HOST"] = options.host
from google.cloud import firestore  # noqa: E402 (it looks at the environment)

BATCH = 100
PACE = 10
client = firestore.Client(project="demo")


def cpu():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def resident():
    """In KiB (Linux)."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4


def report(**members):
    print(json.dumps({"client": "google-python", "mode": options.mode, **members}), flush=True)
    os._exit(0)  # without waiting for the watches' threads


def document(number, round):
    """Four fields, some 200 bytes."""
    when = datetime.datetime.fromtimestamp(1_700_000_000 + round, datetime.timezone.utc)
    return {"name": f"document {number}", "round": round, "changed": when, "note": "n" * 150}


def write(collection, numbers, round):
    batch = client.batch()
    for number in numbers:
        batch.set(client.collection(collection).document(f"{number:05}"), document(number, round))
    batch.commit(timeout=300)


def load():
    """`count` documents in `bench`, and those that a batch changes in `changes`."""
    for first in range(0, options.count, BATCH):
        write("bench", range(first, first + BATCH), 0)
    write("changes", range(BATCH), 0)
    report(messages=options.count)


def change():
    """`count` batches, ten a second, each of which changes every document of `changes`."""
    begun = time.monotonic()
    for round in range(1, options.count + 1):
        time.sleep(max(0, begun + (round - 1) / PACE - time.monotonic()))
        write("changes", range(BATCH), round)
    report(messages=options.count * BATCH, seconds=time.monotonic() - begun)


def watch(collection):
    """Watches a collection until its documents are there; says how many, and what to hold on to."""
    counts, there = [], threading.Event()

    def told(documents, _changes, _time):
        counts.append(len(documents))
        there.set()

    held = client.collection(collection).on_snapshot(told)
    there.wait()
    return counts[0], held


def first():
    begun, cpu_begun = time.monotonic(), cpu()
    count, _held = watch("bench")
    report(messages=count, seconds=time.monotonic() - begun, cpu_seconds=cpu() - cpu_begun)


def changes():
    """Until a document has come whose `round` is the last one."""
    over = threading.Event()
    sums = {"messages": 0, "snapshots": -1}
    begun = []

    def told(_documents, changes, _time):
        sums["snapshots"] += 1
        if sums["snapshots"] == 0:
            begun.extend((time.monotonic(), cpu()))
            print("ready", flush=True)  # whoever writes waits for this
            return
        sums["messages"] += len(changes)
        if changes[-1].document.get("round") == options.count:
            over.set()

    _held = client.collection("changes").on_snapshot(told)
    over.wait()
    report(**sums, seconds=time.monotonic() - begun[0], cpu_seconds=cpu() - begun[1])


def memory():
    """For each document of a watch, beyond what a watch without documents needs."""
    _, _empty = watch("empty")
    before = resident()
    count, _held = watch("bench")
    time.sleep(2)
    report(documents=count, kib_each=(resident() - before) / count)


{"load": load, "write": change, "first": first, "changes": changes, "memory": memory}[options.mode.removeprefix("firestore-")]()
