"""Fifty people at once on a real server that is killed again and again: nothing is lost, doubled or over-collected.

A test of minutes, on both databases. The seed decides what people, killer and clock do (not how threads take turns);
SEMBLANCE_CHAOS_SEED tries another one, SEMBLANCE_CHAOS_SIZE more or fewer questions.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.processes import chaos_site
from tests.processes.chaos_people import STRIDE, Tab, World
from tests.processes.chaos_site import Server
from tests.processes.conftest import Site, _postgres
from tests.requirements import need_postgres

pytestmark = pytest.mark.processes
SEED = int(os.environ.get("SEMBLANCE_CHAOS_SEED", "20261124"))
SIZE = int(os.environ.get("SEMBLANCE_CHAOS_SIZE", "9"))  # triplets that each stimulus is in
PEOPLE, LIMIT_S = 50, 600.0
CAMPAIGNS = {
    "five": {"votes_per_question": 5, "hit_size": 6},
    "three-then-five": {"votes_per_question": 5, "votes_first": 3, "hit_size": 6, "kind": "both", "repeats": 1},
}


@pytest.fixture(params=["sqlite", "postgres"])
def site(request: Any, tmp_path: Path) -> Iterator[Site]:
    database, drop = None, lambda: None
    if request.param == "postgres":
        database, drop = _postgres(need_postgres())
    (tmp_path / "site").mkdir()
    one = Site(tmp_path / "site", database, None)
    try:
        one.manage("migrate", "--verbosity", "0")
        yield one
    finally:
        drop()


@pytest.mark.parametrize("name", CAMPAIGNS)
def test_whatever_happens_every_question_ends_with_exactly_k_votes_and_nothing_is_lost(site: Site, name: str):
    settings = {"cant_tell": True, **CAMPAIGNS[name]}
    _say(f"seed {SEED}, size {SIZE}")
    built = chaos_site.build(site, people=PEOPLE, per_stimulus=SIZE, settings=settings)
    server = Server(site)
    server.start()
    clock = chaos_site.tender(site, SEED)
    try:
        server.wait()
        world, kills = asyncio.run(_chaos(server, clock, built))
    finally:
        clock.kill()
        clock.communicate()
        server.kill()
    state = chaos_site.check(site, first=CAMPAIGNS[name].get("votes_first"))
    _say(f"{built['questions']} questions, {len(state['votes'])} votes, {len(state['uncounted'])} uncounted")
    _say(f"{kills} kills, {dict(world.seen)}")
    assert world.errors == []
    assert "Traceback" not in server.log()
    assert state["problems"] == []
    assert state["deadlocks"] == 0
    assert len(state["votes"]) == state["asked"]
    assert state["wanted"] == sorted({settings.get("votes_first", 5), 5})
    assert _contradictions(world, state) == []
    # Chaos there was.
    assert kills > 5
    assert all(world.seen[what] > 5 for what in ("dropped responses", "double posts", "returns", "undone"))
    assert {"late", "repeated", "withdrawn"} <= set(state["uncounted"].values())


def _say(what: str) -> None:
    print(what)  # noqa: T201 pytest shows it with a failure


async def _chaos(server: Server, clock: subprocess.Popen[str], built: dict[str, Any]) -> tuple[World, int]:
    world = World(server.port, built["address"])
    tabs = [
        Tab(world, cookies, random.Random(f"{SEED}-{number}-{tab}"))
        for number, cookies in enumerate(built["cookies"])
        for tab in range(2 if number % 5 == 0 else 1)  # every fifth person has two tabs open
    ]
    killer = asyncio.create_task(_kill(server, world, random.Random(f"{SEED}-killer")))
    try:
        async with asyncio.timeout(LIMIT_S), asyncio.TaskGroup() as group:
            for tab in tabs:
                group.create_task(tab.live())
            group.create_task(_watch(clock, world))
    except TimeoutError:
        pytest.fail(f"not within {LIMIT_S:.0f} s: {world.progress}, {world.errors[:5]}, {server.log()[-2000:]}")
    return world, await killer


async def _watch(clock: subprocess.Popen[str], world: World) -> None:
    """Read how far the round is, until the clock says that all is done."""
    assert clock.stdout is not None
    assert clock.stderr is not None
    while line := await asyncio.to_thread(clock.stdout.readline):
        world.progress = json.loads(line)
    assert clock.wait() == 0, clock.stderr.read()
    world.over.set()


async def _kill(server: Server, world: World, chance: random.Random) -> int:
    """Kill a process of the server every hundred answers or so, and all of it once; returns how many kills there were.

    So a slow machine does as much work between two kills as a fast one.
    """
    kills, due = 0, 60
    while not world.over.is_set():
        await asyncio.sleep(0.1)
        if world.answers < due:
            continue
        due = world.answers + chance.randint(40, 160)
        if kills == 3:
            server.kill()
            await asyncio.sleep(0.5)
            server.start()
            kills += 1
        else:
            kills += server.kill_a_worker(chance)
    return kills


def _contradictions(world: World, state: dict[str, Any]) -> list[str]:
    """What somebody was told of an answer and the database does not hold."""
    counted, uncounted = {*state["votes"], *state["probes"]}, state["uncounted"]
    found = []
    for client_id, fate in world.fates.items():
        where = uncounted.get(client_id, "counted" if client_id in counted else "nowhere")
        if not fate.told:
            found.append(f"{client_id}: nobody was ever told of it")
        elif where == "nowhere":
            found.append(f"{client_id}: acknowledged and lost, {fate}")
        elif not fate.withdrawn and where != (fate.reason or "counted"):
            found.append(f"{client_id}: is {where}, and its giver was told {fate}")
        elif fate.place % STRIDE == 0 and client_id in state["probes"]:
            found.append(f"{client_id}: an answer to a question is kept as a probe's")
    found += [f"{one}: nobody gave it" for one in (counted | set(uncounted)) - set(world.fates)]
    return found
