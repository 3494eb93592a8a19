"""What workers did in a campaign, read for the checks in annotation/quality: some workers at once, in few queries."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any

import numpy as np

from annotation.models import CANT_TELL, Assignment, Campaign, Probe, Question, UncountedVote, Vote
from annotation.quality.work import ASKED, ATTENTION, GOLD, LEFT, NEITHER, NO, REPEAT, RIGHT, UNKNOWN, YES, Work
from annotation.selectors.queue import STRIDE

# A worker is judged by the latest of their HITs.
_LATEST_HITS = 100
# The campaign's median response time is that of so many of its latest HITs, once it has so many answers.
_MEDIAN_HITS, _MEDIAN_LEAST = 200, 100
# Answers that were given and stayed so, whether or not they count.
_GIVEN = (UncountedVote.Reason.LATE, UncountedVote.Reason.CLOSED, UncountedVote.Reason.EXCLUDED)
_KINDS = {Probe.Kind.GOLD: GOLD, Probe.Kind.ATTENTION: ATTENTION, Probe.Kind.REPEAT: REPEAT}

# One answer: order of the HIT, place, kind, question, left, choice, response_ms, expected.
_Row = tuple[int, int, int, int, str, str, int, str]


def works_of(campaign: Campaign, workers: Iterable[int]) -> dict[int, Work]:
    """The work of workers, by their primary keys: what they answered in their latest HITs, probes included.

    Answers that do not count because of when they came, or because their worker was excluded, were given all the same.
    """
    hits = _latest_hits(campaign, workers)
    order = {key: number for keys in hits.values() for number, key in enumerate(keys)}
    owner = {key: worker for worker, keys in hits.items() for key in keys}
    rows: dict[int, list[_Row]] = {worker: [] for worker in hits}
    for assignment, *row in chain(_votes(owner), _probes(owner)):
        rows[owner[assignment]].append((order[assignment], *row))
    return {worker: _work(sorted(found), campaign) for worker, found in rows.items()}


def _latest_hits(campaign: Campaign, workers: Iterable[int]) -> dict[int, list[int]]:
    """Primary keys of each worker's latest assignments, the oldest first."""
    found: dict[int, list[int]] = {worker: [] for worker in workers}
    # Asked by worker alone: given the campaign as well, SQLite would walk over all of the campaign's assignments.
    rows = Assignment.objects.filter(worker__in=list(found)).order_by("pk")
    for key, worker, of_campaign in rows.values_list("pk", "worker", "campaign"):
        if of_campaign == campaign.pk:
            found[worker].append(key)
    return {worker: keys[-_LATEST_HITS:] for worker, keys in found.items()}


def _votes(assignments: Iterable[int]) -> Iterable[tuple[Any, ...]]:
    """(assignment, place, kind, question, left, choice, response_ms, expected) of what was asked."""
    keys = list(assignments)
    columns = ("assignment", "question__position", "question", "left", "choice", "response_ms")
    counted = Vote.objects.filter(assignment__in=keys).order_by().values_list(*columns)
    # Nor are late answers to probes kept here: their questions are in no HIT.
    kept = UncountedVote.objects.filter(assignment__in=keys, reason__in=_GIVEN, question__role=Question.Role.ASKED)
    seen: set[tuple[int, int]] = set()
    for assignment, position, question, *rest in chain(counted, kept.order_by("pk").values_list(*columns)):
        if (assignment, question) not in seen:
            seen.add((assignment, question))
            yield (assignment, STRIDE * position, ASKED, question, *rest, "")


def _probes(assignments: Iterable[int]) -> Iterable[tuple[Any, ...]]:
    """The same of probes that were answered."""
    answered = Probe.objects.filter(assignment__in=list(assignments)).exclude(choice="").order_by()
    columns = ("assignment", "place", "kind", "question", "left", "choice", "response_ms", "question__expected")
    for assignment, place, kind, *rest in answered.values_list(*columns):
        yield (assignment, place, _KINDS[kind], *rest)


def _work(rows: Sequence[_Row], campaign: Campaign) -> Work:
    first = {(row[0], row[3]): row[5] for row in rows if row[2] == ASKED}
    columns: dict[str, list[Any]] = defaultdict(list)
    for hit, _, kind, question, left, choice, response_ms, expected in rows:
        unsure = choice == CANT_TELL
        original = first.get((hit, question), CANT_TELL)
        columns["hit"].append(hit)
        columns["kind"].append(kind)
        columns["side"].append(NEITHER if unsure or not left else LEFT if choice == left else RIGHT)
        columns["unsure"].append(unsure)
        columns["right"].append(UNKNOWN if not expected or kind == REPEAT else YES if choice == expected else NO)
        columns["same"].append(
            UNKNOWN if kind != REPEAT or CANT_TELL in (choice, original) else YES if choice == original else NO
        )
        columns["chance"].append(0.5 if left else 1 / len(campaign.choices))
        columns["response_ms"].append(response_ms or 0)
    return Work(
        hit=np.array(columns["hit"], dtype=np.int64),
        kind=np.array(columns["kind"], dtype=np.int8),
        side=np.array(columns["side"], dtype=np.int8),
        unsure=np.array(columns["unsure"], dtype=bool),
        right=np.array(columns["right"], dtype=np.int8),
        same=np.array(columns["same"], dtype=np.int8),
        chance=np.array(columns["chance"], dtype=np.float64),
        response_ms=np.array(columns["response_ms"], dtype=np.int64),
    )


def campaign_median_ms(campaign: Campaign) -> float | None:
    """The median response time in a campaign's latest HITs; None where that would say too little yet."""
    latest = Assignment.objects.filter(campaign=campaign, status=Assignment.Status.SUBMITTED).order_by("-pk")
    keys = list(latest.values_list("pk", flat=True)[:_MEDIAN_HITS])
    times = list(Vote.objects.filter(assignment__in=keys).order_by().values_list("response_ms", flat=True))
    return float(np.median(times)) if len(times) >= _MEDIAN_LEAST else None
