# SPDX-License-Identifier: Apache-2.0
"""Items over REST: pages, entity tags, conditional writes, idempotency keys, and a stream of changes."""

import asyncio
import base64
import hashlib
import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import BaseModel, Field

from auth import Auth, Claims
from problems import Problem
from store import Item, Store

Title = Annotated[str, Field(min_length=1, max_length=100)]
Price = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class NewItem(BaseModel):
    title: Title
    done: bool = False
    price: Price = 0


class ItemChanges(BaseModel):
    title: Title | None = None
    done: bool | None = None
    price: Price | None = None


def to_cursor(position: int) -> str:
    return base64.urlsafe_b64encode(f"after:{position}".encode()).decode()


def from_cursor(cursor: str) -> int:
    """Raises ValueError for what `to_cursor` did not make."""
    word, _, position = base64.urlsafe_b64decode(cursor).decode().partition(":")
    if word != "after":
        raise ValueError("not a cursor")
    return int(position)


def names(header: str, etag: str) -> bool:
    """Whether an If-Match or If-None-Match names this entity tag."""
    tags = [tag.strip().removeprefix("W/") for tag in header.split(",")]
    return "*" in tags or etag in tags


def check_preconditions(item: Item | None, if_match: str | None, if_none_match: str | None = None) -> None:
    """412 when a write is not to be done (RFC 9110 13.2.2)."""
    if if_match and not (item and names(if_match, item.etag)):
        why = "the item has changed since" if item else "there is no such item"
    elif if_none_match and item and names(if_none_match, item.etag):
        why = "the item is there already"
    else:
        return
    current = {"version": item.version} if item else {}
    headers = {"ETag": item.etag} if item else None
    raise Problem(412, "Precondition failed", why, headers=headers, **current)


def found(item: Item | None) -> Item:
    if not item:
        raise Problem(404, "Not found", "there is no such item")
    return item


def answer(item: Item, status: int = 200, **headers: str) -> JSONResponse:
    return JSONResponse(asdict(item), status, {"ETag": item.etag, **headers})


def item_routes(store: Store, auth: Auth) -> APIRouter:
    router = APIRouter(dependencies=[Depends(auth.required)])
    IfMatch = Annotated[str | None, Header()]

    @router.get("/items")
    async def page(cursor: str | None = None, limit: Annotated[int, Query(ge=1, le=100)] = 20) -> dict[str, Any]:
        try:
            after = from_cursor(cursor) if cursor else 0
        except ValueError:
            raise Problem(400, "Bad cursor", "the cursor is none of this server's") from None
        rows = store.page(after, limit + 1)
        more = len(rows) > limit
        rows = rows[:limit]
        return {"items": [asdict(item) for _, item in rows], "next": to_cursor(rows[-1][0]) if more else None}

    @router.get("/items/{id}")
    async def get(id: str, if_none_match: IfMatch = None) -> Response:
        item = found(store.item(id))
        if if_none_match and names(if_none_match, item.etag):
            return Response(status_code=304, headers={"ETag": item.etag})
        return answer(item)

    @router.post("/items")
    async def create(
        body: NewItem,
        claims: Annotated[Claims, Depends(auth.required)],
        idempotency_key: Annotated[str | None, Header(max_length=255)] = None,
        answer_after: int = 0,
    ) -> Response:
        """`answer_after` ms pass between the deed and the answer, for tests that lose the answer."""
        key = f"{claims.sub} {idempotency_key}"
        fingerprint = hashlib.sha256(body.model_dump_json().encode()).hexdigest()
        before = store.answer(key) if idempotency_key else None
        if before and before[0] != fingerprint:
            raise Problem(422, "Idempotency key used before", "the key came with another body before", errors=[])
        item = before[1] if before else store.create(**body.model_dump())
        if idempotency_key and not before:
            store.keep_answer(key, fingerprint, item)
        await asyncio.sleep(answer_after / 1000)
        return answer(item, 201, Location=f"/items/{item.id}")

    @router.put("/items/{id}")
    async def put(id: str, body: NewItem, if_match: IfMatch = None, if_none_match: IfMatch = None) -> Response:
        item = store.item(id)
        check_preconditions(item, if_match, if_none_match)
        if item:
            return answer(store.update(item, **body.model_dump()))
        return answer(store.create(**body.model_dump(), id=id), 201, Location=f"/items/{id}")

    @router.patch("/items/{id}")
    async def patch(id: str, body: ItemChanges, if_match: IfMatch = None) -> Response:
        item = found(store.item(id))
        check_preconditions(item, if_match)
        return answer(store.update(item, **body.model_dump(exclude_none=True)))

    @router.delete("/items/{id}", status_code=204)
    async def delete(id: str, if_match: IfMatch = None) -> None:
        item = found(store.item(id))
        check_preconditions(item, if_match)
        store.delete(item)

    @router.get("/events")
    async def events(request: Request, after: int | None = None) -> Response:
        """Changes as server-sent events, behind Last-Event-ID, or `after`, or from now on."""
        last = request.headers.get("last-event-id") or after
        try:
            seq = store.last_seq() if last is None else int(last)
        except ValueError:
            raise Problem(400, "Bad Last-Event-ID", "the id is none of this server's") from None
        return StreamingResponse(
            event_stream(store, seq), media_type="text/event-stream", headers={"Cache-Control": "no-store"}
        )

    return router


async def event_stream(store: Store, seq: int) -> AsyncGenerator[str, None]:
    if not store.remembers(seq):
        # What is missing cannot be told; the client reads everything anew.
        seq = store.last_seq()
        yield f"id: {seq}\nevent: reset\ndata: {{}}\n\n"
    else:
        # No event (it has no data), but the position from which to resume, and a sign that the stream is live.
        yield f"retry: 1000\nid: {seq}\n\n"
    async with aclosing(store.changes(seq)) as changes:
        async for change in changes:
            yield f"id: {change.seq}\nevent: {change.kind}\ndata: {json.dumps(asdict(change.item))}\n\n"
