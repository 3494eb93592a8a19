"""What one worker did in a campaign, as arrays: what the checks look at."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

ASKED, GOLD, ATTENTION, REPEAT = range(4)
LEFT, RIGHT, NEITHER = 0, 1, -1
NO, YES, UNKNOWN = 0, 1, -1


@dataclass(frozen=True, eq=False)
class Work:
    """N answers in the order in which they were shown, HIT after HIT.

    Attributes:
        hit: (N,) int64, a number for each HIT; answers of a HIT stand together.
        kind: (N,) int8, ASKED, GOLD, ATTENTION or REPEAT.
        side: (N,) int8, LEFT, RIGHT, or NEITHER for "can't tell" and for labels.
        unsure: (N,) bool, "can't tell".
        right: (N,) int8, YES or NO where the answer is known, else UNKNOWN. "Can't tell" is not right.
        same: (N,) int8, of a repeat: whether it was answered as the first time; UNKNOWN where it cannot be said.
        chance: (N,) float64, the probability that a guess is right: .5 for a triplet, 1/K for one of K labels.
        response_ms: (N,) int64.

    Raises:
        ValueError: The arrays are not of one length.
    """

    hit: NDArray[np.int64]
    kind: NDArray[np.int8]
    side: NDArray[np.int8]
    unsure: NDArray[np.bool_]
    right: NDArray[np.int8]
    same: NDArray[np.int8]
    chance: NDArray[np.float64]
    response_ms: NDArray[np.int64]

    def __post_init__(self) -> None:
        arrays = (self.kind, self.side, self.unsure, self.right, self.same, self.chance, self.response_ms)
        if any(array.shape != self.hit.shape for array in arrays) or self.hit.ndim != 1:
            raise ValueError("Every answer has one value in each array.")

    def __len__(self) -> int:
        return len(self.hit)

    @property
    def by_hit(self) -> list[slice]:
        """Where the answers of each HIT stand."""
        starts = np.flatnonzero(np.diff(self.hit, prepend=self.hit[:1] - 1))
        ends = np.append(starts[1:], len(self))
        return [slice(int(start), int(end)) for start, end in zip(starts, ends, strict=True)] if len(self) else []
