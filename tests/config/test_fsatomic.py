"""The embedded queue: nothing is read half-written, nothing is taken twice."""

import os
import threading
import time
from uuid import uuid4

import pytest
from kombu import Connection

from config.fsatomic import litter_clear


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
