"""From votes to what they come to: one row a question, by one version of one method."""

import numpy as np

from annotation.errors import AnnotationError
from annotation.models import Consensus, Question, Round, Vote
from annotation.quality.registry import AGGREGATORS, load_aggregator
from annotation.quality.votes import VoteTable

_BATCH = 2000
_WINNER = {0: "a", 1: "b", -1: ""}


def round_votes(*, round: Round) -> tuple[list[int], VoteTable]:
    """The votes of a round as arrays, and the primary keys of its questions in the order that they are numbered by."""
    keys = list(Question.objects.filter(round=round).order_by("pk").values_list("pk", flat=True))
    rows = list(Vote.objects.filter(question__round=round).order_by("pk").values_list("question", "worker", "choice"))
    question = np.searchsorted(np.array(keys, dtype=np.int64), np.array([row[0] for row in rows], dtype=np.int64))
    worker = np.unique(np.array([row[1] for row in rows], dtype=np.int64), return_inverse=True)[1]
    choice = np.array([row[2] == "b" for row in rows], dtype=np.int8)
    return keys, VoteTable(question=question, worker=worker, choice=choice, n_questions=len(keys))


def consensus_aggregate(*, round: Round) -> str:
    """Write the round's consensus by the campaign's method; running it again changes nothing. Returns the version.

    Raises:
        AnnotationError: The campaign's method is unknown.
    """
    campaign = round.campaign
    if campaign.aggregator not in AGGREGATORS:
        raise AnnotationError(f"There is no aggregator called {campaign.aggregator!r}.")
    keys, votes = round_votes(round=round)
    result = load_aggregator(campaign.aggregator)(weight=campaign.weighting).fit(votes)
    Consensus.objects.bulk_create(
        (
            Consensus(
                question_id=key,
                method=result.method,
                version=result.version,
                votes_a=int(result.votes_a[row]),
                votes_b=int(result.votes_b[row]),
                margin=int(result.margin[row]),
                winner=_WINNER[int(result.winner[row])],
                weight=float(result.weight[row]),
            )
            for row, key in enumerate(keys)
        ),
        batch_size=_BATCH,
        ignore_conflicts=True,
    )
    return str(result.version)
