"""`make demo`, smaller: the whole loop with real workers and a real server, stopped by Ctrl-C, started again."""

import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from config.demo.processes import port_is_free

pytestmark = pytest.mark.processes
ROOT = Path(__file__).resolve().parent.parent.parent
SMALL = ["--people", "10", "--iterations", "60"]


def free_port():
    return next(port for port in range(8765, 8865) if port_is_free(port))


def demo(folder, *words):
    environment = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL"}}
    environment |= {"SEMBLANCE_DATA_DIR": str(folder), "PYTHONUNBUFFERED": "1"}
    return subprocess.Popen(
        [sys.executable, "manage.py", "demo", *SMALL, *words],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        preexec_fn=deaf,
    )


def deaf():
    """Ignore SIGINT, as a shell has its background jobs do: the demo hears it all the same."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def processes_of(folder):
    """Processes whose environment names the folder: everything that the demo started."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and str(folder).encode() in (entry / "environ").read_bytes():
                found.append(entry.name)
        except OSError:
            continue
    return found


def broken_off(folder):
    """A demo that gets Ctrl-C when its first dataset is there. Returns what it printed."""
    process = demo(folder, "--exit")
    lines = []
    for line in process.stdout:
        lines.append(line)
        if line.startswith("✓ Weights and dataset"):
            break
    process.send_signal(signal.SIGINT)
    rest, _ = process.communicate(timeout=60)
    assert process.returncode == 0, rest
    return "".join(lines) + rest


def test_the_demo_turns_the_loop_goes_on_where_it_was_broken_off_and_leaves_nothing_running(tmp_path):
    output = broken_off(tmp_path)
    assert re.search(r"password \S{12,}", output)
    assert processes_of(tmp_path) == []

    process = demo(tmp_path, "--exit")
    output, _ = process.communicate(timeout=400)
    assert process.returncode == 0, output
    for name in ("None", "PCA", "VAE", "M1", "M2"):
        assert re.search(rf"^{name}\s+\d+\s+[01]\.\d+\s+[01]\.\d+", output, re.MULTILINE), output
    assert "| Whole data set |" in output
    assert "triplets chosen by uncertainty" in output
    assert "password" not in output
    assert processes_of(tmp_path) == []

    port = free_port()
    again = demo(tmp_path, "--port", str(port))
    lines = []
    for line in again.stdout:
        lines.append(line)
        if "Ctrl-C" in line:
            break
    text = "".join(lines)
    # Everything is there already: it only starts.
    assert sum(float(seconds) for seconds in re.findall(r"\((\d+\.\d) s\)", text)) < 20
    assert wait_for_page(f"http://127.0.0.1:{port}/accounts/login/")
    again.send_signal(signal.SIGINT)
    rest, _ = again.communicate(timeout=60)
    assert again.returncode == 0, rest
    assert "Stopping" in rest
    assert processes_of(tmp_path) == []


def wait_for_page(url):
    for _ in range(60):
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                return "Sign in" in answer.read().decode()
        except OSError:
            time.sleep(0.5)
    return False


def test_a_taken_port_is_one_clear_sentence(tmp_path):
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        process = demo(tmp_path, "--port", str(port))
        output, _ = process.communicate(timeout=60)
    assert process.returncode != 0
    assert f"Port {port} is taken" in output
