"""Threads and processes take turns to write; no death and no fork leaves the others waiting."""

from __future__ import annotations

import gc
import os
import signal
import threading
import time
from pathlib import Path

import pytest
from django.db import transaction
from django.db.utils import OperationalError

from config.sqlite.turn import Turn
from tests.config.turns import ALIAS, Connect, add, counted, free, line, process


def test_threads_take_turns(connect: Connect, file: Path):
    errors: list[BaseException] = []

    def work() -> None:
        wrapper = connect()
        try:
            for _ in range(50):
                add(wrapper)
        except BaseException as error:
            errors.append(error)
        finally:
            wrapper.close()

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert errors == []
    assert counted(file) == 400


def test_a_thread_gives_up_in_time(connect: Connect):
    connect()
    found: list[object] = []

    def wait() -> None:
        waiting = connect(timeout=0.2)
        begin = time.monotonic()
        try:
            add(waiting)
        except OperationalError as error:
            found.extend([str(error), time.monotonic() - begin])
        waiting.close()

    with transaction.atomic(using=ALIAS):
        thread = threading.Thread(target=wait)
        thread.start()
        thread.join(10)
    sentence, seconds = found
    assert "database is locked: no turn to write within 0.2 s" in str(sentence)
    assert 0.2 <= float(str(seconds)) < 5


def test_a_connection_that_is_dropped_in_a_transaction_frees_it(file: Path):
    turn = Turn(str(file), 5)
    turn.take()
    assert not free(file)
    del turn
    gc.collect()
    assert free(file)
    other = Turn(str(file), 0.1)
    other.take()
    other.close()


HOLD = """
with transaction.atomic():
    add()
    print("held", flush=True)
    sys.stdin.readline()
"""


def test_processes_take_turns_and_none_meets_a_locked_database(file: Path):
    # SQLite itself would not wait at all: only the turns keep these from "database is locked".
    work = """
for _ in range(100):
    add()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE child SET parent = 1")
"""
    processes = [process(file, work, timeout=0) for _ in range(5)]
    assert [one.wait(120) for one in processes] == [0] * 5
    assert counted(file) == 500


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM])
def test_the_turn_of_a_process_that_dies_is_the_next_ones(connect: Connect, file: Path, end: signal.Signals):
    holder = process(file, HOLD)
    assert line(holder) == "held"
    assert not free(file)
    waiting = process(file, "print('waiting', flush=True)\nadd()\nprint('done', flush=True)")
    assert line(waiting) == "waiting"
    time.sleep(0.3)
    assert waiting.poll() is None
    holder.send_signal(end)
    holder.wait(10)
    assert line(waiting) == "done"
    assert waiting.wait(10) == 0
    add(connect())
    assert counted(file) == 2


def test_a_forked_child_neither_ends_nor_keeps_its_parents_turn(file: Path):
    fork = """
with transaction.atomic():
    add()
    child = os.fork()
    if child == 0:
        connection.close()  # as whatever forks and knows Django does
        os.write(1, b"child %d\\n" % os.getpid())  # whole lines: two processes write here
        time.sleep(60)
        os._exit(0)
    os.write(1, b"held\\n")
    sys.stdin.readline()
"""
    parent = process(file, fork)
    lines = sorted([line(parent), line(parent)])
    child = int(lines[0].split()[1])
    try:
        assert lines[1] == "held"
        time.sleep(0.2)
        assert not free(file), "the child's close() ended its parent's turn"
        parent.kill()
        parent.wait(10)
        assert free(file), "the child kept the turn of its dead parent"
    finally:
        os.kill(child, signal.SIGKILL)


def test_a_forked_child_waits_for_its_parents_turn(file: Path):
    # The parent's thread has the turn; its lock in memory is inherited as taken, by a thread that the child lacks.
    fork = """
import threading
from config.sqlite.turn import Turn
mine, held, go = Turn(sys.argv[1], 20), threading.Event(), threading.Event()
def hold():
    mine.take()
    held.set()
    go.wait()
    time.sleep(0.3)
    open(sys.argv[1] + "-left", "w").close()
    mine.leave()
thread = threading.Thread(target=hold)
thread.start()
held.wait()
if (child := os.fork()) == 0:
    Turn(sys.argv[1], 5).take()
    os._exit(0 if os.path.exists(sys.argv[1] + "-left") else 7)
go.set()
thread.join()
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    assert process(file, fork).wait(60) == 0
