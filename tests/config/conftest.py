"""A file that several write, and this thread's connection to it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest
from django.db import DEFAULT_DB_ALIAS, connections

from config.sqlite.base import DatabaseWrapper
from tests.config.turns import ALIAS, PRAGMAS, SCHEMA, Connect


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "database.sqlite3"
    with closing(sqlite3.connect(path)) as plain:
        plain.executescript("PRAGMA journal_mode=WAL;" + SCHEMA)
    return path


@pytest.fixture
def connect(file: Path, django_db_blocker: Any) -> Iterator[Connect]:
    """connect() makes this thread's connection to the file; `transaction.atomic(using=ALIAS)` uses the last one."""
    made: list[DatabaseWrapper] = []

    def one(*, name: str | None = None, timeout: float = 20, mode: str | None = "IMMEDIATE") -> DatabaseWrapper:
        options = {"transaction_mode": mode, "timeout": timeout, "init_command": PRAGMAS}
        about = {**connections[DEFAULT_DB_ALIAS].settings_dict, "NAME": name or str(file), "OPTIONS": options}
        wrapper = DatabaseWrapper(about, ALIAS)
        wrapper.inc_thread_sharing()
        connections[ALIAS] = wrapper
        made.append(wrapper)
        return wrapper

    with django_db_blocker.unblock():
        yield one
        for wrapper in made:
            wrapper.close()
    with suppress(AttributeError):  # only threads had connections
        del connections[ALIAS]
