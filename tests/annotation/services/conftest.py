"""After every test of the services, the rows must not contradict each other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.annotation.services import invariants


@pytest.fixture
def rows_agree(db: None, request: Any) -> Iterator[None]:
    yield
    invariants.check()
