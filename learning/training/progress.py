"""What a training tells while it runs, and what it is told."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Clock = Callable[[], float]


class Cancelled(Exception):
    """The training was told to stop; what it had learned is in its last checkpoint."""


@dataclass(frozen=True)
class Progress:
    """Where a training stands.

    Attributes:
        iteration: steps done.
        total: steps in all.
        losses: means since the last evaluation: "loss", "reconstruction", "kl", "triplet" (M2), and the present "beta".
        validation: the last evaluation's "elbo" and its terms; None before the first.
        history: one row an evaluation: iteration, losses and validation.
        eta_s: estimated seconds to the end; None before the first step.
        best_iteration: of the best evaluation so far, None before the first.
    """

    iteration: int
    total: int
    losses: dict[str, float]
    validation: dict[str, float] | None
    history: list[dict[str, Any]]
    eta_s: float | None
    best_iteration: int | None


class Throttle:
    """Lets something happen at most once in an interval."""

    def __init__(self, interval_s: float, clock: Clock = time.monotonic) -> None:
        self._interval_s, self._clock = interval_s, clock
        self._next = clock()

    def due(self) -> bool:
        """Whether the interval has passed since the last time that this returned true (the first call always does)."""
        now = self._clock()
        if now < self._next:
            return False
        self._next = now + self._interval_s
        return True
