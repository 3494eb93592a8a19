"""Verification and reconstruction, against loops."""

from itertools import pairwise

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from learning.evaluation import reconstruction as reconstruction_module
from learning.evaluation.reconstruction import reconstruction
from learning.evaluation.verification import Pairs, best_threshold, make_pairs, verify


def faces(people=12, each=6, spread=0.8, seed=0):
    rng = np.random.default_rng(seed)
    subjects = np.repeat([f"p{number:02}" for number in range(people)], each)
    centres = np.repeat(rng.standard_normal((people, 4)), each, axis=0)
    return (centres + spread * rng.standard_normal((people * each, 4))).astype(np.float32), subjects


def test_pairs_are_half_of_one_person_and_no_person_is_in_two_folds():
    _, subjects = faces()
    pairs = make_pairs(subjects, count=120, folds=4, seed=1)
    assert len(pairs.rows) == 120
    assert (pairs.same == (subjects[pairs.rows[:, 0]] == subjects[pairs.rows[:, 1]])).all()
    assert len({tuple(sorted(row)) for row in pairs.rows.tolist()}) == 120, "no pair twice, no stimulus with itself"
    assert (pairs.rows[:, 0] != pairs.rows[:, 1]).all()
    for fold in range(4):
        inside = pairs.fold == fold
        assert pairs.same[inside].sum() == inside.sum() / 2 == 15
        people = set(subjects[pairs.rows[inside]].ravel())
        assert not people & set(subjects[pairs.rows[~inside]].ravel())
    again, other = (make_pairs(subjects, count=120, folds=4, seed=seed) for seed in (1, 2))
    assert (again.rows == pairs.rows).all()
    assert (other.rows != pairs.rows).any()


def test_pairs_of_one_person_are_drawn_alike():
    _, subjects = faces(people=4, each=5)
    pairs = make_pairs(subjects, count=10_000, folds=2)
    assert pairs.same.sum() == 4 * 10, "all pairs of one person there are"
    assert len(pairs.rows) == 80


def test_too_few_people_make_no_pairs():
    _, subjects = faces(people=4, each=3)
    assert make_pairs(subjects[:9]) is None, "three people fill one fold"
    assert make_pairs(np.full(12, "")) is None
    assert make_pairs(np.array([f"p{number}" for number in range(20)])) is None, "one stimulus a person"
    unknown = np.where(np.arange(12) % 3 == 0, "", subjects)
    pairs = make_pairs(unknown)
    assert (unknown[pairs.rows] != "").all()


def test_the_best_threshold_equals_a_search_over_all():
    rng = np.random.default_rng(0)
    for trial in range(30):
        distances = rng.integers(0, 9, 20) / 4 if trial % 2 else rng.random(20)
        same = rng.random(20) < np.exp(-distances)
        values = sorted(set(distances))
        tries = [values[0] - 1, *((a + b) / 2 for a, b in pairwise(values)), values[-1]]
        best = max(sum((d <= tau) == s for d, s in zip(distances, same, strict=True)) for tau in tries)
        found = best_threshold(distances, same)
        assert ((distances <= found) == same).sum() == best
    assert best_threshold(np.array([1.0, 2.0]), np.array([False, False])) < 1
    assert best_threshold(np.array([1.0, 2.0]), np.array([True, True])) == 2
    assert best_threshold(np.array([1.0, 2.0]), np.array([True, False])) == 1.5


def test_each_fold_is_told_by_the_threshold_of_the_others():
    codes, subjects = faces()
    pairs = make_pairs(subjects, count=120, folds=6)
    found = verify(codes, pairs)
    distances = np.array([np.linalg.norm(codes[i].astype(float) - codes[j]) for i, j in pairs.rows])
    right = []
    for fold in range(6):
        others = pairs.fold != fold
        values = np.sort(distances[others])
        tries = [*((values[:-1] + values[1:]) / 2), values[-1]]
        threshold = max(tries, key=lambda tau: ((distances[others] <= tau) == pairs.same[others]).sum())
        assert found.thresholds[fold] == pytest.approx(threshold)
        right += [(d <= threshold) == s for d, s in zip(distances[~others], pairs.same[~others], strict=True)]
    assert found.accuracy.value == pytest.approx(np.mean(right))
    assert found.auc.value == pytest.approx(roc_auc_score(pairs.same, -distances))
    assert found.accuracy.low <= found.accuracy.value <= found.accuracy.high
    assert found.auc.low < found.auc.value < found.auc.high


def test_whole_folds_are_resampled():
    """Five folds are told right and one is told wrong: 20 pairs more or less, never one."""
    codes = np.array([[0.0], [1.0], [9.0]], dtype=np.float32)
    same = np.tile([True, False], 60)
    near = same ^ (np.arange(120) >= 100)
    rows = np.where(near[:, None], [0, 1], [0, 2])
    found = verify(codes, Pairs(rows, same, np.arange(120) // 20))
    assert found.accuracy.value == pytest.approx(5 / 6)
    assert found.accuracy.low == pytest.approx(1 / 2)
    assert found.accuracy.high == 1


def test_persons_that_lie_apart_are_verified_and_noise_is_not():
    near, subjects = faces(spread=0.01)
    pairs = make_pairs(subjects, count=200)
    found = verify(near, pairs)
    assert found.accuracy.value == found.auc.value == 1
    noise = np.random.default_rng(0).standard_normal(near.shape).astype(np.float32)
    assert 0.35 < verify(noise, pairs).accuracy.value < 0.65
    with pytest.raises(ValueError, match="All pairs are in one fold"):
        verify(near, Pairs(pairs.rows, pairs.same, pairs.fold * 0))


def test_rmse_equals_a_loop(monkeypatch):
    rng = np.random.default_rng(0)
    truth = rng.standard_normal((14, 3, 5)).astype(np.float32)
    rebuilt = truth + 0.1 * rng.standard_normal((14, 3, 5)).astype(np.float32)
    total = sum((float(a) - float(b)) ** 2 for a, b in zip(truth.ravel(), rebuilt.ravel(), strict=True))
    found = reconstruction(truth, rebuilt)
    assert found.rmse.value == pytest.approx(np.sqrt(total / (14 * 15)))
    each = [np.sqrt(np.mean((truth[i].astype(float) - rebuilt[i]) ** 2)) for i in range(14)]
    assert np.allclose(found.each, each)
    assert found.rmse.low < found.rmse.value < found.rmse.high
    grey = reconstruction(truth, rebuilt, scale=127.5)
    assert grey.rmse.high == pytest.approx(127.5 * found.rmse.high)
    assert np.allclose(grey.each, 127.5 * found.each)
    assert reconstruction(truth, truth, groups=np.arange(14) // 2).rmse.high == 0
    monkeypatch.setattr(reconstruction_module, "_CELLS", 31)
    assert reconstruction(truth, rebuilt).rmse == found.rmse
    with pytest.raises(ValueError, match=r"shape \(14, 3, 5\), but rebuilt ones \(13, 3, 5\)"):
        reconstruction(truth, rebuilt[:-1])
