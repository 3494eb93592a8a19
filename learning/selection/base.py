"""What a selector gets and returns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Posterior:
    """What a trained model believes about where N stimuli lie.

    Attributes:
        mean: (N, D) positions.
        log_variance: (N, D) log-variances of independent normal distributions; None = positions without doubt.
    """

    mean: NDArray[np.float32]
    log_variance: NDArray[np.float32] | None = None


@dataclass(frozen=True)
class SelectionResult:
    """Which candidates to ask, best first.

    Attributes:
        indices: (K,) distinct rows of the pool.
        scores: (K,) their scores, higher = asked rather; not increasing.
        parts: name -> (K,) what the scores are made of, to be shown.
    """

    indices: NDArray[np.int64]
    scores: NDArray[np.float64]
    parts: dict[str, NDArray[np.float64]]


@runtime_checkable
class Selector(Protocol):
    """A rule that chooses which questions to ask next."""

    def select(self, pool: NDArray[np.int64], posterior: Posterior, count: int, seed: int) -> SelectionResult:
        """Chooses ``count`` of the (C, 3) candidates [reference, a, b], or all where there are fewer."""
        ...


def check(pool: NDArray[np.int64], count: int) -> None:
    """Refuses a pool that is not (C, 3) and a negative count, with a ValueError."""
    if pool.ndim != 2 or pool.shape[1] != 3:
        raise ValueError(f"Candidates must have the shape (C, 3), not {pool.shape}.")
    if count < 0:
        raise ValueError(f"The number of questions must not be negative, but is {count}.")


def top(scores: NDArray[np.float64], pool: NDArray[np.int64], count: int, seed: int) -> NDArray[np.int64]:
    """Returns the rows with the highest scores, each question at most once.

    Args:
        scores: (C,) higher = better.
        pool: (C, 3) candidates [reference, a, b]; the same question may stand in it twice, also with a and b swapped.
        count: how many rows; fewer are returned where there are fewer questions.
        seed: decides between equals.

    Returns:
        At most ``count`` distinct rows, best first.

    Raises:
        ValueError: a pool of the wrong shape or a negative count.
    """
    check(pool, count)
    shuffled = np.random.default_rng(seed).permutation(len(pool))
    order = shuffled[np.argsort(-scores[shuffled], kind="stable")]
    questions = np.column_stack([pool[order, 0], np.sort(pool[order, 1:], axis=1)])
    _, first = np.unique(questions, axis=0, return_index=True)
    chosen: NDArray[np.int64] = order[np.sort(first)][:count].astype(np.int64)
    return chosen
