"""Settings are read from the environment, loudly where it is wrong."""

import os
import stat
import subprocess
import sys
from pathlib import Path
from secrets import token_urlsafe

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.env import embedded_secret, envbool, envint, envsecret

ROOT = Path(__file__).resolve().parent.parent.parent


def check(tmp_path, **environment):
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("SEMBLANCE_", "DATABASE_"))}
    clean |= {"SEMBLANCE_DATA_DIR": str(tmp_path), **environment}
    return subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy"], cwd=ROOT, env=clean, capture_output=True, text=True
    )


def test_the_embedded_default_starts_with_nothing_set(tmp_path):
    assert check(tmp_path).returncode == 0


def test_production_without_a_secret_does_not_start(tmp_path):
    done = check(tmp_path, SEMBLANCE_MODE="production")
    assert done.returncode != 0
    assert "Set SEMBLANCE_SECRET_KEY" in done.stderr


def test_production_passes_djangos_deployment_checks(tmp_path):
    done = check(
        tmp_path,
        SEMBLANCE_MODE="production",
        SEMBLANCE_SECRET_KEY=token_urlsafe(50),
        SEMBLANCE_HOSTS="semblance.example.org",
    )
    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("SEMBLANCE_MODE", "prod", "must be embedded or production, not 'prod'"),
        ("SEMBLANCE_DEBUG", "maybe", "must be true or false, not 'maybe'"),
        ("SEMBLANCE_JOB_LEASE_SECONDS", "1", "must be at least 2, not 1"),
    ],
)
def test_a_wrong_setting_is_one_clear_sentence(tmp_path, name, value, sentence):
    done = check(tmp_path, **{name: value})
    assert done.returncode != 0
    assert f"{name} {sentence}" in done.stderr


def test_numbers_and_switches_are_checked(monkeypatch):
    monkeypatch.setenv("ONE", "seven")
    with pytest.raises(ImproperlyConfigured, match="ONE must be a whole number"):
        envint("ONE", 3)
    monkeypatch.setenv("ONE", "on")
    assert envbool("ONE", False) is True
    assert envint("TWO", 3) == 3


def test_a_secret_may_lie_in_a_file(monkeypatch, tmp_path):
    (tmp_path / "key").write_text("hush\n")
    monkeypatch.setenv("KEY_FILE", str(tmp_path / "key"))
    assert envsecret("KEY") == "hush"
    monkeypatch.setenv("KEY_FILE", str(tmp_path / "missing"))
    with pytest.raises(ImproperlyConfigured, match="KEY_FILE cannot be read"):
        envsecret("KEY")


def test_the_embedded_secret_is_made_once_and_for_its_user_alone(tmp_path):
    path = tmp_path / "data" / "secret_key"
    first = embedded_secret(path)
    assert embedded_secret(path) == first
    assert len(first) > 50
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
