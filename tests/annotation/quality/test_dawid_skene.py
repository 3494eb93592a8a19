"""Dawid–Skene and one coin beside plain loops, and beside the figures that others published for the same votes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotation.quality.dawid_skene import DawidSkene
from annotation.quality.one_coin import OneCoin
from annotation.quality.plurality import PluralityAggregator
from annotation.quality.votes import VoteTable
from tests.annotation.quality.crowds import real_votes


def shares(votes: VoteTable) -> np.ndarray:
    p = np.zeros((votes.n_questions, votes.n_choices))
    for q, c, w in zip(votes.question, votes.choice, votes.weight, strict=True):
        p[q, c] += w
    total = p.sum(axis=1, keepdims=True)
    return np.where(total > 0, p / np.where(total > 0, total, 1), 1 / votes.n_choices)


def answered(votes: VoteTable) -> list[int]:
    return sorted({int(q) for q in votes.question})


def expect(votes: VoteTable, log_theta: np.ndarray, prevalence: np.ndarray) -> np.ndarray:
    """The E step, vote by vote; log_theta[worker, answer, right answer]."""
    p = np.zeros((votes.n_questions, votes.n_choices))
    for q in range(votes.n_questions):
        logit = np.log(prevalence)
        for v in range(len(votes)):
            if votes.question[v] == q:
                logit = logit + votes.weight[v] * log_theta[votes.worker[v], votes.choice[v]]
        p[q] = np.exp(logit - logit.max())
        p[q] /= p[q].sum()
    return p


def naive_tables(votes: VoteTable, p: np.ndarray, right: float, wrong: float) -> tuple[np.ndarray, np.ndarray]:
    """The M step, vote by vote: θ[worker, answer, right answer] and π."""
    k, asked = votes.n_choices, answered(votes)
    theta = np.full((votes.n_workers, k, k), wrong / (k - 1))
    theta[:, range(k), range(k)] = right
    for v in range(len(votes)):
        theta[votes.worker[v], votes.choice[v]] += votes.weight[v] * p[votes.question[v]]
    theta = np.maximum(theta, 1e-10)
    theta /= theta.sum(axis=1, keepdims=True)
    smooth = 1 if right + wrong > 0 else 0
    prevalence = (p[asked].sum(axis=0) + smooth) / (len(asked) + smooth * k)
    return theta, np.maximum(prevalence, 1e-10)


def naive_dawid_skene(votes: VoteTable, *, right: float, wrong: float, iterations: int) -> np.ndarray:
    """EM with 0.003 pseudo-votes, then one E step with the prior; without a prior maximum likelihood and no more."""
    p = shares(votes)
    learn = 0.003 if right + wrong > 0 else 0
    for _ in range(iterations):
        theta, prevalence = naive_tables(votes, p, learn, learn)
        p = expect(votes, np.log(theta), prevalence)
    if right + wrong == 0:
        return p
    theta, prevalence = naive_tables(votes, p, right, wrong)
    return expect(votes, np.log(theta), prevalence)


def naive_one_coin(votes: VoteTable, *, right: float, wrong: float, iterations: int) -> np.ndarray:
    k = votes.n_choices
    p = shares(votes)
    for _ in range(iterations):
        good, all_of = np.full(votes.n_workers, right), np.full(votes.n_workers, right + wrong)
        for v in range(len(votes)):
            good[votes.worker[v]] += votes.weight[v] * p[votes.question[v], votes.choice[v]]
            all_of[votes.worker[v]] += votes.weight[v]
        accuracy = good / all_of
        theta = np.empty((votes.n_workers, k, k))
        theta[:] = ((1 - accuracy) / (k - 1))[:, None, None]
        theta[:, range(k), range(k)] = accuracy[:, None]
        p = expect(votes, np.log(theta), np.full(k, 1 / k))
    return p


CROWDS = st.integers(2, 4).flatmap(
    lambda k: st.tuples(
        st.just(k),
        st.lists(
            st.tuples(st.integers(0, 5), st.integers(0, 3), st.integers(0, k - 1), st.sampled_from([0.0, 0.5, 1.0])),
            min_size=1,
            max_size=40,
        ),
    )
)


def table(case: tuple[int, list[tuple[int, int, int, float]]], *, whole: bool) -> VoteTable:
    k, rows = case
    question, worker, choice = (np.array([row[at] for row in rows], dtype=int) for at in range(3))
    weight = None if whole else np.array([row[3] for row in rows])
    return VoteTable(question, worker, choice, 7, weight, n_choices=k)


@settings(max_examples=40, deadline=None)
@given(CROWDS, st.booleans(), st.integers(1, 6))
def test_both_models_agree_with_plain_loops(
    case: tuple[int, list[tuple[int, int, int, float]]], whole: bool, iterations: int
) -> None:
    votes = table(case, whole=whole)
    asked = answered(votes)
    prior = {"right": 2.0, "wrong": 1.0}
    ours = DawidSkene(**prior, iterations=iterations, tolerance=0).fit(votes)
    naive = naive_dawid_skene(votes, **prior, iterations=iterations)
    np.testing.assert_allclose(ours.posterior[asked], naive[asked], atol=1e-9)
    ours = OneCoin(**prior, iterations=iterations, tolerance=0).fit(votes)
    naive = naive_one_coin(votes, **prior, iterations=iterations)
    np.testing.assert_allclose(ours.posterior[asked], naive[asked], atol=1e-9)


@pytest.mark.parametrize("choices", [2, 3])
def test_without_a_prior_it_is_dawid_and_skenes_maximum_likelihood(choices: int) -> None:
    rng = np.random.default_rng(choices)
    truth = rng.integers(0, choices, 60)
    question, worker = np.repeat(np.arange(60), 5), np.tile(np.arange(10), 30)
    right = rng.random(300) < 0.7
    choice = np.where(right, truth[question], rng.integers(0, choices, 300))
    votes = VoteTable(question, worker, choice, 60, n_choices=choices)
    ours = DawidSkene(right=0, wrong=0, iterations=12, tolerance=0).fit(votes).posterior
    np.testing.assert_allclose(ours, naive_dawid_skene(votes, right=0, wrong=0, iterations=12), atol=1e-9)


def naive_evidence(votes: VoteTable, theta: np.ndarray, prevalence: np.ndarray) -> float:
    """log P(votes)."""
    total = 0.0
    for q in answered(votes):
        logit = np.log(prevalence)
        for v in np.flatnonzero(votes.question == q):
            logit = logit + votes.weight[v] * np.log(theta[votes.worker[v], votes.choice[v]])
        total += float(np.logaddexp.reduce(logit))
    return total


def wandering_crowd() -> VoteTable:
    rng = np.random.default_rng(5)
    return VoteTable(np.repeat(np.arange(50), 6), rng.integers(0, 8, 300), rng.integers(0, 3, 300), 50, n_choices=3)


def heights(votes: VoteTable, iterations: int) -> list[float]:
    """The evidence after each iteration of maximum likelihood, from the posteriors that it gives."""
    found = []
    for done in range(iterations):
        p = DawidSkene(right=0, wrong=0, iterations=done, tolerance=0).fit(votes).posterior
        found.append(naive_evidence(votes, *naive_tables(votes, p, 0, 0)))
    return found


def test_the_likelihood_never_falls() -> None:
    """EM's own law."""
    found = heights(wandering_crowd(), 15)
    assert (np.diff(found) >= -1e-9).all()
    assert found[-1] > found[0]


@pytest.mark.parametrize("choices", [2, 3])
def test_it_stops_when_the_evidence_grows_by_less_than_the_tolerance_for_each_number(choices: int) -> None:
    rng = np.random.default_rng(choices)
    votes = VoteTable(
        np.repeat(np.arange(50), 6), rng.integers(0, 8, 300), rng.integers(0, choices, 300), 60, n_choices=choices
    )
    grown = np.diff(heights(votes, 25)) / (8 * choices * (choices - 1))
    for tolerance in (3e-2, 1e-2):
        last = int(np.flatnonzero(grown <= tolerance)[0]) + 2  # iterations: the gain is seen one after it was made
        assert 2 < last < 25
        stopped = DawidSkene(right=0, wrong=0, tolerance=tolerance).fit(votes).posterior
        counted = DawidSkene(right=0, wrong=0, iterations=last, tolerance=0).fit(votes).posterior
        np.testing.assert_array_equal(stopped, counted)


def test_one_who_was_never_seen_to_err_is_not_taken_to_be_infallible() -> None:
    """The prior's part: two votes by each of three people, all agreeing, are not certainty."""
    votes = VoteTable(np.repeat(np.arange(2), 3), np.tile(np.arange(3), 2), np.repeat([0, 1], 3), 2)
    careful, likeliest = DawidSkene().fit(votes).posterior, DawidSkene(right=0, wrong=0).fit(votes).posterior
    assert likeliest.max() > 1 - 1e-9
    assert 0.9 < careful.max() < 0.99


def test_blocks_of_questions_are_put_together_again(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(2)
    votes = VoteTable(rng.integers(0, 99, 500), rng.integers(0, 9, 500), rng.integers(0, 3, 500), 100, n_choices=3)
    whole = DawidSkene(tolerance=0, iterations=5).fit(votes).posterior
    monkeypatch.setattr("annotation.quality.expectation._BLOCK", 7)
    np.testing.assert_allclose(DawidSkene(tolerance=0, iterations=5).fit(votes).posterior, whole, atol=1e-12)


def test_workers_numbered_with_huge_gaps_are_refused_rather_than_given_gigabytes() -> None:
    with pytest.raises(ValueError, match="number workers without gaps"):
        DawidSkene().fit(VoteTable(np.array([0]), np.array([1 << 40]), np.array([1]), 1))


# Accuracy of Dawid–Skene by others: iBCC of "truth inference at scale" for the first three, crowd-kit for the last.
PUBLISHED = {"face_sentiment": 0.640, "rte": 0.928, "bluebird": 0.889, "snow_temp": 0.942}
PLURALITY = {"face_sentiment": 0.635, "bluebird": 0.759, "snow_temp": 0.939}


@pytest.mark.shared
@pytest.mark.parametrize("name", PUBLISHED)
def test_the_published_accuracies_are_reached_on_real_votes(name: str, shared_data: Path) -> None:
    votes, truth = real_votes(shared_data / "votes" / name)
    known = truth >= 0
    got = DawidSkene().fit(votes)
    accuracy = float((got.posterior.argmax(axis=1) == truth)[known].mean())
    assert accuracy >= PUBLISHED[name] - 0.005
    counted = PluralityAggregator().fit(votes)
    plain = float((counted.posterior.argmax(axis=1) == truth)[known].mean())
    assert accuracy > plain
    if name in PLURALITY:
        assert plain == pytest.approx(PLURALITY[name], abs=0.006)


@pytest.mark.shared
def test_repeated_votes_of_dirty_data_do_no_harm(shared_data: Path) -> None:
    """relevance_s4 has 1,570 workers who answered a question twice; others measured .614, and .538 by plurality."""
    votes, truth = real_votes(shared_data / "votes" / "relevance_s4")
    got = DawidSkene().fit(votes)
    assert int(got.votes.sum()) == len(votes) == 98_453
    known = truth >= 0
    assert float((got.posterior.argmax(axis=1) == truth)[known].mean()) == pytest.approx(0.614, abs=0.005)


# Labels of crowd-kit 1.4.2 with its defaults on the same votes (benchmarks.aggregation).
CROWD_KIT = {
    "bluebird": 0.8889, "face_sentiment": 0.6404, "product": 0.9397, "relevance_s4": 0.6173, "rte": 0.9275,
    "snow_temp": 0.9416,
}  # fmt: skip


@pytest.mark.shared
@pytest.mark.parametrize("name", CROWD_KIT)
def test_it_is_nowhere_less_accurate_than_crowd_kit(name: str, shared_data: Path) -> None:
    votes, truth = real_votes(shared_data / "votes" / name)
    got = DawidSkene().fit(votes)
    assert round(float((got.posterior.argmax(axis=1) == truth)[truth >= 0].mean()), 4) >= CROWD_KIT[name]
