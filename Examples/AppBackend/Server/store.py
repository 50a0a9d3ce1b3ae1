# SPDX-License-Identifier: Apache-2.0
"""What the server keeps, in SQLite: items and the log of their changes, users, sessions, answers by idempotency key.

Everything here runs on the event loop's thread and is done before the next call begins, so there are no locks, and what a
caller has read is still true when it writes, as long as it does not await in between.
"""

import asyncio
import json
import secrets
import sqlite3
import uuid
from collections.abc import AsyncGenerator
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

SCHEMA = """
CREATE TABLE IF NOT EXISTS items (
    position INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT UNIQUE NOT NULL, title TEXT NOT NULL, done INTEGER NOT NULL,
    price REAL NOT NULL, version INTEGER NOT NULL, updated_at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS changes (seq INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, item TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS answers (key TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, item TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS users (name TEXT PRIMARY KEY, salt BLOB NOT NULL, password BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS sessions (id TEXT PRIMARY KEY, user TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS refresh_tokens (digest TEXT PRIMARY KEY, session TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS signing_key (only INTEGER PRIMARY KEY CHECK (only = 1), key BLOB NOT NULL);
"""


@dataclass(frozen=True)
class Item:
    id: str
    title: str
    done: bool
    price: float
    version: int
    updated_at: str

    @property
    def etag(self) -> str:
        return f'"{self.version}"'


@dataclass(frozen=True)
class Change:
    seq: int
    kind: str  # created, updated, deleted
    item: Item


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Store:
    def __init__(self, path: str = ":memory:", items: int = 0):
        # FastAPI may build the app on another thread than the loop's; calls still never overlap.
        self.db = sqlite3.connect(path, check_same_thread=False)
        self.db.row_factory = sqlite3.Row
        self.db.execute("PRAGMA journal_mode = WAL")
        self.db.executescript(SCHEMA)
        self.creates = 0  # executed ones, as tests want to know
        self.watchers = 0
        self._changed = asyncio.Event()
        with self.db:
            self.db.execute("INSERT OR IGNORE INTO signing_key VALUES (1, ?)", (secrets.token_bytes(32),))
        if self.count() == 0:
            for n in range(1, items + 1):
                self.create(f"Item {n}", price=n, id=f"item-{n}")
            self.creates = 0

    # Items

    def count(self) -> int:
        return int(self.db.execute("SELECT count(*) FROM items").fetchone()[0])

    def page(self, after: int, limit: int) -> list[tuple[int, Item]]:
        """Up to `limit` items behind a position, each with its own."""
        rows = self.db.execute("SELECT * FROM items WHERE position > ? ORDER BY position LIMIT ?", (after, limit))
        return [(row["position"], self._item(row)) for row in rows]

    def item(self, id: str) -> Item | None:
        row = self.db.execute("SELECT * FROM items WHERE id = ?", (id,)).fetchone()
        return self._item(row) if row else None

    def create(self, title: str, done: bool = False, price: float = 0, id: str | None = None) -> Item:
        item = Item(id or str(uuid.uuid4()), title, done, price, 1, now())
        with self.db:
            self.db.execute(
                "INSERT INTO items (id, title, done, price, version, updated_at)"
                " VALUES (:id, :title, :done, :price, :version, :updated_at)",
                asdict(item),
            )
            self._log("created", item)
        self.creates += 1
        return item

    def update(self, item: Item, **fields: Any) -> Item:
        item = replace(item, **fields, version=item.version + 1, updated_at=now())
        with self.db:
            self.db.execute(
                "UPDATE items SET title = :title, done = :done, price = :price, version = :version,"
                " updated_at = :updated_at WHERE id = :id",
                asdict(item),
            )
            self._log("updated", item)
        return item

    def delete(self, item: Item) -> None:
        with self.db:
            self.db.execute("DELETE FROM items WHERE id = ?", (item.id,))
            self._log("deleted", item)

    @staticmethod
    def _item(row: sqlite3.Row) -> Item:
        return Item(row["id"], row["title"], bool(row["done"]), row["price"], row["version"], row["updated_at"])

    # Answers by idempotency key

    def answer(self, key: str) -> tuple[str, Item] | None:
        """What was asked with this key, and what came of it."""
        row = self.db.execute("SELECT fingerprint, item FROM answers WHERE key = ?", (key,)).fetchone()
        return (row["fingerprint"], Item(**json.loads(row["item"]))) if row else None

    def keep_answer(self, key: str, fingerprint: str, item: Item) -> None:
        with self.db:
            self.db.execute("INSERT INTO answers VALUES (?, ?, ?)", (key, fingerprint, json.dumps(asdict(item))))

    # The log of changes

    def _log(self, kind: str, item: Item) -> None:
        self.db.execute("INSERT INTO changes (kind, item) VALUES (?, ?)", (kind, json.dumps(asdict(item))))
        self._changed.set()
        self._changed = asyncio.Event()

    def last_seq(self) -> int:
        row = self.db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'changes'").fetchone()
        return int(row[0]) if row else 0

    def remembers(self, seq: int) -> bool:
        """Whether everything behind `seq` is still in the log."""
        first = self.db.execute("SELECT min(seq) FROM changes").fetchone()[0] or self.last_seq() + 1
        return first - 1 <= seq <= self.last_seq()

    def forget_changes(self) -> None:
        with self.db:
            self.db.execute("DELETE FROM changes")

    async def changes(self, after: int | None = None) -> AsyncGenerator[Change, None]:
        """Everything behind `after` in the log, then what comes; without `after` only what comes."""
        seq = self.last_seq() if after is None else after
        self.watchers += 1
        try:
            while True:
                # Taken before the log is read, so that nothing slips in between.
                changed = self._changed
                for row in self.db.execute("SELECT * FROM changes WHERE seq > ? ORDER BY seq", (seq,)).fetchall():
                    seq = row["seq"]
                    yield Change(seq, row["kind"], Item(**json.loads(row["item"])))
                await changed.wait()
        finally:
            self.watchers -= 1
