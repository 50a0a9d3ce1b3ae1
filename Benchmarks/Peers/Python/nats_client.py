# SPDX-License-Identifier: Apache-2.0
"""nats-py, and the loader of documents.py: nats_client.py MODE URL [--count N]"""

import argparse
import asyncio
import json
import resource
import time

import nats
from nats.js.api import KeyValueConfig, StorageType

parser = argparse.ArgumentParser()
parser.add_argument("mode")
parser.add_argument("url")
parser.add_argument("--count", type=int, default=1000)
options = parser.parse_args()


def cpu():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def report(**members):
    print(json.dumps({"client": "nats-py", "mode": options.mode, **members}))


async def load(context):
    """`count` keys of 200 bytes in a bucket of a history of one; another bucket is empty."""
    await context.create_key_value(KeyValueConfig(bucket="small", storage=StorageType.MEMORY))
    bucket = await context.create_key_value(KeyValueConfig(bucket="bench", storage=StorageType.MEMORY))
    pending = []
    for number in range(options.count):
        pending.append(context.publish_async(f"$KV.bench.key.{number}", b"x" * 200))
        if len(pending) == 1000:
            await asyncio.gather(*[await future for future in pending])
            pending = []
    await asyncio.gather(*[await future for future in pending])
    report(messages=(await bucket.status()).values)


async def catch_up(context):
    bucket = await context.key_value("bench")
    begun, cpu_begun, seen = time.monotonic(), cpu(), 0
    watcher = await bucket.watch("key.>")
    async for update in watcher:
        if update is None:
            break
        seen += 1
    report(messages=seen, seconds=time.monotonic() - begun, cpu_seconds=cpu() - cpu_begun)


async def latency(context):
    bucket = await context.key_value("small")
    watcher = await bucket.watch("latency")
    came, answered, begun = {}, {}, {}

    async def read():
        async for update in watcher:
            if update is not None:
                came[update.revision] = time.monotonic()
            if len(came) >= options.count:
                return

    reader = asyncio.create_task(read())
    for number in range(options.count + 50):
        start = time.monotonic()
        revision = await bucket.put("latency", f"value {number}".encode())
        answered[revision], begun[revision] = time.monotonic(), start
    await reader

    def since(times):
        every = sorted((came[revision] - then) * 1e6 for revision, then in times.items() if revision in came)
        return every[len(every) // 2], every[len(every) * 99 // 100]

    p50, p99 = since(begun)
    after_p50, after_p99 = since(answered)
    report(messages=options.count, p50=p50, p99=p99, after_p50=after_p50, after_p99=after_p99)


async def main():
    client = await nats.connect(options.url)
    context = client.jetstream(publish_async_max_pending=4000)
    await {"nats-load": load, "nats-catch-up": catch_up, "nats-latency": latency}[options.mode](context)
    await client.close()


asyncio.run(main())
