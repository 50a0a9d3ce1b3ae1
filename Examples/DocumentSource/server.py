"""Documents with a log of changes, over GraphQL (Strawberry): the server of this example.

`{ snapshot { rev docs { key rev value } } }` is the state, `changes(after:)` the
log after a change; it keeps the last `KEEP` of them, and fails with COMPACTED
for what is older. `put` and `remove` write.
"""

import argparse
import asyncio
import socket
from collections.abc import AsyncGenerator

import strawberry
import uvicorn
from strawberry.asgi import GraphQL
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL

KEEP = 100
log: list["Change"] = []
documents: dict[str, "Document"] = {}
changed = asyncio.Condition()


@strawberry.type
class Document:
    key: str
    rev: int
    value: str


@strawberry.type
class Change:
    rev: int
    key: str
    value: str | None


@strawberry.type
class Snapshot:
    rev: int
    docs: list[Document]


def last() -> int:
    return log[-1].rev if log else 0


async def write(key: str, value: str | None) -> int:
    async with changed:
        rev = last() + 1
        log.append(Change(rev=rev, key=key, value=value))
        del log[:-KEEP]
        if value is None:
            documents.pop(key, None)
        else:
            documents[key] = Document(key=key, rev=rev, value=value)
        changed.notify_all()
    return rev


@strawberry.type
class Query:
    @strawberry.field
    def snapshot(self) -> Snapshot:
        return Snapshot(rev=last(), docs=list(documents.values()))


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def put(self, key: str, value: str) -> int:
        return await write(key, value)

    @strawberry.mutation
    async def remove(self, key: str) -> int:
        return await write(key, None)


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def changes(self, after: int) -> AsyncGenerator[Change, None]:
        while True:
            if log and log[0].rev > after + 1:
                raise ValueError("COMPACTED")
            for change in [change for change in log if change.rev > after]:
                yield change
                after = change.rev
            async with changed:
                await changed.wait_for(lambda: last() > after)


app = GraphQL(
    strawberry.Schema(query=Query, mutation=Mutation, subscription=Subscription),
    subscription_protocols=[GRAPHQL_TRANSPORT_WS_PROTOCOL],
)


async def serve(port: int) -> None:
    listener = socket.create_server(("127.0.0.1", port))
    print(f"listening http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
    await server.serve(sockets=[listener])


parser = argparse.ArgumentParser()
parser.add_argument("--port", type=int, default=0)
asyncio.run(serve(parser.parse_args().port))
