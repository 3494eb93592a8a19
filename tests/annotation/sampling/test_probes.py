"""Places of probes: room, distance, chance that can be repeated."""

from collections import Counter

import numpy as np
import pytest

from annotation.sampling.probes import balanced_sides, probes_layout

STRIDE = 4


def layout(n, *, repeats=0, known=0, seed=0, positions=None):
    positions = list(range(n)) if positions is None else positions
    return probes_layout(positions, repeats=repeats, known=known, stride=STRIDE, rng=np.random.default_rng(seed))


def distances(n, found, positions=None):
    """Items from each original to its repeat, counted in the HIT as it is shown."""
    positions = list(range(n)) if positions is None else positions
    shown = sorted([STRIDE * one for one in positions] + [place for _, place in found.repeats] + found.known)
    return [shown.index(place) - shown.index(STRIDE * positions[original]) for original, place in found.repeats]


@pytest.mark.parametrize("seed", range(40))
def test_repeats_come_at_least_five_items_after_their_original(seed):
    found = layout(20, repeats=3, known=4, seed=seed)
    assert len(found.repeats) == 3
    assert len({original for original, _ in found.repeats}) == 3
    assert min(distances(20, found)) >= 5


@pytest.mark.parametrize("n", [0, 1, 2, 3, 4, 5, 6])
def test_in_a_short_hit_a_repeat_is_as_far_as_can_be_and_never_fewer_than_two_items_later(n):
    found = layout(n, repeats=1)
    assert len(found.repeats) == (n >= 2)
    if n >= 2:
        assert min(distances(n, found)) == min(n, 5) if n <= 5 else min(distances(n, found)) >= 5
    for seed in range(20):
        assert all(one >= 2 for one in distances(n, layout(n, repeats=4, known=2, seed=seed)))


@pytest.mark.parametrize("seed", range(20))
def test_every_place_is_used_once_and_belongs_to_a_question_that_is_asked(seed):
    positions = [2, 3, 7, 11, 12, 19]
    found = layout(6, repeats=2, known=7, seed=seed, positions=positions)
    places = [place for _, place in found.repeats] + found.known
    assert len(places) == len(set(places)) == 9
    assert all(place % STRIDE and place // STRIDE in positions for place in places)


def test_known_questions_spread_before_they_crowd_and_stop_where_there_is_no_room():
    spread = layout(8, known=8, seed=3)
    assert Counter(place // STRIDE for place in spread.known) == Counter(range(8))
    assert len(layout(3, known=20).known) == 9
    assert layout(0, known=3).known == []


def test_the_same_seed_gives_the_same_places_and_others_give_others():
    assert layout(20, repeats=1, known=3, seed=5) == layout(20, repeats=1, known=3, seed=5)
    assert len({tuple(layout(20, repeats=1, known=3, seed=seed).known) for seed in range(30)}) > 25


def test_known_questions_stand_anywhere_alike():
    counts = Counter(place // STRIDE for seed in range(2000) for place in layout(10, known=2, seed=seed).known)
    # 4,000 places over 10 positions: a standard deviation is 19.
    assert all(abs(counts[position] - 400) < 5 * 19 for position in range(10))


@pytest.mark.parametrize("count", range(7))
def test_sides_are_balanced_and_the_odd_one_is_where_it_is_asked_for(count):
    for first in (True, False):
        sides = balanced_sides(count, first=first, rng=np.random.default_rng(count))
        assert sum(sides) == count // 2 + (count % 2) * first
