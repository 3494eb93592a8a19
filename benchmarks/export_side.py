"""Inside a site: fill it with weighted triplets by raw SQL, or export them one way. Run by benchmarks.export.

Reads one JSON request on standard input, writes one JSON answer on standard output.
"""

import csv
import json
import resource
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.voting_fill import make_campaign, setup_django

CHUNK = 2000  # Django's own default
TOGETHER = 65_536  # rows of a row group of the peer's Parquet file
# Numbers that depend on the row and come out the same in SQLite and PostgreSQL.
_VOTES_A = "(ABS(q.id * 7919) %% 6)"  # the sign is doubled, because statements have parameters


def fill(triplets: int, votes: bool) -> dict[str, Any]:
    """One campaign with one counted round of so many questions, five votes each, no tie."""
    from django.db import connection
    from django.utils import timezone

    from annotation.models import Campaign, Question, Round, Tally, Vote

    campaign = make_campaign("Export", 40)
    round = campaign.rounds.get()
    stimuli = list(campaign.collection.stimuli.order_by("pk").values_list("pk", flat=True))
    first, count, width = stimuli[0], len(stimuli), len(str(triplets))
    assert stimuli == list(range(first, first + count)), "stimuli are numbered one after the other"
    now = timezone.now()
    series = (
        f"generate_series(0, {count**3 - 1})"
        if connection.vendor == "postgresql"
        else f"(WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {count**3 - 1}) "
        "SELECT i FROM n)"
    )
    name = "s(i)" if connection.vendor == "postgresql" else "s"
    with connection.cursor() as cursor:
        Question.objects.filter(campaign=campaign).update(hit=None)
        cursor.execute("DELETE FROM annotation_question")
        cursor.execute(
            "INSERT INTO annotation_question (campaign_id, round_id, position, kind, role, reference_id, a_id, b_id, "
            "split, wanted, expected) "
            f"SELECT %s, %s, 0, 'triplet', 'asked', {first} + i %% {count}, {first} + (i / {count}) %% {count}, "
            f"{first} + i / {count * count}, 0, 5, '' FROM {series} AS {name} "
            f"WHERE (i / {count}) %% {count} < i / {count * count} AND i %% {count} <> (i / {count}) %% {count} "
            f"AND i %% {count} <> i / {count * count} LIMIT %s",
            [campaign.pk, round.pk, triplets],
        )
        Round.objects.filter(pk=round.pk).update(status="closed", size=triplets, closed=now)
        tally = Tally.objects.create(
            campaign=campaign,
            round=round,
            kind="triplet",
            method=campaign.method,
            version="1",
            current=True,
            counted=now,
        )
        cursor.execute(
            "INSERT INTO annotation_consensus (question_id, tally_id, method, version, votes_a, votes_b, counts, "
            "margin, winner, weight, posterior) "
            f"SELECT q.id, %s, %s, '1', {_VOTES_A}, 5 - {_VOTES_A}, '{{}}', ABS(2 * {_VOTES_A} - 5), "
            f"CASE WHEN {_VOTES_A} > 2 THEN 'a' ELSE 'b' END, ABS(2 * {_VOTES_A} - 5), 0.5 + {_VOTES_A} / 12.0 "
            "FROM annotation_question q ORDER BY q.id",
            [tally.pk, campaign.method],
        )
        if votes:
            _fill_votes(cursor, connection.vendor, campaign, triplets, width)
        cursor.execute("ANALYZE")
    return {
        "campaign": Campaign.objects.get(pk=campaign.pk).slug,
        "triplets": Question.objects.count(),
        "votes": Vote.objects.count(),
    }


def _fill_votes(cursor: Any, vendor: str, campaign: Any, triplets: int, width: int) -> None:
    """Five votes a question, by five workers of 500, in HITs of 20 questions."""
    from django.utils import timezone

    from annotation.models import Assignment, Hit, Worker

    now, size = timezone.now(), 20
    round = campaign.rounds.get()
    Assignment.objects.all().delete()
    Hit.objects.all().delete()
    workers = Worker.objects.bulk_create(
        Worker(channel="local", external_id=f"w{n}", pseudonym=f"w-{n:012d}") for n in range(500)
    )
    hits = Hit.objects.bulk_create(
        (Hit(round=round, number=n, slots=5, open_slots=0) for n in range(-(-triplets // size))), batch_size=2000
    )
    Assignment.objects.bulk_create(
        (
            Assignment(
                campaign=campaign, hit=hit, worker=workers[(n * 5 + slot) % 500], slot=slot, status="submitted", seed=1,
                lease_until=now, submitted=now,
            )
            for n, hit in enumerate(hits)
            for slot in range(5)
        ),
        batch_size=2000,
    )  # fmt: skip
    lowest = "(SELECT MIN(id) FROM annotation_question)"
    first_hit = hits[0].pk
    cursor.execute(f"UPDATE annotation_question SET hit_id = {first_hit} + (id - {lowest}) / {size}")
    random = "md5(q.id::text || '.' || s.slot)::uuid" if vendor == "postgresql" else "lower(hex(randomblob(16)))"
    cursor.execute(
        'INSERT INTO annotation_vote (question_id, assignment_id, worker_id, "left", choice, response_ms, client_id, '
        "created, slot) "
        f"SELECT q.id, t.id, t.worker_id, 'a', CASE WHEN t.slot < {_VOTES_A} THEN 'a' ELSE 'b' END, 900, "
        f"{random.replace('s.slot', 't.slot')}, %s, t.slot FROM annotation_assignment t "
        "JOIN annotation_question q ON q.hit_id = t.hit_id",
        [now if vendor == "postgresql" else now.replace(tzinfo=None)],  # as Django keeps them
    )


def rows(campaign: Any) -> Iterator[tuple[Any, ...]]:
    """The same columns as Django's own values_list reads them."""
    from django.db.models import Case, F, Value, When

    from annotation.selectors.agreement import consensus_of

    won = {"a": ("a", "b"), "b": ("b", "a")}
    nearer, farther = (
        Case(*[When(winner=w, then=F(f"question__{won[w][place]}__key")) for w in "ab"]) for place in (0, 1)
    )
    votes_nearer, votes_farther = (
        Case(*[When(winner=w, then=F(f"votes_{won[w][place]}")) for w in "ab"]) for place in (0, 1)
    )
    split = Case(*[When(question__split=n, then=Value(s)) for n, s in enumerate(("train", "validation", "test"))])
    return iter(
        consensus_of(campaign)
        .exclude(winner="")
        .order_by("pk")
        .annotate(nearer=nearer, farther=farther, near=votes_nearer, far=votes_farther, part=split)
        .values_list(
            *("question__reference__key", "nearer", "farther", "weight", "margin", "near", "far", "part"),
            "question__round__number",
        )
        .iterator(CHUNK)
    )


def django_csv(campaign: Any, path: Path) -> None:
    from annotation.formats.exports.table import COLUMNS

    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows(rows(campaign))


def django_jsonl(campaign: Any, path: Path) -> None:
    from annotation.formats.exports.table import COLUMNS

    with path.open("w") as file:
        for row in rows(campaign):
            file.write(json.dumps(dict(zip(COLUMNS, row, strict=True))) + "\n")


def django_parquet(campaign: Any, path: Path) -> None:
    from itertools import islice

    import pyarrow as pa
    import pyarrow.parquet as pq

    from annotation.formats.exports.parquet_file import _schema

    schema, found = _schema(), rows(campaign)
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        while block := list(islice(found, TOGETHER)):
            columns = zip(*block, strict=True)
            arrays = [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema))


def ours(campaign: Any, path: Path, name: str) -> None:
    from annotation.formats.registry import load_writer
    from annotation.selectors.triplets import CampaignTriplets

    with path.open("wb") as file:
        load_writer(name).write(CampaignTriplets(campaign), file)


def votes(campaign: Any, path: Path, name: str) -> None:
    from annotation.formats.registry import load_answers
    from annotation.selectors.vote_export import CampaignAnswers

    with path.open("wb") as file:
        load_answers(name).write(CampaignAnswers(campaign), file)


def freeze(campaign: Any) -> dict[str, Any]:
    from annotation.services.datasets import dataset_freeze

    begun = time.perf_counter()
    dataset = dataset_freeze(campaign=campaign)
    return {"seconds": time.perf_counter() - begun, "rows": dataset.triplets, "peak_mb": _peak()}


def export(side: str, format: str, campaign: str, path: str) -> dict[str, Any]:
    """One export by one side, timed from the query to the closed file."""
    from annotation.models import Campaign

    found = Campaign.objects.get(slug=campaign)
    # Loading them is no part of an export.
    import pyarrow.compute
    import pyarrow.csv
    import pyarrow.parquet  # noqa: F401

    if side == "freeze":
        return freeze(found)
    begun = time.perf_counter()
    if side == "django":
        {"csv": django_csv, "jsonl": django_jsonl, "parquet": django_parquet}[format](found, Path(path))
    elif side == "votes":
        votes(found, Path(path), format)
    else:
        ours(found, Path(path), format)
    return {"seconds": time.perf_counter() - begun, "peak_mb": _peak(), "bytes": Path(path).stat().st_size}


def _peak() -> float:
    """The most memory of this process in MB; getrusage would say the most of the process that started it, if more."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    (line,) = (line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def main() -> None:
    request = json.load(sys.stdin)
    setup_django()
    do = request.pop("do")
    json.dump(fill(**request) if do == "fill" else export(**request), sys.stdout)


if __name__ == "__main__":
    main()
