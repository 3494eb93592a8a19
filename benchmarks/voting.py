"""`python -m benchmarks.voting`: concurrent annotators against the real server, on SQLite and on PostgreSQL.

Gunicorn (2 workers × 4 threads) on loopback serves a site of its own. Annotators with real sign-ins do what the voting
page does, without pausing to look: claim a HIT, then post its answers one by one. Pictures are not fetched: browsers
keep them. Afterwards the database is held against what the clients were told.

  --bare   also a bare WSGI endpoint on raw sqlite3 (not FastAPI) that does the same durable work, before and after
  --flat   also the cost of a claim at 1,000, 10,000 and 100,000 questions, in process
"""

import argparse
import sys
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.voting_client import Tally, annotators, bare_annotators, drive
from benchmarks.voting_site import Server, Site, bare_server, postgres_site, sqlite_site, why_no_postgres

CROWDS = (16, 64)
SIZES = (1_000, 10_000, 100_000)
WARM_UP_SECONDS = 1.5
MAX_CPU_MS, MAX_P99_MS, MAX_SLOPE, MIN_OF_BARE = 5.0, 250.0, 0.10, 0.5


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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--questions", type=int, default=1_000, help="in each campaign; one campaign for each crowd")
    parser.add_argument("--seconds", type=float, default=8, help="of each cell; 0: until every question is answered")
    parser.add_argument("--databases", nargs="+", choices=["sqlite", "postgresql"], default=["sqlite", "postgresql"])
    parser.add_argument("--postgres", default="postgres://postgres@127.0.0.1:5432/postgres", help="makes databases")
    parser.add_argument("--bare", action="store_true")
    parser.add_argument("--flat", action="store_true")
    options = parser.parse_args()
    if not Path("/proc/self/stat").exists():
        sys.exit("This benchmark reads the server's CPU time from /proc, which only Linux has.")
    cells: list[Cell] = []
    bare: list[Tally] = []
    for database in options.databases:
        if database == "postgresql" and (reason := why_no_postgres(options.postgres)):
            print(f"PostgreSQL is left out: {reason}.")
            continue
        place: AbstractContextManager[Site] = (
            sqlite_site() if database == "sqlite" else postgres_site(options.postgres)
        )  # fmt: skip
        with place as site:
            cells += _cells(database, site, options, bare)
    _table(cells)
    verdicts = _verdicts(cells) + _bare_verdict(cells, bare) + (_flat_verdicts() if options.flat else [])
    print("\n| Bar | | |\n|---|---|---|")
    for bar, reached, found in verdicts:
        print(f"| {bar} | {'reached' if reached else 'NOT reached'} | {found} |")
    if any(cell.tally.errors or cell.counted["over"] or cell.counted["lost"] for cell in cells):
        sys.exit("\nVotes were refused, lost or over-collected; see the table.")


def _cells(database: str, site: Site, options: argparse.Namespace, bare: list[Tally]) -> list[Cell]:
    names = ["Warm-up", *(f"Crowd of {crowd}" for crowd in CROWDS)]
    made = site.ask(do="make", questions=options.questions, annotators=max(CROWDS), campaigns=names)
    cells = []
    with site.server() as server:
        drive(*annotators(server.port, made["addresses"]["Warm-up"], made["cookies"][: CROWDS[0]]), WARM_UP_SECONDS)
        for crowd in CROWDS:
            beside = options.bare and database == "sqlite" and crowd == CROWDS[0]
            if beside:
                bare.append(_bare(crowd, options))
            cells.append(_cell(database, site, server, made, crowd, options.seconds))
            if beside:
                bare.append(_bare(crowd, options))
        if complaints := server.complaints():
            print(f"The server on {database} wrote:\n{complaints[-3000:]}\n")
    return cells


def _cell(database: str, site: Site, server: Server, made: dict[str, Any], crowd: int, seconds: float) -> Cell:
    address = made["addresses"][f"Crowd of {crowd}"]
    tally, people = annotators(server.port, address, made["cookies"][:crowd])
    drive(tally, people, seconds, lambda: (server.cpu(), site.database_cpu()))
    slug = address.rstrip("/").rpartition("/")[2]
    counted = site.ask(do="count", slug=slug, acknowledged=tally.acknowledged)
    for error in tally.errors[:3]:
        print(f"{database}, {crowd} annotators: {error}")
    return Cell(database, crowd, tally, counted)


def _bare(crowd: int, options: argparse.Namespace) -> Tally:
    """The bare endpoint under the same crowd for half a cell's time; with a warm-up, as the product has one."""
    with bare_server(questions=20_000, votes=5) as server:
        drive(*bare_annotators(server.port, crowd, seed=1), WARM_UP_SECONDS / 2)
        tally = drive(*bare_annotators(server.port, crowd, seed=2), (options.seconds or 8) / 2)
    if tally.errors:
        sys.exit(f"The bare endpoint failed: {tally.errors[0]}")
    return tally


def _spread(times: list[float]) -> str:
    if not times:
        return "–"
    return " / ".join(f"{value:.0f}" for value in np.percentile(times, [50, 95, 99]))


def _table(cells: list[Cell]) -> None:
    print("| Database | Annotators | Votes | Votes/s | Claim p50 / p95 / p99 ms | Submit p50 / p95 / p99 ms ", end="")
    print("| Server CPU ms/vote | Database CPU | Client CPU | Errors | Over | Lost | Exactly K |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---|")
    for cell in cells:
        tally, votes = cell.tally, max(cell.votes, 1)
        in_database = "–" if tally.database_cpu is None else f"{tally.database_cpu * 1000 / votes:.2f}"
        print(
            f"| {cell.database} | {cell.crowd} | {cell.votes:,} | {votes / tally.seconds:.0f} "
            f"| {_spread(tally.claim_ms)} ({len(tally.claim_ms)}) | {_spread(tally.submit_ms)} "
            f"| {cell.cpu_per_vote:.2f} | {in_database} | {tally.cpu_seconds * 1000 / votes:.2f} "
            f"| {len(tally.errors)} | {cell.counted['over']} | {cell.counted['lost']} | {cell.exact} |"
        )


def _verdicts(cells: list[Cell]) -> list[tuple[str, bool, str]]:
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
    for cell in (one for one in cells if one.crowd == CROWDS[0]):
        for what, times in (("claim", cell.tally.claim_ms), ("submit", cell.tally.submit_ms)):
            p99 = float(np.percentile(times, 99)) if times else float("inf")
            bar = f"p99 of {what} < {MAX_P99_MS:.0f} ms, {cell.database}, {cell.crowd} annotators"
            found.append((bar, p99 < MAX_P99_MS, f"{p99:.0f} ms"))
    return found


def _bare_verdict(cells: list[Cell], bare: list[Tally]) -> list[tuple[str, bool, str]]:
    if not bare:
        return []
    ours = next(cell.tally for cell in cells if cell.database == "sqlite" and cell.crowd == CROWDS[0])
    theirs = sum(one.requests for one in bare) / sum(one.seconds for one in bare)
    mine = ours.requests / ours.seconds
    each = " and ".join(f"{one.requests / one.seconds:.0f}" for one in bare)
    tail = " and ".join(_spread(one.submit_ms) for one in bare)
    print(f"\nBare WSGI + sqlite3 (not FastAPI), {CROWDS[0]} clients: {each} requests/s, p50 / p95 / p99 {tail} ms.")
    bar = f"≥ {MIN_OF_BARE} of the requests/s of the bare endpoint, SQLite, {CROWDS[0]} annotators"
    return [(bar, mine / theirs >= MIN_OF_BARE, f"{mine / theirs:.2f} ({mine:.0f} of {theirs:.0f})")]


def _flat_verdicts() -> list[tuple[str, bool, str]]:
    from benchmarks.voting_flat import measure

    verdicts = []
    print("\n| CPU ms of a claim | " + " | ".join(f"{size:,} questions" for size in SIZES) + " |")
    print("|---|" + "---:|" * len(SIZES))
    for kind, sized in measure(list(SIZES)).items():
        print(f"| {kind} | " + " | ".join(f"{sized[size]:.2f}" for size in SIZES) + " |")
        ratio = sized[SIZES[-1]] / sized[SIZES[0]]
        bar = f"a {kind}'s claim flat within {MAX_SLOPE:.0%} from {SIZES[0]:,} to {SIZES[-1]:,} questions"
        verdicts.append((bar, ratio <= 1 + MAX_SLOPE, f"× {ratio:.2f}"))
    return verdicts


if __name__ == "__main__":
    main()
