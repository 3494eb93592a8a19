"""Balanced designs, recounted by plain loops."""

from collections import Counter
from math import ceil

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotation.sampling.balanced import balanced_triplets
from annotation.sampling.dense import all_questions, balanced_sides
from annotation.sampling.errors import DesignImpossible


def questions(rows: np.ndarray) -> list[tuple[int, int, int]]:
    return [(r, min(a, b), max(a, b)) for r, a, b in rows.tolist()]


def assert_balanced(rows: np.ndarray, n: int, k: int) -> None:
    """Recount everything the design promises, one triplet at a time."""
    assert rows.shape == (ceil(k * n / 3), 3)
    assert rows.dtype == np.int64
    total, roles = Counter(), [Counter(), Counter(), Counter()]
    for row in rows.tolist():
        assert len(set(row)) == 3, f"{row} names a stimulus twice"
        for role, item in enumerate(row):
            assert 0 <= item < n
            total[item] += 1
            roles[role][item] += 1
    counts = [total[item] for item in range(n)]
    assert (set(counts) == {k}) if k * n % 3 == 0 else (min(counts) >= k and max(counts) <= k + 1)
    for role in roles:
        per_role = [role[item] for item in range(n)]
        assert (set(per_role) == {k // 3}) if k % 3 == 0 else (max(per_role) - min(per_role) <= 1)
    assert len(set(questions(rows))) == len(rows), "a question is asked twice"


@st.composite
def designs(draw: st.DrawFn) -> tuple[int, int, int]:
    n = draw(st.integers(3, 40))
    k = draw(st.integers(1, min(3 * (n - 1) * (n - 2) // 2, 40)))
    return n, k, draw(st.integers(0, 2**32))


@settings(max_examples=60, deadline=None)
@given(designs())
def test_every_design_is_balanced_without_repetition(case: tuple[int, int, int]) -> None:
    n, k, seed = case
    assert_balanced(balanced_triplets(n, k, seed=seed), n, k)


@pytest.mark.parametrize("n", [3, 4, 5, 6])
def test_few_stimuli_work_up_to_all_their_triplets(n: int) -> None:
    for k in range(1, 3 * (n - 1) * (n - 2) // 2 + 1):
        assert_balanced(balanced_triplets(n, k, seed=k), n, k)


def test_a_design_of_usual_size_is_exact() -> None:
    assert_balanced(balanced_triplets(2_000, 6, seed=1), 2_000, 6)


def test_a_design_with_many_triplets_per_stimulus_is_exact() -> None:
    assert_balanced(balanced_triplets(60, 300, seed=1), 60, 300)


def test_half_of_all_triplets_can_be_asked() -> None:
    assert_balanced(balanced_triplets(24, 379, seed=3), 24, 379)  # the last k before the complement takes over


def test_the_seed_decides_the_design() -> None:
    first, again, other = (balanced_triplets(90, 6, seed=seed) for seed in (5, 5, 6))
    assert (first == again).all()
    assert (first != other).any()


def test_a_generator_is_a_seed_too() -> None:
    first = balanced_triplets(90, 6, seed=np.random.default_rng(5))
    assert (first == balanced_triplets(90, 6, seed=5)).all()


def test_candidates_stand_on_either_side_by_chance() -> None:
    rows = balanced_triplets(3_000, 6, seed=2)
    share = (rows[:, 1] < rows[:, 2]).mean()
    assert abs(share - 0.5) < 0.04  # 6000 rows: σ = 0.0065


def test_references_do_not_come_in_the_stimuli_s_order() -> None:
    rows = balanced_triplets(3_000, 6, seed=2)
    assert abs(np.corrcoef(rows[:3_000, 0], np.arange(3_000))[0, 1]) < 0.1


def test_every_pair_is_as_likely_as_every_other() -> None:
    """Over many small designs each question is about equally frequent: χ² within five sigmas."""
    counts = Counter(q for seed in range(300) for q in questions(balanced_triplets(5, 6, seed=seed)))
    possible = 5 * 6
    expected = sum(counts.values()) / possible
    chi = sum((counts[q] - expected) ** 2 / expected for q in questions(all_questions(5)))
    assert len(counts) == possible
    assert chi < possible + 5 * (2 * possible) ** 0.5


@settings(max_examples=40, deadline=None)
@given(st.integers(6, 30), st.integers(1, 8), st.integers(0, 2**32))
def test_nothing_asked_before_is_asked_again(n: int, k: int, seed: int) -> None:
    before = balanced_triplets(n, k, seed=seed)
    turned = before[:, [0, 2, 1]]  # the same questions with their candidates the other way round
    after = balanced_triplets(n, k, seed=seed + 1, avoid=turned)
    assert_balanced(after, n, k)
    assert not set(questions(before)) & set(questions(after))


def test_the_last_triplets_left_are_found() -> None:
    """n = 6 has 60 triplets, 30 per stimulus: after 24 each, the 6 each that remain are one exact set."""
    asked = balanced_triplets(6, 24, seed=0)
    rest = balanced_triplets(6, 3, seed=0, avoid=asked)
    assert_balanced(rest, 6, 3)
    assert not set(questions(asked)) & set(questions(rest))


@pytest.mark.parametrize(
    ("n", "k", "says"),
    [
        (2, 6, "needs 3 different stimuli, but there are 2"),
        (3, 6, "3 stimuli have 3 different triplets, but 6 per stimulus need 6"),
        (10, 0, "at least 1 triplet, not 0"),
        (3_000_000, 6, "at most 2,097,151 stimuli"),
    ],
)
def test_the_impossible_is_refused_in_one_sentence(n: int, k: int, says: str) -> None:
    with pytest.raises(DesignImpossible, match=says):
        balanced_triplets(n, k, seed=0)


def test_too_few_triplets_left_are_refused_with_their_number() -> None:
    asked = balanced_triplets(5, 15, seed=0)
    with pytest.raises(DesignImpossible, match="30 different triplets, 25 of them asked before, but 6 per stimulus"):
        balanced_triplets(5, 6, seed=0, avoid=asked)


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ([[0, 1, 9]], r"Triplet 0 asked before is \[0, 1, 9\]"),
        ([[0, 1, 2], [3, 3, 1]], "Triplet 1 .* twice"),
        ([[1, 2]], "shape"),
    ],
)
def test_bad_rows_asked_before_are_named(asked: list[list[int]], says: str) -> None:
    with pytest.raises(DesignImpossible, match=says):
        balanced_triplets(6, 3, seed=0, avoid=np.array(asked))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8)).filter(lambda p: p[0] != p[1]), min_size=1, max_size=60)
)
def test_sides_are_balanced_for_any_pairs(pairs: list[tuple[int, int]]) -> None:
    flip = balanced_sides(np.array(pairs), 9)
    first = Counter(b if turned else a for (a, b), turned in zip(pairs, flip, strict=True))
    second = Counter(a if turned else b for (a, b), turned in zip(pairs, flip, strict=True))
    assert all(abs(first[item] - second[item]) <= 1 for item in range(9))


def test_all_questions_are_all_and_in_the_order_of_their_keys() -> None:
    naive = [(r, a, b) for r in range(5) for a in range(5) for b in range(a + 1, 5) if r not in (a, b)]
    assert questions(all_questions(5)) == naive
