"""The same work in Label Studio: `python -m benchmarks.voting --vs label-studio`.

It is installed apart and started as its own documentation says (`label-studio start`), on SQLite or on PostgreSQL. A
task is a triplet: three pictures, of which the page would load the addresses, and one choice of two; five annotations
a task. Annotators with accounts of their own ask for the next task and submit it, as its page does, without pausing.
The product does its work in the same run, in turn.
"""

import argparse
import http.client
import json
import os
import random
import re
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit
from uuid import uuid4

from benchmarks.peers import NotInstalled, environment
from benchmarks.voting_client import Annotator, Page, Tally, annotators, drive
from benchmarks.voting_report import FEW, Verdict, spread
from benchmarks.voting_site import Server, free_port, postgres_site, sqlite_site, why_no_postgres

REQUIREMENTS = ("label-studio==1.23.2",)
MIN_RATIO = 60
TASKS, OVERLAP, TURNS = 500, 5, 3
# Seconds of a turn; theirs is longer, as there are far fewer votes in it.
OURS_SECONDS, THEIR_SECONDS = 5.0, 20.0
_TOKEN = uuid4().hex
_PASSWORD = uuid4().hex
_CONFIG = """<View><Image name="reference" value="$reference"/><Image name="left" value="$left"/>
<Image name="right" value="$right"/><Choices name="choice" toName="reference" choice="single"><Choice value="left"/>
<Choice value="right"/></Choices></View>"""


def compare(options: argparse.Namespace) -> list[Verdict]:
    """Run it on the databases asked for, print what is found, and say whether the bar is reached."""
    try:
        python = environment("label-studio", REQUIREMENTS)
    except NotInstalled as error:
        print(f"Label Studio is left out: {error}")
        return []
    print(f"\n| {FEW} annotators | Votes/s | Next p50 / p95 / p99 ms | Submit p50 / p95 / p99 ms ", end="")
    print("| Server CPU ms/vote | Errors | Over | Lost |\n|---|---:|---:|---:|---:|---:|---:|---:|")
    found = []
    for database in options.databases:
        if database == "sqlite" or not why_no_postgres(options.postgres):
            found.append(_compare(python, database, options.postgres))
    return found


def _compare(python: Path, database: str, postgres: str) -> Verdict:
    ours_place = sqlite_site() if database == "sqlite" else postgres_site(postgres)
    with ours_place as site, _label_studio(python, database, postgres) as studio, site.server() as server:
        made = site.ask(do="make", questions=5_000, annotators=FEW, campaigns=["Beside"])
        address = made["addresses"]["Beside"]
        ours, people = annotators(server.port, address, made["cookies"])
        theirs = Tally()
        others = [Labeller(Page(studio.port, headers), "/", theirs, random.Random(row), project=studio.project)
                  for row, headers in enumerate(studio.accounts(FEW))]  # fmt: skip
        for _ in range(TURNS):
            drive(theirs, others, THEIR_SECONDS, lambda: (studio.server.cpu(), None))
            drive(ours, people, OURS_SECONDS, lambda: (server.cpu(), None))
        counted = site.ask(do="count", slug=address.rstrip("/").rpartition("/")[2], acknowledged=ours.acknowledged)
        _row(f"ours, {database}", ours, counted["over"], counted["lost"])
        _row(f"Label Studio 1.23.2, {database}", theirs, *studio.count(theirs.acknowledged))
    for error in theirs.errors[:3]:
        print(f"Label Studio on {database}: {error}")
    mine, their = (len(one.submit_ms) / one.seconds for one in (ours, theirs))
    bar = f"≥ {MIN_RATIO} times Label Studio's votes/s, {database}, {FEW} annotators"
    return bar, mine >= MIN_RATIO * their, f"× {mine / max(their, 1e-9):.0f} ({mine:.0f} and {their:.1f})"


def _row(name: str, tally: Tally, over: int, lost: int) -> None:
    votes = len(tally.submit_ms)
    print(
        f"| {name} | {votes / tally.seconds:.1f} | {spread(tally.claim_ms)} | {spread(tally.submit_ms)} "
        f"| {tally.server_cpu * 1000 / max(votes, 1):.1f} | {len(tally.errors)} | {over} | {lost} |"
    )


@dataclass
class Labeller(Annotator):
    """The same person before Label Studio: next task, submit, next task."""

    project: int = 0

    async def settle(self) -> None:
        """Nothing to do: every task is asked for by itself."""

    async def work(self, until: float) -> None:
        while time.perf_counter() < until and self.failures < 20:
            task = await self._said("GET", f"/api/projects/{self.project}/next", None, self.tally.claim_ms)
            if task is None:
                continue
            choice = {"choices": [self.chance.choice(["left", "right"])]}
            result = [{"value": choice, "from_name": "choice", "to_name": "reference", "type": "choices"}]
            body = {"result": result, "lead_time": 1.5}
            address = f"/api/tasks/{task['id']}/annotations/?project={self.project}"
            kept = await self._said("POST", address, body, self.tally.submit_ms)
            if kept is not None:
                self.tally.acknowledged.append(str(kept["id"]))

    async def _said(self, method: str, path: str, body: Any, times: list[float]) -> Any:
        content = b"" if body is None else json.dumps(body).encode()
        return await self.ask(self.page.request(method, path, content), f"{method} {path}", times)


class Studio:
    """A running Label Studio with a project."""

    def __init__(self, server: Server) -> None:
        self.server, self.port = server, server.port
        self._admin = {"Authorization": f"Token {_TOKEN}"}
        project = {"title": "Benchmark", "label_config": _CONFIG, "maximum_annotations": OVERLAP}
        self.project: int = self._call("POST", "/api/projects/", project)["id"]
        pictures = [
            {"data": {role: f"http://127.0.0.1:9/{role}/{task}.png" for role in ("reference", "left", "right")}}
            for task in range(TASKS)
        ]
        self._call("POST", f"/api/projects/{self.project}/import", pictures)

    def _call(self, method: str, path: str, body: Any = None) -> Any:
        content = None if body is None else json.dumps(body)
        status, _, data = self._http(method, path, content, {"Content-Type": "application/json", **self._admin})
        if status >= 300:
            raise RuntimeError(f"Label Studio answered {method} {path} with {status}: {data[:300]!r}")
        return json.loads(data)

    def _http(
        self, method: str, path: str, body: str | None, headers: dict[str, str]
    ) -> tuple[int, SimpleCookie, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            cookies = SimpleCookie()
            for value in response.headers.get_all("Set-Cookie") or []:
                cookies.load(value)
            return response.status, cookies, response.read()
        finally:
            connection.close()

    def accounts(self, count: int) -> list[dict[str, str]]:
        """Sign people up by the organisation's invitation; the headers that say who each is."""
        path = self._call("GET", "/api/invite")["invite_url"]
        return [self._account(urlsplit(path)._replace(scheme="", netloc="").geturl(), row) for row in range(count)]

    def _account(self, path: str, row: int) -> dict[str, str]:
        _, jar, page = self._http("GET", path, None, {})
        field = re.search(rb'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        if field is None:
            raise RuntimeError("Label Studio's page to sign up has no form.")
        form = {"csrfmiddlewaretoken": field[1].decode(), "email": f"a{row}@example.org", "password": _PASSWORD}
        sent = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": _cookie(jar)}
        _, signed, _ = self._http("POST", path, urlencode(form), sent)
        _, _, said = self._http("GET", "/api/current-user/token", None, {"Cookie": _cookie(signed)})
        return {"Authorization": f"Token {json.loads(said)['token']}"}

    def count(self, acknowledged: list[str]) -> tuple[int, int]:
        """Tasks with more annotations than were asked for, and annotations that were acknowledged and are not there."""
        tasks = self._call("GET", f"/api/projects/{self.project}/export?exportType=JSON")
        kept = {str(one["id"]) for task in tasks for one in task["annotations"]}
        return sum(len(task["annotations"]) > OVERLAP for task in tasks), len(set(acknowledged) - kept)


def _cookie(jar: SimpleCookie) -> str:
    return "; ".join(f"{name}={one.value}" for name, one in jar.items())


@contextmanager
def _label_studio(python: Path, database: str, postgres: str) -> Iterator[Studio]:
    with tempfile.TemporaryDirectory(prefix="label-studio-") as folder, _its_database(database, postgres) as settings:
        port = free_port()
        variables = {
            **os.environ,
            **settings,
            "LABEL_STUDIO_BASE_DATA_DIR": folder,
            "LABEL_STUDIO_ENABLE_LEGACY_API_TOKEN": "true",
            # Nothing that it would say to anybody outside.
            "COLLECT_ANALYTICS": "False",
            "LATEST_VERSION_CHECK": "False",
            "SENTRY_DSN": "",
            "FRONTEND_SENTRY_DSN": "",
            "LOG_LEVEL": "ERROR",
        }
        command = [
            str(python.parent / "label-studio"), "start", "--no-browser", "--port", str(port),
            "--internal-host", "127.0.0.1", "--username", "benchmark@example.org", "--password", _PASSWORD,
            "--user-token", _TOKEN, "--log-level", "ERROR",
        ]  # fmt: skip
        print(f"Label Studio makes its database ({database}), which takes minutes …", flush=True)
        server = Server(
            command, variables, Path(folder) / "server.log", port=port, workers=0, path="/health", patience=900
        )
        try:
            yield Studio(server)
        finally:
            server.stop()


@contextmanager
def _its_database(database: str, postgres: str) -> Iterator[dict[str, str]]:
    if database == "sqlite":
        yield {"DJANGO_DB": "sqlite"}
        return
    import psycopg

    at, name = urlsplit(postgres), f"label_studio_{uuid4().hex[:12]}"
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    try:
        yield {
            "DJANGO_DB": "default",
            "POSTGRE_NAME": name,
            "POSTGRE_USER": at.username or "postgres",
            "POSTGRE_PASSWORD": at.password or "",
            "POSTGRE_HOST": at.hostname or "127.0.0.1",
            "POSTGRE_PORT": str(at.port or 5432),
        }
    finally:
        with psycopg.connect(postgres, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
