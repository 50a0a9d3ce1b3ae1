# SPDX-License-Identifier: Apache-2.0
"""Routes of no application: what an HTTP client has to cope with. They want no token."""

import asyncio
import base64
import json
from collections import Counter
from collections.abc import AsyncGenerator
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse, StreamingResponse

from problems import Problem

router = APIRouter()
failed: Counter[str] = Counter()


@router.get("/limited")
async def limited(seconds: int = 1) -> None:
    raise Problem(429, "Too many requests", "ask less often", headers={"Retry-After": str(seconds)})


@router.get("/flaky")
async def flaky(fail: int, key: str, after: str = "0", status: int = 503) -> dict[str, int]:
    """Fails so often for each key, and says how often it did; `after` is Retry-After."""
    if failed[key] < fail:
        failed[key] += 1
        raise Problem(status, "Unavailable", "try again", headers={"Retry-After": after})
    return {"failed": failed[key]}


@router.get("/slow")
async def slow(ms: int) -> dict[str, int]:
    await asyncio.sleep(ms / 1000)
    return {"ms": ms}


@router.get("/lines")
async def lines(count: int = 10, every: int = 0) -> Response:
    """JSON, a line each `every` ms; without an end if `count` is 0."""

    async def body() -> AsyncGenerator[str, None]:
        n = 0
        while count == 0 or n < count:
            n += 1
            yield json.dumps({"n": n}) + "\n"
            await asyncio.sleep(every / 1000)

    return StreamingResponse(body(), media_type="application/x-ndjson")


@router.get("/big")
async def big(bytes: int, chunked: bool = False) -> Response:
    async def body() -> AsyncGenerator[memoryview, None]:
        piece = memoryview(b"0123456789abcdef" * 4096)
        for start in range(0, bytes, len(piece)):
            yield piece[: bytes - start]
            await asyncio.sleep(0)

    length = {} if chunked else {"Content-Length": str(bytes)}
    return StreamingResponse(body(), media_type="application/octet-stream", headers=length)


@router.api_route("/redirect", methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"])
async def redirect(to: str, status: int = 302) -> Response:
    return RedirectResponse(to, status)


@router.api_route("/echo", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
async def echo(request: Request) -> dict[str, Any]:
    body = await request.body()
    return {
        "method": request.method,
        "query": request.url.query,
        "headers": request.headers.items(),  # in their order, and repeated ones repeated
        "body": body.decode(errors="replace"),
        "base64": base64.b64encode(body).decode(),
    }


def validation_shapes(status: int) -> dict[str, Any]:
    reason = {400: "Bad Request", 422: "Unprocessable Entity"}.get(status, "Error")
    spring = {"objectName": "item", "bindingFailure": False}
    return {
        "laravel": {
            "message": "The title field is required. (and 1 more error)",
            "errors": {
                "title": ["The title field is required."],
                "lines.0.price": ["The lines.0.price field must be at least 0."],
            },
        },
        "rails": {"errors": {"title": ["can't be blank", "is too short"], "price": ["must be greater than or equal to 0"]}},
        # What Rails' scaffolds and Django REST framework answer.
        "rails-bare": {"title": ["can't be blank", "is too short"], "price": ["must be greater than or equal to 0"]},
        "nestjs": {
            "statusCode": status,
            "message": ["title should not be empty", "lines.0.price must not be less than 0"],
            "error": reason,
        },
        "fastapi": {
            "detail": [
                {"type": "missing", "loc": ["body", "title"], "msg": "Field required", "input": {}},
                {
                    "type": "greater_than_equal",
                    "loc": ["body", "lines", 0, "price"],
                    "msg": "Input should be greater than or equal to 0",
                    "input": -1,
                    "ctx": {"ge": 0},
                },
            ]
        },
        "spring": {
            "timestamp": "2026-01-31T12:00:00.000+00:00",
            "status": status,
            "error": reason,
            "message": "Validation failed for object='item'. Error count: 2",
            "errors": [
                {"field": "title", "rejectedValue": "", "defaultMessage": "must not be blank", "code": "NotBlank", **spring},
                {
                    "field": "lines[0].price",
                    "rejectedValue": -1,
                    "defaultMessage": "must be greater than or equal to 0",
                    "code": "PositiveOrZero",
                    **spring,
                },
            ],
            "path": "/items",
        },
        "jsonapi": {
            "errors": [
                {
                    "status": str(status),
                    "code": "blank",
                    "title": "Invalid attribute",
                    "detail": "Title can't be blank.",
                    "source": {"pointer": "/data/attributes/title"},
                },
                {
                    "status": str(status),
                    "code": "greater_than_or_equal_to",
                    "title": "Invalid attribute",
                    "detail": "Price must be greater than or equal to 0.",
                    "source": {"pointer": "/data/attributes/price"},
                },
            ]
        },
    }


@router.api_route("/errors/{shape}", methods=["GET", "POST"])
async def errors(shape: str, status: int = 422) -> Response:
    shapes = validation_shapes(status)
    if shape not in shapes:
        raise Problem(404, "Not found", f"there are {', '.join(shapes)}")
    kind = "application/vnd.api+json" if shape == "jsonapi" else "application/json"
    return JSONResponse(shapes[shape], status, media_type=kind)
