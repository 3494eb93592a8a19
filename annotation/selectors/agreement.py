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
        consensus_of(campaign, round).order_by("pk").values_list("margin", "question__split", "votes_a", "votes_b")
    )
    return agreement_table(
        margin=np.array([row[0] for row in rows], dtype=np.int64),
        split=np.array([row[1] for row in rows], dtype=np.int8),
        # By the votes: the table is about how far people agreed, whatever a method makes of it.
        winner=np.array([-1 if row[2] == row[3] else int(row[3] > row[2]) for row in rows], dtype=np.int8),
        votes=np.array([row[2] + row[3] for row in rows], dtype=np.int64),
    )
