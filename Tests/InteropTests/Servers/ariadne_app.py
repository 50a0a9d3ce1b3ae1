"""The interop tests' GraphQL server, built with Ariadne.

Same schema as strawberry_app.py, over graphql-transport-ws and the older
graphql-ws at /graphql.
"""

import asyncio
from contextlib import aclosing
from datetime import datetime, timedelta, timezone

import state
from ariadne import (
    MutationType,
    QueryType,
    SubscriptionType,
    make_executable_schema,
)
from ariadne.asgi import GraphQL, WebSocketConnectionError
from ariadne.asgi.handlers import GraphQLTransportWSHandler, GraphQLWSHandler
from starlette.applications import Starlette
from starlette.routing import Route, WebSocketRoute

TYPES = """
    type Tick {
        n: Int!
        at: String!
    }

    type Event {
        n: Int!
    }

    type Query {
        hello: String!
        executions: Int!
        listeners: Int!
    }

    type Mutation {
        increment: Int!
    }

    type Subscription {
        count(to: Int!): Int!
        ticks(every: Int! = 1000): Tick!
        events(after: Int): Event!
        failing(after: Int!): Int!
        whoami: String!
    }
"""

query = QueryType()
mutation = MutationType()
subscription = SubscriptionType()


def now():
    text = datetime.now(timezone.utc).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


@query.field("hello")
def hello(_root, _info):
    return "hello"


@query.field("executions")
def executions(_root, _info):
    return state.executions


@query.field("listeners")
def listeners(_root, _info):
    return state.listeners


@mutation.field("increment")
def increment(_root, _info):
    return state.increment()


@subscription.source("count")
async def count(_root, _info, to):
    for n in range(1, to + 1):
        yield n
        # Sending need not suspend: without this, a long count would keep
        # the event loop from reading anything the client sends.
        await asyncio.sleep(0)


@subscription.source("ticks")
async def ticks(_root, _info, every):
    n = 0
    while True:
        n += 1
        yield {"n": n, "at": now()}
        await asyncio.sleep(every / 1000)


@subscription.source("events")
async def events(_root, _info, after=None):
    async with aclosing(state.events(after)) as numbers:
        async for n in numbers:
            yield {"n": n}


@subscription.source("failing")
async def failing(_root, _info, after):
    for n in range(1, after + 1):
        yield n
    raise ValueError("the resolver failed on purpose")


@subscription.source("whoami")
async def whoami(_root, info):
    websocket = info.context["request"]
    payload = websocket.state.payload
    authorization = websocket.headers.get("authorization")
    yield payload.get("token") or authorization or "nobody"


@subscription.field("count")
@subscription.field("ticks")
@subscription.field("events")
@subscription.field("failing")
@subscription.field("whoami")
def value_itself(value, _info, **_arguments):
    # A source's value is the field's value here; by default Ariadne would look
    # for one named like the field inside it.
    return value


def on_connect(websocket, payload):
    # Ariadne keeps the payload from resolvers, so it is stored for whoami.
    websocket.state.payload = payload or {}
    if websocket.state.payload.get("reject") is True:
        # On the wire: only a close, code 1000 without a reason (this
        # handler closes so after any exception here), so not 4403.
        raise WebSocketConnectionError("rejected on purpose")


schema = make_executable_schema(TYPES, query, mutation, subscription)
new = GraphQL(
    schema,
    websocket_handler=GraphQLTransportWSHandler(
        on_connect=on_connect,
        connection_init_wait_timeout=timedelta(seconds=3),
    ),
)
old = GraphQL(
    schema, websocket_handler=GraphQLWSHandler(on_connect=on_connect)
)


class EitherProtocol:
    """A handler of Ariadne's speaks one protocol, whatever it is offered."""

    async def __call__(self, scope, receive, send):
        offered = scope.get("subprotocols") or []
        legacy = "graphql-ws" in offered and (
            "graphql-transport-ws" not in offered
        )
        await (old if legacy else new)(scope, receive, send)


graphql = EitherProtocol()

# Not Mount: that would answer at /graphql/ only.
app = Starlette(
    routes=[Route("/graphql", graphql), WebSocketRoute("/graphql", graphql)]
)
