"""How the learning rate goes over a training.

With t the iteration from 0, w the warm-up and T all iterations, u = (t − w) / max(1, T − w) ∈ [0, 1):

    factor(t) = (t + 1) / w                    while t < w
                1                              "constant"
                1 − u                          "linear"
                ½·(1 + cos πu)                 "cosine"
                step_factor^⌊t / step_every⌋   "step"
"""

from __future__ import annotations

import math

from learning.training.config import TrainingConfig


def rate_factor(config: TrainingConfig, iteration: int) -> float:
    """Returns what the learning rate is multiplied by.

    Args:
        config: schedule, warm-up and number of iterations.
        iteration: counted from 0.
    """
    if iteration < config.warmup:
        return (iteration + 1) / config.warmup
    done = (iteration - config.warmup) / max(1, config.iterations - config.warmup)
    if config.schedule == "linear":
        return max(0.0, 1 - done)
    if config.schedule == "cosine":
        return (1 + math.cos(math.pi * min(1.0, done))) / 2
    if config.schedule == "step":
        return float(config.step_factor ** (iteration // config.step_every))
    return 1.0
