"""The interop tests' GraphQL server, built with Strawberry.

Same schema as ariadne_app.py, over graphql-transport-ws and the older
graphql-ws at /graphql.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import datetime, timedelta, timezone

import state
import strawberry
from starlette.applications import Starlette
from starlette.routing import Route, WebSocketRoute
from strawberry.asgi import GraphQL
from strawberry.exceptions import ConnectionRejectionError
from strawberry.subscriptions import (
    GRAPHQL_TRANSPORT_WS_PROTOCOL,
    GRAPHQL_WS_PROTOCOL,
)


def now() -> str:
    text = datetime.now(timezone.utc).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


@strawberry.type
class Tick:
    n: int
    at: str


@strawberry.type
class Event:
    n: int


@strawberry.type
class Query:
    @strawberry.field
    def hello(self) -> str:
        return "hello"

    @strawberry.field
    def executions(self) -> int:
        return state.executions

    @strawberry.field
    def listeners(self) -> int:
        return state.listeners


@strawberry.type
class Mutation:
    @strawberry.mutation
    def increment(self) -> int:
        return state.increment()


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def count(self, to: int) -> AsyncGenerator[int, None]:
        for n in range(1, to + 1):
            yield n
            # Sending need not suspend: without this, a long count would keep
            # the event loop from reading anything the client sends.
            await asyncio.sleep(0)

    @strawberry.subscription
    async def ticks(self, every: int = 1000) -> AsyncGenerator[Tick, None]:
        n = 0
        while True:
            n += 1
            yield Tick(n=n, at=now())
            await asyncio.sleep(every / 1000)

    @strawberry.subscription
    async def events(
        self, after: int | None = None
    ) -> AsyncGenerator[Event, None]:
        async with aclosing(state.events(after)) as numbers:
            async for n in numbers:
                yield Event(n=n)

    @strawberry.subscription
    async def failing(self, after: int) -> AsyncGenerator[int, None]:
        for n in range(1, after + 1):
            yield n
        raise ValueError("the resolver failed on purpose")

    @strawberry.subscription
    async def whoami(self, info: strawberry.Info) -> AsyncGenerator[str, None]:
        payload = info.context.get("connection_params") or {}
        headers = info.context["request"].headers
        yield payload.get("token") or headers.get("authorization") or "nobody"


class App(GraphQL):
    async def on_ws_connect(self, context):
        payload = context.get("connection_params") or {}
        if payload.get("reject") is True:
            # On the wire: only a close, code 4403, reason "Forbidden".
            raise ConnectionRejectionError
        return await super().on_ws_connect(context)


graphql = App(
    strawberry.Schema(
        query=Query, mutation=Mutation, subscription=Subscription
    ),
    subscription_protocols=[
        GRAPHQL_TRANSPORT_WS_PROTOCOL,
        GRAPHQL_WS_PROTOCOL,
    ],
    connection_init_wait_timeout=timedelta(seconds=3),
)

# Not Mount: that would answer at /graphql/ only.
app = Starlette(
    routes=[Route("/graphql", graphql), WebSocketRoute("/graphql", graphql)]
)
