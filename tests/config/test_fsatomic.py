"""The embedded queue: nothing is read half-written, nothing is taken twice."""

import os
import threading
import time
from uuid import uuid4

import pytest
from kombu import Connection

from config.fsatomic import Channel, litter_clear


@pytest.fixture
def options(tmp_path):
    queue, control = tmp_path / "queue", tmp_path / "control"
    queue.mkdir()
    control.mkdir()
    return {
        "data_folder_in": str(queue),
        "data_folder_out": str(queue),
        "control_folder": str(control),
        "polling_interval": 0.01,
        # Kombu remembers declared queues for the whole process, so each test has a queue of its own.
        "queue": uuid4().hex,
    }


def produce(options, start, count):
    with Connection("fsatomic://", transport_options=options) as connection:
        queue = connection.SimpleQueue(options["queue"])
        for number in range(start, start + count):
            queue.put(number)
        queue.close()


def consume(options, seen, wanted, seconds=30):
    deadline = time.monotonic() + seconds
    with Connection("fsatomic://", transport_options=options) as connection:
        queue = connection.SimpleQueue(options["queue"])
        while len(seen) < wanted and time.monotonic() < deadline:
            try:
                message = queue.get(timeout=0.2)
            except queue.Empty:
                continue
            seen.append(message.payload)
            message.ack()
        queue.close()


def test_every_message_of_many_producers_reaches_one_of_many_consumers(options):
    seen = []
    consumers = [threading.Thread(target=consume, args=(options, seen, 300)) for _ in range(3)]
    producers = [threading.Thread(target=produce, args=(options, 100 * who, 100)) for who in range(3)]
    for thread in [*consumers, *producers]:
        thread.start()
    for thread in [*producers, *consumers]:
        thread.join(timeout=60)
    assert sorted(seen) == list(range(300))


def test_a_message_sent_while_another_thread_declares_the_queue_is_not_lost(options, monkeypatch):
    """Kombu says that a queue is bound before the binding can be read; a message sent in between went nowhere."""
    bind, begun = Channel._queue_bind, threading.Event()

    def slow_bind(self, *args):
        begun.set()
        time.sleep(0.2)
        bind(self, *args)

    monkeypatch.setattr(Channel, "_queue_bind", slow_bind)
    first = threading.Thread(target=produce, args=(options, 0, 1))
    first.start()
    assert begun.wait(10)
    produce(options, 1, 1)
    first.join(timeout=10)
    seen = []
    consume(options, seen, 2, seconds=5)
    assert sorted(seen) == [0, 1]


def test_bindings_made_by_many_at_once_are_all_kept_and_never_read_half_written(options):
    exchanges, people = 100, 4
    together = threading.Barrier(people)
    read = []

    def bind(who):
        channel = Connection("fsatomic://", transport_options=options).channel()
        for number in range(exchanges):
            together.wait(10)
            channel._queue_bind(f"x{number}", "", "", f"q{who}")
            read.append(len(channel.get_table(f"x{number}")))

    threads = [threading.Thread(target=bind, args=(who,)) for who in range(people)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert len(read) == exchanges * people
    assert min(read) >= 1
    channel = Connection("fsatomic://", transport_options=options).channel()
    for number in range(exchanges):
        assert {row.queue for row in channel.get_table(f"x{number}")} == {f"q{who}" for who in range(people)}


def test_a_deleted_queue_is_bound_no_more(options):
    channel = Connection("fsatomic://", transport_options=options).channel()
    for queue in ("one", "two"):
        channel._queue_bind("x", "", "", queue)
    channel._delete("one", "x", "", "")
    assert [row.queue for row in channel.get_table("x")] == ["two"]


def test_messages_come_in_the_order_in_which_they_were_sent(options):
    for number in range(5):
        produce(options, number, 1)
        time.sleep(0.002)
    seen = []
    consume(options, seen, 5)
    assert seen == [0, 1, 2, 3, 4]


def test_litter_of_killed_processes_is_cleared_and_the_rest_is_left(options, tmp_path):
    folder = tmp_path / "queue"
    old, young, message = folder / "taken-old", folder / "tmp-young", folder / "1_a.work.msg"
    for path in (old, young, message):
        path.write_text("{}")
    os.utime(old, (time.time() - 120, time.time() - 120))
    assert litter_clear(folder) == 1
    assert not old.exists()
    assert young.exists()
    assert message.exists()


def test_a_worker_clears_the_litter_when_it_starts(settings, monkeypatch, options, tmp_path):
    from config.celery import app
    from config.management.commands.worker import Command

    old = tmp_path / "queue" / "taken-old"
    old.write_text("{}")
    os.utime(old, (time.time() - 120, time.time() - 120))
    settings.CELERY_BROKER_TRANSPORT_OPTIONS = options
    started = []
    monkeypatch.setattr(app, "worker_main", started.append)
    Command().run_from_argv(["manage.py", "worker", "-Q", "gpu"])
    assert started == [["worker", "-Q", "gpu"]]
    assert not old.exists()
