"""The tests of everything that writes rows, once more on PostgreSQL."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.requirements import need_postgres

pytestmark = pytest.mark.processes
ROOT = Path(__file__).resolve().parent.parent.parent
SUITES = (
    "tests/accounts",
    "tests/annotation/selectors",
    "tests/annotation/services",
    "tests/annotation/views",
    "tests/learning/services",
    "tests/learning/views",
)


def test_the_services_pass_on_postgresql_too(tmp_path: Path):
    environment = {**os.environ, "DATABASE_URL": need_postgres(), "SEMBLANCE_DATA_DIR": str(tmp_path)}
    suites = [suite for suite in SUITES if list((ROOT / suite).glob("test_*.py"))]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--create-db", *suites]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
