"""The cast: Alice runs campaigns, Bob and Carol annotate, Mallory should not get in. Files go to a temporary folder."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.requirements import lacking

SHARED = Path(__file__).resolve().parent.parent.parent / "shared" / "data"


# Files that take minutes: where tests run side by side, nobody waits for them at the end.
_LONG = ("test_postgres.py", "test_voting_network.py", "test_demo.py", "test_chaos.py", "test_kill.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.path.name not in _LONG)


@pytest.fixture(autouse=True)
def _files_of_a_test_stay_in_its_folder(settings: Any, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path / "data"
    settings.MEDIA_ROOT = tmp_path / "data" / "files"
    # Argon2 is slow on purpose; what is tested here is never the hash.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.CELERY_BROKER_URL = "memory://"


@pytest.fixture(autouse=True)
def _denormals_are_numbers_again() -> Iterator[None]:
    """A training flushes denormal numbers to zero for its whole process; the next test must not inherit that."""
    yield
    if "torch" in sys.modules:
        sys.modules["torch"].set_flush_denormal(False)


@pytest.fixture(autouse=True)
def _messages_go_nowhere(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, tuple[Any, ...]]]:
    """Tests see which tasks were announced instead of a broker; those with real workers start their own processes."""
    from celery.app.task import Task

    sent: list[tuple[str, tuple[Any, ...]]] = []
    monkeypatch.setattr(
        Task, "apply_async", lambda self, args=(), kwargs=None, **rest: sent.append((self.name, tuple(args or ())))
    )
    return sent


@pytest.fixture
def announced(_messages_go_nowhere: list[tuple[str, tuple[Any, ...]]]) -> list[tuple[str, tuple[Any, ...]]]:
    return _messages_go_nowhere


@pytest.fixture
def shared_data() -> Path:
    if not SHARED.exists():
        lacking("shared", f"the real data are not on this machine ({SHARED.parent.name}/{SHARED.name} is missing)")
    return SHARED


def _user(username: str, role: str) -> Any:
    from accounts.services import user_create

    return user_create(username=username, role=role, password="correct horse battery")[0]


@pytest.fixture
def alice(db: None) -> Any:
    return _user("alice", "researcher")


@pytest.fixture
def bob(db: None) -> Any:
    return _user("bob", "annotator")


@pytest.fixture
def carol(db: None) -> Any:
    return _user("carol", "annotator")


@pytest.fixture
def mallory(db: None) -> Any:
    return _user("mallory", "researcher")


@pytest.fixture
def admin(db: None) -> Any:
    return _user("root", "admin")


@pytest.fixture
def collection(alice: Any, tmp_path: Path) -> Any:
    """Twelve made-up people with four expressions each: ten people for training, one each for validation and test."""
    from tests.factories import small_collection

    return small_collection(owner=alice, folder=tmp_path)


@pytest.fixture
def campaign(alice: Any, collection: Any) -> Any:
    """A running campaign with no round yet."""
    from tests.factories import small_campaign

    return small_campaign(owner=alice, collection=collection)


@pytest.fixture
def open_round(campaign: Any) -> Any:
    from annotation.services.proposals import round_propose_balanced
    from annotation.services.rounds import round_open

    return round_open(round=round_propose_balanced(campaign=campaign, per_stimulus=3))
