"""One side of benchmarks.import_votes, in a process of its own: reads a request, answers with seconds and memory."""

import csv
import json
import resource
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from benchmarks.voting_fill import setup_django


def _owner() -> Any:
    from accounts.models import User
    from accounts.services import user_create

    return User.objects.filter(username="benchmark").first() or user_create(username="benchmark", role="researcher")[0]


def ours(path: Path) -> tuple[float, float, int]:
    """The product's import, all of it: stimuli, workers, bundles, turns, questions and votes. Counting comes after."""
    from annotation.models import Vote
    from annotation.services import vote_imports

    owner = _owner()
    # What the votes come to, and the frozen file, are other benchmarks' (aggregation, export).
    vote_imports.round_finish = lambda **_: None  # type: ignore[assignment]
    start, cpu = time.perf_counter(), time.process_time()
    found = vote_imports.votes_import(owner=owner, path=path, new_collection="Benchmark", name="Benchmark")
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    return seconds, cpu, Vote.objects.filter(question__campaign=found.campaign).count()


def theirs(path: Path) -> tuple[float, float, int]:
    """csv → Vote → bulk_create; the rows that votes point at are there, found in dictionaries, and not timed."""
    from django.db import transaction

    from annotation.models import Assignment, Question, Vote, Worker

    campaign = _without_votes(path)
    asked = Question.objects.filter(campaign=campaign).values_list("reference__key", "a__key", "b__key", "pk", "hit")
    questions = {(reference, a, b): (pk, hit) for reference, a, b, pk, hit in asked}
    workers = dict(Worker.objects.filter(participations__campaign=campaign).values_list("external_id", "pk"))
    turns = {(hit, worker): pk for hit, worker, pk in
             Assignment.objects.filter(campaign=campaign).values_list("hit", "worker", "pk")}  # fmt: skip
    slots: dict[int, int] = {}

    def votes() -> Any:
        with path.open(newline="") as file:
            for row in csv.DictReader(file):
                a, b = sorted((row["winner"], row["loser"]), key=int)
                question, hit = questions[row["head"], a, b]
                worker = workers[row["worker_id"]]
                slots[question] = slot = slots.get(question, -1) + 1
                yield Vote(
                    question_id=question,
                    assignment_id=turns[hit, worker],
                    worker_id=worker,
                    left="a" if row["left"] == a else "b",
                    choice="a" if row["winner"] == a else "b",
                    response_ms=int(row["response_ms"]),
                    client_id=uuid4(),
                    created=datetime.fromisoformat(row["timestamp"]).replace(tzinfo=UTC),
                    slot=slot,
                )

    start, cpu = time.perf_counter(), time.process_time()
    with transaction.atomic():
        made = Vote.objects.bulk_create(votes(), batch_size=2000)
    return time.perf_counter() - start, time.process_time() - cpu, len(made)


def _without_votes(path: Path) -> Any:
    """What the product makes of the file, but for the votes."""
    from annotation.services import import_rows, vote_imports

    import_rows._votes = lambda *_: None  # type: ignore[assignment]
    vote_imports.round_finish = lambda **_: None  # type: ignore[assignment]
    owner = _owner()
    return vote_imports.votes_import(owner=owner, path=path, new_collection="Benchmark", name="Benchmark").campaign


def _clear() -> None:
    """The table of votes as it was before, so that every turn writes into the same."""
    from django.db import connection

    from annotation.models import Assignment, Campaign, Collection, Hit, Participation, Question, Round, Vote

    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("TRUNCATE annotation_campaign, annotation_collection CASCADE")
            return
        for model in (Vote, Assignment, Question, Participation, Hit, Round, Campaign):
            cursor.execute(f"DELETE FROM {model._meta.db_table}")
        cursor.execute("DELETE FROM annotation_stimulus")
        cursor.execute(f"DELETE FROM {Collection._meta.db_table}")
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def main() -> None:
    side, path = sys.argv[1:]
    setup_django()
    _clear()
    seconds, cpu, votes = (ours if side == "ours" else theirs)(Path(path))
    json.dump({"seconds": seconds, "votes": votes, "cpu": cpu,
               "mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}, sys.stdout)  # fmt: skip


if __name__ == "__main__":
    main()
