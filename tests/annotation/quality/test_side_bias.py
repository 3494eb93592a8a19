"""The interval of the side bias: by hand, by simulation, and where nothing is known."""

import math

import numpy as np
import pytest

from annotation.quality.side_bias import left_when_unsure, side_bias_interval
from annotation.quality.workers import Judge

JUDGE = Judge("posterior", 2.0, 1.0)


def test_by_hand():
    low, high = side_bias_interval(np.array([[[28.0, 9.0], [19.0, 18.0]]]), JUDGE)[0]
    bias = (math.log(30 / 10) + math.log(20 / 20)) / 2
    half = 1.96 / 2 * math.sqrt(1 / 30 + 1 / 10 + 1 / 20 + 1 / 20)
    assert (low, high) == pytest.approx((bias - half, bias + half))


def test_it_holds_the_bias_as_often_as_it_says():
    rng = np.random.default_rng(4)
    skill, bias, votes, times = 1.2, 0.8, 150, 4000
    held = []
    for left_right in rng.binomial(votes, 0.5, times):
        chose = [
            rng.binomial(left_right, 1 / (1 + math.exp(-skill - bias))),
            rng.binomial(votes - left_right, 1 / (1 + math.exp(skill - bias))),
        ]
        sides = np.array([[chose[0], left_right - chose[0]], [chose[1], votes - left_right - chose[1]]], dtype=float)
        low, high = side_bias_interval(sides[None], Judge("posterior", 0.5, 0.5))[0]
        held.append(low < bias < high)
    assert 0.93 < np.mean(held) < 0.975


def test_more_votes_narrow_it_and_none_leave_nothing():
    sides = np.array([[[20.0, 10.0], [10.0, 20.0]], [[200.0, 100.0], [100.0, 200.0]], [[0.0, 0.0], [0.0, 0.0]]])
    few, many, none = side_bias_interval(sides, JUDGE)
    assert np.ptp(many) < np.ptp(few)
    assert np.isnan(none).all()


def test_mirrored_sides_mirror_the_bias():
    sides = np.array([[30.0, 5.0], [12.0, 25.0]])
    low, high = side_bias_interval(sides[None], JUDGE)[0]
    mirrored = side_bias_interval(sides[::-1, ::-1][None], JUDGE)[0]
    assert mirrored == pytest.approx([-high, -low])


def test_what_a_bias_means():
    assert left_when_unsure(np.array([0.0, math.log(3), -math.log(3)])) == pytest.approx([0.5, 0.75, 0.25])
    assert np.isnan(left_when_unsure(np.array([np.nan]))[0])
