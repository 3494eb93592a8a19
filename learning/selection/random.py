"""Questions at random: what every other selector must beat."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from learning.selection.base import Posterior, SelectionResult, top


class RandomSelector:
    """Draws from the pool uniformly, without replacement; the model is not asked."""

    def select(self, pool: NDArray[np.int64], posterior: Posterior, count: int, seed: int) -> SelectionResult:
        """Chooses questions.

        Args:
            pool: (C, 3) candidates [reference, a, b].
            posterior: not read.
            count: how many.
            seed: of the draw.

        Returns:
            Distinct rows of the pool, all with the score 0.
        """
        chosen = top(np.zeros(len(pool)), pool, count, seed)
        return SelectionResult(chosen, np.zeros(len(chosen)), {})
