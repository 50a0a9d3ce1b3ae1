# SPDX-License-Identifier: Apache-2.0
"""Items over GraphQL: HTTP, server-sent events, and both WebSocket protocols, with persisted queries and batches."""

import asyncio
import hashlib
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import asdict
from typing import Any

import strawberry
from graphql import GraphQLError
from pydantic import ValidationError
from starlette.requests import HTTPConnection
from strawberry.exceptions import ConnectionRejectionError
from strawberry.fastapi import GraphQLRouter
from strawberry.http import GraphQLRequestData
from strawberry.schema.config import StrawberryConfig
from strawberry.subscriptions import (
    GRAPHQL_SSE_PROTOCOL,
    GRAPHQL_TRANSPORT_WS_PROTOCOL,
    GRAPHQL_WS_PROTOCOL,
)
from strawberry.types import ExecutionResult

import store as kept
from auth import Auth, Refused
from problems import field_errors
from rest import ItemChanges, NewItem, from_cursor, to_cursor

Info = strawberry.Info[dict[str, Any], None]


@strawberry.type
class Item:
    id: strawberry.ID
    title: str
    done: bool
    price: float
    version: int
    updated_at: str
    deleted: bool = False


@strawberry.type
class Edge:
    cursor: str
    node: Item


@strawberry.type
class PageInfo:
    has_next_page: bool
    end_cursor: str | None


@strawberry.type
class ItemConnection:
    edges: list[Edge]
    nodes: list[Item]
    page_info: PageInfo
    total_count: int


@strawberry.type
class Change:
    seq: int
    kind: str
    item: Item


@strawberry.type
class User:
    id: strawberry.ID
    username: str


def shown(item: kept.Item, deleted: bool = False) -> Item:
    return Item(**asdict(item), deleted=deleted)


def store_of(info: Info) -> kept.Store:
    return info.context["store"]


def found(info: Info, id: str, version: int | None = None) -> kept.Item:
    item = store_of(info).item(id)
    if not item:
        raise GraphQLError("there is no such item", extensions={"code": "NOT_FOUND"})
    if version is not None and version != item.version:
        more = {"code": "CONFLICT", "version": item.version}
        raise GraphQLError("the item has changed since", extensions=more)
    return item


def invalid(error: ValidationError) -> GraphQLError:
    more = {"code": "BAD_USER_INPUT", "errors": field_errors(error.errors())}
    return GraphQLError("some of what was sent is not valid", extensions=more)


@strawberry.type
class Query:
    @strawberry.field
    def items(self, info: Info, first: int = 20, after: str | None = None) -> ItemConnection:
        if not 1 <= first <= 100:
            raise GraphQLError("first is from 1 to 100", extensions={"code": "BAD_USER_INPUT"})
        try:
            rows = store_of(info).page(from_cursor(after) if after else 0, first + 1)
        except ValueError:
            more = {"code": "BAD_USER_INPUT"}
            raise GraphQLError("the cursor is none of this server's", extensions=more) from None
        edges = [Edge(cursor=to_cursor(position), node=shown(item)) for position, item in rows[:first]]
        return ItemConnection(
            edges=edges,
            nodes=[edge.node for edge in edges],
            page_info=PageInfo(has_next_page=len(rows) > first, end_cursor=edges[-1].cursor if edges else None),
            total_count=store_of(info).count(),
        )

    @strawberry.field
    def item(self, info: Info, id: strawberry.ID) -> Item | None:
        item = store_of(info).item(id)
        return shown(item) if item else None

    @strawberry.field
    def me(self, info: Info) -> User:
        return User(id=strawberry.ID(info.context["user"]), username=info.context["user"])


@strawberry.type
class Mutation:
    @strawberry.mutation
    def create_item(self, info: Info, title: str, price: float = 0) -> Item:
        try:
            fields = NewItem(title=title, price=price)
        except ValidationError as error:
            raise invalid(error) from None
        return shown(store_of(info).create(**fields.model_dump()))

    @strawberry.mutation
    def update_item(
        self,
        info: Info,
        id: strawberry.ID,
        title: str | None = None,
        done: bool | None = None,
        price: float | None = None,
        version: int | None = None,
    ) -> Item:
        """With `version` only if the item still has it."""
        try:
            fields = ItemChanges(title=title, done=done, price=price)
        except ValidationError as error:
            raise invalid(error) from None
        item = found(info, id, version)
        return shown(store_of(info).update(item, **fields.model_dump(exclude_none=True)))

    @strawberry.mutation
    def delete_item(self, info: Info, id: strawberry.ID, version: int | None = None) -> Item:
        item = found(info, id, version)
        store_of(info).delete(item)
        return shown(item, deleted=True)


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def item_changed(self, info: Info, id: strawberry.ID | None = None) -> AsyncGenerator[Item, None]:
        """Items as they are created, updated, or deleted; or one of them."""
        async with aclosing(store_of(info).changes()) as changes:
            async for change in changes:
                if id is None or change.item.id == id:
                    yield shown(change.item, deleted=change.kind == "deleted")

    @strawberry.subscription
    async def changes(self, info: Info, after: int | None = None) -> AsyncGenerator[Change, None]:
        """The log of changes behind a position, so that a client that was away misses nothing."""
        if after is not None and not store_of(info).remembers(after):
            raise GraphQLError("the log no longer has that", extensions={"code": "CURSOR_EXPIRED"})
        async with aclosing(store_of(info).changes(after)) as changes:
            async for change in changes:
                item = shown(change.item, deleted=change.kind == "deleted")
                yield Change(seq=change.seq, kind=change.kind, item=item)

    @strawberry.subscription
    async def ticks(self, every: int = 1000) -> AsyncGenerator[int, None]:
        """1, 2, 3 …, one each so many milliseconds."""
        n = 0
        while True:
            n += 1
            yield n
            await asyncio.sleep(every / 1000)


class Schema(strawberry.Schema):
    def process_errors(self, errors: list[GraphQLError], execution_context: Any = None) -> None:
        """Only what nobody meant goes to the log."""
        super().process_errors([e for e in errors if not isinstance(e.original_error or e, GraphQLError)])


def failure(message: str, code: str) -> ExecutionResult:
    return ExecutionResult(data=None, errors=[GraphQLError(message, extensions={"code": code})])


class GraphQL(GraphQLRouter):
    """Strawberry's, with our tokens, and Apollo's automatic persisted queries."""

    def __init__(self, store: kept.Store, auth: Auth):
        super().__init__(
            Schema(Query, Mutation, Subscription, config=StrawberryConfig(batching_config={"max_operations": 50})),
            "/graphql",
            graphql_ide=None,
            context_getter=lambda: {"store": store},
            subscription_protocols=[GRAPHQL_TRANSPORT_WS_PROTOCOL, GRAPHQL_WS_PROTOCOL, GRAPHQL_SSE_PROTOCOL],
        )
        self.auth = auth
        self.persisted: dict[str, str] = {}
        # Servers differ: some answer 200 with an error UNAUTHENTICATED.
        self.unauthenticated_status = 401

    def should_render_graphql_ide(self, request: Any) -> bool:
        return False  # a GET without a query is one with a hash

    async def execute_operation(self, request, request_adapter, request_data, context, root_value, sub_response):  # type: ignore[no-untyped-def, override]
        async def execute(data: GraphQLRequestData) -> Any:
            refused = self._look_up(data)
            if refused:
                return refused
            return await super(GraphQL, self).execute_operation(
                request, request_adapter, data, context, root_value, sub_response
            )

        try:
            context["user"] = self.auth.claims_of(request).sub
        except Refused as error:
            sub_response.status_code = self.unauthenticated_status
            return failure(str(error), "UNAUTHENTICATED")
        if isinstance(request_data, list):
            return [await execute(data) for data in request_data]
        return await execute(request_data)

    def _look_up(self, data: GraphQLRequestData) -> ExecutionResult | None:
        """Puts the query of a hash into the request, or keeps it; a failure when that cannot be."""
        hash = ((data.extensions or {}).get("persistedQuery") or {}).get("sha256Hash")
        if not hash:
            return None
        if data.query is None:
            data.query = self.persisted.get(hash)
            return None if data.query else failure("PersistedQueryNotFound", "PERSISTED_QUERY_NOT_FOUND")
        if hashlib.sha256(data.query.encode()).hexdigest() != hash:
            return failure("provided sha does not match query", "BAD_USER_INPUT")
        self.persisted[hash] = data.query
        return None

    async def on_ws_connect(self, context: Any) -> Any:
        """A token in connection_init, or in the header of the upgrade; without a good one the close code is 4403."""
        payload = context.get("connection_params") or {}
        token = payload.get("token") or payload.get("Authorization") or payload.get("authorization")
        request: HTTPConnection = context["request"]
        try:
            claims = self.auth.verify(str(token).removeprefix("Bearer ")) if token else self.auth.claims_of(request)
        except Refused as error:
            raise ConnectionRejectionError({"message": str(error)}) from None
        context["user"] = claims.sub
        return await super().on_ws_connect(context)
