"""Runs of one side, and changes of side, against what chance gives.

The sides of a question are drawn at random for each worker, so the sides that somebody who looks at the pictures
chooses are fair coins, whatever the pictures show. How long the longest run of one side among n fair coins is follows
exactly: the longest run is shorter than r in 2 · c(n, r) / 2ⁿ of all sequences, where c(n, r) counts the ways to write
n as a sum of parts 1 … r − 1 (the runs, in their order).

Example: a run of 10 or more among 20 has the chance .0117, one of 15 or more .000214, 20 of 20 .0000019.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray


def longest_run(sides: NDArray[np.integer]) -> int:
    """The length of the longest run of one side; −1 ("can't tell", a label) is no side and ends a run.

    Args:
        sides: (N,) 0 left, 1 right, −1 neither, in the order in which they were shown.
    """
    longest = current = 0
    before = -1
    for side in sides.tolist():
        current = 0 if side < 0 else current + 1 if side == before else 1
        before = side
        longest = max(longest, current)
    return longest


def changes(sides: NDArray[np.integer]) -> tuple[int, int]:
    """How often a side follows the other, and how many pairs of neighbours there are that both are sides."""
    pairs = (sides[:-1] >= 0) & (sides[1:] >= 0)
    return int((pairs & (sides[:-1] != sides[1:])).sum()), int(pairs.sum())


@lru_cache(maxsize=4096)
def run_chance(length: int, trials: int) -> float:
    """The probability that n fair coins show a run of r or more of one side."""
    if trials < length or trials == 0:
        return 0.0
    if length <= 1:
        return 1.0
    # ways[i]: i as a sum of parts 1 … r − 1. Whole numbers, so that nothing is lost before the division.
    ways = [1]
    for total in range(1, trials + 1):
        ways.append(sum(ways[max(0, total - length + 1) : total]))
    every: int = 2**trials
    return (every - 2 * ways[trials]) / every
