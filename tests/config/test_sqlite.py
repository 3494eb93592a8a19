"""A connection takes its turn to write, and gives it up whatever happens."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connection, connections, transaction
from django.db.utils import IntegrityError, OperationalError

from config.sqlite.base import DatabaseWrapper
from config.sqlite.turn import Turn, turn_path
from tests.config.turns import ALIAS, Connect, add, counted, free, held


def test_the_site_uses_it_and_it_is_still_sqlite():
    if settings.DATABASES["default"]["ENGINE"] != "config.sqlite":
        pytest.skip("this run is on PostgreSQL")
    assert isinstance(connections[DEFAULT_DB_ALIAS], DatabaseWrapper)
    assert (connection.vendor, connection.display_name) == ("sqlite", "SQLite")


def test_a_transaction_holds_the_turn_from_its_beginning_to_its_end(connect: Connect, file: Path):
    wrapper = connect()
    with transaction.atomic(using=ALIAS):
        assert held(wrapper)
        assert not free(file)
    assert not held(wrapper)
    assert free(file)


def add_and_fail(wrapper: DatabaseWrapper) -> None:
    with transaction.atomic(using=ALIAS):
        add(wrapper)
        raise ZeroDivisionError


def test_savepoints_neither_take_nor_free_it(connect: Connect, file: Path):
    wrapper = connect()
    with transaction.atomic(using=ALIAS):
        add(wrapper)
        with pytest.raises(ZeroDivisionError):
            add_and_fail(wrapper)
        assert held(wrapper)
    assert not held(wrapper)
    assert counted(file) == 1


def test_a_rollback_frees_it(connect: Connect, file: Path):
    with pytest.raises(ZeroDivisionError):
        add_and_fail(connect())
    assert free(file)
    assert counted(file) == 0


def test_a_commit_that_fails_frees_it(connect: Connect, file: Path):
    wrapper = connect()
    with pytest.raises(IntegrityError), transaction.atomic(using=ALIAS), wrapper.cursor() as cursor:
        cursor.execute("INSERT INTO child VALUES (99)")
    assert free(file)
    add(wrapper)


def test_a_transaction_that_cannot_begin_frees_it(connect: Connect, file: Path):
    wrapper = connect(timeout=0.05)
    with closing(sqlite3.connect(file, isolation_level=None)) as rude:
        rude.execute("BEGIN IMMEDIATE")  # somebody who knows nothing of turns
        with pytest.raises(OperationalError, match="locked"), transaction.atomic(using=ALIAS):
            pass
        assert not held(wrapper)
        rude.execute("COMMIT")
    add(wrapper)
    assert counted(file) == 1


def test_closing_in_the_middle_of_a_transaction_frees_it(connect: Connect, file: Path):
    wrapper = connect()
    with transaction.atomic(using=ALIAS):
        add(wrapper)
        wrapper.close()
        assert free(file)
    assert counted(file) == 0
    add(connect())
    assert counted(file) == 1


def test_a_connection_that_was_closed_opens_again(connect: Connect, file: Path):
    wrapper = connect()
    for _ in range(3):
        add(wrapper)
        wrapper.close()
    assert counted(file) == 3
    assert free(file)


def test_a_single_write_takes_a_turn_and_a_read_does_not(connect: Connect, monkeypatch: pytest.MonkeyPatch):
    taken: list[str] = []
    take = Turn.take
    monkeypatch.setattr(Turn, "take", lambda self: (taken.append("turn"), take(self))[1])
    with connect().cursor() as cursor:
        cursor.execute("SELECT value FROM counter").fetchone()
        assert taken == []
        cursor.execute(" update counter SET value = 5")
        cursor.executemany("INSERT INTO counter (value) VALUES (%s)", [(1,), (2,)])
        assert cursor.execute("INSERT INTO counter (value) VALUES (7) RETURNING value").fetchone() == (7,)
    assert taken == ["turn"] * 3


def test_a_write_that_fails_frees_it(connect: Connect, file: Path):
    with connect().cursor() as cursor:
        with pytest.raises(IntegrityError):
            cursor.execute("INSERT INTO counter VALUES (1, 1)")
        with pytest.raises(OperationalError, match="no such table"):
            cursor.execute("UPDATE nowhere SET value = 1")
    assert free(file)


def test_a_deferred_transaction_waits_before_its_first_write(connect: Connect, file: Path):
    wrapper = connect(mode=None)
    with transaction.atomic(using=ALIAS), wrapper.cursor() as cursor:
        cursor.execute("SELECT value FROM counter").fetchone()
        assert not held(wrapper)
        cursor.execute("UPDATE counter SET value = 4")
        assert held(wrapper)
    assert free(file)
    assert counted(file) == 4


@pytest.mark.parametrize("name", [":memory:", "file:turns?mode=memory&cache=shared"])
def test_a_database_in_memory_has_no_turns(connect: Connect, tmp_path: Path, name: str):
    wrapper = connect(name=name)
    with transaction.atomic(using=ALIAS), wrapper.cursor() as cursor:
        cursor.execute("CREATE TABLE counter (value)")
        cursor.execute("INSERT INTO counter VALUES (1)")
    assert wrapper.turn is None
    assert not list(tmp_path.glob("*-turn"))
    wrapper.connection.close()
    wrapper.connection = None


def test_every_name_of_a_file_leads_to_the_same_turn(connect: Connect, file: Path, tmp_path: Path):
    (tmp_path / "link.sqlite3").symlink_to(file)
    for name in (str(tmp_path / "link.sqlite3"), f"file:{file}?mode=rw", str(file.parent / "." / file.name)):
        wrapper = connect(name=name)
        with transaction.atomic(using=ALIAS):
            assert held(wrapper)
            assert not free(file)


def test_the_lock_of_a_test_database_goes_with_it(connect: Connect, file: Path):
    wrapper = connect()
    add(wrapper)
    wrapper.close()
    assert Path(turn_path(str(file))).exists()
    wrapper.creation._destroy_test_db(str(file), verbosity=0)
    assert not file.exists()
    assert not Path(turn_path(str(file))).exists()
