"""One contract for every aggregator of the registry, with its defaults."""

from __future__ import annotations

import numpy as np
import pytest

from annotation.quality.registry import AGGREGATORS, load_aggregator
from annotation.quality.votes import VoteTable


def crowd(seed: int = 0, questions: int = 40, votes: int = 150) -> VoteTable:
    rng = np.random.default_rng(seed)
    return VoteTable(
        rng.integers(0, questions - 1, votes), rng.integers(0, 9, votes), rng.integers(0, 2, votes), questions
    )


@pytest.mark.parametrize("name", AGGREGATORS)
def test_every_aggregator_keeps_its_promises(name: str) -> None:
    votes = crowd()
    got = load_aggregator(name)().fit(votes)
    for values in (got.votes_a, got.votes_b, got.margin, got.winner, got.weight):
        assert values.shape == (40,)
    assert got.weight.dtype == np.float32
    assert got.winner.dtype == np.int8
    assert np.isfinite(got.weight).all()
    assert (got.weight >= 0).all()
    assert set(got.winner.tolist()) <= {-1, 0, 1}
    assert (got.weight[got.winner == -1] == 0).all()
    assert int(got.votes.sum()) == len(votes)
    assert got.winner[-1] == -1  # nobody was asked the last one
    assert got.method.split("/")[0] == name
    assert got.version


@pytest.mark.parametrize("name", AGGREGATORS)
def test_the_order_of_votes_does_not_matter(name: str) -> None:
    votes = crowd(1)
    order = np.random.default_rng(2).permutation(len(votes))
    mixed = VoteTable(votes.question[order], votes.worker[order], votes.choice[order], votes.n_questions)
    one, other = load_aggregator(name)().fit(votes), load_aggregator(name)().fit(mixed)
    np.testing.assert_array_equal(one.winner, other.winner)
    np.testing.assert_allclose(one.weight, other.weight, rtol=1e-6)


@pytest.mark.parametrize("name", AGGREGATORS)
def test_swapping_the_candidates_swaps_the_winner(name: str) -> None:
    votes = crowd(3)
    swapped = VoteTable(votes.question, votes.worker, 1 - votes.choice, votes.n_questions)
    one, other = load_aggregator(name)().fit(votes), load_aggregator(name)().fit(swapped)
    np.testing.assert_array_equal(np.where(one.winner < 0, -1, 1 - one.winner), other.winner)
    np.testing.assert_array_equal(one.votes_a, other.votes_b)


def test_an_unknown_name_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        load_aggregator("os.system")
