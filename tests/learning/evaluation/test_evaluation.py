"""Satisfied triplets, accuracy, maps and tables, each against a plain count."""

import json
import math

import numpy as np
import pytest

from learning.data.triplets import TripletSet
from learning.evaluation.classification import classify
from learning.evaluation.projection import project
from learning.evaluation.report import evaluate_embedding
from learning.evaluation.triplets import satisfaction, satisfied
from tests.learning.training.world import tiny_data


def random_triplets(n, count, seed=0):
    rng = np.random.default_rng(seed)
    return np.array([rng.choice(n, 3, replace=False) for _ in range(count)])


def test_a_triplet_is_satisfied_where_the_nearer_is_not_farther():
    z = np.random.default_rng(0).standard_normal((20, 4)).astype(np.float32)
    rows = random_triplets(20, 200)
    holds = satisfied(z, rows)
    for row, (anchor, nearer, farther) in enumerate(rows):
        assert holds[row] == (math.dist(z[anchor], z[nearer]) <= math.dist(z[anchor], z[farther]))


def test_a_tie_is_satisfied():
    z = np.array([[0, 0], [1, 0], [0, 1]], dtype=np.float32)
    assert satisfied(z, np.array([[0, 1, 2], [0, 2, 1]])).all()


def test_satisfaction_is_counted_for_each_margin():
    z = np.random.default_rng(1).standard_normal((20, 2)).astype(np.float32)
    rows, margins = random_triplets(20, 90), np.tile([5, 3, 0], 30)
    found = satisfaction(z, TripletSet.build(rows, 20, margins=margins))
    holds = satisfied(z, rows)
    assert found["count"] == 90
    assert found["satisfied"] == pytest.approx(sum(holds) / 90)
    assert list(found["by_margin"]) == ["5", "3"], "nobody voted on a triplet of margin 0"
    assert found["by_margin"]["5"] == {"satisfied": pytest.approx(sum(holds[::3]) / 30), "count": 30}
    assert satisfaction(z, TripletSet.build([], 20)) == {"satisfied": None, "count": 0, "by_margin": {}}


def blobs(seed=0, gap=6.0):
    rng = np.random.default_rng(seed)
    labels = np.tile(["happy", "sad", "angry"], 40)
    centres = {"happy": (0, 0), "sad": (gap, 0), "angry": (0, gap)}
    codes = np.array([centres[label] for label in labels]) + rng.standard_normal((120, 2))
    split = np.repeat([0, 1, 2], [72, 24, 24]).astype(np.int8)
    return codes.astype(np.float32), labels, split


def test_classes_that_lie_apart_are_found_and_classes_that_do_not_are_not():
    codes, labels, split = blobs()
    found = classify(codes, labels, split)
    assert found.accuracy >= 0.95
    assert (found.count, found.reason) == (24, "")
    assert classify(*blobs(gap=0.0)).accuracy < 0.65


def test_the_accuracy_does_not_depend_on_the_units_of_a_dimension():
    codes, labels, split = blobs(gap=2.0)
    assert classify(codes * np.array([1000, 1], dtype=np.float32), labels, split) == classify(codes, labels, split)


def test_c_is_chosen_without_the_test_stimuli():
    codes, labels, split = blobs(gap=1.5)
    swapped = labels.copy()
    swapped[split == 2] = np.random.default_rng(0).permutation(swapped[split == 2])
    assert classify(codes, swapped, split).c == classify(codes, labels, split).c


def test_stimuli_without_a_label_stay_out():
    codes, labels, split = blobs()
    some = labels.copy()
    some[::4] = ""
    assert classify(codes, some, split).count == (some[split == 2] != "").sum()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda labels, split: np.full_like(labels, ""), "No training stimulus has a label."),
        (lambda labels, split: np.where(split == 1, "", labels), "No validation stimulus has a label."),
        (lambda labels, split: np.where(split == 2, "", labels), "No test stimulus has a label."),
        (lambda labels, split: np.full_like(labels, "happy"), "All training stimuli have the same label."),
    ],
)
def test_where_there_is_nothing_to_classify_the_reason_is_told(change, reason):
    codes, labels, split = blobs()
    found = classify(codes, change(labels, split), split)
    assert (found.accuracy, found.c, found.reason) == (None, None, reason)


def test_a_map_keeps_the_distances_of_an_embedding_that_has_three_dimensions():
    rng = np.random.default_rng(0)
    flat = rng.standard_normal((30, 3)) @ np.linalg.qr(rng.standard_normal((7, 3)))[0].T
    places, share = project(flat.astype(np.float32))
    for i, j in random_triplets(30, 40)[:, :2]:
        assert math.dist(places[i], places[j]) == pytest.approx(math.dist(flat[i], flat[j]), abs=1e-4)
    assert share.sum() == pytest.approx(1)
    assert (np.diff(share) <= 0).all()
    assert np.allclose(places.mean(axis=0), 0, atol=1e-5)


def test_a_map_of_two_dimensions_has_a_third_that_is_zero():
    places, share = project(np.random.default_rng(0).standard_normal((9, 2)).astype(np.float32))
    assert places.shape == (9, 3)
    assert (places[:, 2] == 0).all()
    assert share[2] == 0
    with pytest.raises(ValueError, match=r"shape \(N, D\), not \(0, 2\)"):
        project(np.empty((0, 2), dtype=np.float32))


def test_a_report_is_json_and_holds_every_split():
    data = tiny_data()
    report = evaluate_embedding(data.features, data, "expression")
    assert json.loads(json.dumps(report)) == report
    assert report["dim"] == 6
    assert [report["triplets"][name]["count"] for name in ("train", "validation", "test")] == [60, 10, 10]
    assert 0 <= report["accuracy"] <= 1
    test = data.triplets.of_split(2)
    assert report["triplets"]["test"]["satisfied"] == satisfied(data.features, test.triplets).mean()
    without = evaluate_embedding(data.features, data, None)
    assert (without["accuracy"], without["accuracy_reason"]) == (None, "No label was named.")
    with pytest.raises(ValueError, match="no label 'mood'; it has expression"):
        evaluate_embedding(data.features, data, "mood")
    with pytest.raises(ValueError, match=r"40 stimuli, but codes of shape \(39, 6\)"):
        evaluate_embedding(data.features[:-1], data, None)
