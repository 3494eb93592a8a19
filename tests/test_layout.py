"""The house: its walls, its file sizes, what a web process may load. Every wall is seen to break when it is crossed."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
APPS = ("annotation", "learning", "platform/config", "platform/accounts")
ENVIRONMENT = {**os.environ, "PYTHONPATH": "platform"}


def source_files():
    listed = [*APPS, "tests", "benchmarks"]
    return [path for folder in listed for path in (ROOT / folder).rglob("*.py") if "migrations" not in path.parts]


def test_platform_is_a_folder_of_packages_and_never_a_package():
    assert not list((ROOT / "platform").glob("*.py"))
    assert not (ROOT / "tests" / "platform").exists()


def test_no_file_is_longer_than_300_lines():
    long = {
        str(path.relative_to(ROOT)): n for path in source_files() if (n := len(path.read_text().splitlines())) > 300
    }
    scripts = [
        path for kind in ("*.js", "*.css") for path in (ROOT / "static").rglob(kind) if "vendor" not in path.parts
    ]
    long |= {str(path.relative_to(ROOT)): n for path in scripts if (n := len(path.read_text().splitlines())) > 300}
    assert long == {}


def test_a_web_process_never_loads_torch():
    program = (
        "import sys; sys.path[:0] = ['platform', '.']\n"
        "import django; django.setup()\n"
        "import config.urls, config.wsgi, annotation.tasks, learning.tasks\n"
        "from django.urls import get_resolver; get_resolver().reverse_dict\n"
        "heavy = sorted({'torch', 'sklearn', 'scipy', 'pyarrow', 'boto3'} & set(sys.modules))\n"
        "sys.exit(f'loaded: {heavy}' if heavy else 0)"
    )
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings"}
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "command",
    [
        [sys.executable, "-c", "import platform; platform.system()"],
        [sys.executable, "manage.py", "check"],
        [sys.executable, "-m", "gunicorn", "--check-config", "config.wsgi"],
        [sys.executable, "-m", "celery", "-A", "config", "report"],
        [sys.executable, "manage.py", "worker", "--help"],
        [sys.executable, "-m", "pytest", "--collect-only", "-q", "tests/test_layout.py"],
        [str(Path(sys.executable).with_name("pytest")), "--collect-only", "-q", "tests/test_layout.py"],
    ],
    ids=lambda command: " ".join(Path(part).name for part in command[:4]),
)
def test_every_tool_starts_from_the_roots_folder(command, tmp_path):
    environment = {**ENVIRONMENT, "SEMBLANCE_DATA_DIR": str(tmp_path)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr


def lint(folder):
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    return subprocess.run(command, cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, timeout=120)


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """A copy of the sources, to break walls in."""
    copy = tmp_path_factory.mktemp("house")
    for app in APPS:
        shutil.copytree(ROOT / app, copy / app, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", copy)
    return copy


def test_the_walls_stand(house):
    done = lint(house)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("file", "line", "wall"),
    [
        ("annotation/services/votes.py", "import learning.models", "Apps look down"),
        ("platform/accounts/models.py", "import annotation.models", "Apps look down"),
        ("annotation/models/vote.py", "import annotation.services.votes", "Inside annotation"),
        ("annotation/services/votes.py", "import annotation.tasks", "Inside annotation"),
        ("learning/services/runs.py", "import learning.jobs.train", "Inside learning"),
        ("learning/embedding/vae.py", "import django.db", "Pure folders"),
        ("annotation/quality/margin.py", "import annotation.models", "Pure folders"),
        ("learning/training/trainer.py", "def lazy():\n    import learning.models", "Pure folders"),
        ("learning/services/runs.py", "def lazy():\n    import torch", "Web processes never load torch"),
        ("annotation/services/votes.py", "import boto3", "boto3 sits behind one file"),
    ],
)
def test_a_wall_that_is_crossed_breaks(house, file, line, wall):
    path = house / file
    before = path.read_text()
    path.write_text(f"{before}\n{line}\n")
    try:
        done = lint(house)
    finally:
        path.write_text(before)
    broken = [entry for entry in done.stdout.splitlines() if entry.endswith("BROKEN")]
    assert done.returncode != 0
    assert any(entry.startswith(wall) for entry in broken), done.stdout
