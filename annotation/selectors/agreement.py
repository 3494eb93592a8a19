"""Agreement of the crowd: Table I of paper 000, for a campaign or one round of it."""

import numpy as np
from django.db.models import QuerySet

from annotation.models import Campaign, Consensus, Round
from annotation.quality.agreement import AgreementTable, agreement_table


def consensus_of(campaign: Campaign, round: Round | None = None) -> QuerySet[Consensus]:
    """The consensus rows by the campaign's present method."""
    rows = Consensus.objects.filter(question__campaign=campaign, method=campaign.method)
    return rows if round is None else rows.filter(question__round=round)


def campaign_agreement(campaign: Campaign, round: Round | None = None) -> AgreementTable:
    rows = list(
        consensus_of(campaign, round)
        .order_by("pk")
        .values_list("margin", "question__split", "winner", "votes_a", "votes_b")
    )
    return agreement_table(
        margin=np.array([row[0] for row in rows], dtype=np.int64),
        split=np.array([row[1] for row in rows], dtype=np.int8),
        winner=np.array([{"a": 0, "b": 1}.get(row[2], -1) for row in rows], dtype=np.int8),
        votes=np.array([row[3] + row[4] for row in rows], dtype=np.int64),
    )
