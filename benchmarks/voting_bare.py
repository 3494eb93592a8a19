"""A bare FastAPI endpoint on raw sqlite3 that claims a task and stores one vote in one durable transaction.

What is left when sign-in, CSRF, tickets, leases, foreign keys and the ORM are taken away: the floor that the product's
requests per second are held against. Served by uvicorn with two workers, as `benchmarks.voting_bare:application`, with
BARE_DATABASE naming the file, from an environment of its own.

It is there twice: as a `def`, which FastAPI runs in a thread, as its documentation has it for libraries that wait; and
as an `async def`, which saves the hop there and back, and stops the whole process while it waits for the database.
"""

import os
import sqlite3
import threading
from pathlib import Path
from typing import Any

REQUIREMENTS = ("fastapi==0.165.0", "uvicorn[standard]==0.54.0")
_SCHEMA = """
PRAGMA journal_mode=WAL;
CREATE TABLE task (id INTEGER PRIMARY KEY, open_slots INTEGER NOT NULL CHECK (open_slots >= 0));
CREATE INDEX task_claimable ON task (id) WHERE open_slots > 0;
CREATE TABLE vote (
    id INTEGER PRIMARY KEY, task INTEGER NOT NULL REFERENCES task (id), worker INTEGER NOT NULL, side TEXT NOT NULL,
    response_ms INTEGER NOT NULL, client_id TEXT NOT NULL UNIQUE, created TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP,
    UNIQUE (worker, task)
);
"""
_NEXT = """
SELECT id FROM task WHERE open_slots > 0
AND NOT EXISTS (SELECT 1 FROM vote WHERE vote.worker = ? AND vote.task = task.id) ORDER BY id LIMIT 1
"""


def make(path: Path, *, questions: int, votes: int) -> None:
    """Make the database: so many tasks that want so many votes each."""
    connection = sqlite3.connect(path)
    with connection:
        connection.executescript(_SCHEMA)
        connection.executemany("INSERT INTO task VALUES (?, ?)", ((1 + row, votes) for row in range(questions)))
    connection.close()


_here = threading.local()


def _connection() -> sqlite3.Connection:
    """This thread's connection, with the product's pragmas."""
    if not hasattr(_here, "connection"):
        _here.connection = _open()
    return _here.connection  # type: ignore[no-any-return]


def _open() -> sqlite3.Connection:
    connection = sqlite3.connect(os.environ["BARE_DATABASE"], timeout=20, isolation_level=None)
    connection.executescript(
        "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;PRAGMA mmap_size=134217728;"
        "PRAGMA journal_size_limit=27103364;PRAGMA cache_size=-20000;PRAGMA temp_store=MEMORY;"
    )
    return connection


def _step(vote: Any) -> dict[str, Any]:
    connection = _connection()
    connection.execute("BEGIN IMMEDIATE")
    try:
        row = connection.execute(_NEXT, (vote.worker,)).fetchone()
        if row is not None:
            connection.execute("UPDATE task SET open_slots = open_slots - 1 WHERE id = ?", row)
            connection.execute(
                "INSERT INTO vote (task, worker, side, response_ms, client_id) VALUES (?, ?, ?, ?, ?)",
                (row[0], vote.worker, vote.side, vote.response_ms, vote.client_id),
            )
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    return {"done": True} if row is None else {"task": row[0], "saved": [vote.client_id]}


def application() -> Any:
    from fastapi import FastAPI
    from pydantic import BaseModel

    class Vote(BaseModel):
        worker: int
        side: str
        response_ms: int
        client_id: str

    app = FastAPI()

    @app.post("/thread/")
    def in_a_thread(vote: Vote) -> dict[str, Any]:
        return _step(vote)

    @app.post("/loop/")
    async def in_the_loop(vote: Vote) -> dict[str, Any]:
        return _step(vote)

    @app.get("/")
    async def ready() -> dict[str, Any]:
        return {}

    return app
