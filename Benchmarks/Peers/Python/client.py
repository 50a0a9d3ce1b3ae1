# SPDX-License-Identifier: Apache-2.0
"""The Python clients: client.py LIBRARY MODE URL [--ca FILE] [--size N] [--count N] [--connections N]"""

import argparse
import asyncio
import json
import os
import resource
import ssl
import sys
import time

parser = argparse.ArgumentParser()
parser.add_argument("library", choices=["picows", "aiohttp", "websockets"])
parser.add_argument("mode")
parser.add_argument("url")
parser.add_argument("--ca")
parser.add_argument("--size", type=int, default=128)
parser.add_argument("--count", type=int, default=100000)
parser.add_argument("--connections", type=int, default=0)
parser.add_argument("--seconds", type=float, default=5)
options = parser.parse_args()

LIMIT = 64 << 20
WARM_UP = 1000
REQUESTS = ("sequential", "parallel")
tls = ssl.create_default_context(cafile=options.ca) if options.ca else None


def cpu():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def report(**values):
    print(json.dumps({"client": options.library, "mode": options.mode, "size": options.size, **values}))


def report_latency(times):
    times.sort()
    at = lambda part: round(times[int(len(times) * part)] * 1e6, 2)
    report(messages=len(times), p50=at(0.5), p99=at(0.99), p999=at(0.999))


def report_sink(answer, cpu_begun):
    report(messages=options.count, seconds=float(answer.split()[2]), cpu_seconds=cpu() - cpu_begun)


def resident():
    """In KiB (Linux)."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4


async def open_idle(connect, wanted):
    """Connections that stay idle, a hundred at a time."""
    slots = asyncio.Semaphore(100)

    async def one():
        async with slots:
            return await connect()

    return await asyncio.gather(*(one() for _ in range(wanted)))


async def idle(connect):
    first = await open_idle(connect, 10)  # what the first ones alone need
    before, begun = resident(), time.perf_counter()
    sockets = await open_idle(connect, options.connections)
    seconds = time.perf_counter() - begun
    await asyncio.sleep(2)
    report(connections=len(sockets), seconds=seconds, kib_each=(resident() - before) / options.connections)
    sys.stdout.flush()
    os._exit(0)  # without closing thousands of connections one by one, and with `first` still held


async def run_picows():
    import picows

    if options.mode == "idle":
        return await idle(lambda: picows.ws_connect(picows.WSListener, options.url, ssl_context=tls))
    done = asyncio.get_running_loop().create_future()

    class Listener(picows.WSListener):
        def __init__(self):
            self.messages = 0
            self.begun = self.cpu_begun = self.asked = 0.0
            self.times = []
            self.payload = os.urandom(64)

        def on_ws_connected(self, transport):
            self.transport = transport
            if options.mode == "echo":
                self.ask()

        def ask(self):
            self.asked = time.perf_counter()
            self.transport.send(picows.WSMsgType.BINARY, self.payload)

        def on_ws_frame(self, transport, frame):
            if frame.msg_type == picows.WSMsgType.CLOSE:
                transport.send_close(1000)
                transport.disconnect()
                return
            if options.mode == "receive":
                if self.messages == 0:
                    self.begun, self.cpu_begun = time.perf_counter(), cpu()
                self.messages += 1
            elif options.mode == "echo":
                self.times.append(time.perf_counter() - self.asked)
                if len(self.times) == options.count + 1000:
                    transport.disconnect()
                else:
                    self.ask()
            else:
                self.answer = frame.get_payload_as_utf8_text()
                transport.disconnect()

        def on_ws_disconnected(self, transport):
            self.ended, self.cpu_ended = time.perf_counter(), cpu()
            if not done.done():
                done.set_result(None)

        def pause_writing(self):
            self.may_write.clear()

        def resume_writing(self):
            self.may_write.set()

    listener = Listener()
    listener.may_write = asyncio.Event()
    listener.may_write.set()
    _, client = await picows.ws_connect(lambda: listener, options.url, ssl_context=tls, max_frame_size=LIMIT)
    if options.mode == "send":
        payload, begun = os.urandom(options.size), cpu()
        for sent in range(options.count):
            listener.transport.send(picows.WSMsgType.BINARY, payload)
            if not listener.may_write.is_set():
                await listener.may_write.wait()
        listener.transport.send(picows.WSMsgType.TEXT, b"end")
        await done
        return report_sink(listener.answer, begun)
    await done
    if options.mode == "echo":
        return report_latency(listener.times[1000:])
    report(messages=listener.messages, seconds=listener.ended - listener.begun,
           cpu_seconds=listener.cpu_ended - listener.cpu_begun)


async def converse(receive, send_binary, send_text, messages):
    """What aiohttp and websockets have in common: coroutines to receive and send, an iteration over messages."""
    if options.mode == "receive":
        count, begun, cpu_begun = 0, 0, 0
        async for _ in messages:
            if count == 0:
                begun, cpu_begun = time.perf_counter(), cpu()
            count += 1
        return report(messages=count, seconds=time.perf_counter() - begun, cpu_seconds=cpu() - cpu_begun)
    if options.mode == "echo":
        payload, times = os.urandom(64), []
        for _ in range(options.count + 1000):
            asked = time.perf_counter()
            await send_binary(payload)
            await receive()
            times.append(time.perf_counter() - asked)
        return report_latency(times[1000:])
    payload, begun = os.urandom(options.size), cpu()
    for _ in range(options.count):
        await send_binary(payload)
    await send_text("end")
    report_sink(await receive(), begun)


async def run_aiohttp():
    import aiohttp

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        compress = 15 if "deflate=1" in options.url else 0
        if options.mode == "idle":
            return await idle(lambda: session.ws_connect(options.url, ssl=tls or True))
        async with session.ws_connect(options.url, ssl=tls or True, max_msg_size=LIMIT, compress=compress) as socket:
            async def receive():
                return (await socket.receive()).data
            await converse(receive, socket.send_bytes, socket.send_str, socket)


async def run_requests():
    """GETs with aiohttp, one after another or as many at a time as there are connections."""
    import aiohttp

    width = options.connections if options.mode == "parallel" else 1

    async def work(session, worker, count):
        for _ in range(worker, count, width):
            async with session.get(options.url) as reply:
                if reply.status != 200 or len(await reply.read()) != options.size:
                    raise SystemExit("another answer was expected")

    async def run(session, count):
        await asyncio.gather(*(work(session, worker, count) for worker in range(width)))

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=width, ssl=tls or True)) as session:
        await run(session, WARM_UP)
        begun, cpu_begun = time.perf_counter(), cpu()
        await run(session, options.count)
        report(messages=options.count, seconds=time.perf_counter() - begun, cpu_seconds=cpu() - cpu_begun)


async def run_websockets():
    from websockets.asyncio.client import connect

    if options.mode == "idle":
        return await idle(lambda: connect(options.url, ssl=tls, compression=None, ping_interval=None))
    compression = "deflate" if "deflate=1" in options.url else None
    async with connect(options.url, ssl=tls, max_size=LIMIT, compression=compression, ping_interval=None) as socket:
        await converse(socket.recv, socket.send, socket.send, socket)


if options.mode in REQUESTS and options.library == "aiohttp":
    import uvloop

    uvloop.run(run_requests())
elif options.mode not in ("receive", "send", "echo", "idle") or (options.library == "picows" and "deflate=1" in options.url):
    print('{"unsupported":true}')
else:
    import uvloop

    uvloop.run({"picows": run_picows, "aiohttp": run_aiohttp, "websockets": run_websockets}[options.library]())
