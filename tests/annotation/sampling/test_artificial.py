"""The three rules of paper 000, checked triplet by triplet."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotation.sampling.artificial import artificial_triplets
from annotation.sampling.errors import DesignImpossible

CLASSES = ("neutral", "angry", "happy", "sad")


def posed(people: int) -> tuple[np.ndarray, np.ndarray]:
    """Labels and degrees in the layout of the posed set: neutral and every other class in four degrees a person."""
    one = [("neutral", 0)] + [(name, degree) for name in CLASSES[1:] for degree in (1, 2, 3, 4)]
    return np.array([label for label, _ in one * people]), np.array([degree for _, degree in one * people])


def rule_that_holds(labels: np.ndarray, level: np.ndarray, row: list[int]) -> int:
    """1, 2 or 3: the paper's rule that puts the second before the third, seen from the first; 0 for none."""
    anchor, nearer, farther = row
    same_nearer, same_farther = labels[nearer] == labels[anchor], labels[farther] == labels[anchor]
    if same_nearer and not same_farther:
        return 1
    if same_nearer and same_farther and abs(level[anchor] - level[nearer]) < abs(level[anchor] - level[farther]):
        return 2
    if not same_nearer and not same_farther and labels[nearer] == "neutral" != labels[farther]:
        return 3
    return 0


def check(labels: np.ndarray, level: np.ndarray, rows: np.ndarray, count: int) -> None:
    assert rows.shape == (count, 3)
    assert all(len(set(row)) == 3 for row in rows.tolist())
    assert all(rule_that_holds(labels, level, row) for row in rows.tolist())
    assert set(rows.ravel().tolist()) == set(range(len(labels)))
    assert len({tuple(row) for row in rows.tolist()}) == count


def test_the_posed_set_s_training_triplets_follow_the_rules() -> None:
    labels, level = posed(20)
    rows = artificial_triplets(labels, level, neutral="neutral", count=1_000, seed=0)
    check(labels, level, rows, 1_000)


def test_all_three_rules_are_used() -> None:
    labels, level = posed(20)
    rows = artificial_triplets(labels, level, neutral="neutral", count=2_000, seed=0)
    assert {rule_that_holds(labels, level, row) for row in rows.tolist()} == {1, 2, 3}


def test_anchors_are_dealt_out_evenly() -> None:
    labels, level = posed(10)
    rows = artificial_triplets(labels, level, neutral="neutral", count=3 * len(labels), seed=1)
    uses = np.bincount(rows[:, 0], minlength=len(labels))
    assert uses.min() >= 2
    assert uses.max() <= 5


@pytest.mark.parametrize("people", [3, 10])
def test_fewer_triplets_than_stimuli_still_cover_all(people: int) -> None:
    labels, level = posed(people)
    count = len(labels) // 2
    check(labels, level, artificial_triplets(labels, level, neutral="neutral", count=count, seed=4), count)


@settings(max_examples=40, deadline=None)
@given(st.integers(2, 6), st.integers(0, 2**32), st.floats(1, 4))
def test_any_seed_and_size_follows_the_rules(people: int, seed: int, share: float) -> None:
    labels, level = posed(people)
    count = int(share * len(labels))
    check(labels, level, artificial_triplets(labels, level, neutral="neutral", count=count, seed=seed), count)


def test_the_seed_decides() -> None:
    labels, level = posed(4)
    first, again, other = (artificial_triplets(labels, level, neutral="neutral", count=99, seed=s) for s in (1, 1, 2))
    assert (first == again).all()
    assert (first != other).any()


def test_every_triplet_that_the_rules_decide_can_be_asked_for_but_not_one_more() -> None:
    labels, level = np.array(["neutral", "happy", "happy", "sad"]), np.array([0, 1, 3, 2])
    everything = [
        (a, n, f) for a in range(4) for n in range(4) for f in range(4)
        if len({a, n, f}) == 3 and rule_that_holds(labels, level, [a, n, f])
    ]  # fmt: skip
    rows = artificial_triplets(labels, level, neutral="neutral", count=len(everything), seed=0)
    assert {tuple(row) for row in rows.tolist()} == set(everything)
    with pytest.raises(DesignImpossible, match=f"hardly more than {len(everything)} triplets"):
        artificial_triplets(labels, level, neutral="neutral", count=len(everything) + 1, seed=0)


def test_a_rare_class_is_an_anchor_too() -> None:
    """Two of 1,500 are sad: a pair drawn blindly would hardly ever bring them together."""
    labels, level = np.array(["happy"] * 1_498 + ["sad"] * 2), np.ones(1_500, dtype=int)
    rows = artificial_triplets(labels, level, neutral="neutral", count=1_500, seed=0)
    check(labels, level, rows, 1_500)
    assert set(rows[:, 0].tolist()) == set(range(1_500))


def test_labels_that_decide_nothing_are_refused() -> None:
    with pytest.raises(DesignImpossible, match="hardly more than 0 triplets"):
        artificial_triplets(np.array(["a"] * 5), np.ones(5, dtype=int), neutral="neutral", count=5, seed=0)


def test_too_few_triplets_for_all_stimuli_are_refused() -> None:
    labels, level = posed(10)
    with pytest.raises(DesignImpossible, match=r"130 stimuli need at least .* but 20 are asked"):
        artificial_triplets(labels, level, neutral="neutral", count=20, seed=0)


def test_lengths_that_differ_are_refused() -> None:
    with pytest.raises(DesignImpossible, match="do not match"):
        artificial_triplets(np.array(["a", "b", "c"]), np.array([1, 2]), neutral="neutral", count=3, seed=0)
