from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.quality.margin import MarginAggregator
from annotation.quality.plurality import PluralityAggregator, kept_labels, one_accuracy_posterior, plurality
from annotation.quality.votes import VoteTable

VOTES = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2), st.sampled_from([0.0, 0.5, 1.0])), max_size=30)


@given(VOTES, st.booleans())
def test_the_counts_agree_with_a_plain_loop(votes: list[tuple[int, int, float]], unit: bool) -> None:
    result = plurality(
        question=np.array([q for q, _, _ in votes], dtype=np.int64),
        choice=np.array([c for _, c, _ in votes], dtype=np.int64),
        n_questions=4,
        n_choices=3,
        vote_weight=np.array([w for _, _, w in votes]),
        unit=unit,
    )
    for at in range(4):
        counts, weights = [0, 0, 0], [0.0, 0.0, 0.0]
        for question, choice, weight in votes:
            if question == at:
                counts[choice] += 1
                weights[choice] += weight
        ranked = sorted(counts, reverse=True)
        assert result.counts[at].tolist() == counts
        assert result.margin[at] == ranked[0] - ranked[1]
        if ranked[0] == ranked[1]:
            assert (result.winner[at], result.weight[at]) == (-1, 0)
            continue
        winner = counts.index(ranked[0])
        lead = max(weights[winner] - max(w for label, w in enumerate(weights) if label != winner), 0.0)
        assert result.winner[at] == winner
        assert result.weight[at] == pytest.approx(lead / sum(counts) if unit else lead)


def test_the_example_of_the_docstring() -> None:
    question, choice = np.zeros(5, dtype=np.int64), np.array([0, 0, 0, 2, 1])
    raw = plurality(question=question, choice=choice, n_questions=1, n_choices=3)
    unit = plurality(question=question, choice=choice, n_questions=1, n_choices=3, unit=True)
    assert (raw.margin[0], raw.winner[0], raw.weight[0]) == (2, 0, 2)
    assert unit.weight[0] == pytest.approx(0.4)


@pytest.mark.parametrize(
    ("changes", "names"),
    [({"n_choices": 1}, "labels"), ({"choice": np.array([3])}, "choice"), ({"question": np.array([-1])}, "question")],
)
def test_what_makes_no_sense_is_refused(changes: dict[str, object], names: str) -> None:
    fitting: dict[str, object] = {"question": np.array([0]), "choice": np.array([0]), "n_questions": 1, "n_choices": 2}
    with pytest.raises(ValueError, match=names):
        plurality(**{**fitting, **changes})  # type: ignore[arg-type]


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 1), st.sampled_from([0.0, 0.25, 1.0])), max_size=20))
def test_a_vote_that_counts_less_lowers_the_weight_and_moves_nothing_else(votes: list[tuple[int, int, float]]) -> None:
    question, choice = (np.array([row[at] for row in votes], dtype=np.int64) for at in (0, 1))
    worker = np.arange(len(votes))
    plain = MarginAggregator().fit(VoteTable(question, worker, choice.astype(np.int8), 3))
    weights = np.array([row[2] for row in votes])
    less = MarginAggregator().fit(VoteTable(question, worker, choice.astype(np.int8), 3, weights))
    assert less.margin.tolist() == plain.margin.tolist()
    assert less.winner.tolist() == plain.winner.tolist()
    for at in range(3):
        signed = sum((1 if c == plain.winner[at] else -1) * w for q, c, w in votes if q == at)
        assert less.weight[at] == pytest.approx(max(signed, 0.0) if plain.winner[at] >= 0 else 0.0)


@pytest.mark.parametrize("weight", [[0.5], [0.5, 1.5], [0.5, float("nan")]])
def test_weights_of_votes_lie_between_nought_and_one(weight: list[float]) -> None:
    with pytest.raises(ValueError, match="weight"):
        VoteTable(np.array([0, 0]), np.array([0, 1]), np.array([0, 1], dtype=np.int8), 1, np.array(weight))


def test_labels_are_kept_as_in_the_paper() -> None:
    """Paper 000, IV-C: at least 3 of 5 for positive (0) or negative (2); neutral (1) is never kept."""
    counts = np.array([[3, 1, 1], [2, 2, 1], [0, 5, 0], [1, 0, 4], [5, 0, 0], [3, 0, 3], [4, 0, 3], [0, 0, 0]])
    wanted = np.array([True, False, True])
    assert kept_labels(counts, wanted=wanted).tolist() == [0, -1, -1, 2, 0, -1, 0, -1]
    assert kept_labels(counts, wanted=wanted, at_least=4).tolist() == [-1, -1, -1, 2, 0, -1, 0, -1]
    assert kept_labels(counts)[2] == 1
    assert kept_labels(np.zeros((0, 3), int)).shape == (0,)


@pytest.mark.parametrize(("choices", "right"), [(2, 0.75), (3, 0.6), (4, 0.8)])
def test_the_posterior_of_the_plurality_is_that_of_people_of_one_accuracy(choices: int, right: float) -> None:
    rng = np.random.default_rng(choices)
    truth = rng.integers(0, choices, 20_000)
    answers = np.where(
        rng.random((20_000, 5)) < right,
        truth[:, None],
        (truth[:, None] + rng.integers(1, choices, (20_000, 5))) % choices,
    )
    counts = np.stack([(answers == label).sum(axis=1) for label in range(choices)], axis=1)
    likelihood = right**counts * ((1 - right) / (choices - 1)) ** (5 - counts)
    bayes = likelihood / likelihood.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(one_accuracy_posterior(counts), bayes, atol=0.02)


def test_the_aggregator_says_what_the_function_says() -> None:
    rng = np.random.default_rng(0)
    votes = VoteTable(rng.integers(0, 9, 80), rng.integers(0, 5, 80), rng.integers(0, 3, 80), 10, n_choices=3)
    for weight in ("raw", "unit"):
        got = PluralityAggregator(weight=weight).fit(votes)
        plain = plurality(
            question=votes.question, choice=votes.choice, n_questions=10, n_choices=3, unit=weight == "unit"
        )
        np.testing.assert_array_equal(got.winner, plain.winner)
        np.testing.assert_array_equal(got.weight, plain.weight)
        np.testing.assert_array_equal(got.margin, plain.margin)
