"""A site for chaos: a server that dies and is started again, and a clock that ends leases before their time."""

from __future__ import annotations

import http.client
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tests.processes.conftest import PRELUDE, ROOT, Site

BUILD = """
import json, random
from pathlib import Path
from django.conf import settings as site
from django.middleware.csrf import _get_new_csrf_string
from django.test import Client
from django.urls import reverse
from accounts.services import user_create
from annotation.services.proposals import round_propose_balanced
from annotation.services.rounds import round_open
from tests.factories import small_campaign, small_collection
owner = user_create(username="alice", role="researcher")[0]
collection = small_collection(owner=owner, folder=Path({folder!r}))
campaign = small_campaign(owner=owner, collection=collection, **{settings!r})
round = round_open(round=round_propose_balanced(campaign=campaign, per_stimulus={per_stimulus}))

def signed_in(number):
    client = Client()
    client.force_login(user_create(username=f"annotator-{{number}}", role="annotator")[0])
    return dict(csrftoken=_get_new_csrf_string(), sessionid=client.cookies[site.SESSION_COOKIE_NAME].value)

print(json.dumps(dict(address=reverse("annotation:vote", args=[campaign.slug]), questions=round.size,
                      cookies=[signed_in(number) for number in range({people})])))
"""

# The clock, gone mad: it ends leases that ran out, and lets some run out that did not, the more the more is voted (a
# slow machine must not lose all its leases). One line a tick says how far the round is; it ends when every slot is full
# and nobody works.
TEND = """
import json, random, sys, time
from datetime import timedelta
from django.db.models import Sum
from django.utils import timezone
from annotation.services.assignments import assignments_expire
chance = random.Random({seed})
expired, still, seen = 0, 0, 0
while still < 2:
    time.sleep(0.3)
    active = list(Assignment.objects.filter(status="active").order_by("pk").values_list("pk", flat=True))
    votes = Vote.objects.count()
    number = sum(chance.random() < 0.04 for _ in range(seen, votes)) + (chance.random() < 0.1)
    unlucky, seen, now = chance.sample(active, min(number, len(active))), votes, timezone.now()
    Assignment.objects.filter(pk__in=unlucky, status="active").update(lease_until=now - timedelta(seconds=1))
    expired += assignments_expire(now=now)
    free = Hit.objects.aggregate(free=Sum("open_slots"))["free"]
    still = still + 1 if free == 0 and not Assignment.objects.filter(status="active").exists() else 0
    print(json.dumps(dict(expired=expired, free=free, active=len(active), votes=votes)), flush=True)
"""

CHECK = """
import json
from django.db import connection
from annotation.tasks import rounds_tend
from tests.annotation.services import invariants
votes = Vote.objects.count()
found = invariants.problems() + invariants.unanswered() + ({first} and invariants.wrongly_asked_on({first}, 5) or [])
rounds_tend()
if Round.objects.filter(status="open").exists() or Vote.objects.count() != votes:
    found.append("The clock does not close the round, or closing it changes votes.")
found += invariants.problems()
deadlocks = 0
if connection.vendor == "postgresql":
    with connection.cursor() as cursor:
        cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        deadlocks = cursor.fetchone()[0]
ids = lambda rows: [str(one) for one in rows.exclude(client_id=None).values_list("client_id", flat=True)]
print(json.dumps(dict(
    problems=found, deadlocks=deadlocks, votes=ids(Vote.objects), probes=ids(Probe.objects),
    uncounted={{str(one): reason for one, reason in UncountedVote.objects.values_list("client_id", "reason")}},
    wanted=sorted(set(Question.objects.filter(role="asked").values_list("wanted", flat=True))),
    asked=sum(Question.objects.filter(role="asked").values_list("wanted", flat=True)),
)))
"""


class Server:
    """Gunicorn with two workers, on one port for all its lives."""

    def __init__(self, site: Site) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self._site, self._log = site, site.folder / "server.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [
            sys.executable, "-m", "gunicorn", "config.wsgi", "--workers", "2", "--threads", "4",
            "--bind", f"127.0.0.1:{self.port}", "--log-level", "error",
        ]  # fmt: skip
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                command, cwd=ROOT, env=self._site.environment, stdout=log, stderr=log, start_new_session=True
            )

    def wait(self, seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while not self._answers():
            assert time.monotonic() < deadline, f"the server does not answer:\n{self.log()[-3000:]}"
            time.sleep(0.1)

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request("GET", "/")
            return connection.getresponse().status < 400
        except OSError:
            return False
        finally:
            connection.close()

    def kill_a_worker(self, chance: random.Random) -> bool:
        """kill -9 of one of the server's processes; False where none is up."""
        assert self._process is not None
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text().split()
        if not children:
            return False
        try:
            os.kill(int(chance.choice(children)), signal.SIGKILL)
        except ProcessLookupError:
            return False
        return True

    def kill(self) -> None:
        """kill -9 of all of it, as when a machine loses power."""
        if self._process is not None and self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def log(self) -> str:
        return self._log.read_text()


def build(site: Site, *, people: int, per_stimulus: int, settings: dict[str, Any]) -> dict[str, Any]:
    source = BUILD.format(folder=str(site.folder), people=people, per_stimulus=per_stimulus, settings=settings)
    world: dict[str, Any] = json.loads(site.program(source).splitlines()[-1])
    return world


def tender(site: Site, seed: int) -> subprocess.Popen[str]:
    """Start the mad clock; its output says how far the round is."""
    command = [sys.executable, "-c", PRELUDE + TEND.format(seed=seed)]
    return subprocess.Popen(
        command, cwd=ROOT, env=site.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def check(site: Site, *, first: int | None) -> dict[str, Any]:
    state: dict[str, Any] = json.loads(site.program(CHECK.format(first=first)).splitlines()[-1])
    return state
