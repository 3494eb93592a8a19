"""A bare WSGI endpoint on raw sqlite3 that claims a task and stores one vote in one durable transaction.

What is left when framework, sign-in, CSRF, validation, leases and foreign keys are taken away: the floor that the
product's requests per second are held against. Served by gunicorn like the product, as
`benchmarks.voting_bare:application`, with BARE_DATABASE naming the file.
"""

import json
import os
import sqlite3
import sys
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

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
_here = threading.local()


def make(path: Path, *, questions: int, votes: int) -> None:
    """Make the database: so many tasks that want so many votes each."""
    with sqlite3.connect(path) as connection:
        connection.executescript(_SCHEMA)
        connection.executemany("INSERT INTO task VALUES (?, ?)", ((1 + row, votes) for row in range(questions)))
    connection.close()


def _connection() -> sqlite3.Connection:
    """This thread's connection, with the product's pragmas."""
    if not hasattr(_here, "connection"):
        connection = sqlite3.connect(os.environ["BARE_DATABASE"], timeout=20, isolation_level=None)
        connection.executescript(
            "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;PRAGMA mmap_size=134217728;"
            "PRAGMA journal_size_limit=27103364;PRAGMA cache_size=-20000;PRAGMA temp_store=MEMORY;"
        )
        _here.connection = connection
    return _here.connection  # type: ignore[no-any-return]


def _step(vote: dict[str, Any]) -> dict[str, Any]:
    connection = _connection()
    connection.execute("BEGIN IMMEDIATE")
    try:
        row = connection.execute(_NEXT, (vote["worker"],)).fetchone()
        if row is not None:
            connection.execute("UPDATE task SET open_slots = open_slots - 1 WHERE id = ?", row)
            connection.execute(
                "INSERT INTO vote (task, worker, side, response_ms, client_id) VALUES (?, ?, ?, ?, ?)",
                (row[0], vote["worker"], vote["side"], vote["response_ms"], vote["client_id"]),
            )
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    return {"done": True} if row is None else {"task": row[0], "saved": [vote["client_id"]]}


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    if environ["REQUEST_METHOD"] != "POST":
        start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "5")])
        return [b"bare\n"]
    answer = json.dumps(_step(json.loads(body))).encode()
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(answer)))])
    return [answer]


if __name__ == "__main__":
    sys.exit("Run `python -m benchmarks.voting --bare`.")
