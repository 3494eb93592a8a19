"""Easy cases are easy: against every distance, by naive loops."""

import numpy as np
import pytest

from annotation.sampling.errors import DesignImpossible
from annotation.sampling.gold import Easy, Known, easy_triplets, self_pairs


@pytest.fixture
def clusters():
    """Six heaps of ten in five dimensions, with the heap as the label."""
    rng = np.random.default_rng(2)
    heap = np.repeat(np.arange(6), 10)
    vectors = rng.normal(size=(6, 5))[heap] * 5 + rng.normal(size=(60, 5)) * 0.3
    return Known(60, vectors, heap.astype(np.str_))


def draw(known, count, *, taken=None, seed=0, **easy):
    taken = set() if taken is None else taken
    return easy_triplets(known, count, taken=taken, rng=np.random.default_rng(seed), easy=Easy(**easy))


def test_near_is_among_the_nearest_and_far_among_the_farthest(clusters):
    known = Known(60, clusters.vectors)
    found = draw(known, 100)
    assert len(found) == 100
    for reference, near, far in found.tolist():
        distance = {i: float(np.linalg.norm(known.vectors[i] - known.vectors[reference])) for i in range(60)}
        del distance[reference]
        ranked = sorted(distance, key=distance.__getitem__)
        assert ranked.index(near) < int(59 * 0.05)
        assert ranked.index(far) >= 59 - int(59 * 0.25)
        assert distance[far] >= 2 * distance[near]


def test_labels_must_agree_where_there_are_any(clusters):
    found = draw(clusters, 100)
    labels = clusters.labels
    assert len(found) == 100
    assert all(labels[r] == labels[near] != labels[far] for r, near, far in found.tolist())
    # The labels say what the vectors do not: only both together make a case.
    crossed = Known(60, clusters.vectors, np.roll(clusters.labels, 1))
    for r, near, far in draw(crossed, 50).tolist():
        assert crossed.labels[r] == crossed.labels[near] != crossed.labels[far]


def test_labels_alone_are_enough_and_those_without_a_label_take_no_part():
    labels = np.array(["joy"] * 4 + ["anger"] * 4 + [""] * 4)
    found = draw(Known(12, labels=labels), 30)
    assert len(found) == 30
    assert all(labels[r] == labels[near] != labels[far] and labels[far] for r, near, far in found.tolist())
    assert found.max() < 8


def test_no_question_is_drawn_twice_and_none_that_is_taken():
    known = Known(5, labels=np.array(["x", "x", "y", "y", "y"]))
    every = draw(known, 1000)
    keys = {(r, *sorted(pair)) for r, *pair in every.tolist()}
    # x: 2 references × 1 near × 3 far; y: 3 × 2 × 2.
    assert len(every) == len(keys) <= 18
    taken = {key for key in keys if key[0] != 0}
    rest = draw(known, 1000, taken=set(taken), seed=9)
    assert {(r, *sorted(pair)) for r, *pair in rest.tolist()}.isdisjoint(taken)


def test_references_go_round(clusters):
    assert len(set(draw(clusters, 50)[:, 0].tolist())) >= 45


def test_where_nothing_is_easy_nothing_is_made():
    even = Known(40, np.eye(40))  # everybody is equally far from everybody
    assert len(draw(even, 10)) == 0
    assert draw(Known(40), 10).shape == (0, 3)
    assert draw(Known(2, np.eye(2)), 10).shape == (0, 3)
    one_label = Known(9, labels=np.array(["x"] * 9))
    assert len(draw(one_label, 10)) == 0


def test_the_same_seed_draws_the_same(clusters):
    assert (draw(clusters, 20, seed=4) == draw(clusters, 20, seed=4)).all()
    assert (draw(clusters, 20, seed=4) != draw(clusters, 20, seed=5)).any()


def test_an_attention_check_shows_the_reference_beside_another_that_is_far(clusters):
    found = self_pairs(clusters, 40, taken=set(), rng=np.random.default_rng(1))
    assert len(found) == 40
    for reference, same, other in found.tolist():
        assert same == reference != other
        assert clusters.labels[other] != clusters.labels[reference]


def test_an_attention_check_never_shows_two_that_look_the_same():
    alike = Known(4, np.array([[0.0], [0.0], [0.0], [5.0]]))
    for reference, _, other in self_pairs(alike, 4, taken=set(), rng=np.random.default_rng(1)).tolist():
        assert alike.vectors[reference] != alike.vectors[other]


def test_without_measures_any_other_will_do_for_an_attention_check():
    found = self_pairs(Known(6), 12, taken=set(), rng=np.random.default_rng(3))
    assert len(found) == len({tuple(row) for row in found.tolist()}) == 12
    assert len(self_pairs(Known(1), 3, taken=set(), rng=np.random.default_rng(3))) == 0


def test_arrays_that_do_not_fit_are_refused():
    with pytest.raises(DesignImpossible, match="2 labels of 3"):
        Known(3, labels=np.array(["x", "y"]))
    with pytest.raises(DesignImpossible, match="no numbers"):
        Known(2, np.array([[0.0], [np.nan]]))
