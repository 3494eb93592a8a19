"""Annotators on a socket: a light client that does what the voting page does, and keeps what it was told.

One process, one event loop, one keep-alive connection an annotator and no HTTP library: the client must not take the
processor from the server that it measures (its own CPU time is in the tally).
"""

import asyncio
import json
import random
import re
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
# A page whose requests fail this often in a row has nothing to add to the measurement.
_PATIENCE = 20

Meter = Callable[[], tuple[float, float | None]]


@dataclass
class Tally:
    """What the annotators of one cell saw."""

    claim_ms: list[float] = field(default_factory=list)
    submit_ms: list[float] = field(default_factory=list)
    acknowledged: list[str] = field(default_factory=list)  # client ids of answers that the server said it has, ever
    errors: list[str] = field(default_factory=list)
    seconds: float = 0.0
    cpu_seconds: float = 0.0  # of this client
    server_cpu: float = 0.0  # seconds, of gunicorn's workers
    database_cpu: float | None = None  # seconds, of PostgreSQL's processes

    @property
    def requests(self) -> int:
        return len(self.claim_ms) + len(self.submit_ms)


def signed_in(cookies: dict[str, str]) -> dict[str, str]:
    """The headers of a browser with these cookies."""
    return {
        "X-CSRFToken": cookies["csrftoken"],
        "Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items()),
    }


class Page:
    """One browser's connection, with its headers; one request at a time."""

    def __init__(self, port: int, headers: dict[str, str]) -> None:
        self.port = port
        origin = f"127.0.0.1:{port}"
        fields = {
            "Host": origin,
            "Origin": f"http://{origin}",
            "User-Agent": "benchmark",
            "Accept": "*/*",
            "Content-Type": "application/json",
            **headers,
        }
        self._headers = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        # Servers end idle connections; a browser sees that and opens another before it asks again.
        if self._streams is not None and self._streams[0].at_eof():
            await self.close()
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self.port)
        return self._streams

    async def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None

    async def post(self, path: str, body: object) -> tuple[int, Any, float]:
        """Send JSON; returns status, JSON and the milliseconds from the first byte out to the last byte in."""
        return await self.request("POST", path, json.dumps(body).encode())

    async def request(self, method: str, path: str, content: bytes = b"") -> tuple[int, Any, float]:
        head = f"{method} {path} HTTP/1.1\r\n{self._headers}Content-Length: {len(content)}\r\n\r\n"
        reader, writer = await self.open()
        begin = time.perf_counter()
        writer.write(head.encode() + content)
        answer = await reader.readuntil(b"\r\n\r\n")
        length = _LENGTH.search(answer)
        if length is None:
            raise ValueError("an answer without Content-Length")
        data = await reader.readexactly(int(length[1]))
        elapsed = (time.perf_counter() - begin) * 1000
        status = int(answer[9:12])
        return status, json.loads(data) if status in (200, 201) else data[:200].decode(errors="replace"), elapsed


@dataclass
class Annotator:
    """Somebody who claims a HIT, answers its questions one by one, and claims the next until the time is over."""

    page: Page
    address: str  # of the voting page, with its last slash
    tally: Tally
    chance: random.Random
    failures: int = 0
    bundle: dict[str, Any] = field(default_factory=dict)

    async def settle(self) -> None:
        """Before the clock starts: be somewhere within a HIT, so that claims come spread, as they do in use."""
        if self.bundle:
            return  # from an earlier turn
        await self._claim([])
        items = self._asked()
        for item in items[: self.chance.randrange(len(items) or 1)]:
            await self._send(item, [])

    async def work(self, until: float) -> None:
        while time.perf_counter() < until and self.failures < _PATIENCE:
            for item in self._asked():
                if time.perf_counter() >= until or self.failures >= _PATIENCE:
                    return
                await self._send(item, self.tally.submit_ms)
            await self._claim(self.tally.claim_ms)
            if "done" in self.bundle:
                return

    async def _claim(self, times: list[float]) -> None:
        """The next HIT; this submits the one that is answered whole."""
        self.bundle = await self._ask("claim/", {}, times) or {}

    def _asked(self) -> list[dict[str, Any]]:
        return [item for item in self.bundle.get("items", []) if "given" not in item]

    async def _send(self, item: dict[str, Any], times: list[float]) -> None:
        answer = {
            "question": item["question"],
            "place": item["place"],
            "answer": self.chance.choice(["left", "right"]),
            "response_ms": self.chance.randint(600, 3000),
            "client_id": str(UUID(int=self.chance.getrandbits(128), version=4)),
        }
        body = {"ticket": self.bundle["ticket"], "submit": False, "answers": [answer]}
        receipt = await self._ask("votes/", body, times)
        if receipt is None:
            return
        item["given"] = {"client_id": answer["client_id"], "answer": answer["answer"]}
        self.tally.acknowledged += receipt["saved"]
        if receipt["saved"] != [answer["client_id"]]:
            self.tally.errors.append(f"an answer was not saved: {receipt}")

    async def _ask(self, what: str, body: object, times: list[float]) -> Any:
        return await self.ask(self.page.post(self.address + what, body), what, times)

    async def ask(self, asked: Awaitable[tuple[int, Any, float]], what: str, times: list[float]) -> Any:
        """Wait for an answer and note the time; None where it failed, which is noted too."""
        try:
            status, answer, elapsed = await asked
        except (OSError, asyncio.IncompleteReadError, ValueError) as error:
            status, answer, elapsed = 0, repr(error), 0.0
            await self.page.close()
        if status in (200, 201):
            self.failures = 0
            times.append(elapsed)
            return answer
        self.failures += 1
        self.tally.errors.append(f"{what} {status}: {answer}")
        return None


@dataclass
class BareAnnotator(Annotator):
    """The same person before the bare endpoint, which claims and stores in one request."""

    number: int = 0

    async def settle(self) -> None:
        """Nothing to do: every request claims."""

    async def work(self, until: float) -> None:
        while time.perf_counter() < until and self.failures < _PATIENCE:
            client_id = str(UUID(int=self.chance.getrandbits(128), version=4))
            vote = {"worker": self.number, "side": "left", "response_ms": 900, "client_id": client_id}
            receipt = await self._ask("", vote, self.tally.submit_ms)
            if receipt is None:
                continue
            if "done" in receipt:
                return
            self.tally.acknowledged.append(client_id)


def annotators(port: int, address: str, cookies: Sequence[dict[str, str]]) -> tuple[Tally, list[Annotator]]:
    tally = Tally()
    return tally, [
        Annotator(Page(port, signed_in(jar)), address, tally, random.Random(f"{address}{number}"))
        for number, jar in enumerate(cookies)
    ]


def bare_annotators(port: int, path: str, numbers: range) -> tuple[Tally, list[Annotator]]:
    tally = Tally()
    return tally, [
        BareAnnotator(Page(port, {}), path, tally, random.Random(f"{path}{number}"), number=number)
        for number in numbers
    ]


def drive(tally: Tally, people: Sequence[Annotator], seconds: float, meter: Meter = lambda: (0.0, None)) -> Tally:
    """Let everybody work for so many seconds, or until nothing is left where `seconds` is 0.

    Args:
        tally: What they share and fill; a further turn adds to it.
        people: Who works.
        seconds: For how long.
        meter: Reads the CPU seconds of the server and of the database (None where they cannot be seen).
    """
    asyncio.run(_drive(tally, people, seconds, meter))
    return tally


async def _drive(tally: Tally, people: Sequence[Annotator], seconds: float, meter: Meter) -> None:
    await asyncio.gather(*(one.settle() for one in people))
    # Who settled first has been idle since, longer perhaps than the server keeps a connection.
    await asyncio.gather(*(one.page.close() for one in people))
    await asyncio.gather(*(one.page.open() for one in people))
    (server, database), cpu = meter(), time.process_time()
    begin = time.perf_counter()
    until = begin + seconds if seconds else float("inf")
    await asyncio.gather(*(one.work(until) for one in people))
    tally.seconds += time.perf_counter() - begin
    tally.cpu_seconds += time.process_time() - cpu
    server_after, database_after = meter()
    tally.server_cpu += server_after - server
    if database is not None and database_after is not None:
        tally.database_cpu = (tally.database_cpu or 0.0) + database_after - database
    await asyncio.gather(*(one.page.close() for one in people))
