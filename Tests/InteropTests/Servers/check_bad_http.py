# SPDX-License-Identifier: Apache-2.0
"""Goes through every path of bad_http.py, and prints "N passed, N failed". Any Python will do."""

import json
import os
import socket
import subprocess
import sys
import traceback
import zlib

sys.dont_write_bytecode = True

from bad_replies import CLOSED, KEPT, STALLED

HERE = os.path.dirname(os.path.abspath(__file__))
port = 0


class Client:
    def __init__(self) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=10)

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def ask(self, path: str, method: str = "GET", headers: str = "", body: bytes = b"") -> None:
        length = f"Content-Length: {len(body)}\r\n" if body else ""
        self.socket.sendall(f"{method} {path} HTTP/1.1\r\nHost: x\r\n{length}{headers}\r\n".encode() + body)

    def read(self, size: int) -> bytes:
        """At least so many bytes, or all there are before the end."""
        data = b""
        while len(data) < size and (more := self.socket.recv(1 << 20)):
            data += more
        return data

    def head(self) -> bytes:
        data = b""
        while b"\r\n\r\n" not in data:
            more = self.socket.recv(1)
            assert more, data
            data += more
        return data

    def json(self, path: str) -> dict[str, int]:
        self.ask(path)
        head = self.head().lower()
        return json.loads(self.read(int(head.split(b"content-length: ")[1].split(b"\r\n")[0])))

    def is_silent(self) -> bool:
        self.socket.settimeout(0.05)
        try:
            return self.socket.recv(1) is None
        except TimeoutError:
            return True


def kept(path: str) -> None:
    with Client() as c:
        c.ask(path)
        assert c.read(len(KEPT[path])) == KEPT[path]
        assert c.json("/ok")["request"] == 2


def closed(path: str) -> None:
    with Client() as c:
        c.ask(path)
        assert c.read(1 << 30) == CLOSED[path]


def stalled(path: str) -> None:
    with Client() as c:
        c.ask(path)
        assert len(STALLED[path]) == 0 or c.read(len(STALLED[path])) == STALLED[path]
        assert c.is_silent()


def counting() -> None:
    with Client() as one, Client() as two:
        assert one.json("/ok?id=c") == {"request": 1, "body": 0}
        assert one.json("/ok?id=c")["request"] == 2
        assert two.json("/ok?id=c")["request"] == 1
        assert two.json("/count?id=c") == {"requests": 3, "connections": 2}
        assert two.json("/count?id=d") == {"requests": 0, "connections": 0}


def dropping() -> None:
    with Client() as one, Client() as two:
        assert one.json("/drop-next?id=d1")["request"] == 1
        one.ask("/ok?id=d2", "POST", body=b"abc")
        assert one.read(1) == b""
        assert two.json("/count?id=d2") == {"requests": 1, "connections": 1}


def resetting() -> None:
    for path, requests in (("/unread?id=u", 0), ("/reset?id=u", 1)):
        with Client() as c, Client() as other:
            c.ask(path)
            try:
                raise AssertionError(c.read(1))
            except ConnectionResetError:
                assert other.json("/count?id=u")["requests"] == requests


def bodies() -> None:
    with Client() as c:
        c.ask("/ok", "POST", body=b"x" * 100_000)
        assert b'"body": 100000' in c.read(1)
        c.ask("/ok", "POST", "Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n")
        assert b" 100 " in c.head()
        c.socket.sendall(b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nA: b\r\n\r\n")
        assert b'"body": 5' in c.read(1)
    with Client() as c:
        c.ask("/early-answer", "POST", "Content-Length: 100000\r\n")
        assert b" 413 " in c.read(1)


def sizes() -> None:
    for path, size in (
        ("/header-flood", 1_040_000),
        ("/long-header", 1 << 20),
        ("/endless-headers", 3_000_000),
        ("/informational?count=0", 1_000_000),
        ("/huge", 100 << 20),
        ("/huge?length=1&bytes=1000", 1000),
        ("/deep-json", 200_000),
    ):
        with Client() as c:
            c.ask(path)
            read = 0
            while read < size:
                more = c.socket.recv(1 << 20)
                assert more, f"{path} ended after {read}"
                read += len(more)


def bomb() -> None:
    with Client() as c:
        c.ask("/gzip-bomb?bytes=3145728")
        c.head()
        packed = b""
        stream = c.socket.makefile("rb")
        while size := int(stream.readline(), 16):
            packed += stream.read(size)
            stream.readline()
        assert zlib.decompress(packed, wbits=31) == bytes(3 << 20) and len(packed) < 10_000


def slow_and_interim() -> None:
    with Client() as c:
        c.ask("/drip?every=1&count=5")
        assert b"\r\nContent-Length: 5\r\n" in c.head() and c.read(5) == b"xxxxx"
        c.ask("/informational?count=2")
        assert [c.head().split()[1] for _ in range(3)] == [b"103", b"103", b"200"]


def redirects() -> None:
    with Client() as c:
        for path, where in (
            ("/circle", b"/circle?n=1"),
            ("/circle?n=7", b"/circle?n=8"),
            ("/redirect?port=99&path=/x&host=localhost&status=307", b"http://localhost:99/x"),
            ("/redirect?to=file:///etc/passwd", b"file:///etc/passwd"),
        ):
            c.ask(path)
            assert b"\r\nLocation: %s\r\n" % where in c.head()
        c.ask("/what")
        assert b" 404 " in c.head()


def main() -> int:
    global port
    command = [sys.executable, os.path.join(HERE, "bad_http.py")]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert server.stdout
    port = int(server.stdout.readline().rsplit(":", 1)[1])
    checks = [(check, (path,)) for check, table in ((kept, KEPT), (closed, CLOSED), (stalled, STALLED)) for path in table]
    rest = [counting, dropping, resetting, bodies, sizes, bomb, slow_and_interim, redirects]
    passed = failed = 0
    for check, arguments in checks + [(check, ()) for check in rest]:
        try:
            check(*arguments)
            passed += 1
        except Exception:
            failed += 1
            print(check.__name__, *arguments, traceback.format_exc())
    server.kill()
    server.wait()
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


sys.exit(main())
