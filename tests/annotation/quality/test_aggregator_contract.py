"""One contract for every aggregator of the registries, with its defaults."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from annotation.quality.registry import (
    AGGREGATORS,
    LABEL_AGGREGATORS,
    WEIGHTINGS,
    load_aggregator,
    load_label_aggregator,
)
from annotation.quality.votes import VoteTable
from tests.annotation.quality.crowds import random_votes

Make = Callable[..., Any]

CASES = [pytest.param(load_aggregator(name), 2, name, id=f"triplets-{name}") for name in AGGREGATORS]
CASES += [pytest.param(load_label_aggregator(name), 4, name, id=f"labels-{name}") for name in LABEL_AGGREGATORS]
each_one = pytest.mark.parametrize(("make", "choices", "name"), CASES)


@pytest.mark.parametrize("weight", WEIGHTINGS)
@each_one
def test_every_aggregator_keeps_its_promises(make: Make, choices: int, name: str, weight: str) -> None:
    votes = random_votes(choices=choices)
    got = make(weight=weight).fit(votes)
    for values in (got.margin, got.winner, got.weight):
        assert values.shape == (40,)
    assert got.counts.shape == got.posterior.shape == (40, choices)
    assert (got.counts.dtype, got.weight.dtype, got.winner.dtype) == (np.int64, np.float32, np.int8)
    assert np.isfinite(got.weight).all()
    assert (got.weight >= 0).all()
    assert set(got.winner.tolist()) <= {-1, *range(choices)}
    assert (got.weight[got.winner == -1] == 0).all()
    np.testing.assert_array_equal(got.counts, tally(votes))
    ranked = np.sort(got.counts, axis=1)
    np.testing.assert_array_equal(got.margin, ranked[:, -1] - ranked[:, -2])
    np.testing.assert_allclose(got.posterior.sum(axis=1), 1)
    assert (got.posterior >= 0).all()
    decided = got.winner >= 0
    assert decided.any()
    largest = got.posterior.max(axis=1)
    np.testing.assert_allclose(got.posterior[decided, got.winner[decided]], largest[decided])
    assert got.winner[-1] == -1  # nobody was asked the last one
    assert got.weight[got.winner >= 0].max() > 0
    if weight != "raw":
        assert got.weight.max() <= 1
    assert got.method == f"{name}/{weight}"
    assert got.version


def tally(votes: VoteTable) -> np.ndarray:
    counts = np.zeros((votes.n_questions, votes.n_choices), dtype=int)
    for question, choice in zip(votes.question, votes.choice, strict=True):
        counts[question, choice] += 1
    return counts


@each_one
def test_calibrated_weights_are_the_posterior_on_a_scale_from_chance_to_certainty(
    make: Make, choices: int, name: str
) -> None:
    got = make(weight="calibrated").fit(random_votes(4, choices=choices))
    expected = (choices * got.posterior.max(axis=1) - 1) / (choices - 1)
    np.testing.assert_allclose(got.weight, np.where(got.winner >= 0, expected, 0), atol=1e-6)


@each_one
def test_the_order_of_votes_does_not_matter(make: Make, choices: int, name: str) -> None:
    votes = random_votes(1, choices=choices)
    order = np.random.default_rng(2).permutation(len(votes))
    left = None if votes.left is None else votes.left[order]
    mixed = VoteTable(votes.question[order], votes.worker[order], votes.choice[order], 40, left=left, n_choices=choices)
    one, other = make().fit(votes), make().fit(mixed)
    np.testing.assert_array_equal(one.winner, other.winner)
    np.testing.assert_allclose(one.weight, other.weight, atol=1e-6)


@each_one
def test_running_it_again_gives_the_same_bits(make: Make, choices: int, name: str) -> None:
    one, other = (make().fit(random_votes(5, choices=choices)) for _ in range(2))
    np.testing.assert_array_equal(one.posterior, other.posterior)
    np.testing.assert_array_equal(one.weight, other.weight)


@each_one
def test_renaming_the_answers_renames_the_winners(make: Make, choices: int, name: str) -> None:
    """Of triplets: swapping the candidates swaps the winner."""
    votes = random_votes(3, choices=choices)
    left = None if votes.left is None else 1 - votes.left
    renamed = VoteTable(votes.question, votes.worker, choices - 1 - votes.choice, 40, left=left, n_choices=choices)
    one, other = make().fit(votes), make().fit(renamed)
    np.testing.assert_array_equal(np.where(one.winner < 0, -1, choices - 1 - one.winner), other.winner)
    np.testing.assert_array_equal(one.counts, other.counts[:, ::-1])
    np.testing.assert_allclose(one.posterior, other.posterior[:, ::-1], atol=1e-6)


@each_one
def test_excluded_workers_have_not_voted(make: Make, choices: int, name: str) -> None:
    votes = random_votes(6, choices=choices)
    excluded = np.isin(np.arange(9), [2, 5])
    kept = ~excluded[votes.worker]
    left = None if votes.left is None else votes.left[kept]
    rest = VoteTable(votes.question[kept], votes.worker[kept], votes.choice[kept], 40, left=left, n_choices=choices)
    one, other = make().fit(votes.without(excluded)), make().fit(rest)
    np.testing.assert_array_equal(one.counts, other.counts)
    np.testing.assert_array_equal(one.posterior, other.posterior)
    assert one.workers.votes[[2, 5]].tolist() == [0, 0]
    assert np.isnan(one.workers.accuracy[[2, 5]]).all()


@each_one
def test_votes_that_weigh_nothing_are_counted_and_move_nothing(make: Make, choices: int, name: str) -> None:
    """Two answers and sides or many answers: the weights are those that the other votes would give."""
    votes = random_votes(7, questions=12, choices=choices)
    nothing = np.isin(votes.worker, [0, 4])
    weighed = VoteTable(
        votes.question, votes.worker, votes.choice, 12, np.where(nothing, 0.0, 1.0), votes.left, choices
    )
    got = make(weight="raw").fit(weighed)
    np.testing.assert_array_equal(got.counts, tally(votes))
    if name in ("margin", "plurality"):
        return  # their winner is that of the counts; test_margin and test_plurality have the rest
    others = make(weight="raw").fit(votes.without(np.isin(np.arange(9), [0, 4])))
    np.testing.assert_array_equal(got.winner, others.winner)
    np.testing.assert_allclose(got.posterior, others.posterior, atol=1e-12)


@each_one
def test_no_votes_and_no_questions_are_fine(make: Make, choices: int, name: str) -> None:
    none = VoteTable([], [], [], 3, left=[] if choices == 2 else None, n_choices=choices)  # type: ignore[arg-type]
    got = make().fit(none)
    assert got.winner.tolist() == [-1, -1, -1]
    assert got.weight.tolist() == [0, 0, 0]
    np.testing.assert_allclose(got.posterior, 1 / choices)
    assert got.workers.votes.shape == (0,)
    nobody = VoteTable([], [], [], 0, n_choices=choices)  # type: ignore[arg-type]
    assert make().fit(nobody).posterior.shape == (0, choices)


@each_one
def test_workers_are_judged_in_the_same_terms(make: Make, choices: int, name: str) -> None:
    votes = random_votes(8, choices=choices)
    workers = make().fit(votes).workers
    np.testing.assert_array_equal(workers.votes, np.bincount(votes.worker, minlength=9))
    assert workers.confusion.shape == (9, choices, choices)
    assert ((workers.interval[:, 0] < workers.accuracy) & (workers.accuracy < workers.interval[:, 1])).all()
    np.testing.assert_allclose(workers.confusion.sum(axis=(1, 2)), workers.compared)
    np.testing.assert_allclose(workers.right, workers.accuracy * workers.compared)
    assert np.isnan(workers.side_bias).all() == (choices > 2)
    assert (workers.sides is None) == (choices > 2)


@each_one
def test_an_unknown_weight_is_refused(make: Make, choices: int, name: str) -> None:
    with pytest.raises(ValueError, match='must be "raw", "unit" or "calibrated"'):
        make(weight="log").fit(random_votes(choices=choices))


@pytest.mark.parametrize("load", [load_aggregator, load_label_aggregator])
def test_an_unknown_name_is_a_key_error(load: Make) -> None:
    with pytest.raises(KeyError):
        load("os.system")
