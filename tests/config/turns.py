"""Writers of one SQLite file, in this process and in others."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from django.db import transaction

from config.sqlite.base import DatabaseWrapper
from config.sqlite.turn import turn_path

ROOT = Path(__file__).resolve().parent.parent.parent
ALIAS = "turns"
PRAGMAS = "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;"
SCHEMA = """
CREATE TABLE counter (id INTEGER PRIMARY KEY, value INTEGER NOT NULL);
INSERT INTO counter VALUES (1, 0);
CREATE TABLE child (parent INTEGER REFERENCES counter (id) DEFERRABLE INITIALLY DEFERRED);
"""
Connect = Callable[..., DatabaseWrapper]


def held(wrapper: DatabaseWrapper) -> bool:
    return wrapper.turn is not None and wrapper.turn.held


def free(file: Path) -> bool:
    """Whether a newcomer would get its turn at once; asked from outside, of the lock itself."""
    source = (
        "import fcntl, sys\n"
        "try: fcntl.flock(open(sys.argv[1], 'ab'), fcntl.LOCK_EX | fcntl.LOCK_NB)\n"
        "except BlockingIOError: sys.exit(3)\n"
    )
    return subprocess.run([sys.executable, "-c", source, turn_path(str(file))]).returncode == 0


def add(wrapper: DatabaseWrapper) -> None:
    """Read, then write: only right if nobody else comes between."""
    with transaction.atomic(using=ALIAS), wrapper.cursor() as cursor:
        (value,) = cursor.execute("SELECT value FROM counter").fetchone()
        cursor.execute("UPDATE counter SET value = %s", (value + 1,))


def counted(file: Path) -> int:
    with closing(sqlite3.connect(file)) as plain:
        return int(plain.execute("SELECT value FROM counter").fetchone()[0])


PRELUDE = f"""
import os, sys, time
sys.path[:0] = ["platform"]
from django.conf import settings
options = {{"transaction_mode": "IMMEDIATE", "timeout": float(sys.argv[2]), "init_command": "{PRAGMAS}"}}
settings.configure(DATABASES={{"default": {{"ENGINE": "config.sqlite", "NAME": sys.argv[1], "OPTIONS": options}}}})
import django
django.setup()
from django.db import connection, transaction
def add():
    with transaction.atomic(), connection.cursor() as cursor:
        (value,) = cursor.execute("SELECT value FROM counter").fetchone()
        cursor.execute("UPDATE counter SET value = %s", (value + 1,))
"""


def process(file: Path, source: str, *, timeout: float = 20) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", PRELUDE + source, str(file), str(timeout)]
    return subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def line(started: subprocess.Popen[str]) -> str:
    assert started.stdout is not None
    return started.stdout.readline().strip()
