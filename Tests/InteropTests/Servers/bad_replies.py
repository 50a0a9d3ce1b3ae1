# SPDX-License-Identifier: Apache-2.0
"""What bad_http.py answers, by path."""

import json
import struct
import time
import zlib
from collections.abc import Callable

from http_connection import Connection, Request, counts, lock

MEGABYTE = 1 << 20
JSON = b'{"ok": true}'


def head(*headers: str, status: str = "200 OK") -> bytes:
    return "\r\n".join([f"HTTP/1.1 {status}", *headers, "", ""]).encode("latin-1")


def whole(body: bytes = b"", *headers: str, status: str = "200 OK", kind: str = "application/json") -> bytes:
    """An answer with a correct length."""
    return head(f"Content-Type: {kind}", f"Content-Length: {len(body)}", *headers, status=status) + body


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


CHUNKED = "Transfer-Encoding: chunked"
END = b"0\r\n\r\n"
PACKED = zlib.compress(bytes(range(256)) * 64, wbits=31)

# The connection stays open for the next request.
KEPT: dict[str, bytes] = {
    "/no-content": head(status="204 No Content"),
    # 204 and 304 have no body, whatever they say (RFC 9112 6.3).
    "/204-with-length": head("Content-Length: 5", status="204 No Content"),
    # Though nobody asked whether something had changed.
    "/304": head('ETag: "1"', status="304 Not Modified"),
    "/trailers": head(CHUNKED, "Trailer: X-Sum") + chunk(JSON) + b"0\r\nX-Sum: 12\r\n\r\n",
    # May be accepted, as they say the same (RFC 9112 6.3).
    "/same-lengths": whole(JSON, "Content-Length: 12"),
    "/two-lengths": whole(JSON, "Content-Length: 5"),
    # The next answer would begin in the middle of this body.
    "/short-length": head("Content-Length: 5") + JSON,
    "/truncated-gzip": whole(PACKED[: len(PACKED) // 2], "Content-Encoding: gzip"),
    "/bad-gzip": whole(JSON, "Content-Encoding: gzip"),
    "/bad-utf8": whole(b'{"title": "caf\xe9 \xff\xfe"}'),
    "/bad-json": whole(b'{"title": "tea",, }'),
    "/empty": whole(),
    # What a captive portal answers.
    "/html": whole(b"<!doctype html><title>Log in</title><p>Welcome to the hotel", kind="text/html; charset=utf-8"),
    # Obsolete (RFC 9112 5.2).
    "/folded-header": whole(JSON, "X-Folded: one\r\n two"),
    "/redirect-without-location": whole(status="302 Found"),
}

# The connection is closed behind it.
CLOSED: dict[str, bytes] = {
    "/drop": b"",
    "/http10": b"HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n" + JSON,
    # As if the connection stayed.
    "/close-after": whole(JSON),
    "/truncated": head("Content-Length: 1000") + JSON,
    "/truncated-head": b"HTTP/1.1 200 OK\r\nContent-Ty",
    # Without the last chunk; in the middle of one.
    "/truncated-chunked": head(CHUNKED) + chunk(JSON),
    "/truncated-chunk": head(CHUNKED) + b"64\r\n" + JSON,
    "/negative-length": head("Content-Length: -1") + JSON,
    "/overflowing-length": head("Content-Length: 99999999999999999999999") + JSON,
    # Chunked counts, or it is an error (RFC 9112 6.3).
    "/length-and-chunked": head("Content-Length: 3", CHUNKED) + chunk(JSON) + END,
    "/bad-chunk-size": head(CHUNKED) + b"zz\r\n" + JSON + b"\r\n" + END,
    "/overflowing-chunk-size": head(CHUNKED) + b"fffffffffffffffff\r\n" + JSON + b"\r\n" + END,
    "/garbage": b"SSH-2.0-OpenSSH_9.2\r\n\x00\x01\x02\x03\r\n\r\n",
    "/bad-status": b"HTTP/1.1 two hundred\r\nContent-Length: 0\r\n\r\n",
    "/bad-header": head("this is no header field", "Content-Length: 0"),
    "/nul-in-header": head("X-Nul: a\0b", "Content-Length: 0"),
}

# Nothing more comes, and nothing more is read, until the client has gone.
STALLED: dict[str, bytes] = {
    "/hang": b"",
    # Reads the head of the request, and nothing of its body.
    "/deaf": b"",
    # An answer all the same.
    "/early-answer": whole(b"", "Connection: close", status="413 Content Too Large"),
    "/stall-in-head": b"HTTP/1.1 200 OK\r\nContent-Type: application/js",
    "/stall": head("Content-Length: 100") + b'{"ok"',
    # Another protocol, though nobody asked for one.
    "/101": head("Upgrade: other", "Connection: Upgrade", status="101 Switching Protocols") + b"other",
}

# These do not read the request's body.
EARLY = {"/early-answer", "/deaf"}

# The others are functions; one that returns True keeps the connection.
Behaviour = Callable[[Connection, Request], bool | None]
FUNCTIONS: dict[str, Behaviour] = {}


def behaviour(function: Behaviour) -> Behaviour:
    FUNCTIONS["/" + function.__name__.replace("_", "-")] = function
    return function


@behaviour
def ok(c: Connection, r: Request) -> bool:
    """Which request of its connection it is, and how long its body was."""
    c.send(whole(json.dumps({"request": r.number, "body": r.body}).encode()))
    return True


@behaviour
def count(c: Connection, r: Request) -> bool:
    """How often a request with this id was read, and on how many connections."""
    with lock:
        found = counts[r.query.get("id", "")]
        said = {"requests": found.requests, "connections": len(found.connections)}
    c.send(whole(json.dumps(said).encode()))
    return True


@behaviour
def drop_next(c: Connection, r: Request) -> bool:
    """Answers; the next request on this connection, whatever it is, is read and dropped."""
    c.drops_next = True
    return ok(c, r) is True


@behaviour
def reset(c: Connection, _r: Request) -> None:
    """An RST instead of an answer."""
    c.reset()


@behaviour
def drip(c: Connection, r: Request) -> bool:
    """A byte every `every` ms, `count` of them."""
    total = r.number_of("count", 10)
    c.send(head(f"Content-Length: {total}"))
    for _ in range(total):
        c.send(b"x")
        time.sleep(r.number_of("every", 10) / 1000)
    return True


@behaviour
def informational(c: Connection, r: Request) -> bool:
    """`count` interim answers before the one that counts; without an end if `count` is 0."""
    total, sent = r.number_of("count", 1), 0
    while total == 0 or sent < total:
        c.send(head("Link: </style.css>; rel=preload", status="103 Early Hints"))
        sent += 1
    c.send(whole(JSON))
    return True


@behaviour
def header_flood(c: Connection, r: Request) -> bool:
    """`bytes` of header fields, in lines of 1,000."""
    lines = [f"X-Flood-{n:05}: {'f' * 983}" for n in range(r.number_of("bytes", MEGABYTE) // 1000)]
    c.send(whole(JSON, *lines))
    return True


@behaviour
def long_header(c: Connection, r: Request) -> bool:
    """One header field of `bytes`."""
    c.send(whole(JSON, "X-Long: " + "l" * r.number_of("bytes", MEGABYTE)))
    return True


@behaviour
def endless_headers(c: Connection, _r: Request) -> None:
    c.send(b"HTTP/1.1 200 OK\r\n")
    while True:
        c.send(b"".join(b"X-Endless-%d: %s\r\n" % (n, b"e" * 1000) for n in range(50)))


@behaviour
def huge(c: Connection, r: Request) -> bool:
    """A body of `bytes`, in chunks, or with `length=1` announced."""
    total = r.number_of("bytes", 100 * MEGABYTE)
    announced = "length" in r.query
    c.send(head(f"Content-Length: {total}" if announced else CHUNKED))
    piece = b"h" * 65536
    for start in range(0, total, len(piece)):
        data = piece[: total - start]
        c.send(data if announced else chunk(data))
    if not announced:
        c.send(END)
    return True


@behaviour
def gzip_bomb(c: Connection, r: Request) -> bool:
    """`bytes` of zeros, a gibibyte if not said, of which a thousandth goes over the wire."""
    total = r.number_of("bytes", 1024 * MEGABYTE) // MEGABYTE * MEGABYTE
    zeros = bytes(MEGABYTE)
    packer = zlib.compressobj(9, wbits=-15)
    # Flushed like that it refers to nothing before it, so it can be sent again and again.
    block = packer.compress(zeros) + packer.flush(zlib.Z_FULL_FLUSH)
    c.send(head(CHUNKED, "Content-Encoding: gzip"))
    c.send(chunk(b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03"))
    checksum = 0
    for _ in range(total // MEGABYTE):
        c.send(chunk(block))
        checksum = zlib.crc32(zeros, checksum)
    c.send(chunk(b"\x03\x00" + struct.pack("<II", checksum, total & 0xFFFFFFFF)) + END)
    return True


@behaviour
def deep_json(c: Connection, r: Request) -> bool:
    """Arrays in arrays, `depth` of them."""
    depth = r.number_of("depth", 100_000)
    c.send(whole(b"[" * depth + b"]" * depth))
    return True


@behaviour
def circle(c: Connection, r: Request) -> bool:
    """A redirect to itself, again and again."""
    c.send(whole(b"", f"Location: /circle?n={r.number_of('n', 0) + 1}", status="302 Found"))
    return True


@behaviour
def redirect(c: Connection, r: Request) -> bool:
    """With `status`, to `to`, whatever that is; or to `path` at `port` of `host`, another origin."""
    q = r.query
    to = q.get("to") or f"http://{q.get('host', '127.0.0.1')}:{q.get('port', '1')}{q.get('path', '/ok')}"
    c.send(whole(b"", f"Location: {to}", status=f"{q.get('status', '302')} Elsewhere"))
    return True
