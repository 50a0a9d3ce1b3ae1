# SPDX-License-Identifier: Apache-2.0
"""Goes through every route of the server, and prints "N passed, N failed". Run it with the server's Python."""

import asyncio
import hashlib
import http.client
import json
import os
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

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
        return websockets.connect(f"ws://127.0.0.1:{self.port}/graphql", subprotocols=[protocol], **more)


def problem(reply: Reply, status: int) -> Any:
    assert (reply.status, reply.kind) == (status, "application/problem+json"), reply
    assert reply.json["status"] == status and reply.json["title"] and reply.json["detail"]
    return reply.json


def login_and_refresh(b: Backend) -> None:
    problem(b.call("POST", "/auth/login", {"username": "ada", "password": "wrong"}), 401)
    problem(b.call("POST", "/auth/login", {"username": "nobody", "password": "lovelace"}), 401)
    missing = problem(b.call("POST", "/auth/login", {"username": "ada"}), 422)
    assert missing["errors"] == [{"pointer": "/password", "detail": "Field required", "code": "missing"}]
    problem(b.call("POST", "/auth/login", "{", {"Content-Type": "application/json"}), 400)
    b.login()
    assert b.tokens["token_type"] == "Bearer" and b.tokens["expires_in"] == 300
    assert b.call("GET", "/me").json["username"] == "ada"
    old = b.tokens
    b.tokens = b.refresh(old["refresh_token"]).json
    assert b.call("GET", "/me").json["token"] != old["access_token"]
    problem(b.refresh(old["refresh_token"]), 401)
    counters = b.control()
    assert (counters["logins"], counters["refreshes"], counters["refused_refreshes"]) == (1, 1, 1), counters


def logout(b: Backend) -> None:
    b.login()
    reply = b.call("POST", "/auth/logout")
    assert (reply.status, reply.body) == (204, b"")
    problem(b.call("GET", "/me"), 401)
    problem(b.refresh(b.tokens["refresh_token"]), 401)
    b.login()
    refresh_token = b.tokens["refresh_token"]
    b.control("expire-access-tokens")
    assert b.call("POST", "/auth/logout", {"refresh_token": refresh_token}).status == 204
    problem(b.refresh(refresh_token), 401)
    problem(b.call("POST", "/auth/logout"), 401)


def oauth(b: Backend) -> None:
    def token(**form: str) -> Reply:
        return b.call("POST", "/oauth/token", urlencode(form), {"Content-Type": "application/x-www-form-urlencoded"})

    tokens = token(grant_type="password", username="ada", password="lovelace").json
    assert token(grant_type="refresh_token", refresh_token=tokens["refresh_token"]).status == 200
    for code, form in {
        "invalid_grant": {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]},
        "invalid_request": {"grant_type": "password"},
        "unsupported_grant_type": {"grant_type": "magic"},
    }.items():
        reply = token(**form)
        assert reply.status == 400 and reply.json["error"] == code, reply


def expiry(b: Backend) -> None:
    b.login()
    b.control("expire-access-tokens")
    reply = b.call("GET", "/items")
    problem(reply, 401)
    assert 'error="invalid_token"' in reply.headers["www-authenticate"]
    b.tokens = b.refresh(b.tokens["refresh_token"]).json
    assert b.call("GET", "/items").status == 200
    b.control("revoke-refresh-tokens")
    assert b.call("GET", "/items").status == 200
    problem(b.refresh(b.tokens["refresh_token"]), 401)
    broken = b.tokens["access_token"][:-4] + "AAAA"
    for token in ("nonsense", "a.b.c", "é", broken):
        problem(b.call("GET", "/items", headers={"Authorization": f"Bearer {token}".encode().decode("latin-1")}), 401)


def pages(b: Backend) -> None:
    problem(b.call("GET", "/items"), 401)
    b.login()
    first = b.call("GET", "/items?limit=2").json
    rest = b.call("GET", f"/items?limit=2&cursor={quote(first['next'])}").json
    assert [item["id"] for item in first["items"] + rest["items"]] == ["item-1", "item-2", "item-3"]
    assert rest["next"] is None and first["items"][0]["title"] == "Item 1"
    problem(b.call("GET", "/items?cursor=nonsense"), 400)
    assert problem(b.call("GET", "/items?limit=0"), 422)["errors"][0]["parameter"] == "limit"


def items(b: Backend) -> None:
    b.login()
    made = b.call("POST", "/items", {"title": "Tea", "price": 2.5})
    assert made.status == 201 and made.json["version"] == 1 and made.json["done"] is False
    where = made.headers["location"]
    assert b.call("GET", where).headers["etag"] == '"1"'
    same = b.call("GET", where, headers={"If-None-Match": 'W/"1", "x"'})
    assert (same.status, same.body, same.headers["etag"]) == (304, b"", '"1"')
    patched = b.call("PATCH", where, {"done": True}, {"If-Match": '"1"'})
    assert patched.json["done"] and patched.json["title"] == "Tea" and patched.headers["etag"] == '"2"'
    stale = b.call("PATCH", where, {"done": False}, {"If-Match": '"1"'})
    assert problem(stale, 412)["version"] == 2 and stale.headers["etag"] == '"2"'
    assert b.call("PUT", where, {"title": "Coffee"}, {"If-Match": "*"}).json["price"] == 0
    problem(b.call("PUT", where, {"title": "Tea"}, {"If-None-Match": "*"}), 412)
    assert b.call("PUT", "/items/mine", {"title": "Mine"}, {"If-None-Match": "*"}).status == 201
    problem(b.call("PUT", "/items/other", {"title": "Mine"}, {"If-Match": '"1"'}), 412)
    problem(b.call("DELETE", where, headers={"If-Match": '"1"'}), 412)
    gone = b.call("DELETE", where)
    assert (gone.status, gone.body) == (204, b"")
    for method in ("GET", "DELETE"):
        problem(b.call(method, where), 404)
    problem(b.call("PATCH", where, {}), 404)
    problem(b.call("GET", "/nothing"), 404)
    problem(b.call("POST", "/me"), 405)


def validation(b: Backend) -> None:
    b.login()
    errors = problem(b.call("POST", "/items", {"title": "", "price": -1}), 422)["errors"]
    assert [(error["pointer"], error["code"]) for error in errors] == [
        ("/title", "string_too_short"),
        ("/price", "greater_than_equal"),
    ]
    problem(b.call("POST", "/items", "[", {"Content-Type": "application/json"}), 400)
    problem(b.call("POST", "/items", [1]), 422)


def idempotency(b: Backend) -> None:
    b.login()
    before = b.control()["creates"]
    key = {"Idempotency-Key": "k1"}
    first, again = (b.call("POST", "/items", {"title": "Once"}, key) for _ in range(2))
    assert first.status == again.status == 201 and first.json == again.json
    problem(b.call("POST", "/items", {"title": "Other"}, key), 422)
    assert b.call("POST", "/items?answer_after=50", {"title": "Once"}, {"Idempotency-Key": "k2"}).json != first.json
    assert b.control()["creates"] == before + 2


def events(b: Backend) -> None:
    def read(stream: http.client.HTTPResponse) -> dict[str, str]:
        lines = []
        while line := stream.readline().decode().rstrip("\n"):
            lines.append(line.split(": ", 1))
        return {name: value for name, value in lines}

    b.login()
    with b.stream("/events") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        start = read(stream)
        assert start["retry"] == "1000" and "data" not in start
        item = b.call("POST", "/items", {"title": "News"}).json
        event = read(stream)
        assert event["event"] == "created" and json.loads(event["data"]) == item
        assert b.control()["watchers"] == 1 and b.control()["open"] == {"GET /events": 1}
    b.call("DELETE", f"/items/{item['id']}")
    with b.stream("/events", {"Last-Event-ID": event["id"]}) as stream:
        assert read(stream)["id"] == event["id"] and read(stream)["event"] == "deleted"
    b.control("forget-changes")
    with b.stream("/events", {"Last-Event-ID": event["id"]}) as stream:
        assert read(stream)["event"] == "reset"
    problem(b.call("GET", "/events", headers={"Last-Event-ID": "x"}), 400)
    for _ in range(100):
        if not (b.control()["watchers"] or b.control()["open"]):
            return
    raise AssertionError("a stream outlives its client")


def oddities(b: Backend) -> None:
    limited = b.call("GET", "/limited?seconds=7")
    assert problem(limited, 429) and limited.headers["retry-after"] == "7"
    flaky = [b.call("GET", "/flaky?fail=2&key=a") for _ in range(3)]
    assert [reply.status for reply in flaky] == [503, 503, 200] and flaky[0].headers["retry-after"] == "0"
    assert b.call("GET", "/slow?ms=5").json == {"ms": 5}
    lines = b.call("GET", "/lines?count=3")
    assert lines.body == b'{"n": 1}\n{"n": 2}\n{"n": 3}\n' and lines.headers["transfer-encoding"] == "chunked"
    with b.stream("/lines?count=0&every=1") as stream:
        assert [json.loads(stream.readline())["n"] for _ in range(3)] == [1, 2, 3]
    assert len(b.call("GET", "/big?bytes=1000001").body) == 1000001
    assert b.call("GET", "/big?bytes=0").headers["content-length"] == "0"
    assert "content-length" not in b.call("GET", "/big?bytes=5&chunked=1").headers
    redirect = b.call("GET", "/redirect?status=307&to=http://127.0.0.1:1/x?y=1")
    assert redirect.status == 307 and redirect.headers["location"] == "http://127.0.0.1:1/x?y=1"
    echo = b.call("PATCH", "/echo?a=1", b"\xff\x00", {"X-One": "1"}).json
    assert echo["method"] == "PATCH" and echo["query"] == "a=1" and echo["base64"] == "/wA="
    assert ["x-one", "1"] in echo["headers"]
    for shape in ("laravel", "rails", "rails-bare", "nestjs", "fastapi", "spring", "jsonapi"):
        reply = b.call("POST", f"/errors/{shape}")
        assert reply.status == 422 and reply.json, reply
    assert b.call("GET", "/errors/nestjs?status=400").json["statusCode"] == 400
    problem(b.call("GET", "/errors/none"), 404)


def troubles(b: Backend) -> None:
    b.login()
    b.control("trouble", path="/auth/refresh", times=1, status=503, retry_after=3)
    refused = b.refresh(b.tokens["refresh_token"])
    assert problem(refused, 503) and refused.headers["retry-after"] == "3"
    b.control("trouble", path="/auth/refresh", delay=5)
    assert b.refresh(b.tokens["refresh_token"]).status == 200
    assert b.control()["requests"]["POST /auth/refresh"] == 2
    assert b.control()["connections"] == 3
    b.control("reset")
    assert b.control()["requests"] == {} and b.control()["refreshes"] == 0


def graphql(b: Backend) -> None:
    refused = b.call("POST", "/graphql", {"query": "{ me { username } }"})
    assert refused.status == 401 and refused.json["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    b.control("unauthenticated-status", status=200)
    assert b.call("POST", "/graphql", {"query": "{ me { username } }"}).status == 200
    b.login()
    assert b.graphql("{ me { id username } }")["data"]["me"] == {"id": "ada", "username": "ada"}
    made = b.graphql(
        "mutation($title: String!) { createItem(title: $title, price: 3) { __typename id version updatedAt deleted } }",
        title="Graph",
    )["data"]["createItem"]
    assert (made["__typename"], made["version"], made["deleted"]) == ("Item", 1, False)
    item = "query($id: ID!) { item(id: $id) { title price } }"
    assert b.graphql(item, id=made["id"])["data"]["item"] == {"title": "Graph", "price": 3}
    update = "mutation($id: ID!, $v: Int) { updateItem(id: $id, done: true, version: $v) { done version } }"
    assert b.graphql(update, id=made["id"], v=1)["data"]["updateItem"] == {"done": True, "version": 2}
    assert b.graphql(update, id=made["id"], v=1)["errors"][0]["extensions"] == {"code": "CONFLICT", "version": 2}
    assert b.graphql("mutation($id: ID!) { deleteItem(id: $id) { deleted } }", id=made["id"])["data"]["deleteItem"]
    assert b.graphql(item, id=made["id"])["data"]["item"] is None
    assert b.graphql(update, id=made["id"])["errors"][0]["extensions"]["code"] == "NOT_FOUND"
    invalid = b.graphql('mutation { createItem(title: "", price: -1) { id } }')["errors"][0]["extensions"]
    assert invalid["code"] == "BAD_USER_INPUT" and [e["pointer"] for e in invalid["errors"]] == ["/title", "/price"]
    page = "query($a: String) { items(first: 2, after: $a) { nodes { id } edges { cursor node { id } } "
    page += "pageInfo { hasNextPage endCursor } totalCount } }"
    first = b.graphql(page)["data"]["items"]
    assert first["pageInfo"]["hasNextPage"] and len(first["nodes"]) == 2
    second = b.graphql(page, a=first["pageInfo"]["endCursor"])["data"]["items"]
    assert first["nodes"][0] != second["nodes"][0]
    assert b.graphql(page, a="nonsense")["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
    assert b.graphql("{ nothing }")["errors"]


def persisted_queries(b: Backend) -> None:
    b.login()
    query = "{ me { username } }"
    by_hash = {"persistedQuery": {"version": 1, "sha256Hash": hashlib.sha256(query.encode()).hexdigest()}}
    get = "/graphql?" + urlencode({"extensions": json.dumps(by_hash)})
    for _ in range(2):
        for unknown in (b.call("POST", "/graphql", {"extensions": by_hash}), b.call("GET", get)):
            assert unknown.status == 200 and unknown.json["errors"][0]["message"] == "PersistedQueryNotFound"
        assert b.call("POST", "/graphql", {"query": query, "extensions": by_hash}).json["data"]
        for known in (b.call("POST", "/graphql", {"extensions": by_hash}), b.call("GET", get)):
            assert known.json["data"]["me"]["username"] == "ada"
        b.control("forget-queries")
    assert b.call("GET", get + "&" + urlencode({"query": query})).json["data"]
    wrong = b.call("POST", "/graphql", {"query": query + " ", "extensions": by_hash}).json["errors"][0]
    assert "sha" in wrong["message"]
    batch = b.call("POST", "/graphql", [{"query": query}, {"extensions": by_hash}, {"query": "{ nothing }"}]).json
    assert [("data" in one and bool(one["data"])) for one in batch] == [True, True, False]
    assert b.call("GET", "/graphql?" + urlencode({"query": 'mutation { createItem(title: "a") { id } }'})).status == 400


def server_sent_graphql(b: Backend) -> None:
    b.login()
    path = "/graphql?" + urlencode({"query": "subscription { ticks(every: 1) }"})
    with b.stream(path, {"Accept": "text/event-stream"}) as stream:
        assert stream.status == 200, stream.read()
        lines: list[bytes] = []
        while not any(b'"ticks":2' in line for line in lines):
            lines.append(stream.readline())
        assert b"event: next\r\n" in lines


async def sockets(b: Backend) -> None:
    b.login()
    for protocol, start, data in (("graphql-transport-ws", "subscribe", "next"), ("graphql-ws", "start", "data")):
        async with b.websocket(protocol) as ws:
            await ws.send(json.dumps({"type": "connection_init", "payload": {"token": b.tokens["access_token"]}}))
            assert json.loads(await ws.recv())["type"] == "connection_ack"
            query = "subscription { itemChanged { __typename id version title deleted } }"
            await ws.send(json.dumps({"id": "1", "type": start, "payload": {"query": query}}))
            while b.control()["watchers"] != 1:
                await asyncio.sleep(0.01)
            item = b.call("POST", "/items", {"title": protocol}).json
            message = json.loads(await ws.recv())
            assert message["type"] == data, message
            assert message["payload"]["data"]["itemChanged"]["id"] == item["id"]
            assert b.control()["sockets"] == 1
            b.control("close-sockets", code=4401, reason="expired")
            try:
                await ws.recv()
            except websockets.ConnectionClosed as end:
                assert end.rcvd and (end.rcvd.code, end.rcvd.reason) == (4401, "expired")
        while b.control()["sockets"] or b.control()["watchers"]:
            await asyncio.sleep(0.01)
    assert b.control()["sockets_opened"] == 2
    query = "subscription($after: Int) { changes(after: $after) { seq kind item { id } } }"
    async with b.websocket(additional_headers=b.bearer()) as ws:
        await ws.send(json.dumps({"type": "connection_init"}))
        await ws.recv()
        payload = {"query": query, "variables": {"after": 0}}
        await ws.send(json.dumps({"id": "1", "type": "subscribe", "payload": payload}))
        message = json.loads(await ws.recv())
        if "data" not in message["payload"] or message["payload"]["data"] is None:
            assert message["payload"]["errors"][0]["extensions"]["code"] == "CURSOR_EXPIRED", message
        else:
            assert message["payload"]["data"]["changes"]["seq"] == 1


async def refused_sockets(b: Backend) -> None:
    async with b.websocket() as ws:
        await ws.send(json.dumps({"type": "connection_init", "payload": {"token": "nonsense"}}))
        try:
            await ws.recv()
            raise AssertionError("was let in")
        except websockets.ConnectionClosed as end:
            assert end.rcvd and end.rcvd.code == 4403
    for status in (403, 426):
        b.control("deny-websocket", status=status)
        try:
            async with b.websocket():
                raise AssertionError("was let in")
        except websockets.InvalidStatus as error:
            assert error.response.status_code == status
    b.control("deny-websocket", status=0)
    async with b.websocket():
        pass


def restart(_: Backend) -> None:
    """With a database in a file, items, sessions and tokens outlive the server; short tokens end."""
    with tempfile.TemporaryDirectory() as folder:
        arguments = ["--database", os.path.join(folder, "items.db"), "--token-lifetime", "1", "--items", "0"]
        with server(*arguments) as b:
            assert b.call("GET", "/control").status == 404
            b.login()
            b.call("PUT", "/items/kept", {"title": "Kept"})
            tokens = b.tokens
        with server(*arguments) as b:
            b.tokens = b.refresh(tokens["refresh_token"]).json
            assert b.call("GET", "/items/kept").json["title"] == "Kept"
            while b.call("GET", "/items/kept").status == 200:
                time.sleep(0.05)  # two seconds at most
            assert "expired" in problem(b.call("GET", "/items/kept"), 401)["detail"]


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


CHECKS: list[Callable[[Backend], Awaitable[None] | None]] = [
    login_and_refresh, logout, oauth, expiry, pages, items, validation, idempotency, events, oddities, troubles,
    graphql, persisted_queries, server_sent_graphql, sockets, refused_sockets, restart,
]  # fmt: skip


def main() -> int:
    passed = failed = 0
    with server("--control") as backend:
        for check in CHECKS:
            backend.tokens = {}
            backend.control("reset")
            try:
                result = check(backend)
                if result:
                    asyncio.run(asyncio.wait_for(result, 20))  # type: ignore[arg-type]
                passed += 1
            except Exception:
                failed += 1
                print(f"{check.__name__}:\n{traceback.format_exc()}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


sys.exit(main())
