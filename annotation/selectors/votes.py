"""The votes of a campaign as arrays: what everything that weighs them is given."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

import numpy as np
from django.db.models import QuerySet
from numpy.typing import NDArray

from annotation.models import CANT_TELL, Campaign, Participation, Question, Round, Vote
from annotation.quality.votes import VoteTable

COUNTED = (Round.Status.CLOSING, Round.Status.CLOSED)

_BLOCK = 50_000
_EXCLUDED = Participation.Standing.EXCLUDED
_CODES = {"a": 0, "b": 1, CANT_TELL: -1, "": -1} | {str(place): place for place in range(9)}


@dataclass(frozen=True, eq=False)
class CampaignVotes:
    """The votes on the Q questions of one kind.

    Attributes:
        keys: (Q,) int64, primary keys of the questions, ascending; the table numbers questions in this order.
        table: The votes in the order of question and worker, "can't tell" left out. `left` is None where the side
            shown is not known of every vote.
        workers: (W,) int64, primary keys of the workers in the order of the table's numbers, ascending.
        round: (Q,) int64, number of the round that asked.
        split: (Q,) int8, 0 train, 1 validation, 2 test.
        wanted: (Q,) int64, votes wanted.
        counts_x: (Q,) int64, who could not tell.
    """

    keys: NDArray[np.int64]
    table: VoteTable
    workers: NDArray[np.int64]
    round: NDArray[np.int64]
    split: NDArray[np.int8]
    wanted: NDArray[np.int64]
    counts_x: NDArray[np.int64]


def campaign_votes(
    campaign: Campaign,
    *,
    kind: str = Question.Kind.TRIPLET,
    rounds: Sequence[int] | None = None,
    with_excluded: bool = False,
) -> CampaignVotes:
    """Read the votes on a campaign's questions of one kind. Each worker's votes have the weight they count with.

    Args:
        campaign: Whose.
        kind: triplet or label.
        rounds: Numbers of rounds, whatever their state; all that are counted or being counted where it is left out.
        with_excluded: Whether votes of workers who are excluded are read too, in full weight.
    """
    chosen = campaign.rounds.filter(status__in=COUNTED) if rounds is None else campaign.rounds.filter(number__in=rounds)
    number_of = dict(chosen.values_list("pk", "number"))
    asked = Question.objects.filter(round__in=list(number_of), kind=kind).order_by()
    questions = _integers(asked.values_list("pk", "round", "split", "wanted"), 4)
    questions = questions[np.argsort(questions[:, 0])]
    keys = np.ascontiguousarray(questions[:, 0])
    given = Vote.objects.filter(question__round__in=list(number_of), question__kind=kind).order_by()
    if not with_excluded:
        given = given.exclude(worker__in=_workers(campaign, standing=_EXCLUDED).values("worker"))
    votes = _given(given)
    told = votes[votes[:, 2] >= 0]
    table, workers = _table(campaign, kind, keys, told, with_excluded)
    untold = np.searchsorted(keys, votes[votes[:, 2] < 0, 0])
    return CampaignVotes(
        keys=keys,
        table=table,
        workers=workers,
        round=np.array([number_of[one] for one in questions[:, 1].tolist()], dtype=np.int64),
        split=questions[:, 2].astype(np.int8),
        wanted=np.ascontiguousarray(questions[:, 3]),
        counts_x=np.bincount(untold, minlength=len(keys)).astype(np.int64),
    )


def _table(
    campaign: Campaign, kind: str, keys: NDArray[np.int64], votes: NDArray[np.int64], with_excluded: bool
) -> tuple[VoteTable, NDArray[np.int64]]:
    """The table of votes (V, 4), question, worker, choice and left, and its workers' primary keys."""
    workers, worker = np.unique(votes[:, 1], return_inverse=True)
    less = _workers(campaign, weight__lt=1)
    if with_excluded:
        less = less.exclude(standing=_EXCLUDED)
    weight_of = dict(less.values_list("worker", "weight"))
    weights = np.array([weight_of.get(one, 1.0) for one in workers.tolist()], dtype=np.float64)
    sides = kind == Question.Kind.TRIPLET and bool((votes[:, 3] >= 0).all())
    table = VoteTable(
        question=np.searchsorted(keys, votes[:, 0]),
        worker=worker,
        choice=votes[:, 2].astype(np.int8),
        n_questions=len(keys),
        weight=None if (weights == 1).all() else weights[worker],
        left=votes[:, 3].astype(np.int8) if sides else None,
        n_choices=2 if kind == Question.Kind.TRIPLET else len(campaign.choices),
    )
    return table, workers


def _workers(campaign: Campaign, **which: Any) -> QuerySet[Participation]:
    return Participation.objects.filter(campaign=campaign, **which)


def _given(votes: QuerySet[Vote]) -> NDArray[np.int64]:
    """(V, 4) question, worker, code of the choice and of the candidate on the left, in the order of the first two."""
    code = _CODES.__getitem__
    rows = votes.values_list("question", "worker", "choice", "left").iterator(_BLOCK)
    table = _integers(((one[0], one[1], code(one[2]), code(one[3])) for one in rows), 4)
    return table[np.lexsort((table[:, 1], table[:, 0]))]


def _integers(rows: QuerySet[Any, Any] | Iterable[tuple[int, ...]], columns: int) -> NDArray[np.int64]:
    """Rows of whole numbers as an array; a block at a time, so that few tuples are held."""
    found = iter(rows.iterator(_BLOCK) if isinstance(rows, QuerySet) else rows)
    blocks = []
    while some := list(islice(found, _BLOCK)):
        blocks.append(np.fromiter(chain.from_iterable(some), np.int64, len(some) * columns).reshape(-1, columns))
    return np.concatenate(blocks) if blocks else np.zeros((0, columns), dtype=np.int64)
