"""Majority with the margin as weight.

Paper 000, IV-B: five people answer each triplet, and "the difference in the number of votes for each answer (5, 3 or 1)
give a reliability statistic that we use as a weighting coefficient".

With v_a and v_b votes for the candidates a and b of a question:

    margin m = |v_a − v_b|          winner = a if v_a > v_b, b if v_b > v_a, none if equal
    weight   = m                    ("raw":  5, 3, 1 with five votes)
             = m / (v_a + v_b)      ("unit": 1, .6, .2 with five votes; questions with unequal numbers of votes compare)

Example: votes a a a b a give m = 3, winner a, weight 3 or 0.6. Ties and questions without votes weigh 0.

Where a worker's votes count less (w < 1), m in the weight becomes Σ w over votes for the winner − Σ w over the others,
at least 0. Counts, margin and winner stay those of the votes as they were given.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from annotation.quality.aggregate import Aggregate
from annotation.quality.votes import VoteTable


class MarginAggregator:
    """Counts votes.

    Args:
        weight: "raw" for the margin itself (the paper), "unit" for the margin over the votes given.
    """

    def __init__(self, weight: Literal["raw", "unit"] = "raw") -> None:
        self.weight = weight

    def fit(self, votes: VoteTable) -> Aggregate:
        """Aggregate all questions in one pass.

        Args:
            votes: V votes on Q questions.

        Raises:
            ValueError: If the weight is neither "raw" nor "unit".
        """
        if self.weight not in ("raw", "unit"):
            raise ValueError(f'weight is "{self.weight}"; it must be "raw" or "unit".')
        cell = 2 * votes.question + votes.choice
        counts = np.bincount(cell, minlength=2 * votes.n_questions).reshape(-1, 2).astype(np.int64)  # (Q, 2)
        votes_a, votes_b = counts[:, 0], counts[:, 1]
        margin = np.abs(votes_a - votes_b)
        winner = np.where(margin == 0, -1, votes_b > votes_a).astype(np.int8)
        weighted = np.bincount(cell, weights=votes.weight, minlength=2 * votes.n_questions).reshape(-1, 2)
        lead = np.maximum((weighted[:, 0] - weighted[:, 1]) * np.where(winner == 0, 1, -1), 0) * (winner >= 0)
        weight = lead if self.weight == "raw" else lead / np.maximum(votes_a + votes_b, 1)
        return Aggregate(
            votes_a=votes_a,
            votes_b=votes_b,
            margin=margin,
            winner=winner,
            weight=weight.astype(np.float32),
            method=f"margin/{self.weight}",
            version="1",
        )
