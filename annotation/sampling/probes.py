"""Where probes stand in a HIT.

The question at position p of a HIT has the place s·p, and up to s − 1 probes follow it at the places after. Known
questions (gold, attention checks) may follow any question. A repeat follows its original at a distance: the items from
one to the other, counting the repeat, are at least `apart`; in a HIT too short for that, as many as there can be, and
never fewer than two.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

APART = 5
_LEAST = 2


@dataclass(frozen=True)
class Layout:
    """Places of probes.

    Attributes:
        repeats: (index of the original among the questions, place), in order of places.
        known: Places for known questions, in random order; fewer than asked for where there is no room.
    """

    repeats: list[tuple[int, int]]
    known: list[int]


def probes_layout(
    positions: Sequence[int], *, repeats: int, known: int, stride: int, rng: np.random.Generator, apart: int = APART
) -> Layout:
    """Choose places at random.

    Args:
        positions: Positions in the HIT of the questions that are asked, ascending.
        repeats: Questions to repeat; fewer where the HIT is too short.
        known: Places for known questions.
        stride: s, the places that belong to a position.
        rng: Where chance comes from; the same generator gives the same places.
        apart: Items from an original to its repeat.
    """
    free = [stride - 1] * len(positions)  # places left after each question

    def place(index: int) -> int:
        free[index] -= 1
        return stride * positions[index] + stride - 1 - free[index]

    placed = [(original, place(after)) for original, after in _repeats(len(positions), repeats, apart, stride - 1, rng)]
    places: list[int] = []
    while len(places) < known and any(free):
        # One after each question before there are two after any.
        most = max(free)
        open_ones = np.flatnonzero(np.array(free) == most)
        chosen = rng.permutation(open_ones)[: known - len(places)]
        places += [place(int(index)) for index in chosen]
    return Layout(repeats=sorted(placed, key=lambda one: one[1]), known=places)


def _repeats(n: int, count: int, apart: int, room: int, rng: np.random.Generator) -> list[tuple[int, int]]:
    """(index of the original, index of the question that its repeat follows), with room for so many after each."""
    # The repeat of question i after question j comes j − i + 1 items later, or more where probes stand between them.
    originals = [int(one) for one in rng.permutation(max(n - apart + 1, 0))]
    originals += range(max(n - apart + 1, 0), n - _LEAST + 1)
    chosen: list[tuple[int, int]] = []
    free = [room] * n
    for original in originals[:count]:
        open_ones = [index for index in range(min(original + apart - 1, n - 1), n) if free[index]]
        # Not two after one question as long as there is another.
        open_ones = [index for index in open_ones if free[index] == room] or open_ones
        if open_ones:
            after = open_ones[int(rng.integers(len(open_ones)))]
            free[after] -= 1
            chosen.append((original, after))
    return chosen


def balanced_sides(count: int, *, first: bool, rng: np.random.Generator) -> list[bool]:
    """Whether each of so many right answers stands on the left: half of them do, in random order.

    Args:
        count: How many.
        first: Whether the odd one out stands on the left.
        rng: Of the order.
    """
    sides = [True] * (count // 2) + [False] * (count // 2) + [first] * (count % 2)
    return [sides[int(index)] for index in rng.permutation(count)]
