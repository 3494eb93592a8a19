"""The side-frame model beside a plain loop, and in crowds that prefer a side."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotation.quality.margin import MarginAggregator
from annotation.quality.one_coin import OneCoin
from annotation.quality.side_frame import SideFrame
from annotation.quality.votes import VoteTable
from tests.annotation.quality.crowds import triplet_crowd


def naive_side_frame(votes: VoteTable, iterations: int) -> np.ndarray:
    """P(b) of each question, from the maths of the survey: se, fpr and signed log-ratios."""
    assert votes.left is not None
    b, total = np.zeros(votes.n_questions), np.zeros(votes.n_questions)
    for v in range(len(votes)):
        b[votes.question[v]] += votes.weight[v] * votes.choice[v]
        total[votes.question[v]] += votes.weight[v]
    p = np.where(total > 0, b / np.where(total > 0, total, 1), 0.5)
    for _ in range(iterations):
        chose = np.tile([2.0, 1.0], (votes.n_workers, 1))  # left chosen where left is right, where right is
        given = np.full((votes.n_workers, 2), 3.0)
        for v in range(len(votes)):
            left_is_right = p[votes.question[v]] if votes.left[v] == 1 else 1 - p[votes.question[v]]
            both = votes.weight[v] * np.array([left_is_right, 1 - left_is_right])
            given[votes.worker[v]] += both
            if votes.choice[v] == votes.left[v]:
                chose[votes.worker[v]] += both
        se, fpr = (chose / given).T
        logit = np.zeros(votes.n_questions)
        for v in range(len(votes)):
            w = votes.worker[v]
            went_left = votes.choice[v] == votes.left[v]
            ratio = np.log(se[w] / fpr[w]) if went_left else np.log((1 - se[w]) / (1 - fpr[w]))
            logit[votes.question[v]] += votes.weight[v] * ratio * (1 if votes.left[v] == 1 else -1)
        p = 1 / (1 + np.exp(-logit))
    return p


ROWS = st.lists(
    st.tuples(
        st.integers(0, 4), st.integers(0, 3), st.integers(0, 1), st.integers(0, 1), st.sampled_from([0.0, 0.5, 1.0])
    ),
    min_size=1,
    max_size=40,
)


@settings(max_examples=40, deadline=None)
@given(ROWS, st.integers(1, 6))
def test_it_agrees_with_a_plain_loop(rows: list[tuple[int, int, int, int, float]], iterations: int) -> None:
    question, worker, choice, left = (np.array([row[at] for row in rows], dtype=int) for at in range(4))
    votes = VoteTable(question, worker, choice, 6, np.array([row[4] for row in rows]), left)
    got = SideFrame(iterations=iterations, tolerance=0).fit(votes)
    np.testing.assert_allclose(got.posterior[:, 1], naive_side_frame(votes, iterations), atol=1e-9)


def test_sides_that_nobody_recorded_are_refused() -> None:
    with pytest.raises(ValueError, match="which candidate was shown on the left"):
        SideFrame().fit(VoteTable(np.array([0]), np.array([0]), np.array([1]), 1))


def accuracies(biased: float, spam: float) -> dict[str, float]:
    """Means of three seeds."""
    got: dict[str, list[float]] = {"margin": [], "one-coin": [], "side-frame": []}
    for seed in range(3):
        votes, truth, _ = triplet_crowd(seed, biased=biased, spam=spam)
        for name, method in (("margin", MarginAggregator()), ("one-coin", OneCoin()), ("side-frame", SideFrame())):
            got[name].append(float((method.fit(votes).winner == truth).mean()))
    return {name: float(np.mean(values)) for name, values in got.items()}


# The survey's figures: majority, one coin, side frame.
SURVEY = {
    (0.0, 0.0): (0.910, 0.912, 0.913),
    (0.25, 0.05): (0.877, 0.890, 0.895),
    (0.5, 0.1): (0.838, 0.860, 0.874),
}


@pytest.mark.parametrize(("biased", "spam"), SURVEY)
def test_the_surveys_simulation_is_reproduced(biased: float, spam: float) -> None:
    got = accuracies(biased, spam)
    np.testing.assert_allclose(list(got.values()), SURVEY[biased, spam], atol=0.01)
    if biased:
        assert got["side-frame"] > got["one-coin"] + 0.002
        assert got["one-coin"] > got["margin"] + 0.005
    else:
        assert got["side-frame"] >= got["margin"] - 0.001
    if biased == 0.5:
        assert got["side-frame"] > got["one-coin"] + 0.008
        assert got["side-frame"] > got["margin"] + 0.03


def test_the_side_bias_is_found() -> None:
    votes, _, preference = triplet_crowd(0, biased=0.5, spam=0.1)
    workers = SideFrame().fit(votes).workers
    assert np.corrcoef(workers.side_bias, preference)[0, 1] > 0.98
    assert (np.sign(workers.side_bias) == np.sign(preference))[preference != 0].all()
    # The majority of the others finds it too, less sharply.
    counted = MarginAggregator().fit(votes).workers
    assert np.corrcoef(counted.side_bias, preference)[0, 1] > 0.95


def test_its_posteriors_mean_what_they_say() -> None:
    """Of the winners with p about .8, four in five are right, and so on, where questions are equally hard."""
    votes, truth, _ = triplet_crowd(4, biased=0.5, spam=0.4, questions=40_000, alike=True)
    got = SideFrame().fit(votes)
    largest = got.posterior.max(axis=1)
    for low, high in ((0.5, 0.7), (0.7, 0.9), (0.9, 1.0)):
        part = (largest >= low) & (largest < high) & (got.winner >= 0)
        assert float((got.winner == truth)[part].mean()) == pytest.approx(float(largest[part].mean()), abs=0.03)
