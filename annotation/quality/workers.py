"""What a crowd's answers say about each worker: accuracy, confusion, side bias.

A worker's vote on a question is compared with a reference r (K,), a probability for each answer. It is either

    the posterior of the question (methods with a model of workers), or
    the plurality of the *other* workers' votes, 1 for their answer; votes where the others are level or silent are not
    compared (methods that count). Comparing with a majority that the vote is part of would flatter everybody.

    right     = Σ w·r[choice]               w the weight of the vote
    compared  = Σ w over the votes compared
    accuracy  = right / compared
    interval  = quantiles of Beta(right + α, compared − right + β), (α, β) being the method's prior of being right
    confusion[t, c] = Σ w·r[t] over votes for c: expected votes for c where t is right

Where the side shown is known, sides[t, c] is the same in the frame of the screen (0 left, 1 right), and with
se = P(chose left | left is right), fpr = P(chose left | right is right), each with the prior's pseudo-votes,

    side bias = ½·(logit se + logit fpr)    0 without bias, > 0 to the left

A worker with skill but no bias has se = 1 − fpr, and the two logits cancel.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from annotation.quality.votes import VoteTable

Floats = NDArray[np.float64]

_LEVEL = 0.95


@dataclass(frozen=True)
class Judge:
    """How a method judges workers.

    Attributes:
        reference: What votes are compared with.
        right: α, pseudo-votes that are right.
        wrong: β, pseudo-votes that are wrong.
    """

    reference: Literal["posterior", "others"]
    right: float
    wrong: float


@dataclass(frozen=True, eq=False)
class WorkerQuality:
    """What is known of W workers; those without votes have NaN where there is nothing to say.

    Attributes:
        votes: (W,) int64, votes given.
        compared: (W,) float64, weight of the votes that could be compared.
        right: (W,) float64, of these the expected weight of right ones.
        accuracy: (W,) float64, right / compared.
        interval: (W, 2) float64, the central 95 % of what the accuracy may be.
        confusion: (W, K, K) float64, expected votes by right answer (rows) and answer given (columns).
        sides: (W, 2, 2) float64, the same for left and right; None where the side shown is not known.
        side_bias: (W,) float64, in logits, > 0 to the left; NaN where the side shown is not known.
    """

    votes: NDArray[np.int64]
    compared: Floats
    right: Floats
    accuracy: Floats
    interval: Floats
    confusion: Floats
    sides: Floats | None
    side_bias: Floats


def worker_quality(votes: VoteTable, posterior: Floats, judge: Judge) -> WorkerQuality:
    """Judge every worker.

    Args:
        votes: V votes of W workers on Q questions with K answers.
        posterior: (Q, K) of the method; read where the judge compares with it.
        judge: How.
    """
    workers = votes.n_workers
    reference = posterior[votes.question] if judge.reference == "posterior" else others_answer(votes)  # (V, K)
    weighted = reference if votes.weighted is None else reference * votes.weighted[:, None]
    confusion = _by_worker(votes.worker, votes.choice, weighted, workers)
    sides = None
    if votes.left is not None:
        # Where a was on the left, "left is right" has the probability of a, else that of b; so with the answer.
        swapped = np.where((votes.left == 1)[:, None], weighted[:, ::-1], weighted)
        sides = _by_worker(votes.worker, votes.choice ^ votes.left, swapped, workers)
    right = np.trace(confusion, axis1=1, axis2=2)
    compared = confusion.sum(axis=(1, 2))
    return WorkerQuality(
        votes=np.bincount(votes.worker, minlength=workers).astype(np.int64),
        compared=compared,
        right=right,
        accuracy=np.divide(right, compared, out=np.full(workers, np.nan), where=compared > 0),
        interval=_interval(right + judge.right, compared - right + judge.wrong, compared > 0),
        confusion=confusion,
        sides=sides,
        side_bias=np.full(workers, np.nan) if sides is None else _side_bias(sides, judge),
    )


def others_answer(votes: VoteTable) -> Floats:
    """(V, K) 1 for the answer that most of the others gave to the vote's question; zeros where they are level.

    Votes count by their weights.
    """
    cell = votes.question * votes.n_choices + votes.choice
    table = np.bincount(cell, weights=votes.weight, minlength=votes.n_questions * votes.n_choices)
    others = table.astype(np.float64).reshape(-1, votes.n_choices)[votes.question]  # (V, K)
    rows = np.arange(len(votes))
    others[rows, votes.choice] -= np.asarray(votes.weight)
    largest = others.max(axis=1, keepdims=True)
    among = others >= largest - 1e-9
    alone: Floats = (among & (among.sum(axis=1, keepdims=True) == 1)).astype(np.float64)
    return alone


def _by_worker(worker: NDArray[np.int64], choice: NDArray[np.int8], reference: Floats, workers: int) -> Floats:
    """(W, K, K) sums of the reference by worker, right answer and answer given."""
    choices = reference.shape[1]
    cell = worker * choices + choice
    sums = [np.bincount(cell, weights=reference[:, truth], minlength=workers * choices) for truth in range(choices)]
    return np.stack([column.reshape(workers, choices) for column in sums], axis=1)


def _interval(right: Floats, wrong: Floats, known: NDArray[np.bool_]) -> Floats:
    """(W, 2) quantiles of Beta(right, wrong); NaN where nothing is known."""
    from scipy.special import betaincinv  # a web process starts without scipy, and few pages ask for this

    tail = (1 - _LEVEL) / 2
    bounds = betaincinv(right[:, None], np.maximum(wrong, 0.0)[:, None], np.array([tail, 1 - tail]))
    return np.where(known[:, None], bounds, np.nan)


def _side_bias(sides: Floats, judge: Judge) -> Floats:
    """(W,) ½·(logit se + logit fpr)."""
    # Rows: left is right, right is right. Right answers of the prior lie on the diagonal.
    prior = np.array([[judge.right, judge.wrong], [judge.wrong, judge.right]])
    smoothed = sides + prior
    bias = 0.5 * (np.log(smoothed[:, :, 0]) - np.log(smoothed[:, :, 1])).sum(axis=1)
    return np.where(sides.sum(axis=(1, 2)) > 0, bias, np.nan)
