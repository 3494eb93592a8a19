"""`python -m benchmarks.export`: weighted triplets from the database to a file, beside Django's own rows.

Ours is the product's export of a campaign's triplets. The peer is the same columns by `values_list(…).iterator()` into
csv.writer, json.dumps or pyarrow's Parquet writer. Both read the same rows of the same site, filled by raw SQL, and
take turns, each in a process of its own, whose peak memory is what the operating system says. The files are compared.

Also timed: freezing all of it as a dataset, and the export of a campaign with 50,000 votes.
"""

import argparse
import csv
import json
import statistics
import subprocess
import sys
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from benchmarks.voting_site import ROOT, Site, postgres_site, sqlite_site, why_no_postgres

BARS = {"csv": 4.0, "jsonl": 5.0, "parquet": 4.0}
MEMORY_MB, FLAT_MB, VOTES_SECONDS = 250.0, 40.0, 2.0
SMALL_VOTES = 50_000
BAR_FROM = 1_000_000  # triplets


def ask(site: Site, **request: Any) -> dict[str, Any]:
    """Have benchmarks.export_side do something in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.export_side"]
    done = subprocess.run(
        command, cwd=ROOT, env=site.environment, input=json.dumps(request), capture_output=True, text=True
    )
    if done.returncode:
        sys.exit(f"{request} failed:\n{done.stderr[-3000:]}")
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def table(path: Path, format: str) -> list[tuple[str, ...]]:
    """A file's rows as texts, weights as numbers."""
    if format == "csv":
        with path.open(newline="") as file:
            found = [tuple(row.values()) for row in csv.DictReader(file)]
    elif format == "jsonl":
        with path.open() as file:
            found = [tuple(json.loads(line).values()) for line in file]
    else:
        import pyarrow.parquet as pq

        found = list(zip(*(column.to_pylist() for column in pq.read_table(path).columns), strict=True))
    return [tuple(str(float(cell)) if place == 3 else str(cell) for place, cell in enumerate(row)) for row in found]


def compare(site: Site, database: str, size: int, turns: int) -> tuple[list[str], dict[str, float]]:
    """Both sides in turns; verdicts, and our peak memory by format."""
    filled = ask(site, do="fill", triplets=size, votes=True)
    print(f"{database}: {filled['triplets']:,} triplets, {filled['votes']:,} votes", flush=True)
    verdicts, peaks = [], {}
    for format, bar in BARS.items():
        request = {"do": "export", "campaign": filled["campaign"], "format": format}
        paths = {side: site.folder / f"{side}.{format}" for side in ("ours", "django")}
        done: dict[str, list[dict[str, Any]]] = {"ours": [], "django": []}
        for _ in range(turns):
            for side, path in paths.items():
                done[side].append(ask(site, side=side, path=str(path), **request))
        if size <= 100_000:
            assert table(paths["ours"], format) == table(paths["django"], format), "the files differ"
        ratios = [b["seconds"] / a["seconds"] for a, b in zip(done["ours"], done["django"], strict=True)]
        peaks[format] = max(one["peak_mb"] for one in done["ours"])
        for side, found in done.items():
            seconds = statistics.median(one["seconds"] for one in found)
            peak = max(one["peak_mb"] for one in found)
            print(f"  {format:8} {side:7} {seconds:7.2f} s {size / seconds:12,.0f} rows/s {peak:6.0f} MB", flush=True)
        ratio = statistics.median(ratios)
        said = f"{database}, {size:,}, {format}: {ratio:.1f} times Django's rows/s"
        # Of few rows, what a process does once is a good part.
        verdicts.append(verdict(said, ratio >= bar, bar) if size >= BAR_FROM else f"        {said}")
        verdicts.append(verdict(f"{database}, {size:,}, {format}: peak {peaks[format]:.0f} MB",
                                peaks[format] <= MEMORY_MB, MEMORY_MB))  # fmt: skip
    frozen = ask(site, do="export", side="freeze", format="", campaign=filled["campaign"], path="")
    print(f"  freezing {frozen['rows']:,} triplets: {frozen['seconds']:.2f} s, {frozen['peak_mb']:.0f} MB", flush=True)
    return verdicts, peaks


def fifty_thousand(site: Site, database: str) -> list[str]:
    """The export of all votes of a campaign of that size."""
    filled = ask(site, do="fill", triplets=SMALL_VOTES // 5, votes=True)
    found = []
    for format in ("votes-csv", "votes-jsonl", "votes-parquet"):
        path = str(site.folder / "votes")
        done = ask(site, do="export", side="votes", format=format, campaign=filled["campaign"], path=path)
        said = f"{database}: {filled['votes']:,} votes as {format} in {done['seconds']:.2f} s, {done['peak_mb']:.0f} MB"
        found.append(verdict(said, done["seconds"] < VOTES_SECONDS, VOTES_SECONDS))
    return found


def verdict(said: str, held: bool, bar: float) -> str:
    return f"{'holds' if held else 'MISSED':7} {said} (bar {bar:g})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--triplets", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--databases", nargs="+", choices=["sqlite", "postgresql"], default=["sqlite", "postgresql"])
    parser.add_argument("--postgres", default="postgres://postgres@127.0.0.1:5432/postgres", help="makes databases")
    options = parser.parse_args()
    found: list[str] = []
    for database in options.databases:
        if database == "postgresql" and (reason := why_no_postgres(options.postgres)):
            print(f"PostgreSQL is left out: {reason}.")
            continue
        found += _database(database, options)
    print("\n".join(found))
    sys.exit(any(one.startswith("MISSED") for one in found))


def _database(database: str, options: argparse.Namespace) -> list[str]:
    found, by_size = [], []
    for size in options.triplets:
        with _place(database, options.postgres) as site:
            verdicts, peaks = compare(site, database, size, options.turns)
        found += verdicts
        by_size.append(peaks)
    for format in BARS if len(by_size) > 1 else ():
        more = by_size[-1][format] - by_size[0][format]
        said = f"{database}, {format}: {more:+.0f} MB from {options.triplets[0]:,} to {options.triplets[-1]:,} triplets"
        found.append(verdict(said, more <= FLAT_MB, FLAT_MB))
    with _place(database, options.postgres) as site:
        return found + fifty_thousand(site, database)


def _place(database: str, postgres: str) -> AbstractContextManager[Site]:
    return sqlite_site() if database == "sqlite" else postgres_site(postgres)


if __name__ == "__main__":
    main()
