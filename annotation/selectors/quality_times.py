"""How long answers took: counted in the database, so that a campaign of any size is a few thousand rows."""

from dataclasses import dataclass

import numpy as np
from django.db.models import Count

from annotation.models import Campaign, Vote
from annotation.quality.conduct import DEFAULTS

# Milliseconds; 300, 800 and 60,000 are those of the checks.
EDGES = (0, 300, 500, 800, 1200, 1800, 2700, 4000, 6000, 10_000, 20_000, 60_000)


@dataclass(frozen=True)
class Times:
    """Response times of votes that count, "can't tell" among them.

    Attributes:
        counts: Answers from each edge up to the next; those of the last have no upper end.
        answers: All of them.
        median_ms: None without answers.
        invalid: Faster than anybody sees,
        fast: fast ones, those among them,
        idle: and such after a long while.
    """

    counts: tuple[int, ...]
    answers: int
    median_ms: float | None
    invalid: int
    fast: int
    idle: int


def response_times(campaign: Campaign, kind: str) -> Times:
    """All response times of one kind of question."""
    rows = Vote.objects.filter(question__campaign=campaign, question__kind=kind).order_by()
    grouped = list(rows.values_list("response_ms").annotate(count=Count("pk")))
    found = np.array(sorted(grouped), dtype=np.int64).reshape(-1, 2)
    ms, count = found[:, 0], found[:, 1]
    answers = int(count.sum())
    place = np.searchsorted(EDGES, ms, side="right") - 1
    return Times(
        counts=tuple(np.bincount(place, count, len(EDGES)).astype(int).tolist()),
        answers=answers,
        median_ms=_median(found, answers),
        invalid=int(count[ms < DEFAULTS.invalid_ms].sum()),
        fast=int(count[ms < DEFAULTS.fast_ms].sum()),
        idle=int(count[ms > DEFAULTS.idle_ms].sum()),
    )


def _median(found: "np.ndarray[tuple[int, int], np.dtype[np.int64]]", answers: int) -> float | None:
    """The middle of the sorted times, or the mean of the two in the middle."""
    if not answers:
        return None
    upto = np.cumsum(found[:, 1])
    low, high = np.searchsorted(upto, [(answers - 1) // 2, answers // 2], side="right")
    return float(found[low, 0] + found[high, 0]) / 2
