"""What benchmarks.voting prints: a line for each cell, and whether the bars are reached."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from benchmarks.voting_client import Tally

SIZES = (1_000, 10_000, 100_000)
MAX_CPU_MS, MAX_P99_MS, MAX_SLOPE, MIN_OF_BARE = 5.0, 250.0, 0.10, 0.5
# Bars of p99 and of the bare endpoint are for this many annotators.
FEW = 16

Verdict = tuple[str, bool, str]


@dataclass(frozen=True)
class Cell:
    """One database under one crowd."""

    database: str
    crowd: int
    tally: Tally
    counted: dict[str, Any]

    @property
    def votes(self) -> int:
        """Votes within the time."""
        return len(self.tally.submit_ms)

    @property
    def cpu_per_vote(self) -> float:
        """CPU milliseconds of the server for each vote, its share of the claims included."""
        return self.tally.server_cpu * 1000 / max(self.votes, 1)

    @property
    def exact(self) -> str:
        """What can be said of exactly K when the time is over."""
        counted = self.counted
        if counted["complete"] == counted["questions"]:
            return f"all {counted['questions']:,} exactly {counted['wanted']}"
        return f"{counted['complete']:,} of {counted['questions']:,} full"


@dataclass
class Duel:
    """The product and the bare endpoint, turn by turn."""

    name: str
    barred: bool  # whether a bar is held against it
    ours: Tally
    theirs: Tally
    turns: list[tuple[int, int]] = field(default_factory=list)  # requests of theirs and of ours

    @property
    def rates(self) -> tuple[float, float]:
        """Requests a second of theirs and of ours."""
        return self.theirs.requests / self.theirs.seconds, self.ours.requests / self.ours.seconds


def spread(times: list[float]) -> str:
    if not times:
        return "–"
    return " / ".join(f"{value:.0f}" for value in np.percentile(times, [50, 95, 99]))


def print_table(cells: list[Cell]) -> None:
    print("| Database | Annotators | Votes | Votes/s | Next p50 / p95 / p99 ms | Submit p50 / p95 / p99 ms ", end="")
    print("| Server CPU ms/vote | Database CPU | Client CPU | Errors | Over | Lost | Exactly K |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---|")
    for cell in cells:
        tally, votes = cell.tally, max(cell.votes, 1)
        in_database = "–" if tally.database_cpu is None else f"{tally.database_cpu * 1000 / votes:.2f}"
        print(
            f"| {cell.database} | {cell.crowd} | {cell.votes:,} | {votes / tally.seconds:.0f} "
            f"| {spread(tally.claim_ms)} ({len(tally.claim_ms)}) | {spread(tally.submit_ms)} "
            f"| {cell.cpu_per_vote:.2f} | {in_database} | {tally.cpu_seconds * 1000 / votes:.2f} "
            f"| {len(tally.errors)} | {cell.counted['over']} | {cell.counted['lost']} | {cell.exact} |"
        )


def print_duel(duel: Duel) -> None:
    theirs, mine = duel.rates
    cpu = duel.theirs.server_cpu * 1000 / max(duel.theirs.requests, 1)
    ours = duel.ours.server_cpu * 1000 / max(duel.ours.requests, 1)
    turns = ", ".join(f"{our / their:.2f}" for their, our in duel.turns)
    print(
        f"\n{duel.name}, in turn with ours, {FEW} clients: {theirs:.0f} requests/s, p50 / p95 / p99 "
        f"{spread(duel.theirs.submit_ms)} ms, server CPU {cpu:.2f} ms a request; ours {mine:.0f} requests/s, "
        f"{ours:.2f} ms. Ours ÷ bare, turn by turn: {turns}."
    )


def verdicts(cells: list[Cell], duels: list[Duel]) -> list[Verdict]:
    if not cells:
        return []
    over = sum(cell.counted["over"] + cell.counted["same_worker_twice"] for cell in cells)
    lost = sum(cell.counted["lost"] for cell in cells)
    errors = sum(len(cell.tally.errors) for cell in cells)
    found = [
        ("0 questions over-collected or answered twice by one", over == 0, str(over)),
        ("0 acknowledged votes lost", lost == 0, str(lost)),
        ("0 errors", errors == 0, str(errors)),
    ]
    for cell in cells:
        bar = f"server CPU ≤ {MAX_CPU_MS:.0f} ms a vote, {cell.database}, {cell.crowd} annotators"
        found.append((bar, cell.cpu_per_vote <= MAX_CPU_MS, f"{cell.cpu_per_vote:.2f} ms"))
    for cell in (one for one in cells if one.crowd == FEW):
        for what, times in (("next", cell.tally.claim_ms), ("submit", cell.tally.submit_ms)):
            p99 = float(np.percentile(times, 99)) if times else float("inf")
            bar = f"p99 of {what} < {MAX_P99_MS:.0f} ms, {cell.database}, {cell.crowd} annotators"
            found.append((bar, p99 < MAX_P99_MS, f"{p99:.0f} ms"))
    for duel in (one for one in duels if one.barred):
        theirs, mine = duel.rates
        bar = f"≥ {MIN_OF_BARE} of the requests/s of bare FastAPI + SQLite, {FEW} annotators"
        found.append((bar, mine / theirs >= MIN_OF_BARE, f"{mine / theirs:.2f} ({mine:.0f} of {theirs:.0f})"))
    return found


def flat_verdicts() -> list[Verdict]:
    from benchmarks.voting_flat import measure

    found = []
    print("\n| CPU ms of a claim | " + " | ".join(f"{size:,} questions" for size in SIZES) + " |")
    print("|---|" + "---:|" * len(SIZES))
    for kind, sized in measure(list(SIZES)).items():
        print(f"| {kind} | " + " | ".join(f"{sized[size]:.2f}" for size in SIZES) + " |")
        ratio = sized[SIZES[-1]] / sized[SIZES[0]]
        bar = f"a {kind}'s claim flat within {MAX_SLOPE:.0%} from {SIZES[0]:,} to {SIZES[-1]:,} questions"
        found.append((bar, ratio <= 1 + MAX_SLOPE, f"× {ratio:.2f}"))
    return found


def print_verdicts(found: list[Verdict]) -> None:
    print("\n| Bar | | |\n|---|---|---|")
    for bar, reached, value in found:
        print(f"| {bar} | {'reached' if reached else 'NOT reached'} | {value} |")
