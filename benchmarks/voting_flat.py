"""What a claim costs as a campaign grows: CPU time of `assignment_claim` on SQLite, in process.

Every size has a database and a process of its own; they take turns, so that a noisy machine is noisy for all. Half of
the HITs are done before, by 50 regulars; timed are claims of newcomers and claims of those regulars, whose history
grows with the campaign.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any

from benchmarks.voting_fill import make_campaign, setup_django
from benchmarks.voting_site import ROOT, sqlite_site

REGULARS = 50
KINDS = ("newcomer", "regular")


class Process:
    """A process that makes claims in one site when it is told to."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._process = process
        self._in: IO[str] = process.stdin
        self._out: IO[str] = process.stdout

    def ready(self) -> None:
        self._read()

    def block(self, claims: int) -> dict[str, list[float]]:
        """CPU milliseconds of so many claims of each kind."""
        print(claims, file=self._in, flush=True)
        times: dict[str, list[float]] = self._read()
        return times

    def _read(self) -> Any:
        if not (line := self._out.readline()):
            sys.exit("A process of --flat ended early; its message is above.")
        return json.loads(line)


@contextmanager
def _process(questions: int) -> Iterator[Process]:
    with sqlite_site() as site:
        command = [sys.executable, "-m", "benchmarks.voting_flat", str(questions)]
        process = subprocess.Popen(
            command, cwd=ROOT, env=site.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        try:
            yield Process(process)
        finally:
            assert process.stdin is not None
            process.stdin.close()
            process.wait(30)


def measure(sizes: list[int], *, rounds: int = 9, claims: int = 6) -> dict[str, dict[int, float]]:
    """Median CPU milliseconds of a claim, for each kind of worker and each size."""
    with ExitStack() as stack:
        processes = {}
        for size in sizes:
            processes[size] = stack.enter_context(_process(size))
            processes[size].ready()
        times: dict[str, dict[int, list[float]]] = {kind: {size: [] for size in sizes} for kind in KINDS}
        for number in range(rounds + 1):
            for size, process in processes.items():
                block = process.block(claims)
                for kind in KINDS if number else ():  # the first round warms caches
                    times[kind][size] += block[kind]
    return {kind: {size: statistics.median(rows) for size, rows in sized.items()} for kind, sized in times.items()}


def _history(campaign: Any) -> list[Any]:
    """Half of the HITs done by the regulars, written as rows: through the services it would take an hour."""
    from django.utils import timezone

    from annotation.models import Assignment, Hit
    from annotation.services.workers import worker_get

    regulars = [worker_get(channel="local", external_id=f"regular-{number}") for number in range(REGULARS)]
    hits = list(Hit.objects.filter(round__campaign=campaign).order_by("number"))
    done = hits[: len(hits) // 2]
    now = timezone.now()
    Assignment.objects.bulk_create(
        (
            Assignment(
                campaign=campaign, hit=hit, slot=slot, worker=regulars[(place * hit.slots + slot) % REGULARS],
                seed=slot, status=Assignment.Status.SUBMITTED, lease_until=now, submitted=now,
            )
            for place, hit in enumerate(done)
            for slot in range(hit.slots)
        ),
        batch_size=1000,
    )  # fmt: skip
    Hit.objects.filter(pk__in=[hit.pk for hit in done]).update(open_slots=0)
    return regulars


def _claim(campaign: Any, worker: Any) -> float:
    """CPU milliseconds of one claim; the HIT then counts as done, so that the next claim finds another."""
    from annotation.models import Assignment
    from annotation.services.assignments import assignment_claim

    begin = time.process_time()
    assignment = assignment_claim(campaign=campaign, worker=worker)
    elapsed = (time.process_time() - begin) * 1000
    if assignment is None:
        sys.exit("The campaign has no free HIT left; ask --flat for more questions.")
    Assignment.objects.filter(pk=assignment.pk).update(status=Assignment.Status.SUBMITTED)
    return elapsed


def main() -> None:
    questions = int(sys.argv[1])
    setup_django()
    from annotation.services.workers import worker_get

    campaign = make_campaign("Flat", questions)
    regulars = _history(campaign)
    print(json.dumps("ready"), flush=True)
    turn = 0
    for line in sys.stdin:
        block: dict[str, list[float]] = {kind: [] for kind in KINDS}
        for _ in range(int(line)):
            turn += 1
            newcomer = worker_get(channel="local", external_id=f"newcomer-{turn}")
            block["newcomer"].append(_claim(campaign, newcomer))
            block["regular"].append(_claim(campaign, regulars[turn % REGULARS]))
        print(json.dumps(block), flush=True)


if __name__ == "__main__":
    assert Path(os.environ["SEMBLANCE_DATA_DIR"]).name.startswith("semblance-voting-"), "Run benchmarks.voting --flat."
    main()
