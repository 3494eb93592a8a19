"""Runs, against every sequence there is."""

from itertools import groupby, pairwise, product

import numpy as np
import pytest

from annotation.quality.runs import changes, longest_run, run_chance


def naive_longest(sides):
    return max((len(list(group)) for side, group in groupby(sides) if side >= 0), default=0)


def test_the_longest_run_of_every_short_sequence():
    for sides in product((0, 1, -1), repeat=7):
        assert longest_run(np.array(sides)) == naive_longest(sides)
    assert longest_run(np.array([], dtype=np.int8)) == 0


def test_changes_count_neighbours_that_both_are_sides():
    for sides in product((0, 1, -1), repeat=6):
        pairs = [(x, y) for x, y in pairwise(sides) if x >= 0 and y >= 0]
        assert changes(np.array(sides)) == (sum(x != y for x, y in pairs), len(pairs))


@pytest.mark.parametrize("trials", [1, 2, 5, 12])
def test_the_chance_of_a_run_is_its_share_of_all_sequences(trials):
    sequences = list(product((0, 1), repeat=trials))
    for length in range(1, trials + 2):
        naive = sum(naive_longest(one) >= length for one in sequences) / len(sequences)
        assert run_chance(length, trials) == pytest.approx(naive, abs=1e-15)


def test_the_chances_that_the_thresholds_are_chosen_by():
    assert run_chance(10, 20) == pytest.approx(0.0117, abs=1e-4)
    assert run_chance(15, 20) == pytest.approx(2.14e-4, abs=1e-6)
    assert run_chance(20, 20) == pytest.approx(2 / 2**20)
    # A long HIT has long runs by chance: why a run is held against its HIT's length.
    assert run_chance(10, 200) > 0.15
