"""Wilson's interval of a share, and the exact tails of the binomial distribution.

With k of n right and p̂ = k/n, Wilson's interval at z is

    ( p̂ + z²/2n ± z √( p̂(1 − p̂)/n + z²/4n² ) ) / (1 + z²/n).

Its two ends answer two questions, and which one is asked must be chosen. The lower end above a threshold says "proven
good"; the upper end below it says "proven bad". Somebody with all answers right is not proven good for a long time
(8 of 8 give a lower end of .676 at z = 1.96), and is never proven bad: for k = n the upper end is 1.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Z95 = 1.96


def wilson(right: int, given: int, z: float = Z95) -> tuple[float, float]:
    """The lower and the upper end of Wilson's interval; (0, 1) where nothing was given.

    Args:
        right: k, 0 to n.
        given: n.
        z: Standard deviations to either side; 1.96 holds 95 per cent.

    Raises:
        ValueError: k is not between 0 and n.
    """
    if not 0 <= right <= given:
        raise ValueError(f"{right} of {given} is not a share.")
    if given == 0:
        return 0.0, 1.0
    share, square = right / given, z * z
    middle = share + square / (2 * given)
    half = z * math.sqrt(share * (1 - share) / given + square / (4 * given * given))
    low, high = (middle - half) / (1 + square / given), (middle + half) / (1 + square / given)
    # For k = 0 and k = n the ends are 0 and 1; rounding must not decide about anybody.
    return (0.0 if right == 0 else low), (1.0 if right == given else high)


def at_least(successes: int, trials: int, chance: float) -> float:
    """P(X ≥ k) for X binomial with n trials of that chance: the exact sum."""
    if successes <= 0:
        return 1.0
    if successes > trials or chance <= 0:
        return 0.0
    if chance >= 1:
        return 1.0
    return min(1.0, math.fsum(_probability(one, trials, chance) for one in range(successes, trials + 1)))


def two_sided(successes: int, trials: int) -> float:
    """How probable a count at least this far from n/2 is among n fair coins; 1 where there are none."""
    far = max(successes, trials - successes)
    return min(1.0, 2 * at_least(far, trials, 0.5)) if trials else 1.0


def _probability(successes: int, trials: int, chance: float) -> float:
    ways = math.lgamma(trials + 1) - math.lgamma(successes + 1) - math.lgamma(trials - successes + 1)
    return math.exp(ways + successes * math.log(chance) + (trials - successes) * math.log1p(-chance))


def at_least_of(successes: int, chances: NDArray[np.float64]) -> float:
    """P(at least k of n independent events), each with a chance of its own (the Poisson binomial distribution)."""
    if successes <= 0:
        return 1.0
    if successes > len(chances):
        return 0.0
    # states[j]: probability of j events so far; the last one gathers k and more.
    states = np.zeros(successes + 1)
    states[0] = 1.0
    for chance in chances:
        moved = states[:-1] * chance
        states[:-1] -= moved
        states[1:] += moved
    return float(min(1.0, states[-1]))
