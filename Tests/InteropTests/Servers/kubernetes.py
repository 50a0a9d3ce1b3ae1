"""A stand-in for the Kubernetes API server, and not the real one.

It behaves on the wire as kube-apiserver 1.20 was seen to do: lists with pages and tokens that expire, watches over
WebSocket and as chunked answers, the rule about Origin, bearer tokens, 410 after 101 and after 200, bookmarks,
timeoutSeconds, writes with 409 and 422. It checks no schema, knows no kinds, and forgets what it is told to forget.

POST /control changes how it behaves, GET /control tells what it has counted. No package is needed.
"""

import argparse
import asyncio
import base64
import copy
import hashlib
import json
import ssl
import struct
import sys
import urllib.parse

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
REASONS = {200: "OK", 201: "Created", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found",
           409: "Conflict", 410: "Gone", 422: "Unprocessable Entity", 426: "Upgrade Required", 429: "Too Many Requests",
           500: "Internal Server Error", 503: "Service Unavailable", 504: "Gateway Timeout"}


class Refusal(Exception):
    def __init__(self, code, reason, message, **details):
        super().__init__(message)
        self.code = code
        self.status = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": message,
                       "reason": reason, "details": details, "code": code}


def expired(version, floor):
    return Refusal(410, "Expired", f"too old resource version: {version} ({floor})")


def merged(target, patch):
    """RFC 7396."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merged(result.get(key), value)
    return result


class Store:
    """Objects, and the log of what happened to them: a revision for each change, as in etcd."""

    def __init__(self):
        self.revision = 100
        self.floor = 0
        self.objects = {}
        self.log = []
        self.changed = asyncio.Event()

    def write(self, key, new):
        """Puts an object, or removes it."""
        self.revision += 1
        old = self.objects.get(key)
        if new is None:
            del self.objects[key]
            last = copy.deepcopy(old)
            last["metadata"]["resourceVersion"] = str(self.revision)
            self.log.append((self.revision, key, old, None, last))
        else:
            new["metadata"]["resourceVersion"] = str(self.revision)
            self.objects[key] = new
            last = new
            self.log.append((self.revision, key, old, new, new))
        self.wake()
        return last

    def wake(self):
        self.changed.set()
        self.changed = asyncio.Event()

    def forget(self):
        """What happened up to now can no longer be watched, or paged through."""
        self.floor = self.revision
        self.log = []


class Selection:
    """The objects that a path and its selectors are about."""

    def __init__(self, resource, namespace, query):
        self.resource = resource
        self.namespace = namespace
        pairs = [part.split("=", 1) for part in query.get("labelSelector", "").split(",") if "=" in part]
        self.labels = {name.rstrip("="): value.lstrip("=") for name, value in pairs}

    def has(self, key, value):
        resource, namespace, _ = key
        if value is None or resource != self.resource or self.namespace not in (None, namespace):
            return False
        labels = value["metadata"].get("labels") or {}
        return all(labels.get(name) == wanted for name, wanted in self.labels.items())

    def event(self, entry):
        _, key, old, new, last = entry
        was, now = self.has(key, old), self.has(key, new)
        if not was and not now:
            return None
        kind = "MODIFIED" if was and now else "ADDED" if now else "DELETED"
        return {"type": kind, "object": last}


class Server:
    def __init__(self, arguments):
        self.store = Store()
        self.tokens = set(arguments.token)
        self.behaviour = {"refuseUpgrades": 0, "refuseStreams": 0, "bookmarkEvery": 0, "endWatchesAfter": 0,
                          "status": 0, "dropWrites": 0}
        self.counts = {"webSockets": 0, "streams": 0, "lists": 0, "pages": 0, "writes": 0, "withoutOrigin": 0,
                       "unauthorized": 0, "requests": 0}
        self.open = set()

    # HTTP

    async def serve(self, reader, writer):
        try:
            while await self.request(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ssl.SSLError):
            pass
        finally:
            writer.transport.abort() if writer in self.open else writer.close()
            self.open.discard(writer)

    async def request(self, reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        line, *fields = head.decode("latin-1").split("\r\n")
        method, target, _ = line.split(" ", 2)
        headers = {}
        for field in fields:
            name, _, value = field.partition(":")
            headers[name.strip().lower()] = value.strip()
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        path, _, query = target.partition("?")
        query = dict(urllib.parse.parse_qsl(query, keep_blank_values=True))
        if path == "/control":
            return await self.control(writer, method, body)
        self.counts["requests"] += 1
        try:
            return await self.answer(reader, writer, method, path, query, headers, body)
        except Refusal as refusal:
            await self.reply(writer, refusal.code, refusal.status)
            return True

    async def reply(self, writer, code, value, body=None):
        body = json.dumps(value).encode() if body is None else body
        writer.write(f"HTTP/1.1 {code} {REASONS[code]}\r\nContent-Type: application/json\r\n"
                     f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
        await writer.drain()

    async def control(self, writer, method, body):
        if method == "POST":
            wanted = json.loads(body)
            self.tokens = set(wanted.pop("tokens", self.tokens))
            if wanted.pop("forget", False):
                self.store.forget()
            if wanted.pop("cut", False):
                for other in list(self.open):
                    other.transport.abort()
            self.behaviour.update(wanted)
            self.store.wake()
        await self.reply(writer, 200, {**self.counts, "open": len(self.open), "revision": self.store.revision})
        return True

    async def answer(self, reader, writer, method, path, query, headers, body):
        is_upgrade = headers.get("upgrade", "").lower() == "websocket"
        # As golang.org/x/net/websocket does, before anybody is asked who it is.
        if is_upgrade and "origin" not in headers:
            self.counts["withoutOrigin"] += 1
            await self.reply(writer, 403, None, body=b"")
            return True
        if self.tokens and headers.get("authorization", "").removeprefix("Bearer ") not in self.tokens:
            self.counts["unauthorized"] += 1
            raise Refusal(401, "Unauthorized", "Unauthorized")
        if self.behaviour["status"]:
            raise Refusal(self.behaviour["status"], "Unknown", "as it was told to")
        resource, namespace, name = self.parsed(path)
        if query.get("watch") in ("1", "true"):
            if not (query.get("resourceVersion") or "0").isdigit():
                raise Refusal(400, "BadRequest", "Invalid value: resourceVersion")
            selection = Selection(resource, namespace, query)
            if is_upgrade:
                return await self.web_socket(reader, writer, headers, selection, query)
            return await self.stream(reader, writer, selection, query)
        if method == "GET" and name is None:
            await self.reply(writer, 200, self.page(Selection(resource, namespace, query), query))
            return True
        code, value = self.object(method, (resource, namespace, name), headers, body)
        if method != "GET" and self.behaviour["dropWrites"]:
            self.behaviour["dropWrites"] -= 1
            writer.transport.abort()
            return False
        await self.reply(writer, code, value)
        return True

    @staticmethod
    def parsed(path):
        parts = path.strip("/").split("/")
        count = 2 if parts[0] == "api" else 3
        if parts[0] not in ("api", "apis") or len(parts) <= count:
            raise Refusal(404, "NotFound", "the server could not find the requested resource")
        version, rest = "/".join(parts[:count]), parts[count:]
        namespace = None
        if rest[0] == "namespaces" and len(rest) > 2:
            namespace, rest = rest[1], rest[2:]
        if rest[0].startswith("unknown"):
            raise Refusal(404, "NotFound", "the server could not find the requested resource")
        return f"{version}/{rest[0]}", namespace, rest[1] if len(rest) > 1 else None

    # Reading and writing

    def page(self, selection, query):
        self.counts["pages"] += 1
        limit = int(query.get("limit", "0"))
        begin, version, objects = 0, self.store.revision, None
        if query.get("continue"):
            version, begin = json.loads(base64.urlsafe_b64decode(query["continue"]))
            if version < self.store.floor:
                raise Refusal(410, "Expired", "The provided continue parameter is too old to display a consistent list")
            objects = self.at(version)
        else:
            self.counts["lists"] += 1
            objects = self.store.objects
        keys = sorted(key for key, value in objects.items() if selection.has(key, value))
        part = keys[begin:begin + limit] if limit else keys
        metadata = {"resourceVersion": str(version)}
        if begin + len(part) < len(keys):
            token = json.dumps([version, begin + len(part)]).encode()
            metadata["continue"] = base64.urlsafe_b64encode(token).decode()
            metadata["remainingItemCount"] = len(keys) - begin - len(part)
        # The items of a list come without them.
        items = [{k: v for k, v in objects[key].items() if k not in ("kind", "apiVersion")} for key in part]
        return {"kind": "ThingList", "apiVersion": "v1", "metadata": metadata, "items": items}

    def at(self, version):
        """The objects as they were: what happened since is undone."""
        objects = dict(self.store.objects)
        for revision, key, old, _, _ in reversed(self.store.log):
            if revision <= version:
                break
            if old is None:
                objects.pop(key, None)
            else:
                objects[key] = old
        return objects

    def object(self, method, key, headers, body):
        resource, namespace, name = key
        old = self.store.objects.get(key)
        plural = resource.rsplit("/", 1)[1]
        missing = Refusal(404, "NotFound", f'{plural} "{name}" not found', name=name, kind=plural)
        if method == "GET":
            if old is None:
                raise missing
            return 200, old
        value = json.loads(body) if body else {}
        self.counts["writes"] += 1
        if method == "POST":
            name = (value.get("metadata") or {}).get("name")
            if not name:
                raise Refusal(422, "Invalid", "name or generateName is required", causes=[
                    {"reason": "FieldValueRequired", "message": "name or generateName is required",
                     "field": "metadata.name"}])
            key = (resource, namespace, name)
            if key in self.store.objects:
                raise Refusal(409, "AlreadyExists", f'{plural} "{name}" already exists', name=name, kind=plural)
            return 201, self.store.write(key, self.completed(value, key, None))
        if old is None:
            raise missing
        if method == "DELETE":
            self.check(old, (value.get("preconditions") or {}).get("resourceVersion"), plural)
            self.store.write(key, None)
            return 200, {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"}
        if method == "PATCH":
            if headers.get("content-type") != "application/merge-patch+json":
                raise Refusal(400, "BadRequest", "this stand-in knows merge patches only")
            self.check(old, (value.get("metadata") or {}).get("resourceVersion"), plural)
            value = merged(old, value)
        else:
            self.check(old, (value.get("metadata") or {}).get("resourceVersion"), plural)
        return 200, self.store.write(key, self.completed(value, key, old))

    @staticmethod
    def check(old, version, plural):
        if version not in (None, "", old["metadata"]["resourceVersion"]):
            raise Refusal(409, "Conflict", f'Operation cannot be fulfilled on {plural} "{old["metadata"]["name"]}": '
                          "the object has been modified; please apply your changes to the latest version and try again")

    @staticmethod
    def completed(value, key, old):
        if not isinstance(value.get("data", {}), dict):
            raise Refusal(422, "Invalid", "data must be an object", causes=[
                {"reason": "FieldValueInvalid", "message": "must be an object", "field": "data"}])
        value = copy.deepcopy(value)
        value = {"kind": "Thing", "apiVersion": "v1", **value}
        metadata = dict(value.get("metadata") or {})
        metadata["name"] = key[2]
        if key[1] is not None:
            metadata["namespace"] = key[1]
        metadata["uid"] = old["metadata"]["uid"] if old else hashlib.sha1(repr(key).encode()).hexdigest()
        value["metadata"] = metadata
        return value

    # Watching

    async def events(self, selection, query, send):
        """Sends what happens until the watch's time is over."""
        loop = asyncio.get_running_loop()
        end = loop.time() + float(query.get("timeoutSeconds", "1800"))
        begin = loop.time()
        text = query.get("resourceVersion", "")
        version = int(text or "0")
        if text in ("", "0"):
            version = self.store.revision
            for key, value in list(self.store.objects.items()):
                if selection.has(key, value):
                    await send({"type": "ADDED", "object": value})
        if version < self.store.floor:
            return await send({"type": "ERROR", "object": expired(version, self.store.floor).status})
        index = len(self.store.log)
        while index > 0 and self.store.log[index - 1][0] > version:
            index -= 1
        log = self.store.log
        bookmarked = loop.time()
        while True:
            while index < len(log):
                event = selection.event(log[index])
                index += 1
                if event is not None:
                    await send(event)
            if log is not self.store.log:
                # Everything was sent before it was forgotten; from here on the new log counts.
                log, index = self.store.log, 0
                continue
            every = self.behaviour["bookmarkEvery"]
            if every and loop.time() - bookmarked >= every and query.get("allowWatchBookmarks") == "true":
                bookmarked = loop.time()
                await send({"type": "BOOKMARK", "object": {"kind": "Thing", "apiVersion": "v1", "metadata": {
                    "resourceVersion": str(self.store.revision), "creationTimestamp": None}}})
            limit = self.behaviour["endWatchesAfter"]
            left = min(end, begin + limit if limit else end) - loop.time()
            if left <= 0:
                return
            changed = self.store.changed
            try:
                await asyncio.wait_for(changed.wait(), min(left, every or left))
            except asyncio.TimeoutError:
                pass

    async def stream(self, reader, writer, selection, query):
        if self.behaviour["refuseStreams"]:
            raise Refusal(self.behaviour["refuseStreams"], "Forbidden", "no streams here")
        self.counts["streams"] += 1
        self.open.add(writer)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")

        async def send(event):
            line = json.dumps(event, separators=(",", ":")).encode() + b"\n"
            writer.write(f"{len(line):x}\r\n".encode() + line + b"\r\n")
            await writer.drain()

        await self.until_gone(reader, self.events(selection, query, send))
        writer.write(b"0\r\n\r\n")
        await writer.drain()
        self.open.discard(writer)
        return True

    async def web_socket(self, reader, writer, headers, selection, query):
        if self.behaviour["refuseUpgrades"]:
            raise Refusal(self.behaviour["refuseUpgrades"], "BadRequest", "no WebSockets here")
        self.counts["webSockets"] += 1
        self.open.add(writer)
        key = base64.b64encode(hashlib.sha1(headers["sec-websocket-key"].encode() + GUID).digest()).decode()
        writer.write(f"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                     f"Sec-WebSocket-Accept: {key}\r\n\r\n".encode())

        def frame(opcode, payload):
            length = len(payload)
            size = bytes([length]) if length < 126 else struct.pack("!BH", 126, length) if length < 65536 \
                else struct.pack("!BQ", 127, length)
            writer.write(bytes([0x80 | opcode]) + size + payload)

        async def send(event):
            frame(1, json.dumps(event, separators=(",", ":")).encode() + b"\n")
            await writer.drain()

        async def listen():
            while True:
                first, second = await reader.readexactly(2)
                length = second & 127
                if length == 126:
                    length, = struct.unpack("!H", await reader.readexactly(2))
                elif length == 127:
                    length, = struct.unpack("!Q", await reader.readexactly(8))
                mask = await reader.readexactly(4)
                data = await reader.readexactly(length)
                data = bytes(byte ^ mask[place & 3] for place, byte in enumerate(data))
                if first & 15 == 8:
                    frame(8, data[:2])
                    return
                if first & 15 == 9:
                    frame(10, data)

        listening = asyncio.ensure_future(listen())
        watching = asyncio.ensure_future(self.events(selection, query, send))
        done, _ = await asyncio.wait([listening, watching], return_when=asyncio.FIRST_COMPLETED)
        if watching in done and listening not in done and watching.exception() is None:
            frame(8, struct.pack("!H", 1000))
            await writer.drain()
            await asyncio.wait([listening], timeout=1)
        for task in (listening, watching):
            task.cancel()
        await asyncio.gather(listening, watching, return_exceptions=True)
        self.open.discard(writer)
        return False

    @staticmethod
    async def until_gone(reader, events):
        """Ends when the client has gone: it sends nothing while it watches."""
        gone = asyncio.ensure_future(reader.read(1))
        watching = asyncio.ensure_future(events)
        done, _ = await asyncio.wait([gone, watching], return_when=asyncio.FIRST_COMPLETED)
        for task in (gone, watching):
            task.cancel()
        await asyncio.gather(gone, watching, return_exceptions=True)
        if watching not in done:
            raise ConnectionError("the client has gone")


async def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, default=0, help="0: any free one")
    parser.add_argument("--token", action="append", default=[], help="wants one of these")
    parser.add_argument("--certificate", help="speaks TLS")
    parser.add_argument("--key")
    arguments = parser.parse_args()
    context = None
    if arguments.certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(arguments.certificate, arguments.key)
    server = await asyncio.start_server(Server(arguments).serve, "127.0.0.1", arguments.port, ssl=context)
    port = server.sockets[0].getsockname()[1]
    print(f"listening {'https' if context else 'http'}://127.0.0.1:{port}", flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except KeyboardInterrupt:
        sys.exit(0)
