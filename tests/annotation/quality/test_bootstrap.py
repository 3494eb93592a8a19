"""Patterns and intervals, beside drawing questions one by one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.quality.alpha import agreement, krippendorff_alpha, percent_agreement
from annotation.quality.bootstrap import bootstrap, count_patterns

ROWS = st.lists(st.lists(st.integers(0, 6), min_size=3, max_size=3), max_size=30)


@given(ROWS, st.booleans())
def test_patterns_are_the_different_rows(rows: list[list[int]], huge: bool) -> None:
    counts = np.array(rows, dtype=np.int64).reshape(-1, 3) * (10**9 if huge else 1)
    patterns, times = count_patterns(counts)
    seen: dict[tuple[int, ...], int] = {}
    for row in counts.tolist():
        seen[tuple(row)] = seen.get(tuple(row), 0) + 1
    assert {tuple(row): int(n) for row, n in zip(patterns.tolist(), times, strict=True)} == seen


def test_the_interval_is_the_one_of_drawing_questions() -> None:
    """Quantiles of 2,000 samples of questions, drawn and counted one by one, beside those of the multinomial."""
    rng = np.random.default_rng(0)
    counts = rng.multinomial(5, [0.6, 0.4], size=150)
    counts[:50] = [[4, 1], [5, 0]] * 25
    got = agreement(counts, draws=2000, seed=1)
    for figure, ours in ((krippendorff_alpha, got.alpha), (percent_agreement, got.percent)):
        drawn = [figure(counts[rng.integers(0, 150, 150)]) for _ in range(2000)]
        spread = float(np.std(drawn))
        np.testing.assert_allclose([ours.low, ours.high], np.quantile(drawn, [0.025, 0.975]), atol=0.25 * spread)


def test_a_95_percent_interval_holds_the_truth_about_95_times_of_100() -> None:
    """200 worlds in which two people agree with known probability."""
    rng = np.random.default_rng(3)
    right = 0.8
    truth, inside = right**2 + (1 - right) ** 2, 0
    for world in range(200):
        ones = rng.binomial(5, np.where(rng.random(120) < 0.5, right, 1 - right))
        percent = agreement(np.column_stack([5 - ones, ones]), draws=300, seed=world).percent
        inside += percent.low <= truth <= percent.high
    assert 178 <= inside <= 200


def test_a_seed_gives_its_interval_again_whatever_is_drawn_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    counts = np.random.default_rng(2).integers(0, 5, (80, 2))
    one, other = agreement(counts, draws=100, seed=4), agreement(counts, draws=100, seed=5)
    monkeypatch.setattr("annotation.quality.bootstrap._CELLS", 60)
    assert agreement(counts, draws=100, seed=4) == one
    assert one.alpha.value == other.alpha.value
    assert one.alpha.low != other.alpha.low


def test_a_statistic_that_is_sometimes_undefined_keeps_the_other_replicates() -> None:
    features, times = np.array([[1.0, 0.0], [1.0, 1.0]]), np.array([1, 1])

    def share(sums: np.ndarray) -> np.ndarray:
        return np.where(sums[:, 1] > 0, sums[:, 1] / sums[:, 0], np.nan)

    got = bootstrap(features, times, share, draws=200)
    assert (got.value, got.low, got.high) == (0.5, 0.5, 1.0)
    nothing = bootstrap(features, times, lambda sums: np.full(len(sums), np.nan), draws=20)
    assert np.isnan([nothing.value, nothing.low, nothing.high]).all()
