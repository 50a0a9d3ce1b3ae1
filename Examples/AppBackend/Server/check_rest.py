# SPDX-License-Identifier: Apache-2.0
"""Goes through logins, REST and the oddities of the server."""

import http.client
import json
import os
import tempfile
import time
from urllib.parse import quote, urlencode

from check_client import Backend, Reply, problem, server


def login_and_refresh(b: Backend) -> None:
    problem(b.call("POST", "/auth/login", {"username": "ada", "password": "wrong"}), 401)
    problem(b.call("POST", "/auth/login", {"username": "nobody", "password": "lovelace"}), 401)
    missing = problem(b.call("POST", "/auth/login", {"username": "ada"}), 422)
    assert missing["errors"] == [{"pointer": "/password", "detail": "Field required", "code": "missing"}]
    problem(b.call("POST", "/auth/login", "{", {"Content-Type": "application/json"}), 400)
    b.login()
    assert b.tokens["token_type"] == "Bearer" and b.tokens["expires_in"] == 300
    assert b.call("GET", "/me").json["username"] == "ada"
    old = b.tokens
    b.tokens = b.refresh(old["refresh_token"]).json
    assert b.call("GET", "/me").json["token"] != old["access_token"]
    problem(b.refresh(old["refresh_token"]), 401)
    counters = b.control()
    assert (counters["logins"], counters["refreshes"], counters["refused_refreshes"]) == (1, 1, 1), counters


def logout(b: Backend) -> None:
    b.login()
    reply = b.call("POST", "/auth/logout")
    assert (reply.status, reply.body) == (204, b"")
    problem(b.call("GET", "/me"), 401)
    problem(b.refresh(b.tokens["refresh_token"]), 401)
    b.login()
    refresh_token = b.tokens["refresh_token"]
    b.control("expire-access-tokens")
    assert b.call("POST", "/auth/logout", {"refresh_token": refresh_token}).status == 204
    problem(b.refresh(refresh_token), 401)
    problem(b.call("POST", "/auth/logout"), 401)


def oauth(b: Backend) -> None:
    def token(**form: str) -> Reply:
        return b.call("POST", "/oauth/token", urlencode(form), {"Content-Type": "application/x-www-form-urlencoded"})

    tokens = token(grant_type="password", username="ada", password="lovelace").json
    assert token(grant_type="refresh_token", refresh_token=tokens["refresh_token"]).status == 200
    for code, form in {
        "invalid_grant": {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]},
        "invalid_request": {"grant_type": "password"},
        "unsupported_grant_type": {"grant_type": "magic"},
    }.items():
        reply = token(**form)
        assert reply.status == 400 and reply.json["error"] == code, reply


def expiry(b: Backend) -> None:
    b.login()
    b.control("expire-access-tokens")
    reply = b.call("GET", "/items")
    problem(reply, 401)
    assert 'error="invalid_token"' in reply.headers["www-authenticate"]
    b.tokens = b.refresh(b.tokens["refresh_token"]).json
    assert b.call("GET", "/items").status == 200
    b.control("revoke-refresh-tokens")
    assert b.call("GET", "/items").status == 200
    problem(b.refresh(b.tokens["refresh_token"]), 401)
    broken = b.tokens["access_token"][:-4] + "AAAA"
    for token in ("nonsense", "a.b.c", "é", broken):
        problem(b.call("GET", "/items", headers={"Authorization": f"Bearer {token}".encode().decode("latin-1")}), 401)


def pages(b: Backend) -> None:
    problem(b.call("GET", "/items"), 401)
    b.login()
    first = b.call("GET", "/items?limit=2").json
    rest = b.call("GET", f"/items?limit=2&cursor={quote(first['next'])}").json
    assert [item["id"] for item in first["items"] + rest["items"]] == ["item-1", "item-2", "item-3"]
    assert rest["next"] is None and first["items"][0]["title"] == "Item 1"
    problem(b.call("GET", "/items?cursor=nonsense"), 400)
    assert problem(b.call("GET", "/items?limit=0"), 422)["errors"][0]["parameter"] == "limit"


def items(b: Backend) -> None:
    b.login()
    made = b.call("POST", "/items", {"title": "Tea", "price": 2.5})
    assert made.status == 201 and made.json["version"] == 1 and made.json["done"] is False
    where = made.headers["location"]
    assert b.call("GET", where).headers["etag"] == '"1"'
    same = b.call("GET", where, headers={"If-None-Match": 'W/"1", "x"'})
    assert (same.status, same.body, same.headers["etag"]) == (304, b"", '"1"')
    patched = b.call("PATCH", where, {"done": True}, {"If-Match": '"1"'})
    assert patched.json["done"] and patched.json["title"] == "Tea" and patched.headers["etag"] == '"2"'
    stale = b.call("PATCH", where, {"done": False}, {"If-Match": '"1"'})
    assert problem(stale, 412)["version"] == 2 and stale.headers["etag"] == '"2"'
    assert b.call("PUT", where, {"title": "Coffee"}, {"If-Match": "*"}).json["price"] == 0
    problem(b.call("PUT", where, {"title": "Tea"}, {"If-None-Match": "*"}), 412)
    assert b.call("PUT", "/items/mine", {"title": "Mine"}, {"If-None-Match": "*"}).status == 201
    problem(b.call("PUT", "/items/other", {"title": "Mine"}, {"If-Match": '"1"'}), 412)
    problem(b.call("DELETE", where, headers={"If-Match": '"1"'}), 412)
    gone = b.call("DELETE", where)
    assert (gone.status, gone.body) == (204, b"")
    for method in ("GET", "DELETE"):
        problem(b.call(method, where), 404)
    problem(b.call("PATCH", where, {}), 404)
    problem(b.call("GET", "/nothing"), 404)
    problem(b.call("POST", "/me"), 405)


def validation(b: Backend) -> None:
    b.login()
    errors = problem(b.call("POST", "/items", {"title": "", "price": -1}), 422)["errors"]
    assert [(error["pointer"], error["code"]) for error in errors] == [
        ("/title", "string_too_short"),
        ("/price", "greater_than_equal"),
    ]
    problem(b.call("POST", "/items", "[", {"Content-Type": "application/json"}), 400)
    problem(b.call("POST", "/items", [1]), 422)


def idempotency(b: Backend) -> None:
    b.login()
    before = b.control()["creates"]
    key = {"Idempotency-Key": "k1"}
    first, again = (b.call("POST", "/items", {"title": "Once"}, key) for _ in range(2))
    assert first.status == again.status == 201 and first.json == again.json
    problem(b.call("POST", "/items", {"title": "Other"}, key), 422)
    assert b.call("POST", "/items?answer_after=50", {"title": "Once"}, {"Idempotency-Key": "k2"}).json != first.json
    assert b.control()["creates"] == before + 2


def events(b: Backend) -> None:
    def read(stream: http.client.HTTPResponse) -> dict[str, str]:
        lines = []
        while line := stream.readline().decode().rstrip("\n"):
            lines.append(line.split(": ", 1))
        return {name: value for name, value in lines}

    b.login()
    with b.stream("/events") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        start = read(stream)
        assert start["retry"] == "1000" and "data" not in start
        item = b.call("POST", "/items", {"title": "News"}).json
        event = read(stream)
        assert event["event"] == "created" and json.loads(event["data"]) == item
        assert b.control()["watchers"] == 1 and b.control()["open"] == {"GET /events": 1}
    b.call("DELETE", f"/items/{item['id']}")
    with b.stream("/events", {"Last-Event-ID": event["id"]}) as stream:
        assert read(stream)["id"] == event["id"] and read(stream)["event"] == "deleted"
    b.control("forget-changes")
    with b.stream("/events", {"Last-Event-ID": event["id"]}) as stream:
        assert read(stream)["event"] == "reset"
    problem(b.call("GET", "/events", headers={"Last-Event-ID": "x"}), 400)
    for _ in range(100):
        if not (b.control()["watchers"] or b.control()["open"]):
            return
    raise AssertionError("a stream outlives its client")


def oddities(b: Backend) -> None:
    limited = b.call("GET", "/limited?seconds=7")
    assert problem(limited, 429) and limited.headers["retry-after"] == "7"
    flaky = [b.call("GET", "/flaky?fail=2&key=a") for _ in range(3)]
    assert [reply.status for reply in flaky] == [503, 503, 200] and flaky[0].headers["retry-after"] == "0"
    assert b.call("GET", "/slow?ms=5").json == {"ms": 5}
    lines = b.call("GET", "/lines?count=3")
    assert lines.body == b'{"n": 1}\n{"n": 2}\n{"n": 3}\n' and lines.headers["transfer-encoding"] == "chunked"
    with b.stream("/lines?count=0&every=1") as stream:
        assert [json.loads(stream.readline())["n"] for _ in range(3)] == [1, 2, 3]
    assert len(b.call("GET", "/big?bytes=1000001").body) == 1000001
    assert b.call("GET", "/big?bytes=0").headers["content-length"] == "0"
    assert "content-length" not in b.call("GET", "/big?bytes=5&chunked=1").headers
    redirect = b.call("GET", "/redirect?status=307&to=http://127.0.0.1:1/x?y=1")
    assert redirect.status == 307 and redirect.headers["location"] == "http://127.0.0.1:1/x?y=1"
    echo = b.call("PATCH", "/echo?a=1", b"\xff\x00", {"X-One": "1"}).json
    assert echo["method"] == "PATCH" and echo["query"] == "a=1" and echo["base64"] == "/wA="
    assert ["x-one", "1"] in echo["headers"]
    for shape in ("laravel", "rails", "rails-bare", "nestjs", "fastapi", "spring", "jsonapi"):
        reply = b.call("POST", f"/errors/{shape}")
        assert reply.status == 422 and reply.json, reply
    assert b.call("GET", "/errors/nestjs?status=400").json["statusCode"] == 400
    problem(b.call("GET", "/errors/none"), 404)


def troubles(b: Backend) -> None:
    b.login()
    b.control("trouble", path="/auth/refresh", times=1, status=503, retry_after=3)
    refused = b.refresh(b.tokens["refresh_token"])
    assert problem(refused, 503) and refused.headers["retry-after"] == "3"
    b.control("trouble", path="/auth/refresh", delay=5)
    assert b.refresh(b.tokens["refresh_token"]).status == 200
    assert b.control()["requests"]["POST /auth/refresh"] == 2
    assert b.control()["connections"] == 3
    b.control("reset")
    assert b.control()["requests"] == {} and b.control()["refreshes"] == 0


def restart(_: Backend) -> None:
    """With a database in a file, items, sessions and tokens outlive the server; short tokens end."""
    with tempfile.TemporaryDirectory() as folder:
        arguments = ["--database", os.path.join(folder, "items.db"), "--token-lifetime", "1", "--items", "0"]
        with server(*arguments) as b:
            assert b.call("GET", "/control").status == 404
            b.login()
            b.call("PUT", "/items/kept", {"title": "Kept"})
            tokens = b.tokens
        with server(*arguments) as b:
            b.tokens = b.refresh(tokens["refresh_token"]).json
            assert b.call("GET", "/items/kept").json["title"] == "Kept"
            while b.call("GET", "/items/kept").status == 200:
                time.sleep(0.05)  # two seconds at most
            assert "expired" in problem(b.call("GET", "/items/kept"), 401)["detail"]
