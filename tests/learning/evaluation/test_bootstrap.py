"""Resampled intervals against loops that draw one row, or one person, at a time."""

import numpy as np
import pytest

from learning.evaluation import bootstrap
from learning.evaluation.bootstrap import (
    Interval,
    bootstrap_cells,
    bootstrap_mean,
    bootstrap_rows,
    bootstrap_sums,
    group_sums,
    groups_of,
    percentile_interval,
    ratio,
)


def naive_interval(values, groups, resamples, seed=0, level=0.95):
    """Draws G persons with replacement and takes all rows of each, as often as the person was drawn."""
    rng = np.random.default_rng(seed)
    people = sorted(set(groups))
    rows_of = {person: [v for v, g in zip(values, groups, strict=True) if g == person] for person in people}
    means = []
    for _ in range(resamples):
        rows = [value for person in rng.choice(people, len(people)) for value in rows_of[person]]
        means.append(sum(rows) / len(rows))
    means.sort()
    return np.quantile(means, [(1 - level) / 2, (1 + level) / 2])


def people_world(seed=0, people=12):
    """People differ in how often they are right, and in how many rows they have."""
    rng = np.random.default_rng(seed)
    sizes = rng.integers(5, 30, people)
    groups = np.repeat([f"p{number}" for number in range(people)], sizes)
    skill = np.repeat(rng.uniform(0.2, 0.9, people), sizes)
    return (rng.random(len(groups)) < skill).astype(float), groups


def test_an_interval_by_person_equals_a_loop_that_draws_persons():
    values, groups = people_world()
    found = bootstrap_mean(values, groups, resamples=20_000)
    low, high = naive_interval(values, groups, 3000, seed=1)
    assert found.value == pytest.approx(values.mean())
    assert found.low == pytest.approx(low, abs=0.015)
    assert found.high == pytest.approx(high, abs=0.015)


def test_without_persons_each_row_is_drawn_alone():
    values = people_world()[0]
    found = bootstrap_mean(values, resamples=20_000)
    low, high = naive_interval(values, range(len(values)), 3000, seed=1)
    assert (found.low, found.high) == (pytest.approx(low, abs=0.012), pytest.approx(high, abs=0.012))
    # Of 0/1 rows the resampled mean is binomial, whose spread is known.
    spread = 1.96 * np.sqrt(values.mean() * (1 - values.mean()) / len(values))
    assert found.high - found.low == pytest.approx(2 * spread, rel=0.08)


def test_faces_of_one_person_are_not_counted_as_independent():
    values, groups = people_world()
    by_person, by_row = bootstrap_mean(values, groups), bootstrap_mean(values)
    assert by_person.high - by_person.low > 1.5 * (by_row.high - by_row.low)


def test_the_interval_covers_the_truth_as_often_as_it_says():
    rng = np.random.default_rng(3)
    covered = 0
    for trial in range(300):
        skill = rng.beta(4, 2, 40)  # mean 2/3
        values = (rng.random((40, 5)) < skill[:, None]).astype(float)
        found = bootstrap_mean(values.ravel(), np.repeat(np.arange(40), 5), seed=trial, resamples=300)
        covered += found.low <= 2 / 3 <= found.high
    assert 0.90 <= covered / 300 <= 0.98


def test_the_seed_repeats_and_the_chunks_change_nothing(monkeypatch):
    values = np.random.default_rng(0).standard_normal(50)
    first = bootstrap_mean(values, seed=4)
    assert bootstrap_mean(values, seed=4) == first
    assert bootstrap_mean(values, seed=5) != first
    monkeypatch.setattr(bootstrap, "_CELLS", 700)
    assert bootstrap_mean(values, seed=4).low == pytest.approx(first.low, abs=1e-12)


def test_where_there_is_too_little_there_is_no_interval():
    assert bootstrap_mean([]) == Interval(None)
    assert bootstrap_mean([1, 0, 1, 1]) == Interval(0.75)
    assert bootstrap_mean(np.ones(40), np.repeat([0, 1, 2, 3], 10)) == Interval(1.0), "four persons"
    assert bootstrap_mean(np.ones(50), np.repeat([0, 1, 2, 3, 4], 10)) == Interval(1.0, 1.0, 1.0)
    with pytest.raises(ValueError, match=r"3 rows to resample, but groups of shape \(2,\)"):
        bootstrap_mean([1, 2, 3], ["a", "b"])


def test_cells_equal_one_hot_rows():
    rng = np.random.default_rng(0)
    cells, groups = rng.integers(0, 6, 80), rng.integers(0, 9, 80)
    one_hot = np.eye(7)[cells]

    def statistic(sums):
        return ratio(sums[:, [2, 4]])

    for of in (None, groups):
        by_cells = bootstrap_cells(cells, 7, statistic, of, resamples=8000)
        by_rows = bootstrap_sums(one_hot, statistic, of, resamples=8000)
        assert by_cells.value == by_rows.value == (cells == 2).sum() / (cells == 4).sum()
        assert by_cells.low == pytest.approx(by_rows.low, rel=0.05)
        assert by_cells.high == pytest.approx(by_rows.high, rel=0.05)
    assert bootstrap_cells(cells, bootstrap.MOST_CELLS + 1, statistic).low is None
    assert bootstrap_cells(cells[:0], 7, statistic) == Interval(None)


def test_weighted_rows_equal_sums_for_a_mean():
    values, groups = people_world()
    by_rows = bootstrap_rows(lambda w: (w @ values) / w.sum(axis=1), len(values), groups, resamples=8000)
    by_sums = bootstrap_mean(values, groups, resamples=8000)
    assert by_rows.value == pytest.approx(by_sums.value)
    assert (by_rows.low, by_rows.high) == (pytest.approx(by_sums.low, abs=0.01), pytest.approx(by_sums.high, abs=0.01))
    assert bootstrap_rows(lambda w: w.sum(axis=1), 0) == Interval(None)


def test_sums_of_groups_equal_a_loop():
    table, groups = np.random.default_rng(0).standard_normal((30, 2)), np.random.default_rng(1).integers(0, 7, 30)
    expected = [sum(table[row] for row in range(30) if groups[row] == name) for name in sorted(set(groups))]
    assert np.allclose(group_sums(table, groups), expected)


def test_a_centred_interval_lies_about_the_figure():
    drawn = np.random.default_rng(0).normal(5, 1, 4000)
    plain, centred = percentile_interval(4.0, drawn), percentile_interval(4.0, drawn, centred=True)
    assert (plain.low + plain.high) / 2 == pytest.approx(5, abs=0.1)
    assert (centred.low + centred.high) / 2 == pytest.approx(4, abs=0.1)
    assert centred.high - centred.low == pytest.approx(plain.high - plain.low)
    assert percentile_interval(4.0, np.full(3, np.nan)) == Interval(4.0)


def test_a_stimulus_without_a_person_is_resampled_alone():
    groups = groups_of(np.array(["ann", "", "bob", "ann", "", "2"]))
    assert groups[0] == groups[3] == "ann"
    assert len(set(groups)) == 5
    assert groups_of(np.array(["", ""])) is None
