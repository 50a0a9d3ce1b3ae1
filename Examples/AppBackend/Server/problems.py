# SPDX-License-Identifier: Apache-2.0
"""Errors as RFC 9457 has them: application/problem+json."""

from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException


class Problem(Exception):
    def __init__(self, status: int, title: str, detail: str, headers: dict[str, str] | None = None, **more: Any):
        super().__init__(detail)
        self.status, self.headers = status, headers
        self.body = {"type": "about:blank", "title": title, "status": status, "detail": detail, **more}

    @property
    def response(self) -> JSONResponse:
        return JSONResponse(self.body, self.status, self.headers, media_type="application/problem+json")


def field_errors(errors: Sequence[Any], prefix: int = 0) -> list[dict[str, str]]:
    """Pydantic's errors, each with a JSON pointer into the body; `prefix` parts of its location are not of the body."""
    found = []
    for error in errors:
        place, path = error["loc"][:prefix], error["loc"][prefix:]
        where = {"parameter": str(path[0])} if place == ("query",) else {"pointer": "".join(f"/{part}" for part in path)}
        found.append({**where, "detail": error["msg"], "code": error["type"]})
    return found


def install(app: FastAPI) -> None:
    """Makes every error of the app a problem."""

    @app.exception_handler(Problem)
    async def problem(_request: Request, error: Problem) -> JSONResponse:
        return error.response

    @app.exception_handler(RequestValidationError)
    async def invalid(_request: Request, error: RequestValidationError) -> JSONResponse:
        found = field_errors(error.errors(), prefix=1)
        if any(one["code"] == "json_invalid" for one in found):
            return Problem(400, "Not JSON", "the body is no JSON").response
        return Problem(422, "Not valid", "some of what was sent is not valid", errors=found).response

    @app.exception_handler(HTTPException)
    async def other(_request: Request, error: HTTPException) -> JSONResponse:
        return Problem(error.status_code, str(error.detail), str(error.detail), dict(error.headers or {})).response
