"""P(the majority is right | margin): standing, from evidence, and as others measured it on real answers."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.quality.calibration import (
    STANDING,
    STRENGTH,
    Calibration,
    calibrate_by_draws,
    calibrate_by_gold,
    calibrate_by_posterior,
    standing,
)
from annotation.quality.margin import MarginAggregator
from annotation.quality.side_frame import SideFrame
from tests.annotation.quality.crowds import rows_of, triplet_crowd


def test_the_standing_table_is_the_surveys() -> None:
    """Mean of six public sets: .970, .911, .700, that is weights .94, .82 and .40."""
    np.testing.assert_allclose(STANDING.probability(np.array([0, 1, 3, 5])), [0.5, 0.7, 0.911, 0.97])
    np.testing.assert_allclose(2 * STANDING.probability(np.array([5, 3, 1])) - 1, [0.94, 0.82, 0.40], atol=0.003)
    p = standing(np.arange(40))
    assert (np.diff(p) > 0).all()
    assert p[2] == pytest.approx(1 / (1 + np.exp(-(np.log(0.7 / 0.3) + np.log(0.911 / 0.089)) / 2)))
    assert np.log(p[6] / (1 - p[6])) - np.log(p[5] / (1 - p[5])) == pytest.approx(0.6)


def test_gold_moves_the_table_by_its_weight() -> None:
    margin = np.array([1, 1, 1, 1, 3, 3, 0, 5])
    winner = np.array([0, 0, 1, 1, 0, 1, -1, 1])
    truth = np.array([0, 1, 1, 0, 0, 1, 1, -1])  # the last is not gold, and a tie says nothing
    got = calibrate_by_gold(margin, winner, truth)
    assert got.asked.tolist() == [0, 4, 0, 2]
    assert got.right.tolist() == [0, 2, 0, 2]
    np.testing.assert_array_equal(got.observed(), [np.nan, 0.5, np.nan, 1])
    s, p0 = STRENGTH, standing(np.arange(6))
    expected = [0.5, (2 + s * p0[1]) / (4 + s), p0[2], (2 + s * p0[3]) / (2 + s), p0[4], p0[5]]
    np.testing.assert_allclose(got.table(5), expected)


def test_margins_out_of_order_are_pooled() -> None:
    got = Calibration(np.array([0, 1000.0, 1000, 0]), np.array([0, 900.0, 700, 0]), "gold").table(3)
    assert got[1] == got[2] == pytest.approx(0.8, abs=0.01)
    assert got[3] > got[2]


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), min_size=1, max_size=8), st.integers(0, 12))
def test_any_evidence_gives_a_rising_table_from_a_half(rows: list[tuple[int, int]], largest: int) -> None:
    asked = np.array([max(pair) for pair in rows], dtype=float)
    right = np.array([min(pair) for pair in rows], dtype=float)
    table = Calibration(asked, right, "gold").table(largest)
    assert table.shape == (largest + 1,)
    assert table[0] == 0.5
    assert (np.diff(table) >= -1e-12).all()
    assert ((table >= 0.5) & (table < 1)).all()


def test_a_posterior_is_as_good_as_the_truth_where_its_model_holds() -> None:
    votes, truth, _ = triplet_crowd(3, biased=0.5, spam=0.3, alike=True)
    counted = MarginAggregator().fit(votes)
    by_truth = calibrate_by_gold(counted.margin, counted.winner, truth)
    posterior = SideFrame().fit(votes).posterior
    by_model = calibrate_by_posterior(counted.margin, counted.winner, posterior)
    np.testing.assert_array_equal(by_truth.asked, by_model.asked)
    np.testing.assert_allclose(by_truth.table(5), by_model.table(5), atol=0.02)


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=3), st.integers(1, 4))
def test_the_sum_over_draws_agrees_with_drawing_every_subset(counts: list[tuple[int, int]], drawn: int) -> None:
    asked, right = np.zeros(drawn + 1), np.zeros(drawn + 1)
    for a, b in counts:
        votes = [0] * a + [1] * b
        subsets = list(combinations(range(len(votes)), drawn)) if len(votes) > drawn else []
        for subset in subsets:
            ones = sum(votes[at] for at in subset)
            ahead, rest = 2 * ones - drawn, 2 * (b - ones) - (a + b - drawn)
            if ahead and rest:
                asked[abs(ahead)] += 1 / len(subsets)
                right[abs(ahead)] += (ahead > 0) == (rest > 0) and 1 / len(subsets)
    got = calibrate_by_draws(np.array(counts), drawn)
    np.testing.assert_allclose(got.asked, asked, atol=1e-9)
    np.testing.assert_allclose(got.right, right, atol=1e-9)


@pytest.mark.shared
def test_five_votes_on_faces_fare_as_measured_against_the_other_34(shared_data: Path) -> None:
    """12 questions × 39 votes: .953, .875 and .657 were measured; the sum over all draws needs no luck."""
    rows = rows_of(shared_data / "triplets" / "cfd36_faces" / "votes.csv")
    rows = [row for row in rows if int(row["n_votes"]) >= 39 and row["head"] not in (row["a"], row["b"])]
    assert len(rows) == 12
    counts = np.array([[int(row["votes_a"]), int(row["votes_b"])] for row in rows])
    got = calibrate_by_draws(counts, 5)
    np.testing.assert_allclose(got.observed()[[5, 3, 1]], [0.953, 0.875, 0.657], atol=0.002)


@pytest.mark.shared
def test_five_votes_on_eggs_fare_as_measured_against_the_truth(shared_data: Path) -> None:
    """945 questions with at least 5 votes: .979, .881 and .644 were measured on one draw."""
    folder = shared_data / "triplets" / "alien_eggs_30_next"
    where = {row["item_id"]: float(row["true_1d"]) for row in rows_of(folder / "items.csv")}
    rows = [row for row in rows_of(folder / "votes.csv") if int(row["n_votes"]) >= 5]
    assert len(rows) == 945
    counts = np.array([[int(row["votes_a"]), int(row["votes_b"])] for row in rows])
    further = [abs(where[row["head"]] - where[row["a"]]) - abs(where[row["head"]] - where[row["b"]]) for row in rows]
    truth = np.where(np.array(further) > 0, 1, 0)
    got = calibrate_by_draws(counts, 5, truth)
    assert got.asked.sum() == pytest.approx(945)
    np.testing.assert_allclose(got.observed()[[5, 3, 1]], [0.979, 0.881, 0.644], atol=0.01)
