"""Expectation–maximisation over votes: the engine of the Dawid–Skene family.

Every vote has a code c in [0, C) that says all that a model wants to know of it, such as who gave which answer. With
the (Q, C) incidence matrix S (S[q, c] = Σ weights of the votes on q with code c), a table ℓ (C, K) of log P(code |
answer k is right) and log-priors λ (K,), one iteration is two products and nothing is gathered vote by vote:

    E   logit_k = λ_k + (S·ℓ)_k,  posterior p (Q, K) = softmax(logit)
    M   sums = Sᵀ·p (C, K), expected votes with each code where k is right;  mass = Σ_q p (K,)
        ℓ, λ = model(sums, mass)

It starts with p = the shares of the votes, as Dawid and Skene did, and ends when p stands still, or when an iteration
adds little to the evidence, log P(votes) = Σ_q log Σ_k exp(logit_k): EM climbs it, and long after the answers are found
it still fits the noise of workers with few votes.

Only differences to answer 0 matter to the softmax, so K − 1 columns are multiplied, and sums of answer 0 are the totals
less the others.

S is kept in blocks of rows, so that p of a block is still in the cache when it is needed again, and blocks whose votes
all count in full share one vector of ones: 4 bytes a vote remain.

Source: A. P. Dawid, A. M. Skene, Maximum likelihood estimation of observer error-rates using the EM algorithm, Journal
of the Royal Statistical Society C 28 (1979) 20–28.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array

from annotation.quality.votes import VoteTable

Floats = NDArray[np.float64]

_BLOCK = 1 << 15  # questions
_MOST_WORKERS = 1 << 22


class Model(Protocol):
    """What the members of the family differ in."""

    def codes(self, votes: VoteTable) -> tuple[NDArray[np.int32], int]:
        """(V,) the code of each vote, and C."""
        ...

    def maximise(self, sums: Floats, mass: Floats) -> tuple[Floats, Floats]:
        """ℓ (C, K) and λ (K,) of expected votes (C, K) and expected questions (K,)."""
        ...


@dataclass(frozen=True, eq=False)
class Fitted:
    """Where the iterations ended.

    Attributes:
        posterior: (Q, K); questions that nobody answered have the prior.
        iterations: How many there were.
        change: The largest change of a posterior in the last one; NaN where it was not asked for.
        evidence: log P(votes) before the last M step, in nats; NaN where it was not asked for.
    """

    posterior: Floats
    iterations: int
    change: float
    evidence: float


def expectation_maximisation(
    votes: VoteTable,
    model: Model,
    *,
    iterations: int,
    tolerance: float = 0.0,
    gain: float = 0.0,
    last: Model | None = None,
) -> Fitted:
    """Iterate until no posterior changes by more than the tolerance, or no more than the gain is added to the evidence.

    Args:
        votes: V votes on Q questions with K answers.
        model: Member of the family.
        iterations: Most iterations.
        tolerance: Of a posterior; 0 does not look at it.
        gain: In nats; 0 does not look at it.
        last: What makes the table of one more E step at the end; for a prior that judges but does not learn.

    Raises:
        ValueError: Workers' numbers are so large that tables by worker would not fit.
    """
    if votes.n_workers > _MOST_WORKERS:
        raise ValueError(f"Worker {votes.n_workers - 1} is above {_MOST_WORKERS - 1}; number workers without gaps.")
    asked = np.bincount(votes.question, minlength=votes.n_questions) > 0
    incidence = _Incidence(votes, *model.codes(votes), asked)
    posterior = incidence.shares()  # (answered, K − 1)
    sums, mass = incidence.sums(posterior)
    done, change, evidence = 0, np.nan, np.nan
    while done < iterations:
        table, prior = model.maximise(sums, mass)
        before = evidence
        sums, mass, change, evidence = incidence.iterate(table, prior, posterior, tolerance > 0, gain > 0)
        done += 1
        if change <= tolerance or evidence - before <= gain:
            break
    table, prior = (last or model).maximise(sums, mass)
    if last is not None:
        incidence.iterate(table, prior, posterior, False, False)
    del incidence
    full = np.empty((votes.n_questions, votes.n_choices))
    full[:] = np.exp(prior - np.logaddexp.reduce(prior))
    full[asked, 1:] = posterior
    full[asked, 0] = np.maximum(1 - posterior.sum(axis=1), 0)
    return Fitted(full, done, change, evidence)


class _Incidence:
    """S in blocks of rows, answered questions only."""

    def __init__(self, votes: VoteTable, codes: NDArray[np.int32], n_codes: int, asked: NDArray[np.bool_]) -> None:
        self.n_questions, self.n_choices = int(np.count_nonzero(asked)), votes.n_choices
        self.given = np.zeros((n_codes, self.n_choices - 1))  # 1 where the code means that answer
        answer = np.zeros(n_codes, dtype=np.int8)
        answer[codes] = votes.choice
        self.given[answer > 0, answer[answer > 0] - 1] = 1
        row = votes.question.astype(np.int32)
        if self.n_questions < len(asked):
            row = (np.cumsum(asked, dtype=np.int32) - np.int32(1))[row]
        weights = votes.weighted
        data: NDArray[Any] = np.ones(len(votes), dtype=np.int8) if weights is None else weights
        unsorted = coo_array((data, (row, codes)), shape=(self.n_questions, n_codes))
        unsorted.has_canonical_format = True  # a repeated vote counts twice anyway, so nothing need be merged
        whole = unsorted.tocsr()
        del unsorted, row, codes, data
        self.blocks = list(_blocks(whole, None if weights is None else whole.data))
        self.totals = np.zeros(n_codes)
        for _, block, _ in self.blocks:
            self.totals += np.bincount(block.indices, weights=block.data, minlength=n_codes)

    def shares(self) -> Floats:
        """(answered, K − 1) shares of the votes, by their weights; even where they weigh nothing."""
        posterior = np.full((self.n_questions, self.n_choices - 1), 1 / self.n_choices)
        for rows, block, _ in self.blocks:
            total = block.sum(axis=1)[:, None]
            np.divide(block @ self.given, total, out=posterior[rows], where=total > 0)
        return posterior

    def sums(self, posterior: Floats) -> tuple[Floats, Floats]:
        """(C, K) expected votes and (K,) expected questions of a posterior (answered, K − 1)."""
        sums = np.zeros((len(self.totals), self.n_choices - 1))
        for rows, _, transposed in self.blocks:
            sums += transposed @ posterior[rows]
        return self._with_first(sums, posterior.sum(axis=0))

    def iterate(
        self, table: Floats, prior: Floats, posterior: Floats, watched: bool, weighed: bool
    ) -> tuple[Floats, Floats, float, float]:
        """Overwrite the posterior by an E step and sum it up for the M step.

        Returns:
            (C, K) expected votes, (K,) expected questions, the largest change of a posterior if it is watched, and the
            evidence of the table if it is weighed.
        """
        change = 0.0 if watched else np.nan
        evidence = float(self.totals @ table[:, 0] + self.n_questions * prior[0]) if weighed else np.nan
        table = np.ascontiguousarray(table[:, 1:] - table[:, :1])
        prior = prior[1:] - prior[0]
        sums = np.zeros_like(table)
        for rows, block, transposed in self.blocks:
            logit = (block @ table[:, 0])[:, None] if table.shape[1] == 1 else block @ table
            logit += prior
            if weighed:
                evidence += _log_total(logit)
            after = _softmax(logit)
            if watched:
                moved = posterior[rows] - after
                first = moved.sum(axis=1) if moved.shape[1] > 1 else moved  # what answer 0 moved by
                change = max(change, float(np.abs(moved).max()), float(np.abs(first).max()))
            posterior[rows] = after
            if table.shape[1] == 1:
                sums[:, 0] += transposed @ after[:, 0]
            else:
                sums += transposed @ after
        return *self._with_first(sums, posterior.sum(axis=0)), change, evidence

    def _with_first(self, sums: Floats, mass: Floats) -> tuple[Floats, Floats]:
        """Add the column of answer 0: what is left of the totals."""
        first = np.maximum(self.totals - sums.sum(axis=1), 0)
        rest = max(self.n_questions - float(mass.sum()), 0.0)
        return np.column_stack([first, sums]), np.concatenate([[rest], mass])


def _blocks(whole: Any, values: Floats | None) -> Iterator[tuple[slice, Any, Any]]:
    """The rows of a CSR matrix in blocks, each with its transpose; values of None are all 1."""
    size, starts = whole.shape[0], whole.indptr
    bounds = [*range(0, size, _BLOCK), size]
    ones = np.ones(int(np.diff(starts[bounds]).max(initial=0)))
    for first, last in pairwise(bounds):
        low, high = int(starts[first]), int(starts[last])
        data = ones[: high - low] if values is None else values[low:high]
        pointers = starts[first : last + 1] - starts[first]
        block = csr_array((data, whole.indices[low:high], pointers), shape=(last - first, whole.shape[1]))
        yield slice(first, last), block, block.T


def _log_total(logit: Floats) -> float:
    """Σ of log(1 + Σ_k exp(logit_k)) over the rows of (n, K − 1)."""
    if logit.shape[1] == 1:
        return float(np.logaddexp(0, logit[:, 0]).sum())
    top = np.maximum(logit.max(axis=1, keepdims=True), 0)
    return float((np.log(np.exp(logit - top).sum(axis=1) + np.exp(-top[:, 0])) + top[:, 0]).sum())


def _softmax(logit: Floats) -> Floats:
    """Posteriors of answers 1 … K − 1 from their logits against answer 0 (n, K − 1); overwrites them."""
    if logit.shape[1] == 1:
        with np.errstate(over="ignore"):  # exp(−logit) = ∞ gives 0, which is right
            np.exp(np.negative(logit, out=logit), out=logit)
        logit += 1
        return np.reciprocal(logit, out=logit)
    top = np.maximum(logit.max(axis=1, keepdims=True), 0)
    logit -= top
    np.exp(logit, out=logit)
    logit /= logit.sum(axis=1, keepdims=True) + np.exp(-top)
    return logit
