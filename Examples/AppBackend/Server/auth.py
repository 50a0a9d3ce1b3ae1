# SPDX-License-Identifier: Apache-2.0
"""Who may do what: JSON Web Tokens (RFC 7519) that live for minutes, and refresh tokens, each good for one use."""

import base64
import hashlib
import hmac
import json
import math
import secrets
import time
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import parse_qs

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.requests import HTTPConnection

from problems import Problem
from store import Store


def encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def scrypt(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, n=2**12, r=8, p=1)


class Refused(Exception):
    """A password or a token that is not accepted; the text says why, without it."""


@dataclass(frozen=True)
class Claims:
    sub: str
    sid: str
    jti: str
    exp: int
    iat: int


class Auth:
    def __init__(self, store: Store, lifetime: int):
        self.store, self.db, self.lifetime = store, store.db, lifetime
        self.logins = self.refreshes = self.refused_refreshes = 0
        self.add_user("ada", "lovelace")

    def add_user(self, name: str, password: str) -> None:
        salt = secrets.token_bytes(16)
        with self.db:
            self.db.execute("INSERT OR IGNORE INTO users VALUES (?, ?, ?)", (name, salt, scrypt(password, salt)))

    def login(self, name: str, password: str) -> dict[str, Any]:
        row = self.db.execute("SELECT salt, password FROM users WHERE name = ?", (name,)).fetchone()
        if not row or not hmac.compare_digest(scrypt(password, row["salt"]), row["password"]):
            raise Refused("the user name or the password is wrong")
        session = secrets.token_hex(8)
        with self.db:
            self.db.execute("INSERT INTO sessions VALUES (?, ?)", (session, name))
        self.logins += 1
        return self._tokens(session, name)

    def refresh(self, token: str) -> dict[str, Any]:
        session = self.session_of(token)
        row = self.db.execute("SELECT user FROM sessions WHERE id = ?", (session,)).fetchone()
        if not session or not row:
            self.refused_refreshes += 1
            raise Refused("the refresh token is unknown, revoked, or was used before")
        with self.db:
            self.db.execute("DELETE FROM refresh_tokens WHERE digest = ?", (digest(token),))
        self.refreshes += 1
        return self._tokens(session, row["user"])

    def logout(self, session: str | None) -> None:
        with self.db:
            self.db.execute("DELETE FROM sessions WHERE id = ?", (session,))
            self.db.execute("DELETE FROM refresh_tokens WHERE session = ?", (session,))

    def verify(self, token: str) -> Claims:
        """The claims of an access token, if it is ours, still lives, and nobody logged out."""
        try:
            head, body, signature = token.split(".")
            claims = Claims(**json.loads(decode(body)))
            ours = hmac.compare_digest(decode(signature), self._sign(f"{head}.{body}"))
        except (ValueError, TypeError):
            raise Refused("that is no access token") from None
        if not ours:
            raise Refused("the access token is not signed with the server's key")
        if time.time() >= claims.exp:
            raise Refused("the access token has expired")
        if not self.db.execute("SELECT 1 FROM sessions WHERE id = ?", (claims.sid,)).fetchone():
            raise Refused("the session is over")
        return claims

    def claims_of(self, request: HTTPConnection) -> Claims:
        """The claims of the bearer token of a request, or of a WebSocket's upgrade."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            raise Refused("there is no bearer token")
        return self.verify(token.strip())

    def required(self, request: Request) -> Claims:
        """A dependency for routes: 401 without a good token (RFC 6750 3)."""
        try:
            return self.claims_of(request)
        except Refused as error:
            missing = "authorization" not in request.headers
            challenge = 'Bearer realm="items"' + ("" if missing else ', error="invalid_token"')
            raise Problem(401, "Unauthorized", str(error), headers={"WWW-Authenticate": challenge}) from None

    def session_of(self, refresh_token: str) -> str | None:
        found = self.db.execute("SELECT session FROM refresh_tokens WHERE digest = ?", (digest(refresh_token),)).fetchone()
        return found["session"] if found else None

    def expire_access_tokens(self) -> None:
        """A new signing key, so that no token of the old one is good any more."""
        with self.db:
            self.db.execute("UPDATE signing_key SET key = ?", (secrets.token_bytes(32),))

    def revoke_refresh_tokens(self) -> None:
        with self.db:
            self.db.execute("DELETE FROM refresh_tokens")

    def _tokens(self, session: str, user: str) -> dict[str, Any]:
        refresh_token = secrets.token_urlsafe(32)
        with self.db:
            self.db.execute("INSERT INTO refresh_tokens VALUES (?, ?)", (digest(refresh_token), session))
        began = time.time()
        # Rounded up: it never lives shorter than `expires_in` says.
        claims = Claims(user, session, secrets.token_hex(8), exp=math.ceil(began + self.lifetime), iat=int(began))
        signed = encode(b'{"alg":"HS256","typ":"JWT"}') + "." + encode(json.dumps(asdict(claims)).encode())
        return {
            "access_token": signed + "." + encode(self._sign(signed)),
            "refresh_token": refresh_token,
            "token_type": "Bearer",
            "expires_in": self.lifetime,
        }

    def _sign(self, text: str) -> bytes:
        key = self.db.execute("SELECT key FROM signing_key").fetchone()["key"]
        return hmac.digest(key, text.encode(), "sha256")


class Login(BaseModel):
    username: str
    password: str


class Refresh(BaseModel):
    refresh_token: str


NO_STORE = {"Cache-Control": "no-store"}  # RFC 6749 5.1


def auth_routes(auth: Auth) -> APIRouter:
    router = APIRouter()

    @router.post("/auth/login")
    async def login(body: Login) -> Response:
        try:
            return JSONResponse(auth.login(body.username, body.password), headers=NO_STORE)
        except Refused as error:
            raise Problem(401, "Login refused", str(error)) from None

    @router.post("/auth/refresh")
    async def refresh(body: Refresh) -> Response:
        try:
            return JSONResponse(auth.refresh(body.refresh_token), headers=NO_STORE)
        except Refused as error:
            raise Problem(401, "Refresh refused", str(error)) from None

    @router.post("/auth/logout", status_code=204)
    async def logout(request: Request, body: Refresh | None = None) -> None:
        """Ends the session of the refresh token in the body, or of the bearer token."""
        if body:
            auth.logout(auth.session_of(body.refresh_token))
        else:
            auth.logout(auth.required(request).sid)

    @router.post("/oauth/token")
    async def token(request: Request) -> Response:
        """The same as OAuth has it: a form, and errors of its own (RFC 6749 4.3, 5.2, 6)."""
        form = {name: values[0] for name, values in parse_qs((await request.body()).decode(errors="replace")).items()}
        try:
            match form:
                case {"grant_type": "password", "username": username, "password": password}:
                    return JSONResponse(auth.login(username, password), headers=NO_STORE)
                case {"grant_type": "refresh_token", "refresh_token": refresh_token}:
                    return JSONResponse(auth.refresh(refresh_token), headers=NO_STORE)
                case {"grant_type": "password" | "refresh_token"} | {"grant_type": ""}:
                    code, why = "invalid_request", "a parameter is missing"
                case {"grant_type": _}:
                    code, why = "unsupported_grant_type", "there are password and refresh_token"
                case _:
                    code, why = "invalid_request", "there is no grant_type"
        except Refused as error:
            code, why = "invalid_grant", str(error)
        return JSONResponse({"error": code, "error_description": why}, status_code=400, headers=NO_STORE)

    @router.get("/me")
    async def me(request: Request) -> dict[str, Any]:
        claims = auth.required(request)
        return {"username": claims.sub, "session": claims.sid, "token": claims.jti}

    return router
