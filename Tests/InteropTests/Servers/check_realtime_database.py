"""Checks the REST and the server-sent events of a Realtime Database with Google's own client, firebase-admin.

    check_realtime_database.py http://127.0.0.1:9000?ns=test

Prints what is at `ours`, a line for each failure, and `N passed, N failed` at the end. It says nothing of WebSockets: firebase-admin has none.
"""

import json
import os
import queue
import sys

import firebase_admin
from firebase_admin import db
from firebase_admin import exceptions


class Checks:
    def __init__(self):
        self.passed = 0
        self.failed = 0

    def equal(self, what, found, expected):
        if found == expected:
            self.passed += 1
        else:
            self.failed += 1
            print(f"FAILED {what}: {found!r}, not {expected!r}")

    def true(self, what, found):
        self.equal(what, bool(found), True)


def values(check):
    users = db.reference("users")
    check.equal("nothing", users.get(), None)
    users.child("1").set({"name": "Ada é漢😀", "age": 36})
    check.equal("set", users.child("1").get(), {"name": "Ada é漢😀", "age": 36})
    users.child("1").update({"age": 37, "tags/a": True})
    check.equal("update", users.child("1").get(), {"name": "Ada é漢😀", "age": 37, "tags": {"a": True}})
    pushed = users.push({"name": "Bob"})
    check.true("a key of push", pushed.key.startswith("-"))
    check.equal("push", pushed.get(), {"name": "Bob"})
    users.child("n").set(9007199254740993)
    check.equal("a large number", users.child("n").get(), 9007199254740993)
    check.equal("shallow", users.get(shallow=True), {"1": True, pushed.key: True, "n": True})
    users.child("list").set(["a", None, "c"])
    check.equal("an array with a hole", users.child("list").get(), ["a", None, "c"])
    users.child("at").set({".sv": "timestamp"})
    check.true("the server's time", users.child("at").get() > 1_700_000_000_000)
    users.delete()
    check.equal("delete", users.get(), None)


def tags(check):
    place = db.reference("tagged")
    value, tag = place.get(etag=True)
    check.equal("nothing with a tag", (value, tag), (None, "null_etag"))
    place.set(1)
    value, tag = place.get(etag=True)
    check.equal("unchanged", place.get_if_changed(tag), (False, None, None))
    check.equal("changed", place.get_if_changed("other")[:2], (True, 1))
    check.equal("a good tag", place.set_if_unchanged(tag, 2)[:2], (True, 2))
    check.equal("a stale tag", place.set_if_unchanged(tag, 3)[:2], (False, 2))
    check.equal("a transaction", place.transaction(lambda value: (value or 0) + 40), 42)


def queries(check):
    place = db.reference("q")
    place.set({"a": {"n": 3}, "b": {"n": 1}, "c": {"n": 2}, "d": {"n": "x"}, "e": {"m": 0}})
    check.equal("by a child", list(place.order_by_child("n").get()), ["e", "b", "c", "a", "d"])
    check.equal("from the first", list(place.order_by_child("n").start_at(1).limit_to_first(2).get()), ["b", "c"])
    check.equal("from the last", list(place.order_by_child("n").end_at(2).limit_to_last(1).get()), ["c"])
    check.equal("equal", list(place.order_by_child("n").equal_to("x").get()), ["d"])
    check.equal("by key", list(place.order_by_key().start_at("b").end_at("c").get()), ["b", "c"])
    numbers = db.reference("numbers")
    numbers.set({"x": 2, "y": 1, "z": 3})
    check.equal("by value", list(numbers.order_by_value().get()), ["y", "x", "z"])


def errors(check):
    denied = db.reference("denied", app=firebase_admin.get_app("user"))
    for what, call in [
        ("read", denied.get),
        ("write", lambda: denied.set(1)),
    ]:
        try:
            call()
            check.true(f"{what}: a refusal", False)
        except exceptions.FirebaseError as error:
            check.equal(f"{what}: a refusal", (error.code, "denied" in str(error)), (exceptions.UNAUTHENTICATED, True))


def events(check):
    heard = queue.Queue()
    place = db.reference("watched")
    place.set({"a": 1})
    # Never closed: that waits for a next event.
    place.listen(lambda event: heard.put((event.event_type, event.path, event.data)))

    def expect(what, event):
        try:
            check.equal(what, heard.get(timeout=20), event)
        except queue.Empty:
            check.true(what, False)

    expect("the first event", ("put", "/", {"a": 1}))
    place.child("b/c").set("é漢😀")
    expect("a change below", ("put", "/b/c", "é漢😀"))
    place.update({"a": None, "d": 2})
    expect("several changes", ("patch", "/", {"a": None, "d": 2}))
    place.child("b").delete()
    expect("what is gone", ("put", "/b", None))
    db.reference("elsewhere").set(1)
    place.delete()
    expect("all of it gone", ("put", "/", None))


def main():
    url = sys.argv[1]
    # Over http: it takes a server for the emulator, and is its owner, for whom rules do not count; the other one is a user.
    firebase_admin.initialize_app(options={"databaseURL": url})
    user = {"databaseURL": url, "databaseAuthVariableOverride": {"uid": "ada"}}
    firebase_admin.initialize_app(options=user, name="user")
    # What our client has written, for the test to look at.
    print("ours", json.dumps(db.reference("ours").get()))
    check = Checks()
    for part in [values, tags, queries, errors, events]:
        part(check)
    print(f"{check.passed} passed, {check.failed} failed", flush=True)
    os._exit(1 if check.failed else 0)


if __name__ == "__main__":
    main()
