"""What an aggregator says about each question."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Aggregate:
    """The crowd's answers to Q questions.

    Attributes:
        votes_a: (Q,) int64, votes for candidate a.
        votes_b: (Q,) int64, votes for candidate b.
        margin: (Q,) int64, |votes_a − votes_b|.
        winner: (Q,) int8, 0 for a, 1 for b, −1 for a tie or no votes.
        weight: (Q,) float32, ≥ 0, trust in the winner; 0 where there is none.
        method: Name in the registry, with its settings, such as "margin/raw".
        version: Version of the method; it changes when the same votes would give other numbers.
    """

    votes_a: NDArray[np.int64]
    votes_b: NDArray[np.int64]
    margin: NDArray[np.int64]
    winner: NDArray[np.int8]
    weight: NDArray[np.float32]
    method: str
    version: str

    @property
    def votes(self) -> NDArray[np.int64]:
        """(Q,) votes given."""
        return self.votes_a + self.votes_b
