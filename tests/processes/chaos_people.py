"""Fifty people whom everything happens to: they do what the voting page does, on a bad line, with bad habits.

What each was told about every answer is noted, to be held against the database afterwards.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from tests.processes.chaos_http import BROKEN, Line

STRIDE = 4  # places of questions are multiples of this, those between are probes'


@dataclass
class Fate:
    """What became of one answer, as far as its giver knows."""

    place: int
    saved: bool = False
    reason: str = ""  # why it does not count, as last heard
    withdrawn: bool = False  # somebody asked at least once to take it back

    @property
    def told(self) -> bool:
        return self.saved or bool(self.reason)


@dataclass
class World:
    """What all share."""

    port: int
    address: str  # of the voting page, with its last slash
    fates: dict[str, Fate] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    seen: Counter[str] = field(default_factory=Counter)
    answers: int = 0  # of the server, in all
    over: asyncio.Event = field(default_factory=asyncio.Event)
    progress: dict[str, Any] = field(default_factory=dict)  # what the clock said last

    def complain(self, what: str) -> None:
        """Note what must not happen; soon it is no use going on."""
        self.errors.append(what)
        assert len(self.errors) < 10, "\n".join(self.errors)


@dataclass
class Tab:
    """One tab of one person's browser. Its outbox survives whatever happens to the line."""

    world: World
    cookies: dict[str, str]
    chance: random.Random
    ticket: str = ""
    # Not acknowledged yet: by client id, the ticket and the answer, or that it is taken back.
    outbox: dict[str, tuple[str, dict[str, Any]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.line, self.second_line = (Line(self.world.port, self.cookies) for _ in range(2))

    def happens(self, probability: float, what: str) -> bool:
        if self.chance.random() >= probability:
            return False
        self.world.seen[what] += 1
        return True

    # Over the line.

    async def ask(self, what: str, body: object, line: Line | None = None) -> Any:
        """What the server says; None where the line broke. Whatever is not a 200 is noted."""
        try:
            status, answer = await (line or self.line).post(self.world.address + what, body)
        except BROKEN:
            self.world.seen["broken lines"] += 1
            await asyncio.sleep(0.05 + 0.2 * self.chance.random())
            return None
        if status == 200:
            self.world.answers += 1
            return answer
        self.world.complain(f"{what} {status}: {answer}")
        await asyncio.sleep(0.1)
        return None

    async def post(self, ticket: str, answers: list[dict[str, Any]], line: Line | None = None) -> bool:
        """Post answers once and note what the server says of them; returns whether it said something."""
        body = {"ticket": ticket, "answers": answers, "submit": self.chance.random() < 0.1}
        receipt = await self.ask("votes/", body, line)
        if receipt is None:
            return False
        told = {*receipt["saved"], *receipt["uncounted"]}
        sent = {answer["client_id"] for answer in answers}
        if told != sent:
            self.world.complain(f"sent {sent}, told of {receipt}")
        for client_id in sent & told:
            fate = self.world.fates[client_id]
            fate.saved = client_id in receipt["saved"]
            fate.reason = receipt["uncounted"].get(client_id, "")
        for answer in answers:
            # Unless it was taken back while it was on the way: that is still to be sent.
            if answer["client_id"] in told and self.outbox.get(answer["client_id"], ("", None))[1] is answer:
                del self.outbox[answer["client_id"]]
        return True

    def keep(self, answer: dict[str, Any]) -> None:
        """Put an answer of the bundle at hand last in the outbox."""
        self.outbox.pop(answer["client_id"], None)
        self.outbox[answer["client_id"]] = (self.ticket, answer)

    def first_post(self) -> tuple[str, list[dict[str, Any]]]:
        """The oldest answer in the outbox, with all others to the same bundle."""
        ticket = next(iter(self.outbox.values()))[0]
        return ticket, [answer for of, answer in self.outbox.values() if of == ticket]

    async def flush(self) -> None:
        """Send what is in the outbox, a bundle at a time, until the server has said that it has it all."""
        while self.outbox:
            await self.post(*self.first_post())

    async def send(self) -> None:
        """Send the outbox as a line like this one lets it: lost answers, doubled posts."""
        ticket, answers = self.first_post()
        if self.happens(0.06, "dropped responses"):
            body = {"ticket": ticket, "answers": answers, "submit": False}
            try:
                await self.line.post_and_leave(self.world.address + "votes/", body, 0.02 * self.chance.random())
            except BROKEN:
                self.world.seen["broken lines"] += 1
        elif self.happens(0.06, "double posts"):
            await asyncio.gather(self.post(ticket, answers), self.post(ticket, answers, self.second_line))
        else:
            await self.post(ticket, answers)

    # What a person does.

    async def live(self) -> None:
        """Work until all is over, then send what is left and see that there is nothing more to do."""
        await asyncio.sleep(self.chance.random())
        while not self.world.over.is_set():
            bundle = await self.claim()
            if bundle is None or "done" in bundle:
                await asyncio.sleep(0.2 + 0.3 * self.chance.random())
            else:
                await self.work(bundle)
        await self.flush()
        while (last := await self.claim()) is None:
            pass
        if not last.get("done"):
            self.world.complain(f"all was over, and a claim got {last}")
        self.line.close()
        self.second_line.close()

    async def claim(self) -> Any:
        if self.happens(0.05, "claims twice at once"):
            one, other = await asyncio.gather(self.ask("claim/", {}), self.ask("claim/", {}, self.second_line))
            return one or other
        return await self.ask("claim/", {})

    async def work(self, bundle: dict[str, Any]) -> None:
        self.ticket = bundle["ticket"]
        items = [item for item in bundle["items"] if "given" not in item]
        for item in bundle["items"]:
            if "given" in item and self.happens(0.04, "undone of an earlier visit"):
                await self.undo(self.known(item))
        stop = self.chance.randrange(len(items)) if items and self.happens(0.15, "interrupted") else len(items)
        offline = self.happens(0.12, "offline for a while")
        for item in items[:stop]:
            await self.answer(item, offline)
            if self.world.over.is_set():
                return
        if stop < len(items):
            await self.interrupted()
            for item in items[stop:] if self.happens(0.4, "went on after all") else ():
                await self.answer(item, offline)
        if self.outbox:
            await self.send()

    async def answer(self, item: dict[str, Any], offline: bool) -> None:
        given = self.given(item)
        self.keep(given)
        if not offline:
            await self.send()
        if self.happens(0.05, "undone"):
            await self.undo(given)
            self.keep(self.given(item))
        if self.happens(0.02, "heartbeats"):
            await self.ask("heartbeat/", {"ticket": self.ticket})

    async def interrupted(self) -> None:
        """Give the bundle back, or be silent until the lease is likely over."""
        if self.happens(0.4, "returns"):
            if self.happens(0.3, "returns with an answer on the way") and self.outbox:
                await asyncio.gather(
                    self.post(*self.first_post(), self.second_line), self.ask("return/", {"ticket": self.ticket})
                )
            else:
                await self.ask("return/", {"ticket": self.ticket})
        else:
            await asyncio.sleep(3 * self.chance.random())

    async def undo(self, given: dict[str, Any]) -> None:
        """Take an answer back: after it was sent, while it is sent, or before it ever was."""
        self.world.fates[given["client_id"]].withdrawn = True
        back = {**given, "withdrawn": True}
        self.keep(back)
        if self.happens(0.3, "undone while it is sent"):
            await asyncio.gather(self.post(self.ticket, [given], self.second_line), self.post(self.ticket, [back]))
        if self.happens(0.3, "undone, and sent after that"):
            await self.post(self.ticket, [back])
            await self.post(self.ticket, [given], self.second_line)
        elif self.outbox and self.chance.random() < 0.7:
            await self.send()

    # What a person thinks.

    def given(self, item: dict[str, Any]) -> dict[str, Any]:
        """Most see what all see: the side whose picture comes first; others something else."""
        client_id = str(UUID(int=self.chance.getrandbits(128), version=4))
        self.world.fates[client_id] = Fate(item["place"])
        if item["kind"] == "label":
            choice = "0" if self.chance.random() < 0.8 else self.chance.choice(["1", "2"])
        else:
            near = "left" if item["left"]["url"] < item["right"]["url"] else "right"
            choice = near if self.chance.random() < 0.8 else self.chance.choice(["left", "right", "cant-tell"])
        return self.body(item, choice, client_id)

    def known(self, item: dict[str, Any]) -> dict[str, Any]:
        """An answer that the server says this person gave, in this tab or another."""
        client_id = item["given"]["client_id"]
        self.world.fates.setdefault(client_id, Fate(item["place"]))
        return self.body(item, item["given"]["answer"], client_id)

    def body(self, item: dict[str, Any], choice: str, client_id: str) -> dict[str, Any]:
        return {
            "question": item["question"],
            "place": item["place"],
            "answer": choice,
            "response_ms": self.chance.randint(300, 3000),
            "client_id": client_id,
        }
