"""What a datasheet says of a dataset: who was asked what, when, for how much, how far they agreed, what is left out."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from django.db.models import Count, Max, Min

from annotation.models import Assignment, Dataset, Participation, Question, Round, UncountedVote, Vote
from annotation.quality.aggregate import vote_counts
from annotation.quality.alpha import Agreement, agreement
from annotation.selectors.votes import campaign_votes

# Replicates of the intervals: they are given to two digits.
_DRAWS = 400
_LEFT_OUT = {"level": "answers are level", "below_min_margin": "the margin is below the least"}


@dataclass(frozen=True)
class Datasheet:
    """The facts; what people voted is None or 0 where a dataset was made without votes.

    Attributes:
        dataset: Which.
        questions: Questions asked in the rounds of the dataset.
        votes: Votes on them that count, "can't tell" left out.
        cant_tell: Votes that say "can't tell".
        workers: People who gave them.
        channels: Where people came from.
        first: The first vote; last: the last.
        agreement: α, κ and percent agreement with intervals.
        hits: Bundles handed in.
        excluded: Workers who are excluded.
        lesser: Workers whose votes count less.
        uncounted: Answers that do not count: (why, how many).
    """

    dataset: Dataset
    questions: int = 0
    votes: int = 0
    cant_tell: int = 0
    workers: int = 0
    channels: tuple[str, ...] = ()
    first: datetime | None = None
    last: datetime | None = None
    agreement: Agreement | None = None
    hits: int = 0
    excluded: int = 0
    lesser: int = 0
    uncounted: tuple[tuple[str, int], ...] = ()

    @property
    def paid(self) -> str:
        """The pay in whole units of the currency."""
        return f"{self.hits * self.dataset.campaign.reward_cents / 100:,.2f} {self.dataset.campaign.currency}"

    @property
    def reward(self) -> str:
        return f"{self.dataset.campaign.reward_cents / 100:,.2f} {self.dataset.campaign.currency}"

    @property
    def rounds(self) -> str:
        return ", ".join(map(str, self.dataset.manifest.get("rounds") or ()))

    @property
    def left_out(self) -> list[tuple[str, int]]:
        """Questions that are no triplets of the dataset, by reason."""
        counts = self.dataset.manifest.get("left_out") or {}
        return [(_LEFT_OUT.get(reason, reason), count) for reason, count in counts.items()]

    @property
    def licence(self) -> str:
        return self.dataset.licence


def datasheet_of(dataset: Dataset) -> Datasheet:
    """Gather the facts of a dataset's rounds."""
    campaign, rounds = dataset.campaign, dataset.manifest.get("rounds") or []
    if not rounds:
        return Datasheet(dataset=dataset)
    votes = campaign_votes(campaign, rounds=rounds)
    given = Vote.objects.filter(question__round__in=_rounds(dataset), question__kind=Question.Kind.TRIPLET).order_by()
    times = given.aggregate(first=Min("created"), last=Max("created"))
    stands = dict(_counted(Participation.objects.filter(campaign=campaign), "standing"))
    reasons = _counted(UncountedVote.objects.filter(question__round__in=_rounds(dataset)), "reason")
    return Datasheet(
        dataset=dataset,
        questions=len(votes.keys),
        votes=len(votes.table),
        cant_tell=int(votes.counts_x.sum()),
        workers=len(np.unique(votes.table.worker)),
        channels=tuple(sorted(given.values_list("worker__channel", flat=True).distinct())),
        first=times["first"],
        last=times["last"],
        agreement=agreement(vote_counts(votes.table), draws=_DRAWS) if len(votes.table) else None,
        hits=Assignment.objects.filter(hit__round__in=_rounds(dataset), submitted__isnull=False).count(),
        excluded=stands.get(Participation.Standing.EXCLUDED, 0),
        lesser=stands.get(Participation.Standing.DOWNWEIGHTED, 0) + stands.get(Participation.Standing.PAUSED, 0),
        uncounted=tuple((str(UncountedVote.Reason(reason).label), count) for reason, count in sorted(reasons)),
    )


def _rounds(dataset: Dataset) -> list[int]:
    rounds = Round.objects.filter(campaign=dataset.campaign_id, number__in=dataset.manifest["rounds"])
    return list(rounds.values_list("pk", flat=True))


def _counted(rows: Any, field: str) -> list[tuple[str, int]]:
    return list(rows.order_by().values_list(field).annotate(count=Count("pk")))
