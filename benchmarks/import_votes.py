"""`python -m benchmarks.import_votes`: a file of votes into the database, beside Django's own bulk_create.

Both sides read the same CSV (head, winner, loser, left, right, worker, time, moment) and end with the same rows of
votes, under the same constraints and indexes, in one transaction. The tables of votes and questions are empty before
ours, as where somebody moves in, so it builds their indexes at the end; the peer's table of votes is empty too.

Ours is the product's import: it makes the stimuli, workers, bundles, turns and questions too, in the time that is
measured. The peer is csv.DictReader → Vote(…) → bulk_create(batch_size=2000); all that its votes point at is there
beforehand, and not timed. They take turns, each in a process of its own; the ratio of each turn is of wall-clock
seconds that follow each other.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.aggregation import synthetic
from benchmarks.voting_fill import _triplets
from benchmarks.voting_site import ROOT, Site, postgres_site, sqlite_site, why_no_postgres

BAR = 8.0
VOTES_EACH = 5


def write_file(path: Path, votes: int) -> None:
    """Five votes a question by 500 workers, in random order."""
    questions = votes // VOTES_EACH
    crowd = synthetic(questions, VOTES_EACH)
    triplets = _triplets(questions)[crowd["question"]]
    triplets[:, 1:].sort(axis=1)
    for_b = crowd["choice"] == 1
    winner, loser = np.where(for_b, triplets[:, 2], triplets[:, 1]), np.where(for_b, triplets[:, 1], triplets[:, 2])
    rng = np.random.default_rng(2)
    swapped = rng.random(len(winner)) < 0.5
    left, right = np.where(swapped, loser, winner), np.where(swapped, winner, loser)
    ms = rng.integers(300, 9000, len(winner))
    moments = np.datetime64("2026-01-01", "ms") + np.arange(len(winner)) * 1234
    columns = [triplets[:, 0], winner, loser, left, right, crowd["worker"], ms]
    with path.open("w") as file:
        file.write("head,winner,loser,left,right,worker_id,response_ms,timestamp\n")
        for row in zip(*(column.tolist() for column in columns), np.datetime_as_string(moments).tolist(), strict=True):
            file.write(",".join(map(str, row)) + "\n")


def turn(site: Site, side: str, path: Path) -> dict[str, Any]:
    """One import by one side."""
    command = [sys.executable, "-m", "benchmarks.import_votes_side", side, str(path)]
    done = subprocess.run(command, cwd=ROOT, env=site.environment, capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr[-3000:])
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def compare(site: Site, name: str, path: Path, votes: int, turns: int) -> bool:
    """Print the turns and whether the bar is met."""
    ratios = []
    for number in range(1, turns + 1):
        ours, theirs = turn(site, "ours", path), turn(site, "theirs", path)
        if not ours["votes"] == theirs["votes"] == votes:
            sys.exit(f"ours has {ours['votes']:,} votes, theirs {theirs['votes']:,}; there are {votes:,}.")
        ratios.append(theirs["seconds"] / ours["seconds"])
        print(
            f"  {name:10} turn {number} | votes/s ours {votes / ours['seconds']:9,.0f} bulk_create "
            f"{votes / theirs['seconds']:9,.0f} | ratio {ratios[-1]:.1f} | "
            f"own CPU s {ours['cpu']:.1f} {theirs['cpu']:.1f} | peak MiB {ours['mib']:.0f} {theirs['mib']:.0f}",
            flush=True,
        )
    middle = statistics.median(ratios)
    print(
        f"  {name:10} {votes:,} votes: {middle:.1f} × bulk_create (bar {BAR:g}) {'met' if middle >= BAR else 'MISSED'}"
    )
    return middle >= BAR


def place(database: str, postgres: str) -> AbstractContextManager[Site]:
    return sqlite_site() if database == "sqlite" else postgres_site(postgres)


def main() -> int:
    """Run it; exit status 1 where the bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--votes", type=int, default=1_000_000)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--databases", nargs="+", choices=["sqlite", "postgresql"], default=["sqlite", "postgresql"])
    parser.add_argument("--postgres", default="postgres://postgres@127.0.0.1:5432/postgres", help="makes databases")
    options = parser.parse_args()
    votes = options.votes // VOTES_EACH * VOTES_EACH
    met = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "votes.csv"
        write_file(path, votes)
        for database in options.databases:
            if database == "postgresql" and (reason := why_no_postgres(options.postgres)):
                print(f"PostgreSQL is left out: {reason}.")
                continue
            with place(database, options.postgres) as site:
                met.append(compare(site, database, path, votes, options.turns))
    return 0 if all(met) else 1


if __name__ == "__main__":
    sys.exit(main())
