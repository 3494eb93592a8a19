"""Which questions may be asked, and which the uncertainty rule takes."""

import math

import numpy as np
import pytest

from learning.selection.base import Posterior
from learning.selection.pool import candidate_pool
from learning.selection.random import RandomSelector
from learning.selection.uncertainty import UncertaintySelector, answer_probability, binary_entropy

NONE = np.empty((0, 3), dtype=np.int64)


def everything(rows):
    return {(r, a, b) for r in rows for a in rows for b in rows if a < b and r not in (a, b)}


def as_set(pool):
    return set(map(tuple, pool.tolist()))


@pytest.mark.parametrize("rows", [[4, 2, 9, 7, 11], [0, 1, 2]])
def test_an_exhausted_pool_holds_every_question_that_was_not_asked(rows):
    asked = np.array([[rows[0], rows[2], rows[1]], [rows[1], rows[0], rows[2]], [rows[1], rows[2], rows[0]]])
    pool = candidate_pool(np.array(rows), asked, 1000, seed=0)
    gone = {(r, *sorted((a, b))) for r, a, b in asked.tolist()}
    assert as_set(pool) == everything(rows) - gone
    assert len(pool) == len(as_set(pool))


@pytest.mark.parametrize("n", [30, 400])  # written down in full, and drawn
def test_a_pool_is_canonical_distinct_new_and_seeded(n):
    rows = np.arange(n) * 3 + 1
    asked = candidate_pool(rows, NONE, 3000, seed=5)
    pool = candidate_pool(rows, asked[:, [0, 2, 1]], 4000, seed=1)
    assert len(as_set(pool)) == len(pool) == 4000
    assert not as_set(pool) & as_set(asked)
    assert set(pool.flatten().tolist()) <= set(rows.tolist())
    assert (pool[:, 1] < pool[:, 2]).all()
    assert ((pool[:, 0] != pool[:, 1]) & (pool[:, 0] != pool[:, 2])).all()
    assert np.array_equal(pool, candidate_pool(rows, asked, 4000, seed=1))
    assert not np.array_equal(pool, candidate_pool(rows, asked, 4000, seed=2))


def test_every_question_is_as_likely_as_any_other():
    counts: dict[tuple[int, ...], int] = {}
    for seed in range(600):
        for question in as_set(candidate_pool(np.arange(6), NONE, 10, seed)):
            counts[question] = counts.get(question, 0) + 1
    assert len(counts) == 60
    assert max(abs(count - 100) for count in counts.values()) < 5 * math.sqrt(600 * (1 / 6) * (5 / 6))


def test_a_large_split_is_drawn_from_evenly():
    pool = candidate_pool(np.arange(400), NONE, 20_000, seed=0)
    for column, mean in ((0, 199.5), (1, 133), (2, 266)):
        assert pool[:, column].mean() == pytest.approx(mean, abs=4)


def test_questions_about_other_stimuli_do_not_matter_and_too_few_stimuli_give_none():
    pool = candidate_pool(np.array([1, 2, 3]), np.array([[1, 2, 9], [7, 8, 9]]), 10, 0)
    assert as_set(pool) == everything([1, 2, 3])
    assert candidate_pool(np.array([1, 2]), NONE, 10, 0).shape == (0, 3)
    assert candidate_pool(np.array([1, 2, 3]), pool, 10, 0).shape == (0, 3)
    with pytest.raises(ValueError, match="must be distinct"):
        candidate_pool(np.array([1, 1, 2]), NONE, 10, 0)
    with pytest.raises(ValueError, match="must not be negative"):
        candidate_pool(np.array([1, 2, 3]), NONE, -1, 0)


def test_the_question_whose_answer_is_open_comes_before_the_one_that_is_clear():
    mean = np.array([[0, 0], [1, 0], [0, 1.05], [9, 0]], dtype=np.float32)
    pool = np.array([[0, 1, 3], [0, 1, 2]])  # 1 is far nearer than 3; 1 and 2 are about as near
    for log_variance in (None, np.full_like(mean, -6)):
        result = UncertaintySelector().select(pool, Posterior(mean, log_variance), 2, seed=0)
        assert result.indices.tolist() == [1, 0]
        assert result.parts["p_a"][1] > 0.99, "a is the nearer one"


def test_doubt_about_places_makes_a_question_uncertain():
    mean = np.array([[0, 0], [1, 0], [4, 0], [0, 1], [0, 4]], dtype=np.float32)
    log_variance = np.array([[-9] * 2, [-9] * 2, [-9] * 2, [3] * 2, [3] * 2], dtype=np.float32)
    pool = np.array([[0, 1, 2], [0, 3, 4]])  # the same means; only the second question's candidates are in doubt
    result = UncertaintySelector(samples=200).select(pool, Posterior(mean, log_variance), 2, seed=0)
    assert result.indices.tolist() == [1, 0]


def test_the_score_is_the_entropy_of_the_answer_averaged_over_the_posterior():
    """Against a loop over candidates and fresh samples: both averages must agree within the Monte-Carlo error."""
    rng = np.random.default_rng(0)
    mean, log_variance = rng.standard_normal((2, 6, 3)).astype(np.float32)
    pool = np.array([[0, 1, 2], [3, 4, 5], [5, 0, 3], [2, 1, 4]])
    p = answer_probability(pool, Posterior(mean, log_variance), 4000, seed=1)
    for row, (r, a, b) in enumerate(pool):
        answers = []
        for _ in range(4000):
            z = mean + np.exp(log_variance / 2) * rng.standard_normal(mean.shape)
            answers.append(1 / (1 + math.exp(math.dist(z[r], z[a]) - math.dist(z[r], z[b]))))
        assert p[row] == pytest.approx(np.mean(answers), abs=0.03)
    result = UncertaintySelector(4000).select(pool, Posterior(mean, log_variance), 4, seed=1)
    for score, row in zip(result.scores, result.indices, strict=True):
        assert score == pytest.approx(-p[row] * math.log(p[row]) - (1 - p[row]) * math.log(1 - p[row]))


def test_without_variances_the_score_is_that_of_the_means():
    mean = np.random.default_rng(0).standard_normal((5, 2)).astype(np.float32)
    pool = np.array([[0, 1, 2], [3, 4, 0]])
    for p, (r, a, b) in zip(answer_probability(pool, Posterior(mean), 32, seed=0), pool, strict=True):
        assert p == pytest.approx(1 / (1 + math.exp(math.dist(mean[r], mean[a]) - math.dist(mean[r], mean[b]))))


def test_entropy_is_largest_in_the_middle_and_zero_at_the_ends():
    assert binary_entropy(np.array([0.0, 0.5, 1.0])).tolist() == pytest.approx([0, math.log(2), 0])


def test_an_oracle_contradicts_the_model_oftener_on_uncertain_questions_than_on_random_ones():
    """The model is the truth with noise of the variance that it states. Reversing the sign of the score fails this."""
    rng = np.random.default_rng(0)
    truth = rng.standard_normal((60, 3)).astype(np.float32)
    model = Posterior(
        (truth + 0.5 * rng.standard_normal(truth.shape)).astype(np.float32), np.full((60, 3), 2 * np.log(0.5))
    )
    pool = candidate_pool(np.arange(60), NONE, 5000, seed=1)

    def contradicted(selector):
        chosen = pool[selector.select(pool, model, 400, seed=2).indices]
        nearer = [
            [np.linalg.norm(z[chosen[:, 0]] - z[chosen[:, side]], axis=1) for side in (1, 2)]
            for z in (truth, model.mean)
        ]
        return np.mean((nearer[0][0] < nearer[0][1]) != (nearer[1][0] < nearer[1][1]))

    assert contradicted(UncertaintySelector()) > contradicted(RandomSelector()) + 0.15
