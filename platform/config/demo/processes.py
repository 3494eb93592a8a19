"""The processes of an embedded site: a worker that trains, a worker for everything else with the clock, a web server.

Each is in a session of its own, so that Ctrl-C reaches only the demo, which then stops them in order.
"""

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from django.conf import settings

STOP_SECONDS = 5.0
_PR_SET_PDEATHSIG = 1


def die_with_parent() -> None:
    """Ask Linux to stop this process when the demo is killed, so that no orphan keeps the port."""
    if sys.platform == "linux":
        ctypes.CDLL("libc.so.6").prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def port_is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


class Processes:
    """Children that are started together and stopped together."""

    def __init__(self) -> None:
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._logs = Path(settings.DATA_DIR) / "logs"
        self._logs.mkdir(parents=True, exist_ok=True)

    def start(self, name: str, command: list[str]) -> None:
        with (self._logs / f"{name}.log").open("ab") as log:
            self._running[name] = subprocess.Popen(  # noqa: S603  (our own commands)
                command,
                cwd=settings.ROOT,
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                preexec_fn=die_with_parent,
            )

    def start_workers(self) -> None:
        manage = [sys.executable, str(settings.ROOT / "manage.py"), "worker", "-l", "WARNING", "--without-mingle"]
        trainers = str(max(1, min(os.cpu_count() or 1, 4)))
        self.start("trainer", [*manage, "-n", "trainer@%h", "-Q", "gpu", "-c", trainers])
        schedule = str(Path(settings.DATA_DIR) / "beat")
        self.start("clerk", [*manage, "-n", "clerk@%h", "-Q", "default", "-c", "1", "-B", "-s", schedule])

    def start_web(self, port: int) -> None:
        command = [sys.executable, "-m", "gunicorn", "-b", f"127.0.0.1:{port}", "--log-level", "warning", "config.wsgi"]
        self.start("web", command)

    def dead(self) -> str | None:
        """The name of a process that has ended by itself, if one has."""
        return next((name for name, process in self._running.items() if process.poll() is not None), None)

    def log_of(self, name: str) -> Path:
        return self._logs / f"{name}.log"

    def stop(self) -> None:
        """Ask all to stop, wait a little, kill what is left. A training goes on from its checkpoint next time."""
        for process in self._running.values():
            if process.poll() is None:
                process.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        for process in self._running.values():
            try:
                process.wait(timeout=max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        self._running.clear()
