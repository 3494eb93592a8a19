"""Questions whose answer is known beforehand, because it is easy to see.

Of a reference, a near stimulus is among the nearest few per cent, and a far one among the farthest quarter, so far that
d_far ≥ ratio · d_near. Where there are labels, a near stimulus has the reference's label and a far one another.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from annotation.sampling.errors import DesignImpossible

Triplets = NDArray[np.int64]  # (T, 3): reference, near, far
_PASSES = 12


@dataclass(frozen=True, eq=False)
class Known:
    """What is known of N stimuli of one split.

    Attributes:
        vectors: (N, D) float64 in which near is alike; None where nothing is measured.
        labels: (N,) texts, "" where a stimulus has none; None where there are none at all.

    Raises:
        DesignImpossible: The two are of different lengths, or a vector holds what is no number.
    """

    size: int
    vectors: NDArray[np.float64] | None = None
    labels: NDArray[np.str_] | None = None

    def __post_init__(self) -> None:
        for name, values in (("vectors", self.vectors), ("labels", self.labels)):
            if values is not None and len(values) != self.size:
                raise DesignImpossible(f"There are {len(values)} {name} of {self.size} stimuli.")
        if self.vectors is not None and not np.isfinite(self.vectors).all():
            raise DesignImpossible("A stimulus has features that are no numbers.")


@dataclass(frozen=True)
class Easy:
    """How easy a case must be.

    Attributes:
        near: Share of the others that are near, at least one of them.
        far: Share of the others that are far.
        ratio: d_far over d_near, at least.
    """

    near: float = 0.05
    far: float = 0.25
    ratio: float = 2.0


def easy_triplets(
    known: Known, count: int, *, taken: set[tuple[int, int, int]], rng: np.random.Generator, easy: Easy | None = None
) -> Triplets:
    """Draw easy triplets: by the vectors, by the labels, or where there are both, by both.

    Args:
        known: What is known of the stimuli.
        count: How many; fewer come back where there are not so many.
        taken: (reference, a, b) with a < b that must not be drawn again; drawn ones are added.
        rng: Where chance comes from.
        easy: How easy they must be.

    Returns:
        (T, 3) reference, near, far; references go round before one is used again.
    """
    drawn: list[tuple[int, int, int]] = []
    if known.size < 3 or (known.vectors is None and known.labels is None):
        return np.array(drawn, dtype=np.int64).reshape(-1, 3)
    for _ in range(_PASSES):
        for reference in rng.permutation(known.size).tolist():
            if len(drawn) >= count:
                return np.array(drawn, dtype=np.int64).reshape(-1, 3)
            pair = _easy_pair(known, reference, easy or Easy(), rng)
            if pair is None or (key := (reference, *sorted(pair))) in taken:
                continue
            taken.add(key)
            drawn.append((reference, *pair))
    return np.array(drawn, dtype=np.int64).reshape(-1, 3)


def _easy_pair(known: Known, reference: int, easy: Easy, rng: np.random.Generator) -> tuple[int, int] | None:
    """(near, far) of a reference at random; None where this draw finds none."""
    others = np.flatnonzero(np.arange(known.size) != reference)
    near, far = others, others
    if known.labels is not None:
        own = known.labels[reference]
        if own == "":
            return None
        alike = known.labels[others] == own
        near, far = others[alike], others[~alike & (known.labels[others] != "")]
    if known.vectors is None:
        return (int(rng.choice(near)), int(rng.choice(far))) if len(near) and len(far) else None
    distance = np.linalg.norm(known.vectors - known.vectors[reference], axis=1)
    near = near[distance[near] <= _order(distance[others], easy.near)]
    far = far[distance[far] >= -_order(-distance[others], easy.far)]
    if not len(near) or not len(far):
        return None
    one, other = int(rng.choice(near)), int(rng.choice(far))
    return (one, other) if distance[other] > 0 and distance[other] >= easy.ratio * distance[one] else None


def _order(values: NDArray[np.float64], share: float) -> float:
    """The largest of the smallest values of that share, of one at least."""
    rank = max(int(len(values) * share), 1) - 1
    return float(np.partition(values, rank)[rank])


def self_pairs(
    known: Known, count: int, *, taken: set[tuple[int, int, int]], rng: np.random.Generator, far: float = Easy.far
) -> Triplets:
    """Draw attention checks: (reference, the reference itself, one that is clearly another).

    Without vectors and labels, the other is any other stimulus. Arguments and order as of easy_triplets.
    """
    drawn: list[tuple[int, int, int]] = []
    for _ in range(_PASSES if known.size > 1 else 0):
        for reference in rng.permutation(known.size).tolist():
            if len(drawn) >= count:
                break
            others = np.flatnonzero(np.arange(known.size) != reference)
            if known.labels is not None and known.labels[reference] != "":
                others = others[known.labels[others] != known.labels[reference]]
            if known.vectors is not None and len(others):
                distance = np.linalg.norm(known.vectors[others] - known.vectors[reference], axis=1)
                others = others[(distance >= -_order(-distance, far)) & (distance > 0)]
            if not len(others):
                continue
            other = int(rng.choice(others))
            key = (reference, *sorted((reference, other)))
            if key not in taken:
                taken.add(key)
                drawn.append((reference, reference, other))
    return np.array(drawn, dtype=np.int64).reshape(-1, 3)
