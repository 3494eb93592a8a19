"""From votes to what they come to: one row a question, by one version of one method."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from annotation.errors import AnnotationError
from annotation.models import CANT_TELL, Campaign, Consensus, Participation, Question, Round, Vote
from annotation.quality.plurality import plurality
from annotation.quality.registry import AGGREGATORS, load_aggregator
from annotation.quality.votes import VoteTable

_BATCH = 2000
_WINNER = {0: "a", 1: "b", -1: ""}


@dataclass(frozen=True)
class _Votes:
    """The votes on one kind of question of a round, "can't tell" left out."""

    keys: list[int]  # primary keys of the questions, in the order that they are numbered by
    question: NDArray[np.int64]
    worker: NDArray[np.int64]
    choice: list[str]
    left: list[str]  # the candidate that was on the left; empty for labels
    weight: NDArray[np.float64]
    counts: dict[int, dict[str, int]]  # by question's key and choice, "can't tell" among them


def _read(round: Round, kind: str) -> _Votes:
    keys = list(Question.objects.filter(round=round, kind=kind).order_by("pk").values_list("pk", flat=True))
    every = Vote.objects.filter(question__round=round, question__kind=kind).order_by("pk")
    counts: dict[int, Counter[str]] = defaultdict(Counter)
    rows = []
    for question, worker, choice, left in every.values_list("question", "worker", "choice", "left"):
        counts[question][choice] += 1
        if choice != CANT_TELL:
            rows.append((question, worker, choice, left))
    less = Participation.objects.filter(campaign=round.campaign_id, weight__lt=1).values_list("worker", "weight")
    weights = dict(less)
    workers = np.array([row[1] for row in rows], dtype=np.int64)
    return _Votes(
        keys=keys,
        question=np.searchsorted(np.array(keys, dtype=np.int64), np.array([row[0] for row in rows], dtype=np.int64)),
        worker=np.unique(workers, return_inverse=True)[1],
        choice=[row[2] for row in rows],
        left=[row[3] for row in rows],
        weight=np.array([weights.get(worker, 1.0) for worker in workers.tolist()], dtype=np.float64),
        counts={key: dict(sorted(found.items())) for key, found in counts.items()},
    )


def round_votes(*, round: Round) -> tuple[list[int], VoteTable]:
    """The votes on a round's triplets as arrays, and the triplets' primary keys in the order of their numbers."""
    votes = _read(round, Question.Kind.TRIPLET)
    return votes.keys, _table(votes)


def _table(votes: _Votes) -> VoteTable:
    choice = np.array([one == "b" for one in votes.choice], dtype=np.int8)
    return VoteTable(
        question=votes.question,
        worker=votes.worker,
        choice=choice,
        n_questions=len(votes.keys),
        weight=votes.weight,
        left=np.array([one == "b" for one in votes.left], dtype=np.int8),
    )


def consensus_aggregate(*, round: Round) -> str:
    """Write the round's consensus by the campaign's method; running it again changes nothing. Returns the version.

    Raises:
        AnnotationError: The campaign's method is unknown.
    """
    campaign = round.campaign
    if campaign.aggregator not in AGGREGATORS:
        raise AnnotationError(f"There is no aggregator called {campaign.aggregator!r}.")
    version = _triplets(round, campaign)
    _labels(round, campaign)
    return version


def _triplets(round: Round, campaign: Campaign) -> str:
    votes = _read(round, Question.Kind.TRIPLET)
    result = load_aggregator(campaign.aggregator)(weight=campaign.weighting).fit(_table(votes))
    _write(
        Consensus(
            question_id=key,
            method=result.method,
            version=result.version,
            votes_a=int(result.votes_a[row]),
            votes_b=int(result.votes_b[row]),
            counts=votes.counts.get(key, {}),
            margin=int(result.margin[row]),
            winner=_WINNER[int(result.winner[row])],
            weight=float(result.weight[row]),
        )
        for row, key in enumerate(votes.keys)
    )
    return str(result.version)


def _labels(round: Round, campaign: Campaign) -> None:
    votes = _read(round, Question.Kind.LABEL)
    if not votes.keys:
        return
    result = plurality(
        question=votes.question,
        choice=np.array([int(one) for one in votes.choice], dtype=np.int64),
        n_questions=len(votes.keys),
        n_choices=len(campaign.choices),
        vote_weight=votes.weight,
        unit=campaign.weighting == Campaign.Weighting.UNIT,
    )
    _write(
        Consensus(
            question_id=key,
            method=f"plurality/{campaign.weighting}",
            version=result.version,
            counts=votes.counts.get(key, {}),
            margin=int(result.margin[row]),
            winner="" if result.winner[row] < 0 else str(result.winner[row]),
            weight=float(result.weight[row]),
        )
        for row, key in enumerate(votes.keys)
    )


def _write(rows: Iterable[Consensus]) -> None:
    Consensus.objects.bulk_create(rows, batch_size=_BATCH, ignore_conflicts=True)
