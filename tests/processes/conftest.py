"""Sites of their own: a database, a broker and a data folder that real processes share."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

from tests.requirements import need_postgres, need_rabbitmq

ROOT = Path(__file__).resolve().parent.parent.parent
PRELUDE = """
import sys
sys.path[:0] = [".", "platform"]
import django
django.setup()
from annotation.models import *
from learning.models import *
"""


class Site:
    """One installation: commands and programs run in it as processes."""

    def __init__(self, folder: Path, database: str | None, broker: str | None) -> None:
        self.folder = folder
        self.environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "SEMBLANCE_DATA_DIR": str(folder),
            "SEMBLANCE_JOB_LEASE_SECONDS": "4",
            "SEMBLANCE_LOG_LEVEL": "WARNING",
        }
        self.environment.pop("DATABASE_URL", None)
        if database:
            self.environment["DATABASE_URL"] = database
        if broker:
            self.environment["SEMBLANCE_BROKER_URL"] = broker
        self._workers: list[subprocess.Popen[bytes]] = []

    def program(self, source: str) -> str:
        """Run a Python program in the site; returns what it prints."""
        command = [sys.executable, "-c", PRELUDE + source]
        done = subprocess.run(command, cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=240)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def manage(self, *words: str) -> str:
        command = [sys.executable, "manage.py", *words]
        done = subprocess.run(command, cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=240)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def worker(self) -> subprocess.Popen[bytes]:
        """Start a worker for both queues, with the clock."""
        command = [
            sys.executable, "manage.py", "worker", "-Q", "gpu,default", "-c", "2", "-B", "-l", "WARNING",
            "-s", str(self.folder / f"beat-{uuid4().hex}"), "-n", f"{uuid4().hex}@%h", "--without-mingle",
        ]  # fmt: skip
        log = (self.folder / "worker.log").open("ab")
        process = subprocess.Popen(
            command, cwd=ROOT, env=self.environment, stdout=log, stderr=log, start_new_session=True
        )
        self._workers.append(process)
        return process

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        """kill -9 of a worker and its pool, as when a machine loses power."""
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def wait(self, question: str, *, seconds: float = 120) -> str:
        """Ask a Python expression again and again until it is true; returns its value as text."""
        answer = self.program(
            "import time\n"
            f"deadline = time.monotonic() + {seconds}\n"
            f"while not (value := {question}) and time.monotonic() < deadline:\n"
            "    time.sleep(0.2)\n"
            "print(value or '')"
        )
        log = self.folder / "worker.log"
        assert answer, f"not within {seconds} s: {question}\n{log.read_text()[-3000:] if log.exists() else ''}"
        return answer

    def close(self) -> None:
        for process in self._workers:
            if process.poll() is None:
                self.kill(process)


def _postgres(url: str) -> tuple[str, Callable[[], None]]:
    """A database of its own on the server, and how to drop it."""
    import psycopg

    name = f"semblance_{uuid4().hex[:12]}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')

    def drop() -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')

    return urlsplit(url)._replace(path=f"/{name}").geturl(), drop


@pytest.fixture(params=["embedded", "production"])
def site(request: Any, tmp_path: Path) -> Iterator[Site]:
    """Both of the house's set-ups: SQLite with the file queue, PostgreSQL with RabbitMQ."""
    database = broker = None
    drop: Callable[[], None] = lambda: None  # noqa: E731
    if request.param == "production":
        broker = need_rabbitmq()
        database, drop = _postgres(need_postgres())
    (tmp_path / "site").mkdir()
    one = Site(tmp_path / "site", database, broker)
    try:
        one.manage("migrate", "--verbosity", "0")
        yield one
    finally:
        one.close()
        drop()
