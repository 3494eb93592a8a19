"""The subset rule, person-wise splits and the registry."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotation.sampling.balanced import balanced_triplets
from annotation.sampling.errors import DesignImpossible
from annotation.sampling.registry import DESIGNS, design
from annotation.sampling.splits import split_by_person, split_sizes
from annotation.sampling.subset import expressive_subset

HAPPY, NEUTRAL = frozenset({"AU6", "AU12"}), frozenset[str]()


def test_one_stimulus_remains_of_each_person_and_set() -> None:
    subjects = np.array(["alice", "alice", "bob", "alice", "bob"])
    units = [HAPPY, frozenset({"AU12", "AU6"}), HAPPY, NEUTRAL, NEUTRAL]
    assert expressive_subset(subjects, units).tolist() == [0, 2, 3, 4]


def test_blinks_give_way_to_the_next_frame_of_the_set() -> None:
    subjects = np.array(["alice"] * 4)
    assert expressive_subset(subjects, [HAPPY, HAPPY, NEUTRAL, NEUTRAL], np.array([0.02, 0.2, 0.2, 0.2])).tolist() == [
        1,
        2,
    ]


def test_a_blink_is_measured_by_the_person_s_own_eyes() -> None:
    """Bob's narrow eyes, 0.1 open, would be closed on Alice."""
    subjects = np.array(["alice"] * 3 + ["bob"] * 3)
    units = [frozenset({f"AU{i}"}) for i in range(6)]
    opening = np.array([0.30, 0.31, 0.10, 0.10, 0.11, 0.02])
    assert expressive_subset(subjects, units, opening).tolist() == [0, 1, 3, 4]


def test_a_set_shown_only_while_blinking_is_left_out() -> None:
    assert expressive_subset(np.array(["a"] * 3), [HAPPY, NEUTRAL, NEUTRAL], np.array([0.0, 1, 1])).tolist() == [1]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from(("", "1", "2")), st.floats(0, 1)), max_size=30))
def test_the_subset_equals_a_naive_scan(rows: list[tuple[str, str, float]]) -> None:
    people, sets, opening = [r[0] for r in rows], [frozenset(r[1]) for r in rows], np.array([r[2] for r in rows])
    expected, seen = [], set()
    for i in range(len(rows)):
        own = [opening[j] for j in range(len(rows)) if people[j] == people[i]]
        if opening[i] >= 0.5 * np.median(own) and (people[i], sets[i]) not in seen:
            seen.add((people[i], sets[i]))
            expected.append(i)
    assert expressive_subset(np.array(people, dtype=str), sets, opening, blink_fraction=0.5).tolist() == expected


def test_bad_input_of_the_subset_is_named() -> None:
    with pytest.raises(DesignImpossible, match="do not match"):
        expressive_subset(np.array(["a"]), [])
    with pytest.raises(DesignImpossible, match="row 1 is not a finite"):
        expressive_subset(np.array(["a", "a"]), [HAPPY, HAPPY], np.array([1.0, np.nan]))
    with pytest.raises(DesignImpossible, match="between 0 and 1"):
        expressive_subset(np.array(["a"]), [HAPPY], np.array([1.0]), blink_fraction=2)


def test_the_posed_set_splits_80_10_10_by_person() -> None:
    subjects = np.repeat([f"p{i}" for i in range(100)], 25)
    split = split_by_person(subjects, seed=0)
    assert split.dtype == np.int8
    assert np.bincount(split).tolist() == [2000, 250, 250]


@settings(max_examples=80, deadline=None)
@given(st.lists(st.sampled_from(["", "a", "b", "c", "d", "e"]), min_size=1, max_size=40), st.integers(0, 2**32))
def test_nobody_is_in_two_splits_and_sizes_are_exact(subjects: list[str], seed: int) -> None:
    split = split_by_person(subjects, seed=seed)
    named = {name: {int(s) for n, s in zip(subjects, split, strict=True) if n == name} for name in set(subjects) - {""}}
    assert all(len(parts) == 1 for parts in named.values())
    alone = [int(s) for n, s in zip(subjects, split, strict=True) if not n]
    persons = [next(iter(parts)) for parts in named.values()] + alone
    assert [persons.count(part) for part in range(3)] == split_sizes(len(persons))


@pytest.mark.parametrize(
    ("people", "sizes"),
    [(0, [0, 0, 0]), (1, [1, 0, 0]), (3, [1, 1, 1]), (4, [2, 1, 1]), (30, [24, 3, 3]), (57, [45, 6, 6])],
)
def test_sizes_follow_the_largest_remainder_and_leave_no_split_empty(people: int, sizes: list[int]) -> None:
    assert split_sizes(people) == sizes


@given(st.integers(0, 400), st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(1, 9)))
def test_sizes_always_sum_up_and_stay_within_one_of_their_share(people: int, parts: tuple[int, int, int]) -> None:
    shares = [part / sum(parts) for part in parts]
    sizes = split_sizes(people, shares)
    assert sum(sizes) == people
    if people * min(share for share in shares if share) >= 1:
        assert all(abs(size - share * people) < 1 for size, share in zip(sizes, shares, strict=True))
    if people >= 3:
        assert all(size > 0 for size, share in zip(sizes, shares, strict=True) if share)


def test_the_split_is_seeded() -> None:
    subjects = [f"p{i}" for i in range(50)]
    assert (split_by_person(subjects, seed=1) == split_by_person(subjects, seed=1)).all()
    assert (split_by_person(subjects, seed=1) != split_by_person(subjects, seed=2)).any()


@pytest.mark.parametrize("fractions", [(0.8, 0.1), (0.8, 0.1, 0.2), (1.2, -0.1, -0.1)])
def test_fractions_that_are_no_shares_are_refused(fractions: tuple[float, ...]) -> None:
    with pytest.raises(DesignImpossible, match="three shares that sum to 1"):
        split_by_person(["a", "b", "c"], fractions=fractions, seed=0)


@pytest.mark.parametrize("name", sorted(DESIGNS))
def test_every_design_of_the_registry_gives_balanced_triplets(name: str) -> None:
    rows = design(name)(30, 6, seed=0)
    assert np.bincount(rows.ravel()).tolist() == [6] * 30


def test_a_design_is_found_by_its_name_alone() -> None:
    assert design("balanced") is balanced_triplets
    with pytest.raises(DesignImpossible, match=r"no design 'os\.system'; known: balanced"):
        design("os.system")
