"""The interop tests' GraphQL server, built with Ariadne.

Same schema as strawberry_app.py, over graphql-transport-ws at /graphql.
"""

import asyncio
from datetime import datetime, timedelta, timezone

from ariadne import QueryType, SubscriptionType, make_executable_schema
from ariadne.asgi import GraphQL, WebSocketConnectionError
from ariadne.asgi.handlers import GraphQLTransportWSHandler
from starlette.applications import Starlette
from starlette.routing import Route, WebSocketRoute

TYPES = """
    type Tick {
        n: Int!
        at: String!
    }

    type Query {
        hello: String!
    }

    type Subscription {
        count(to: Int!): Int!
        ticks(every: Int! = 1000): Tick!
        failing(after: Int!): Int!
        whoami: String!
    }
"""

query = QueryType()
subscription = SubscriptionType()


def now():
    text = datetime.now(timezone.utc).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


@query.field("hello")
def hello(_root, _info):
    return "hello"


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


graphql = GraphQL(
    make_executable_schema(TYPES, query, subscription),
    websocket_handler=GraphQLTransportWSHandler(
        on_connect=on_connect,
        connection_init_wait_timeout=timedelta(seconds=3),
    ),
)

# Not Mount: that would answer at /graphql/ only.
app = Starlette(
    routes=[Route("/graphql", graphql), WebSocketRoute("/graphql", graphql)]
)
