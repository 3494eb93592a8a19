from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.quality.calibration import Calibration
from annotation.quality.margin import MarginAggregator
from annotation.quality.votes import VoteTable


def test_five_votes_weigh_five_three_or_one() -> None:
    """Paper 000, IV-B."""
    choices = [[0] * 5, [0, 0, 1, 0, 0], [1, 0, 1, 0, 1], [1] * 5]
    votes = VoteTable(np.repeat(np.arange(4), 5), np.tile(np.arange(5), 4), np.ravel(choices), 4)
    raw = MarginAggregator().fit(votes)
    assert raw.weight.tolist() == [5, 3, 1, 5]
    assert raw.winner.tolist() == [0, 0, 1, 1]
    assert (raw.method, raw.version) == ("margin/raw", "1")
    np.testing.assert_allclose(MarginAggregator(weight="unit").fit(votes).weight, [1, 0.6, 0.2, 1], rtol=1e-6)
    calibrated = MarginAggregator(weight="calibrated").fit(votes)
    np.testing.assert_allclose(calibrated.weight, [0.94, 0.822, 0.4, 0.94], rtol=1e-6)
    np.testing.assert_allclose(calibrated.posterior[:, 1], [0.03, 0.089, 0.7, 0.97])


@given(
    st.integers(1, 6).flatmap(
        lambda q: st.tuples(st.just(q), st.lists(st.tuples(st.integers(0, q - 1), st.integers(0, 1))))
    )
)
def test_the_counts_agree_with_a_plain_loop(case: tuple[int, list[tuple[int, int]]]) -> None:
    questions, given_votes = case
    counts = [[0, 0] for _ in range(questions)]
    for question, choice in given_votes:
        counts[question][choice] += 1
    votes = VoteTable(
        np.array([q for q, _ in given_votes]),
        np.zeros(len(given_votes), int),
        np.array([c for _, c in given_votes]),
        questions,
    )
    raw, unit = MarginAggregator().fit(votes), MarginAggregator(weight="unit").fit(votes)
    for at, (a, b) in enumerate(counts):
        assert (raw.votes_a[at], raw.votes_b[at], raw.margin[at]) == (a, b, abs(a - b))
        assert raw.winner[at] == (-1 if a == b else int(b > a))
        assert raw.weight[at] == abs(a - b)
        assert unit.weight[at] == pytest.approx(abs(a - b) / (a + b) if a + b else 0)


def test_an_unknown_weight_is_refused() -> None:
    with pytest.raises(ValueError, match='must be "raw", "unit" or "calibrated"'):
        MarginAggregator(weight="log").fit(VoteTable([], [], [], 1))  # type: ignore[arg-type]


def test_a_calibration_gives_the_weights_of_its_table() -> None:
    evidence = Calibration(np.array([0.0, 1e6, 0.0, 1e6]), np.array([0.0, 6e5, 0.0, 9e5]), "gold")
    votes = VoteTable(np.repeat(np.arange(2), 3), np.tile(np.arange(3), 2), np.array([0, 0, 0, 0, 1, 1]), 2)
    got = MarginAggregator(weight="calibrated", calibration=evidence).fit(votes)
    np.testing.assert_allclose(got.weight, [0.8, 0.2], atol=1e-4)
    np.testing.assert_allclose(got.posterior[:, 0], [0.9, 0.4], atol=1e-4)


def test_votes_that_count_less_shrink_a_calibrated_weight_in_proportion() -> None:
    votes = VoteTable(np.zeros(3, int), np.arange(3), np.array([0, 0, 0]), 1, np.array([1.0, 0.5, 0.0]))
    assert MarginAggregator(weight="calibrated").fit(votes).weight[0] == pytest.approx((2 * 0.911 - 1) * 1.5 / 3)


def test_labels_are_refused() -> None:
    with pytest.raises(ValueError, match="margin is for triplets"):
        MarginAggregator().fit(VoteTable([], [], [], 1, n_choices=3))  # type: ignore[arg-type]
