# SPDX-License-Identifier: Apache-2.0
"""HTTP/1.1 as a server has it on a raw socket: requests are read properly, answers are whatever a behaviour sends."""

import itertools
import select
import socket
import struct
import threading
from collections import defaultdict
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit


class Gone(Exception):
    """The client has gone."""


@dataclass
class Request:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    number: int  # of its connection, from 1
    body: int = 0  # bytes that came

    def number_of(self, name: str, otherwise: int) -> int:
        return int(self.query.get(name, otherwise))


@dataclass
class Count:
    requests: int = 0
    connections: set[int] = field(default_factory=set)


counts: dict[str, Count] = defaultdict(Count)
lock = threading.Lock()
serials = itertools.count(1)


class Connection:
    """One connection of a client's."""

    def __init__(self, client: socket.socket):
        self.socket = client
        self.serial = next(serials)
        self.pending = b""
        self.requests = 0
        self.drops_next = False

    def read(self) -> bytes:
        data = self.socket.recv(65536)
        if not data:
            raise Gone
        return data

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def wait(self) -> None:
        """Until the client has gone, and nothing is read."""
        poller = select.poll()
        poller.register(self.socket, select.POLLRDHUP)
        poller.poll()

    def reset(self) -> None:
        """An RST instead of a FIN, when it is closed."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def read_request(self) -> Request:
        while b"\r\n\r\n" not in self.pending:
            self.pending += self.read()
        head, self.pending = self.pending.split(b"\r\n\r\n", 1)
        first, *lines = head.decode("latin-1").split("\r\n")
        method, target, _ = first.split(" ", 2)
        fields = (line.split(":", 1) for line in lines)
        headers = {name.strip().lower(): value.strip() for name, value in fields}
        url = urlsplit(target)
        self.requests += 1
        request = Request(method, url.path, dict(parse_qsl(url.query)), headers, self.requests)
        if "id" in request.query and request.path != "/count":
            with lock:
                count = counts[request.query["id"]]
                count.requests += 1
                count.connections.add(self.serial)
        return request

    def read_body(self, request: Request) -> None:
        if request.headers.get("expect", "").lower() == "100-continue":
            self.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        if "chunked" in request.headers.get("transfer-encoding", ""):
            while size := int(self.line().split(b";")[0], 16):
                self.skip(size)
                request.body += size
                self.line()
            while self.line():
                pass
        else:
            request.body = int(request.headers.get("content-length", 0))
            self.skip(request.body)

    def line(self) -> bytes:
        while b"\r\n" not in self.pending:
            self.pending += self.read()
        line, self.pending = self.pending.split(b"\r\n", 1)
        return line

    def skip(self, size: int) -> None:
        while len(self.pending) < size:
            size -= len(self.pending)
            self.pending = self.read()
        self.pending = self.pending[size:]
