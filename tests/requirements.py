"""What a test needs of its machine: skipped with a reason where it is missing, failed where it was promised.

SEMBLANCE_REQUIRE lists what must be there: browser, postgres, rabbitmq, readers, shared; `.ci/run` sets it to all of
them.
"""

import os
import shutil
import socket
from pathlib import Path
from urllib.parse import urlsplit

import pytest

POSTGRES = os.environ.get("SEMBLANCE_TEST_POSTGRES", "postgres://postgres@127.0.0.1:5432/postgres")
RABBITMQ = os.environ.get("SEMBLANCE_TEST_RABBITMQ", "amqp://guest:guest@127.0.0.1:5672//")


def lacking(name: str, reason: str) -> None:
    """Skip the test, or fail it where `name` was promised."""
    if name in os.environ.get("SEMBLANCE_REQUIRE", "").split(","):
        pytest.fail(reason)
    pytest.skip(reason)


def _listens(url: str) -> bool:
    address = urlsplit(url)
    try:
        with socket.create_connection((address.hostname or "127.0.0.1", address.port or 0), timeout=2):
            return True
    except OSError:
        return False


def need_postgres() -> str:
    if not _listens(POSTGRES):
        lacking("postgres", "no PostgreSQL answers (SEMBLANCE_TEST_POSTGRES names another one)")
    return POSTGRES


def need_rabbitmq() -> str:
    if not _listens(RABBITMQ):
        lacking("rabbitmq", "no RabbitMQ answers (SEMBLANCE_TEST_RABBITMQ names another one)")
    return RABBITMQ


def need_chromium() -> str:
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        lacking("browser", "no Chromium is installed")
    return str(path)


def need_readers() -> str:
    """The Python of the environment that has what others read exports with."""
    made = Path(__file__).resolve().parent.parent / ".readers" / "bin" / "python"
    if not made.exists():
        lacking("readers", "there is no environment .readers with cblearn, pandas and mlcroissant (`make readers`)")
    return str(made)
