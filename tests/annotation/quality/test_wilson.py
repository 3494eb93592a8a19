"""Wilson's interval and the tails, against closed forms and naive sums; the gate spares the faultless."""

import math
from itertools import product

import numpy as np
import pytest

from annotation.quality.thresholds import Thresholds
from annotation.quality.wilson import at_least, at_least_of, two_sided, wilson


@pytest.mark.parametrize(
    ("right", "given", "z"), [(0, 5, 1.96), (3, 10, 1.96), (18, 20, 1.96), (7, 8, 1.645), (1, 1, 3)]
)
def test_the_ends_are_where_the_score_test_is_just_at_z(right, given, z):
    """Wilson's ends p solve |p̂ − p| = z √(p(1 − p)/n): that is what they are, however they are written."""
    low, high = wilson(right, given, z)
    for end in (low, high):
        if 0 < end < 1:
            assert abs(right / given - end) == pytest.approx(z * math.sqrt(end * (1 - end) / given), abs=1e-12)
    assert low <= right / given <= high


def test_the_arithmetic_of_the_older_gate_which_pauses_people_with_all_answers_right():
    assert wilson(8, 8)[0] == pytest.approx(0.676, abs=5e-4)
    assert wilson(9, 9)[0] == pytest.approx(0.701, abs=5e-4)
    assert wilson(18, 20)[0] == pytest.approx(0.699, abs=5e-4)
    assert wilson(8, 8, 1.645)[0] == pytest.approx(0.747, abs=5e-4)
    assert wilson(7, 8, 1.645)[0] == pytest.approx(0.589, abs=5e-4)


def test_the_upper_end_never_proves_somebody_bad_who_made_no_mistake():
    assert all(wilson(n, n)[1] == 1.0 for n in range(1, 2000))
    assert wilson(0, 0) == (0.0, 1.0)


def test_the_fewest_right_answers_that_the_upper_end_lets_pass():
    limits = Thresholds()
    fewest = {n: next(k for k in range(n + 1) if wilson(k, n)[1] >= limits.gold_accuracy) for n in (8, 10, 20, 40, 100)}
    # Solved by hand from (p̂ − .7)² = z² · .7 · .3/n, p̂ below .7: n(.7 − z √(.21/n)), rounded up.
    by_hand = {n: math.ceil(n * (0.7 - 1.96 * math.sqrt(0.21 / n))) for n in fewest}
    assert fewest == by_hand == {8: 4, 10: 5, 20: 10, 40: 23, 100: 62}


def test_more_right_than_given_is_refused():
    with pytest.raises(ValueError, match="9 of 8"):
        wilson(9, 8)


@pytest.mark.parametrize("chance", [0.5, 0.1, 1 / 3])
def test_the_upper_tail_is_the_sum_over_all_outcomes(chance):
    n = 9
    for k in range(n + 2):
        naive = sum(math.comb(n, j) * chance**j * (1 - chance) ** (n - j) for j in range(k, n + 1))
        assert at_least(k, n, chance) == pytest.approx(min(naive, 1), abs=1e-12)


def test_two_sided_counts_both_tails_and_never_more_than_certainty():
    n = 12
    for k in range(n + 1):
        far = abs(k - n / 2)
        naive = sum(math.comb(n, j) for j in range(n + 1) if abs(j - n / 2) >= far) / 2**n
        assert two_sided(k, n) == pytest.approx(naive)
    assert two_sided(0, 0) == 1.0
    assert two_sided(5000, 10_000) == 1.0
    assert two_sided(9_000, 10_000) < 1e-100


def test_events_with_chances_of_their_own_against_all_combinations():
    chances = np.array([0.1, 0.5, 0.02, 0.9, 0.3])
    for k in range(7):
        naive = sum(
            float(np.prod([c if hit else 1 - c for c, hit in zip(chances, hits, strict=True)]))
            for hits in product((0, 1), repeat=len(chances))
            if sum(hits) >= k
        )
        assert at_least_of(k, chances) == pytest.approx(naive)
    assert at_least_of(3, np.full(10, 0.2)) == pytest.approx(at_least(3, 10, 0.2))
