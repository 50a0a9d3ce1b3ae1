# SPDX-License-Identifier: Apache-2.0
"""What the checks call the server with."""

import http.client
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import websockets

HERE = os.path.dirname(os.path.abspath(__file__))


@dataclass
class Reply:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def kind(self) -> str:
        return self.headers.get("content-type", "").split(";")[0]


class Backend:
    """The server as one client sees it."""

    def __init__(self, port: int):
        self.port = port
        self.tokens: dict[str, Any] = {}

    def call(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Reply:
        headers = {**self.bearer(), **(headers or {})}
        if isinstance(body, (dict, list)):
            body, headers = json.dumps(body), {"Content-Type": "application/json", **headers}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            return Reply(response.status, response.headers, response.read())
        finally:
            connection.close()

    @contextmanager
    def stream(self, path: str, headers: dict[str, str] | None = None) -> Iterator[http.client.HTTPResponse]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        connection.request("GET", path, headers={**self.bearer(), **(headers or {})})
        response = connection.getresponse()
        try:
            yield response
        finally:
            response.close()
            connection.close()

    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.tokens['access_token']}"} if self.tokens else {}

    def login(self) -> None:
        self.tokens = self.call("POST", "/auth/login", {"username": "ada", "password": "lovelace"}).json

    def refresh(self, token: str) -> Reply:
        return self.call("POST", "/auth/refresh", {"refresh_token": token})

    def control(self, what: str = "", **query: Any) -> Any:
        if not what:
            return self.call("GET", "/control").json
        reply = self.call("POST", f"/control/{what}?{urlencode(query)}")
        assert reply.status == 204, reply
        return None

    def graphql(self, query: str, **variables: Any) -> dict[str, Any]:
        return self.call("POST", "/graphql", {"query": query, "variables": variables}).json

    def websocket(self, protocol: str = "graphql-transport-ws", **more: Any) -> Any:
        return websockets.connect(
            f"ws://127.0.0.1:{self.port}/graphql", subprotocols=[websockets.Subprotocol(protocol)], **more
        )


def problem(reply: Reply, status: int) -> Any:
    assert (reply.status, reply.kind) == (status, "application/problem+json"), reply
    assert reply.json["status"] == status and reply.json["title"] and reply.json["detail"]
    return reply.json


@contextmanager
def server(*arguments: str) -> Iterator[Backend]:
    command = [sys.executable, os.path.join(HERE, "server.py"), *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        line = process.stdout.readline().strip()
        yield Backend(int(line.removeprefix("listening http://127.0.0.1:")))
    finally:
        process.terminate()
        if process.wait(timeout=10) != 0:
            print(f"the server ended with status {process.returncode}")
