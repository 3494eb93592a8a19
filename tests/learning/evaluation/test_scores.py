"""Accuracy, macro precision and recall, F1 and AUC, against scikit-learn and loops."""

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, precision_score, recall_score, roc_auc_score

from learning.evaluation.auc import auc, auc_per_class
from learning.evaluation.scores import confusion_scores, score


def guesses(seed=0, n=150, classes="abcde"):
    rng = np.random.default_rng(seed)
    true = rng.choice(list(classes), n)
    return true, np.where(rng.random(n) < 0.6, true, rng.choice(list(classes), n))


def test_scores_equal_scikit_learn():
    true, found = guesses()
    scores = score(true, found)
    precision = precision_score(true, found, average="macro", zero_division=0)
    recall = recall_score(true, found, average="macro", zero_division=0)
    assert scores.accuracy.value == pytest.approx(accuracy_score(true, found))
    assert scores.precision.value == pytest.approx(precision)
    assert scores.recall.value == pytest.approx(recall)
    assert scores.f1.value == pytest.approx(2 * precision * recall / (precision + recall))
    assert scores.count == 150


def test_f1_is_the_harmonic_mean_of_the_macro_averages_as_the_paper_prints_it():
    assert round(2 * 88.614 * 68.724 / (88.614 + 68.724), 2) == round(77.412, 2)
    # Class a: precision 1, recall 1/2; class b: precision 1/2, recall 1.
    confusion = np.array([[[2.0, 2.0], [0.0, 2.0]]])
    found = confusion_scores(confusion)
    assert found["precision"][0] == found["recall"][0] == 0.75
    assert found["f1"][0] == 0.75
    assert pytest.approx(0.75) != (2 / 3 + 2 / 3) / 2, "the mean of the classes' F1 is another figure"


def test_a_class_that_a_resample_lacks_does_not_count():
    two = np.array([[3.0, 1.0], [2.0, 4.0]])
    three = np.zeros((3, 3))
    three[:2, :2] = two
    with_a_gap, without = confusion_scores(three[None]), confusion_scores(two[None])
    assert {name: value[0] for name, value in with_a_gap.items()} == {name: value[0] for name, value in without.items()}
    assert all(np.isnan(value[0]) for value in confusion_scores(np.zeros((1, 3, 3))).values())


def test_a_class_that_is_only_true_or_only_found_counts_zero():
    true, found = np.array(["a", "a", "b", "b"]), np.array(["a", "c", "a", "a"])
    scores = score(true, found)
    assert scores.precision.value == pytest.approx(precision_score(true, found, average="macro", zero_division=0))
    assert scores.recall.value == pytest.approx(recall_score(true, found, average="macro", zero_division=0))
    nothing = score(np.array(["a", "b"]), np.array(["b", "a"]))
    assert nothing.f1.value == 0
    with pytest.raises(ValueError, match=r"shape \(4,\), but found ones of shape \(3,\)"):
        score(true, found[:3])


def test_intervals_of_scores_equal_a_loop_over_drawn_people():
    true, found = guesses(n=200)
    people = np.arange(200) // 10
    rng = np.random.default_rng(8)
    drawn = []
    for _ in range(1500):
        rows = np.concatenate([np.flatnonzero(people == person) for person in rng.choice(20, 20)])
        cells = np.zeros((5, 5))
        np.add.at(cells, (np.searchsorted(list("abcde"), true[rows]), np.searchsorted(list("abcde"), found[rows])), 1)
        precision = np.mean([cells[c, c] / cells[:, c].sum() for c in range(5)])
        recall = np.mean([cells[c, c] / cells[c].sum() for c in range(5)])
        drawn.append(2 * precision * recall / (precision + recall))
    interval = score(true, found, people).f1
    low, high = np.quantile(drawn, [0.025, 0.975])
    assert (interval.low, interval.high) == (pytest.approx(low, abs=0.015), pytest.approx(high, abs=0.015))


def test_auc_equals_a_loop_over_pairs_and_scikit_learn():
    rng = np.random.default_rng(0)
    scores, positive = rng.integers(0, 8, 90) / 7, rng.random(90) < 0.4  # many ties
    wins = [1.0 if a > b else 0.5 if a == b else 0.0 for a in scores[positive] for b in scores[~positive]]
    found = auc(scores, positive)
    assert found.value == pytest.approx(sum(wins) / len(wins))
    assert found.value == pytest.approx(roc_auc_score(positive, scores))
    assert found.low < found.value < found.high


def test_an_interval_of_auc_equals_a_loop_over_drawn_people():
    rng = np.random.default_rng(1)
    positive = rng.random(120) < 0.5
    scores, people = rng.standard_normal(120) + positive, np.arange(120) // 6
    drawn = []
    for _ in range(600):
        rows = np.concatenate([np.flatnonzero(people == person) for person in rng.choice(20, 20)])
        drawn.append(roc_auc_score(positive[rows], scores[rows]))
    low, high = np.quantile(drawn, [0.025, 0.975])
    found = auc(scores, positive, people)
    assert (found.low, found.high) == (pytest.approx(low, abs=0.02), pytest.approx(high, abs=0.02))


def test_auc_of_one_kind_only_is_none():
    assert auc([1.0, 2.0], [True, True]).value is None
    assert auc([], []).value is None
    with pytest.raises(ValueError, match=r"shape \(2,\), but truths of shape \(1,\)"):
        auc([1.0, 2.0], [True])


def test_each_class_is_set_against_the_rest():
    rng = np.random.default_rng(2)
    classes = np.array(["a", "b", "c", "never"])
    labels, scores = rng.choice(classes[:3], 80), rng.random((80, 4))
    found = auc_per_class(scores, labels, classes)
    expected = {name: roc_auc_score(labels == name, scores[:, place]) for place, name in enumerate(classes[:3])}
    assert {name: found.by_class[name].value for name in expected} == pytest.approx(expected)
    assert found.by_class["never"].value is None
    assert found.mean == pytest.approx(np.mean(list(expected.values())))
    with pytest.raises(ValueError, match="80 labels and 3 classes"):
        auc_per_class(scores, labels, classes[:3])
