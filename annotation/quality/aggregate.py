"""What an aggregator says about each question, and what that says about each worker."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from annotation.quality.votes import VoteTable
from annotation.quality.workers import Judge, WorkerQuality, worker_quality

Weighting = Literal["raw", "unit", "calibrated"]

# Answers whose posteriors differ by less are level: so little do the sums of the same votes in another order differ.
LEVEL = 1e-9

_PIECE = 1 << 16  # votes


@dataclass(frozen=True, eq=False)
class Aggregate:
    """The crowd's answers to Q questions with K possible answers; K = 2 for triplets.

    Attributes:
        counts: (Q, K) int64, votes for each answer, as they were given.
        margin: (Q,) int64, ≥ 0, the most votes less the second most; of a triplet |votes_a − votes_b|.
        posterior: (Q, K) float64, the probability that each answer is the right one; rows sum to 1.
        winner: (Q,) int8 in [0, K) (0 for a, 1 for b), −1 where answers are level or nobody voted.
        weight: (Q,) float32, ≥ 0, trust in the winner; 0 where there is none.
        method: Name in the registry, with its settings, such as "margin/raw".
        version: Version of the method; it changes when the same votes would give other numbers.
        votes_given: The votes that all this comes from, for `workers`.
        judge: How the method judges workers, for `workers`.
    """

    counts: NDArray[np.int64]
    margin: NDArray[np.int64]
    posterior: NDArray[np.float64]
    winner: NDArray[np.int8]
    weight: NDArray[np.float32]
    method: str
    version: str
    votes_given: VoteTable = field(repr=False)
    judge: Judge = field(repr=False)

    @property
    def votes(self) -> NDArray[np.int64]:
        """(Q,) votes given."""
        return np.asarray(self.counts.sum(axis=1))

    @property
    def votes_a(self) -> NDArray[np.int64]:
        """(Q,) votes for candidate a."""
        return self.counts[:, 0]

    @property
    def votes_b(self) -> NDArray[np.int64]:
        """(Q,) votes for candidate b."""
        return self.counts[:, 1]

    @cached_property
    def workers(self) -> WorkerQuality:
        """Every worker's votes, accuracy, confusion and side bias; counted when they are first asked for."""
        return worker_quality(self.votes_given, self.posterior, self.judge)


def check_weighting(weight: str, allowed: tuple[str, ...] = get_args(Weighting)) -> None:
    """Refuse a weighting that there is not.

    Raises:
        ValueError: It is none of those allowed.
    """
    if weight not in allowed:
        names = [f'"{name}"' for name in allowed]
        raise ValueError(f'weight is "{weight}"; it must be {", ".join(names[:-1])} or {names[-1]}.')


def vote_counts(votes: VoteTable) -> NDArray[np.int64]:
    """(Q, K) votes for each answer, each counted once; in pieces, which stay in the cache and need no room."""
    pieces = [slice(at, at + _PIECE) for at in range(0, len(votes), _PIECE)]
    counts = np.zeros((votes.n_questions, votes.n_choices), dtype=np.int64)
    if votes.n_choices > 2:
        flat = counts.reshape(-1)
        for piece in pieces:
            np.add.at(flat, votes.question[piece] * votes.n_choices + votes.choice[piece], 1)
        return counts
    # Two answers share a number: votes for a in its lower half, votes for b in its upper half.
    both, worth = np.zeros(votes.n_questions, dtype=np.int64), np.array([1, 1 << 32])
    for piece in pieces:
        np.add.at(both, votes.question[piece], worth[votes.choice[piece]])
    np.bitwise_and(both, (1 << 32) - 1, out=counts[:, 0])
    np.right_shift(both, 32, out=counts[:, 1])
    return counts


def lead(table: NDArray[Any]) -> tuple[NDArray[np.int8], NDArray[Any]]:
    """Each row's largest entry and how far it is above the second largest.

    Args:
        table: (Q, K).

    Returns:
        (Q,) its column, the first where several are largest; (Q,) the distance, ≥ 0.
    """
    if table.shape[1] == 2:
        ahead = table[:, 1] - table[:, 0]
        return (ahead > 0).astype(np.int8), np.abs(ahead, out=ahead)
    top = table.argmax(axis=1).astype(np.int8)
    ranked = np.partition(table, -2, axis=1)
    return top, ranked[:, -1] - ranked[:, -2]


def from_posterior(
    votes: VoteTable, posterior: NDArray[np.float64], *, weight: Weighting, name: str, version: str, judge: Judge
) -> Aggregate:
    """What Q posteriors come to.

    With p the largest posterior of a question, c = (K·p − 1) / (K − 1) is 0 at chance and 1 where there is no doubt;
    with two answers it is 2p − 1. The weight is c ("calibrated", and "unit", which is the same here), or c times the
    votes given ("raw"), on the scale of the margin.
    """
    counts = vote_counts(votes)
    _, margin = lead(counts)
    top, ahead = lead(posterior)
    given = counts.sum(axis=1)
    heard = given if votes.weighted is None else np.bincount(votes.question, votes.weighted, votes.n_questions)
    decided = (ahead > LEVEL) & (heard > 0)  # without votes there is only the prior
    top[~decided] = -1
    trust = posterior.max(axis=1)
    trust *= votes.n_choices
    trust -= 1
    trust /= votes.n_choices - 1
    trust[~decided] = 0
    if weight == "raw":
        trust *= given
    return Aggregate(
        counts=counts,
        margin=margin,
        posterior=posterior,
        winner=top,
        weight=trust.astype(np.float32),
        method=f"{name}/{weight}",
        version=version,
        votes_given=votes,
        judge=judge,
    )
