# SPDX-License-Identifier: Apache-2.0
"""A small backend: items over REST and GraphQL, with logins. FastAPI, Strawberry, SQLite; only on 127.0.0.1.

Prints "listening http://127.0.0.1:PORT" when it is ready, and runs until SIGTERM or SIGINT.
"""

import argparse
import signal
import socket
import sys

# It is started from the source tree, which should stay free of __pycache__.
sys.dont_write_bytecode = True

import uvicorn
from fastapi import FastAPI
from fastapi.telemetry import TelemetryConfig
from starlette.types import ASGIApp

import oddities
import problems
from auth import Auth, auth_routes
from control import Control
from graph import GraphQL
from rest import item_routes
from store import Store


def make_app(database: str, items: int, token_lifetime: int, control: bool) -> ASGIApp:
    # Nothing that reaches out: no telemetry, no documentation pages that load scripts from elsewhere.
    telemetry = TelemetryConfig(tracing=False, metrics=False, logs=False, auto_configure=False)
    app = FastAPI(title="Items", docs_url=None, redoc_url=None, telemetry=telemetry)
    problems.install(app)
    store = Store(database, items)
    auth = Auth(store, token_lifetime)
    graphql = GraphQL(store, auth)
    app.include_router(auth_routes(auth))
    app.include_router(item_routes(store, auth))
    app.include_router(graphql)
    app.include_router(oddities.router)
    return Control(app, store, auth, graphql) if control else app


class Server(uvicorn.Server):
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        # Not before: until now connections would have been refused.
        if sockets and self.started:
            print(f"listening http://127.0.0.1:{sockets[0].getsockname()[1]}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, default=0, help="0: any free one")
    parser.add_argument("--database", default=":memory:", help="a file, to keep everything (default: in memory)")
    parser.add_argument("--items", type=int, default=3, help="how many there are when the database is new")
    parser.add_argument("--token-lifetime", type=int, default=300, help="seconds that access tokens live")
    parser.add_argument("--control", action="store_true", help="counters and troubles for tests, under /control")
    options = parser.parse_args()

    # uvicorn stops at these signals by itself, then raises them once more for
    # the handlers it found: with these it ends in exit status 0.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))

    with socket.socket() as listener:
        # So that it can be restarted on the port it just had.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", options.port))
        config = uvicorn.Config(
            make_app(options.database, options.items, options.token_lifetime, options.control),
            log_level="warning",
            # A client that does not read must not keep the server from ending.
            timeout_graceful_shutdown=1,
        )
        Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main()
