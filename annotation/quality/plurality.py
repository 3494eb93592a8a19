"""Plurality over K classes: the label that most people chose, and how far it leads.

With v_k votes for label k of a question, the margin is m = v_(1) − v_(2), the most votes less the second most; the
winner is the label with v_(1), none where m = 0. Where every vote has a weight w in [0, 1], the weight of the winner k
is W = Σ w over votes for k − the largest such sum of another label, at least 0; with w = 1 it is the margin. "Unit"
divides W by the number of votes, so that questions with unequal numbers compare.

Example: votes 0 0 0 2 1 give m = 2, winner 0, weight 2 or 0.4.

The posterior takes everybody to be right with one probability x, whatever the label: p_k ∝ exp(λ·v_k) with
λ = log(x·(K − 1)/(1 − x)). x follows from how often two people agree, which is x² + (1 − x)²/(K − 1), so

    x = (1 + √((K − 1)·(K·P − 1))) / K,   P = (pairs that agree + 10·P₀) / (pairs + 10),

P₀ being the agreement of people who are right with .7. "Calibrated" weighs by (K·p − 1)/(K − 1), p the largest p_k.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from annotation.quality.aggregate import Aggregate, Weighting, check_weighting
from annotation.quality.votes import VoteTable
from annotation.quality.workers import Judge

_USUAL = 0.7  # x before anything is known
_USUAL_PAIRS = 10.0
_MOST = 0.99


@dataclass(frozen=True, eq=False)
class Plurality:
    """What Q label questions come to.

    Attributes:
        counts: (Q, K) int64, votes for each label.
        margin: (Q,) int64, ≥ 0.
        winner: (Q,) int64 in [0, K), −1 where the votes are level or there are none.
        weight: (Q,) float32, ≥ 0; 0 where there is no winner.
        version: Changes when the same votes would give other numbers.
    """

    counts: NDArray[np.int64]
    margin: NDArray[np.int64]
    winner: NDArray[np.int64]
    weight: NDArray[np.float32]
    version: str = "1"


class PluralityAggregator:
    """Counts votes for labels.

    Args:
        weight: "raw" for the lead, "unit" for the lead over the votes given, "calibrated" for (K·p − 1)/(K − 1).
    """

    version = "1"

    def __init__(self, weight: Weighting = "raw") -> None:
        self.weight = weight

    def fit(self, votes: VoteTable) -> Aggregate:
        """Aggregate all questions in one pass.

        Args:
            votes: V votes on Q questions with K answers.

        Raises:
            ValueError: The weight is unknown.
        """
        check_weighting(self.weight)
        got = plurality(
            question=votes.question,
            choice=votes.choice,
            n_questions=votes.n_questions,
            n_choices=votes.n_choices,
            vote_weight=votes.weighted,
            unit=self.weight == "unit",
        )
        posterior = one_accuracy_posterior(got.counts)
        weight = got.weight
        if self.weight == "calibrated":
            k = votes.n_choices
            trust = np.where(got.winner >= 0, (k * posterior.max(axis=1) - 1) / (k - 1), 0.0)
            weight = (trust * (got.weight / np.maximum(got.margin, 1))).astype(np.float32)
        return Aggregate(
            counts=got.counts,
            margin=got.margin,
            posterior=posterior,
            winner=got.winner.astype(np.int8),
            weight=weight,
            method=f"plurality/{self.weight}",
            version=self.version,
            votes_given=votes,
            judge=Judge("others", 0.5, 0.5),
        )


def one_accuracy_posterior(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """(Q, K) p ∝ exp(λ·counts), with λ from the agreement of pairs."""
    k = counts.shape[1]
    votes = counts.sum(axis=1)
    pairs = float((votes * (votes - 1)).sum()) / 2
    agreeing = float((counts * (counts - 1)).sum()) / 2
    usual = _USUAL**2 + (1 - _USUAL) ** 2 / (k - 1)
    agreement = (agreeing + _USUAL_PAIRS * usual) / (pairs + _USUAL_PAIRS)
    right = (1 + np.sqrt((k - 1) * max(k * agreement - 1, 0.0))) / k
    right = min(right, _MOST)
    logit = np.log(right * (k - 1) / (1 - right)) * (counts - counts.max(axis=1, keepdims=True))
    p = np.exp(logit)
    return np.asarray(p / p.sum(axis=1, keepdims=True))


def plurality(
    *,
    question: NDArray[np.int64],
    choice: NDArray[np.int64] | NDArray[np.int8],
    n_questions: int,
    n_choices: int,
    vote_weight: NDArray[np.float64] | None = None,
    unit: bool = False,
) -> Plurality:
    """Count V votes on Q questions with K labels, in one pass.

    Args:
        question: (V,) in [0, Q).
        choice: (V,) in [0, K).
        n_questions: Q.
        n_choices: K ≥ 2.
        vote_weight: (V,) in [0, 1]; all 1 where it is left out.
        unit: Divide the weight by the votes given.

    Raises:
        ValueError: Lengths differ, a number is out of its range, or K < 2.
    """
    if n_choices < 2:
        raise ValueError(f"There are {n_choices} labels; there must be at least 2.")
    weights = np.ones(len(question)) if vote_weight is None else np.asarray(vote_weight, dtype=np.float64)
    if not len(question) == len(choice) == len(weights):
        raise ValueError("question, choice and vote_weight must have one value a vote each.")
    for name, values, high in (("question", question, n_questions), ("choice", choice, n_choices)):
        if len(values) and not (values.min() >= 0 and values.max() < high):
            raise ValueError(f"{name} must be between 0 and {high - 1}.")
    cell = np.asarray(question, dtype=np.int64) * n_choices + choice
    shape = (n_questions, n_choices)
    counts = np.bincount(cell, minlength=n_questions * n_choices).reshape(shape).astype(np.int64)
    weighted = np.bincount(cell, weights=weights, minlength=n_questions * n_choices).reshape(shape)
    top = np.argmax(counts, axis=1)
    rows = np.arange(n_questions)
    margin = counts[rows, top] - _without(counts, top).max(axis=1, initial=0).astype(np.int64)
    winner = np.where(margin > 0, top, -1)
    lead = weighted[rows, top] - _without(weighted, top).max(axis=1, initial=0.0)
    weight = np.where(margin > 0, np.maximum(lead, 0.0), 0.0)
    if unit:
        weight = weight / np.maximum(counts.sum(axis=1), 1)
    return Plurality(counts, margin, winner, weight.astype(np.float32))


def _without(table: NDArray[np.generic], top: NDArray[np.int64]) -> NDArray[np.float64]:
    """The table with each row's top set to −1, below any count."""
    rest = table.astype(np.float64)
    rest[np.arange(len(table)), top] = -1.0
    return rest


def kept_labels(
    counts: NDArray[np.int64], *, wanted: NDArray[np.bool_] | None = None, at_least: int = 3
) -> NDArray[np.int8]:
    """The labels that enough people agree on.

    Paper 000, IV-C: five people call a face positive, neutral or negative, and "only those where the number of votes
    was at least 3 for positive or negative are used later" (1,401 of 2,500 faces: 1,040 and 361).

    Args:
        counts: (Q, K) votes for each label.
        wanted: (K,) labels that may be kept, such as positive and negative; all of them where it is left out.
        at_least: Votes that a label needs.

    Returns:
        (Q,) the label, −1 where none is kept; where several have enough votes, the one that leads, if one does.
    """
    enough = np.where(counts >= at_least, counts, 0)
    if wanted is not None:
        enough = enough * np.asarray(wanted)
    if not enough.size:
        return np.full(len(enough), -1, dtype=np.int8)
    largest = enough.max(axis=1, keepdims=True)
    leads = (largest[:, 0] > 0) & ((enough == largest).sum(axis=1) == 1)
    return np.where(leads, enough.argmax(axis=1), -1).astype(np.int8)
