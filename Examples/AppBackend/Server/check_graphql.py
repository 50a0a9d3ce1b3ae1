# SPDX-License-Identifier: Apache-2.0
"""Goes through what the server has in GraphQL."""

import asyncio
import hashlib
import json
from urllib.parse import urlencode

import websockets

from check_client import Backend


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
