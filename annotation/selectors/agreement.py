"""Agreement of the crowd: Table I of paper 000, for a campaign or one round of it."""

from dataclasses import dataclass

import numpy as np
from django.db.models import Avg, Count, QuerySet

from annotation.models import Campaign, Consensus, Question, Round, Tally
from annotation.quality.agreement import AgreementTable, agreement_table
from annotation.selectors.label_agreement import label_consensus_of


@dataclass(frozen=True)
class MarginRow:
    """The questions of one margin.

    Attributes:
        margin: The most votes less the second most.
        questions: How many there are.
        share: Of all.
        right: Mean probability that the winner is right; None where it was not kept.
        weight: Mean weight.
    """

    margin: int
    questions: int
    share: float
    right: float | None
    weight: float


def consensus_of(campaign: Campaign, round: Round | None = None) -> QuerySet[Consensus]:
    """What the campaign's triplets come to now, by its present method: one row a question."""
    rows = Consensus.objects.filter(tally__in=Tally.objects.of_method(campaign, Question.Kind.TRIPLET))
    return rows if round is None else rows.filter(question__round=round)


def campaign_agreement(campaign: Campaign, round: Round | None = None) -> AgreementTable:
    rows = list(
        consensus_of(campaign, round).order_by("pk").values_list("margin", "question__split", "votes_a", "votes_b")
    )
    return agreement_table(
        margin=np.array([row[0] for row in rows], dtype=np.int64),
        split=np.array([row[1] for row in rows], dtype=np.int8),
        # By the votes: the table is about how far people agreed, whatever a method makes of it.
        winner=np.array([-1 if row[2] == row[3] else int(row[3] > row[2]) for row in rows], dtype=np.int8),
        votes=np.array([row[2] + row[3] for row in rows], dtype=np.int64),
    )


def margins_of(campaign: Campaign, kind: str, round: Round | None = None) -> list[MarginRow]:
    """What questions of a kind come to now, by margin from the largest."""
    rows = (consensus_of if kind == Question.Kind.TRIPLET else label_consensus_of)(campaign, round)
    grouped = rows.order_by("-margin").values("margin")
    levels = list(grouped.annotate(count=Count("pk"), right=Avg("posterior"), mean=Avg("weight")))
    total = sum(one["count"] for one in levels)
    return [MarginRow(one["margin"], one["count"], one["count"] / total, one["right"], one["mean"]) for one in levels]
