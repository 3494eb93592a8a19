"""The noise ceiling beside plain loops over votes, in a crowd of known skill, and on real answers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.quality.ceiling import noise_ceiling
from annotation.quality.side_frame import SideFrame
from tests.annotation.quality.crowds import rows_of, triplet_crowd

TABLES = st.lists(st.lists(st.integers(0, 4), min_size=3, max_size=3), min_size=1, max_size=8)


@given(TABLES)
def test_the_ceilings_agree_with_plain_loops(counts: list[list[int]]) -> None:
    predicted, pairs, shares = [], [], []
    for row in counts:
        votes = [answer for answer, times in enumerate(row) for _ in range(times)]
        if len(votes) < 2:
            continue
        shares.append(max(row) / len(votes))
        for at, vote in enumerate(votes):
            others = votes[:at] + votes[at + 1 :]
            pairs += [vote == other for other in others]
            most = max(others.count(answer) for answer in range(3))
            best = [answer for answer in range(3) if others.count(answer) == most]
            predicted.append((vote in best) / len(best))
    got = noise_ceiling(np.array(counts), draws=20)
    for ours, naive in ((got.pair, pairs), (got.others, predicted), (got.plurality, shares)):
        np.testing.assert_allclose(ours.value, np.mean(naive) if naive else np.nan, atol=1e-12)
    assert got.questions == len(shares)
    assert np.isnan(got.answers.value)


def test_who_knows_the_truth_scores_between_the_floors_and_the_ceilings() -> None:
    votes, truth, _ = triplet_crowd(1, biased=0.0, spam=0.3, alike=True, questions=10_000)
    fitted = SideFrame().fit(votes)
    got = noise_ceiling(fitted.counts, fitted.posterior)
    oracle = float((votes.choice == truth[votes.question]).mean())
    assert got.pair.value < got.others.value < oracle < got.plurality.value
    right = float((fitted.winner == truth).mean())
    assert got.answers.value == pytest.approx(right, abs=0.01)
    assert got.answers.low <= got.answers.value <= got.answers.high


@pytest.mark.shared
def test_the_ceiling_of_things_is_the_published_one(shared_data: Path) -> None:
    """Hebart and others: 67.2 %, as the mean plurality share of 1,000 triplets with about 20 answers each."""
    rows = rows_of(shared_data / "triplets" / "things_1000x20" / "votes_oddoneout.csv")
    counts = np.array([[int(row[f"votes_odd_{one}"]) for one in "ijk"] for row in rows])
    got = noise_ceiling(counts)
    assert got.plurality.value == pytest.approx(0.6722, abs=5e-5)
    assert got.plurality.low < 0.6722 < got.plurality.high
    assert got.others.value < got.plurality.value
