"""`python -m benchmarks.voting`: concurrent annotators against the real server, on SQLite and on PostgreSQL.

Gunicorn (2 workers × 4 threads) on loopback serves a site of its own. Annotators with real sign-ins do what the voting
page does, without pausing to look: claim a HIT, then post its answers one by one; the next claim submits the HIT.
Pictures are not fetched: browsers keep them. Afterwards the database is held against what the clients were told.

On SQLite, 16 annotators take turns with 16 clients of a bare FastAPI endpoint (uvicorn, 2 workers) on raw sqlite3 that
does the same durable work. It is installed into an environment of its own in the user's cache, once.

  --no-peer           leave that endpoint out
  --flat              also the cost of a claim at 1,000, 10,000 and 100,000 questions, in process
  --vs label-studio   also the same work in Label Studio, installed apart (about 1 GB, several minutes, once)
"""

import argparse
import sys
from contextlib import AbstractContextManager
from pathlib import Path

from benchmarks.peers import NotInstalled, environment
from benchmarks.voting_bare import REQUIREMENTS
from benchmarks.voting_client import Annotator, Tally, annotators, bare_annotators, drive
from benchmarks.voting_report import Cell, Duel, flat_verdicts, print_duel, print_table, print_verdicts, verdicts
from benchmarks.voting_site import Server, Site, bare_server, postgres_site, sqlite_site, why_no_postgres

CROWDS = (16, 64)
WARM_UP_SECONDS = 1.5
# The product and the bare endpoint take so many turns each: what else the machine does, it then does to both.
TURNS = 4
# The bare endpoint's addresses: what it is called, and whether a bar is held against it.
BARE = {
    "/thread/": ("Bare FastAPI + sqlite3, in a thread", True),
    "/loop/": ("Bare FastAPI + sqlite3, in the event loop", False),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--questions", type=int, default=3_000, help="in each campaign; one campaign for each crowd")
    parser.add_argument("--seconds", type=float, default=10, help="of each cell; 0: until every question is answered")
    parser.add_argument("--databases", nargs="+", choices=["sqlite", "postgresql"], default=["sqlite", "postgresql"])
    parser.add_argument("--postgres", default="postgres://postgres@127.0.0.1:5432/postgres", help="makes databases")
    parser.add_argument("--no-peer", action="store_true")
    parser.add_argument("--flat", action="store_true")
    parser.add_argument("--vs", choices=["label-studio"])
    options = parser.parse_args()
    if not Path("/proc/self/stat").exists():
        sys.exit("This benchmark reads the server's CPU time from /proc, which only Linux has.")
    cells: list[Cell] = []
    duels: list[Duel] = []
    for database in options.databases:
        if database == "postgresql" and (reason := why_no_postgres(options.postgres)):
            print(f"PostgreSQL is left out: {reason}.")
            continue
        with place(database, options.postgres) as site:
            cells += _cells(database, site, options, duels)
    print_table(cells)
    for duel in duels:
        print_duel(duel)
    found = verdicts(cells, duels) + (flat_verdicts() if options.flat else [])
    if options.vs:
        from benchmarks.voting_label_studio import compare

        found += compare(options)
    print_verdicts(found)
    if any(cell.tally.errors or cell.counted["over"] or cell.counted["lost"] for cell in cells):
        sys.exit("\nVotes were refused, lost or over-collected; see the table.")


def place(database: str, postgres: str) -> AbstractContextManager[Site]:
    return sqlite_site() if database == "sqlite" else postgres_site(postgres)


def _cells(database: str, site: Site, options: argparse.Namespace, duels: list[Duel]) -> list[Cell]:
    names = ["Warm-up", *(f"Crowd of {crowd}" for crowd in CROWDS)]
    made = site.ask(do="make", questions=options.questions, annotators=max(CROWDS), campaigns=names)
    cells = []
    with site.server() as server:
        drive(*annotators(server.port, made["addresses"]["Warm-up"], made["cookies"][: CROWDS[0]]), WARM_UP_SECONDS)
        for crowd in CROWDS:
            beside = database == "sqlite" and crowd == CROWDS[0] and not options.no_peer
            address = made["addresses"][f"Crowd of {crowd}"]
            tally, people = annotators(server.port, address, made["cookies"][:crowd])
            if beside:
                duels += _duel(site, server, tally, people, options.seconds)
            if not tally.seconds:
                drive(tally, people, options.seconds, lambda: (server.cpu(), site.database_cpu()))
            slug = address.rstrip("/").rpartition("/")[2]
            counted = site.ask(do="count", slug=slug, acknowledged=tally.acknowledged)
            for error in tally.errors[:3]:
                print(f"{database}, {crowd} annotators: {error}")
            cells.append(Cell(database, crowd, tally, counted))
        if complaints := server.complaints():
            print(f"The server on {database} wrote:\n{complaints[-3000:]}\n")
    return cells


def _duel(site: Site, server: Server, tally: Tally, people: list[Annotator], seconds: float) -> list[Duel]:
    """The product and the bare endpoint in turn; nothing where that endpoint cannot be had."""
    if not seconds:
        print("The bare endpoint is left out: with --seconds 0 nothing takes turns.")
        return []
    try:
        python = environment("fastapi", REQUIREMENTS)
    except NotInstalled as error:
        print(f"The bare endpoint is left out: {error}")
        return []
    duels = []
    with bare_server(python, questions=30_000, votes=5) as bare:
        for place, (path, (name, barred)) in enumerate(BARE.items()):
            drive(*bare_annotators(bare.port, path, range(-len(people), 0)), WARM_UP_SECONDS / 2)
            theirs, others = bare_annotators(bare.port, path, range(place * 1000, place * 1000 + len(people)))
            duels.append((Duel(name, barred, tally, theirs), others))
        for _ in range(TURNS):
            before = tally.requests
            drive(tally, people, seconds / TURNS, lambda: (server.cpu(), site.database_cpu()))
            for duel, others in duels:
                earlier = duel.theirs.requests
                drive(duel.theirs, others, seconds / TURNS, lambda: (bare.cpu(), None))
                duel.turns.append((duel.theirs.requests - earlier, tally.requests - before))
    for duel, _ in duels:
        if duel.theirs.errors:
            sys.exit(f"The bare endpoint failed: {duel.theirs.errors[0]}")
    return [duel for duel, _ in duels]


if __name__ == "__main__":
    main()
