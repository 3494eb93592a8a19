"""Sites and servers of their own for benchmarks.voting: a data folder, a database, a server, and their CPU time."""

import http.client
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

ROOT = Path(__file__).resolve().parent.parent
WORKERS, THREADS = 2, 4
_TICK = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid: int) -> float:
    """User and system time of a process with all its threads (proc(5): fields 14 and 15 of stat)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICK


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


class Server:
    """A server on a port of its own, and the processes that it works with."""

    def __init__(
        self,
        command: list[str],
        environment: dict[str, str],
        log: Path,
        *,
        port: int,
        workers: int = WORKERS,
        path: str = "/",
        patience: float = 60,
    ) -> None:
        """Start it and wait until it answers.

        Args:
            command: What starts it.
            environment: Its environment variables.
            log: Where its output goes.
            port: Where it will listen.
            workers: The processes that it starts; 0: it works itself.
            path: What is asked for until it answers.
            patience: Seconds that it may take.
        """
        self.port = port
        self._log, self._workers, self._path = log, workers, path
        with log.open("wb") as file:
            self._process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=file, stderr=file)
        try:
            self._wait(patience)
            self.workers = self._children()
        except BaseException:
            self.stop()
            raise

    def _wait(self, patience: float) -> None:
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline and self._process.poll() is None:
            if len(self._children()) >= self._workers and self._answers():
                return
            time.sleep(0.1)
        sys.exit(f"The server did not start:\n{self._log.read_text()[-3000:]}")

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request("GET", self._path)
            return connection.getresponse().status < 400
        except OSError:
            return False  # not listening yet
        finally:
            connection.close()

    def _children(self) -> list[int]:
        found = []
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                parent = int(stat.read_text().rpartition(")")[2].split()[1])
            except (FileNotFoundError, ProcessLookupError):
                continue  # it ended while we looked
            if parent == self._process.pid:
                found.append(int(stat.parent.name))
        return sorted(found)

    def cpu(self) -> float:
        """CPU seconds of the processes that serve, so far."""
        if self._children() != self.workers:
            sys.exit(f"A worker of the server died:\n{self._log.read_text()[-3000:]}")
        return sum(cpu_seconds(pid) for pid in [self._process.pid, *self.workers])

    def stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def complaints(self) -> str:
        return self._log.read_text().strip()


class Site:
    """One installation with its own data folder and database."""

    def __init__(self, folder: Path, database: str | None) -> None:
        self.folder, self.database = folder, database
        # Whatever this shell says about another installation is none of this one's business.
        self.environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("SEMBLANCE_") and name != "DATABASE_URL"
        }
        self.environment |= {
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "SEMBLANCE_DATA_DIR": str(folder),
            "SEMBLANCE_LOG_LEVEL": "WARNING",
        }
        if database:
            self.environment["DATABASE_URL"] = database
        self._run([sys.executable, "manage.py", "migrate", "--verbosity", "0"])

    def ask(self, **request: Any) -> dict[str, Any]:
        """Have benchmarks.voting_fill do something in this site."""
        answer: dict[str, Any] = json.loads(
            self._run([sys.executable, "-m", "benchmarks.voting_fill"], json.dumps(request))
        )
        return answer

    def _run(self, command: list[str], text: str = "") -> str:
        done = subprocess.run(command, cwd=ROOT, env=self.environment, input=text, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"{' '.join(command[1:])} failed:\n{done.stdout}{done.stderr}")
        return done.stdout

    @contextmanager
    def server(self) -> Iterator[Server]:
        port = free_port()
        command = [
            sys.executable, "-m", "gunicorn", "config.wsgi", "--workers", str(WORKERS), "--threads", str(THREADS),
            "--bind", f"127.0.0.1:{port}", "--log-level", "warning",
        ]  # fmt: skip
        server = Server(command, self.environment, self.folder / "server.log", port=port)
        try:
            yield server
        finally:
            server.stop()

    def database_cpu(self) -> float | None:
        """CPU seconds of PostgreSQL's processes that serve this site; None where they are not to be seen."""
        if self.database is None:
            return None
        import psycopg

        with psycopg.connect(self.database) as connection:
            rows = connection.execute(
                "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            ).fetchall()
        try:
            if not all(Path(f"/proc/{pid}/comm").read_text().startswith("postgres") for (pid,) in rows):
                return None  # a number that some other process has here: the database is on another machine
            return sum(cpu_seconds(pid) for (pid,) in rows)
        except FileNotFoundError:
            return None


@contextmanager
def sqlite_site() -> Iterator[Site]:
    with tempfile.TemporaryDirectory(prefix="semblance-voting-") as folder:
        yield Site(Path(folder), None)


@contextmanager
def postgres_site(server: str) -> Iterator[Site]:
    """A site on a database that is made on `server` and dropped again."""
    import psycopg

    name = f"semblance_voting_{uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    try:
        with tempfile.TemporaryDirectory(prefix="semblance-voting-") as folder:
            yield Site(Path(folder), urlsplit(server)._replace(path=f"/{name}").geturl())
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def why_no_postgres(server: str) -> str:
    """Why no database can be made on that server, or nothing."""
    try:
        import psycopg
    except ImportError:
        return "psycopg is not installed"
    try:
        psycopg.connect(server, connect_timeout=3).close()
    except psycopg.OperationalError as error:
        return str(error).strip().splitlines()[0]
    return ""


@contextmanager
def bare_server(python: Path, *, questions: int, votes: int) -> Iterator[Server]:
    """The bare endpoint of benchmarks.voting_bare, by as many workers as the product has."""
    from benchmarks.voting_bare import make

    with tempfile.TemporaryDirectory(prefix="semblance-bare-") as folder:
        path, port = Path(folder) / "bare.sqlite3", free_port()
        make(path, questions=questions, votes=votes)
        environment = {**os.environ, "BARE_DATABASE": str(path)}
        command = [
            str(python), "-m", "uvicorn", "benchmarks.voting_bare:application", "--factory", "--workers", str(WORKERS),
            "--host", "127.0.0.1", "--port", str(port), "--log-level", "warning", "--no-access-log",
        ]  # fmt: skip
        server = Server(command, environment, Path(folder) / "server.log", port=port)
        try:
            yield server
        finally:
            server.stop()
