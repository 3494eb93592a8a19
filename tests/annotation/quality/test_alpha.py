"""Agreement beside its definitions, textbook figures and real answers."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.quality.alpha import (
    agreement,
    agreement_by,
    fleiss_kappa,
    krippendorff_alpha,
    percent_agreement,
)
from tests.annotation.quality.crowds import rows_of

TABLES = st.integers(2, 4).flatmap(
    lambda k: st.lists(st.lists(st.integers(0, 4), min_size=k, max_size=k), min_size=1, max_size=8)
)


def naive_alpha(counts: list[list[int]]) -> float:
    """From the matrix of coincidences, pair by pair."""
    k = len(counts[0])
    coincidences = np.zeros((k, k))
    for row in counts:
        votes = [answer for answer, times in enumerate(row) for _ in range(times)]
        for i, one in enumerate(votes):
            for j, other in enumerate(votes):
                if i != j:
                    coincidences[one, other] += 1 / (len(votes) - 1)
    totals = coincidences.sum(axis=1)
    n = totals.sum()
    observed = n - np.trace(coincidences)
    expected = sum(totals[a] * totals[b] for a in range(k) for b in range(k) if a != b) / (n - 1) if n > 1 else 0
    return 1 - observed / expected if expected else float("nan")


def naive_kappa(counts: list[list[int]]) -> float:
    shares, totals = [], np.zeros(len(counts[0]))
    for row in counts:
        n = sum(row)
        if n >= 2:
            shares.append(sum(c * (c - 1) for c in row) / (n * (n - 1)))
            totals += row
    if not shares:
        return float("nan")
    expected = float(((totals / totals.sum()) ** 2).sum())
    return (float(np.mean(shares)) - expected) / (1 - expected) if expected < 1 else float("nan")


def naive_percent(counts: list[list[int]]) -> float:
    alike = [
        a == b
        for row in counts
        for a, b in combinations([answer for answer, times in enumerate(row) for _ in range(times)], 2)
    ]
    return sum(alike) / len(alike) if alike else float("nan")


@given(TABLES)
def test_the_closed_forms_agree_with_the_definitions(counts: list[list[int]]) -> None:
    table = np.array(counts)
    np.testing.assert_allclose(krippendorff_alpha(table), naive_alpha(counts), atol=1e-9)
    np.testing.assert_allclose(fleiss_kappa(table), naive_kappa(counts), atol=1e-9)
    np.testing.assert_allclose(percent_agreement(table), naive_percent(counts), atol=1e-9)
    whole = agreement(table, draws=20)
    np.testing.assert_allclose(whole.alpha.value, naive_alpha(counts), atol=1e-9)
    np.testing.assert_allclose(whole.kappa.value, naive_kappa(counts), atol=1e-9)
    assert whole.votes == sum(sum(row) for row in counts if sum(row) >= 2)


def test_fleiss_own_kind_of_example() -> None:
    """14 raters, 10 subjects, 5 categories; κ = .210 in the literature."""
    counts = [
        [0, 0, 0, 0, 14],
        [0, 2, 6, 4, 2],
        [0, 0, 3, 5, 6],
        [0, 3, 9, 2, 0],
        [2, 2, 8, 1, 1],
        [7, 7, 0, 0, 0],
        [3, 2, 6, 3, 0],
        [2, 5, 3, 2, 2],
        [6, 5, 2, 1, 0],
        [0, 2, 2, 3, 7],
    ]
    assert fleiss_kappa(np.array(counts)) == pytest.approx(0.210, abs=0.0005)


def test_krippendorffs_own_example() -> None:
    """Four observers, twelve units with gaps, five categories; α = .743 in "Computing Krippendorff's Alpha"."""
    observers = [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3],
        [None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None],
    ]
    counts = np.zeros((12, 5), dtype=int)
    for row in observers:
        for unit, value in enumerate(row):
            if value is not None:
                counts[unit, value - 1] += 1
    assert krippendorff_alpha(counts) == pytest.approx(0.743, abs=0.0005)


def test_perfect_and_undefined_agreement() -> None:
    perfect = agreement(np.array([[5, 0], [0, 5], [5, 0]]), draws=50)
    assert (perfect.alpha.value, perfect.kappa.value, perfect.percent.value) == (1, 1, 1)
    one_answer = agreement(np.array([[5, 0], [3, 0]]), draws=50)
    assert np.isnan(one_answer.alpha.value)
    assert np.isnan(one_answer.kappa.value)
    assert one_answer.percent.value == 1
    silent = agreement(np.array([[1, 0], [0, 0]]), draws=50)
    assert (silent.questions, silent.votes, silent.pairs) == (0, 0, 0)
    assert np.isnan([silent.alpha.value, silent.percent.low, silent.kappa.high]).all()


def test_groups_are_their_own_tables() -> None:
    rng = np.random.default_rng(0)
    counts, split = rng.integers(0, 4, (60, 3)), np.repeat([2, 0, 1], 20)
    got = agreement_by(counts, split, draws=50)
    assert list(got) == [0, 1, 2]
    for name, one in got.items():
        assert one == agreement(counts[split == name], draws=50)


@pytest.mark.shared
def test_two_people_agree_on_faces_as_often_as_measured(shared_data: Path) -> None:
    """63.5 % of 41,537 pairs, checks left out."""
    rows = rows_of(shared_data / "triplets" / "cfd36_faces" / "votes.csv")
    counts = np.array(
        [[int(row["votes_a"]), int(row["votes_b"])] for row in rows if row["head"] not in (row["a"], row["b"])]
    )
    got = agreement(counts)
    assert got.pairs == 41_537
    assert got.percent.value == pytest.approx(0.635, abs=0.0005)
    assert got.percent.low < got.percent.value < got.percent.high
