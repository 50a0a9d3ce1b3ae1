# SPDX-License-Identifier: Apache-2.0
"""What tests see and steer, under /control: counters, and troubles that are switched on. Only with --control."""

import asyncio
import re
from collections import Counter
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, FastAPI
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from auth import Auth
from graph import GraphQL
from problems import Problem
from store import Store


@dataclass
class Trouble:
    """What the next requests to a path meet."""

    times: int
    status: int
    delay: int
    retry_after: str | None


class Control:
    def __init__(self, app: FastAPI, store: Store, auth: Auth, graphql: GraphQL):
        self.app, self.store, self.auth, self.graphql = app, store, auth, graphql
        self.requests: Counter[str] = Counter()
        self.open: Counter[str] = Counter()
        self.connections: set[Any] = set()
        self.sockets: dict[object, Send] = {}
        self.sockets_opened = 0
        self.reset()
        app.include_router(self.routes(), prefix="/control")

    def reset(self) -> None:
        """Counters to zero, troubles off."""
        self.requests.clear()
        self.connections.clear()
        self.sockets_opened = self.store.creates = 0
        self.auth.logins = self.auth.refreshes = self.auth.refused_refreshes = 0
        self.troubles: dict[str, Trouble] = {}
        self.denied = 0
        self.graphql.unauthenticated_status = 401

    # As ASGI middleware around the app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket") or scope["path"].startswith("/control"):
            return await self.app(scope, receive, send)
        route = re.sub("^/items/.+", "/items/{id}", scope["path"])
        route = f"{scope.get('method', 'WS')} {route}"
        self.requests[route] += 1
        self.connections.add(scope["client"])
        self.open[route] += 1
        try:
            if scope["type"] == "websocket":
                await self.websocket(scope, receive, send)
            else:
                await (await self.trouble(scope["path"]) or self.app)(scope, receive, send)
        finally:
            self.open[route] -= 1

    async def trouble(self, path: str) -> ASGIApp | None:
        trouble = self.troubles.get(path)
        if not trouble or trouble.times == 0:
            return None
        trouble.times -= 1
        await asyncio.sleep(trouble.delay / 1000)
        if not trouble.status:
            return None
        headers = {"Retry-After": trouble.retry_after} if trouble.retry_after else None
        return Problem(trouble.status, "On purpose", "a test wanted this", headers).response

    async def websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.denied:
            await receive()
            # uvicorn then complains on stderr that the handshake was not completed, and answers as it should.
            await send({"type": "websocket.http.response.start", "status": self.denied, "headers": []})
            return await send({"type": "websocket.http.response.body", "body": b"no WebSocket here"})
        key = object()
        closed = False

        async def watched(message: Message) -> None:
            nonlocal closed
            if closed:
                return  # the app has not noticed yet
            closed = message["type"] == "websocket.close"
            await send(message)
            if message["type"] == "websocket.accept":
                self.sockets[key] = watched
                self.sockets_opened += 1

        try:
            await self.app(scope, receive, watched)
        finally:
            self.sockets.pop(key, None)

    # The routes

    def routes(self) -> APIRouter:
        router = APIRouter(include_in_schema=False)

        @router.get("")
        async def counters() -> dict[str, Any]:
            return {
                "logins": self.auth.logins,
                "refreshes": self.auth.refreshes,
                "refused_refreshes": self.auth.refused_refreshes,
                "creates": self.store.creates,
                "sockets": len(self.sockets),
                "sockets_opened": self.sockets_opened,
                "watchers": self.store.watchers,
                "connections": len(self.connections),
                "requests": self.requests,
                "open": +self.open,
            }

        @router.post("/reset", status_code=204)
        async def reset() -> None:
            self.reset()

        @router.post("/expire-access-tokens", status_code=204)
        async def expire() -> None:
            self.auth.expire_access_tokens()

        @router.post("/revoke-refresh-tokens", status_code=204)
        async def revoke() -> None:
            self.auth.revoke_refresh_tokens()

        @router.post("/deny-websocket", status_code=204)
        async def deny(status: int = 403) -> None:
            """Upgrades are answered with this status from now on; 0: no longer."""
            self.denied = status

        @router.post("/close-sockets", status_code=204)
        async def close(code: int = 4401, reason: str = "") -> None:
            for send in list(self.sockets.values()):
                await send({"type": "websocket.close", "code": code, "reason": reason})

        @router.post("/trouble", status_code=204)
        async def trouble(path: str, times: int = 1, status: int = 0, delay: int = 0, retry_after: str | None = None) -> None:
            """The next `times` requests to `path` wait `delay` ms, and are answered with `status` unless it is 0."""
            self.troubles[path] = Trouble(times, status, delay, retry_after)

        @router.post("/unauthenticated-status", status_code=204)
        async def unauthenticated(status: int) -> None:
            """With which HTTP status GraphQL says UNAUTHENTICATED."""
            self.graphql.unauthenticated_status = status

        @router.post("/forget-changes", status_code=204)
        async def forget() -> None:
            """Nobody can resume from before now: /events says reset, the subscription changes says CURSOR_EXPIRED."""
            self.store.forget_changes()

        @router.post("/forget-queries", status_code=204)
        async def forget_queries() -> None:
            self.graphql.persisted.clear()

        return router
