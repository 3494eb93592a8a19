"""What votes say about workers, beside plain loops."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import beta

from annotation.quality.dawid_skene import DawidSkene
from annotation.quality.margin import MarginAggregator
from annotation.quality.plurality import PluralityAggregator
from annotation.quality.votes import VoteTable
from annotation.quality.workers import others_answer
from tests.annotation.quality.crowds import random_votes

VOTES = st.lists(
    st.tuples(st.integers(0, 4), st.integers(0, 3), st.integers(0, 2), st.sampled_from([0.0, 0.5, 1.0])),
    min_size=1,
    max_size=30,
)


@settings(deadline=None)
@given(VOTES)
def test_the_others_answer_is_that_of_a_loop_over_the_others(rows: list[tuple[int, int, int, float]]) -> None:
    question, worker, choice = (np.array([row[at] for row in rows], dtype=int) for at in range(3))
    votes = VoteTable(question, worker, choice, 5, np.array([row[3] for row in rows]), n_choices=3)
    expected = np.zeros((len(rows), 3))
    for at, (q, _, _, _) in enumerate(rows):
        sums = [0.0, 0.0, 0.0]
        for other, (its, _, c, w) in enumerate(rows):
            if its == q and other != at:
                sums[c] += w
        best = [answer for answer in range(3) if sums[answer] == max(sums)]
        if len(best) == 1:
            expected[at, best[0]] = 1
    np.testing.assert_array_equal(others_answer(votes), expected)
    workers = PluralityAggregator().fit(votes).workers
    for w in range(votes.n_workers):
        mine = [at for at, row in enumerate(rows) if row[1] == w and expected[at].any()]
        compared = sum(rows[at][3] for at in mine)
        right = sum(rows[at][3] for at in mine if expected[at, rows[at][2]])
        assert workers.compared[w] == pytest.approx(compared)
        if compared:
            assert workers.accuracy[w] == pytest.approx(right / compared)
            bounds = beta.ppf([0.025, 0.975], right + 0.5, compared - right + 0.5)
            np.testing.assert_allclose(workers.interval[w], bounds, rtol=1e-6)
        else:
            assert np.isnan(workers.accuracy[w])
            assert np.isnan(workers.interval[w]).all()


def test_models_count_expected_votes_by_their_posterior() -> None:
    votes = random_votes(2, choices=3)
    got = DawidSkene().fit(votes)
    confusion = np.zeros((9, 3, 3))
    for q, w, c in zip(votes.question, votes.worker, votes.choice, strict=True):
        confusion[w, :, c] += got.posterior[q]
    np.testing.assert_allclose(got.workers.confusion, confusion, atol=1e-9)


def test_sides_and_their_bias_are_counted_in_the_frame_of_the_screen() -> None:
    """Five workers see a question; the fifth always goes left, whatever is there."""
    rng = np.random.default_rng(0)
    truth, left = rng.integers(0, 2, 40), rng.integers(0, 2, (40, 5))
    choice = np.repeat(truth, 5).reshape(40, 5)
    choice[:, 4] = left[:, 4]
    votes = VoteTable(np.repeat(np.arange(40), 5), np.tile(np.arange(5), 40), choice.ravel(), 40, left=left.ravel())
    got = MarginAggregator().fit(votes).workers
    assert got.sides is not None
    right_side = np.where(left[:, 4] == truth, 0, 1)
    expected = [[int((right_side == 0).sum()), 0], [int((right_side == 1).sum()), 0]]
    assert got.sides[4].tolist() == expected
    went_left = np.array(expected)[:, 0]
    assert got.side_bias[4] == pytest.approx(np.mean(np.log((went_left + 0.5) / 0.5)))
    assert got.side_bias[4] > 3
    np.testing.assert_allclose(got.side_bias[:4], 0, atol=0.4)
    assert got.accuracy[:4].tolist() == [1, 1, 1, 1]
