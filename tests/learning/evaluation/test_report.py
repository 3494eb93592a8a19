"""The report's new figures, each against the module that measures it, and its bounds."""

import json
from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import normalized_mutual_info_score

from learning.data.stimuli import TrainingData
from learning.data.triplets import TripletSet
from learning.evaluation import report as report_module
from learning.evaluation.clustering import cluster
from learning.evaluation.report import evaluate_embedding
from learning.evaluation.retrieval import retrieve
from learning.evaluation.scores import score
from learning.evaluation.triplets import satisfaction, satisfied
from tests.learning.training.world import tiny_data


def crowd(people=30, seed=0):
    """30 people with 6 faces in 3 expressions: 16 train, 4 validate, 10 test; triplets with margins."""
    rng = np.random.default_rng(seed)
    person, mood = np.repeat(np.arange(people), 6), np.tile([0, 1, 2], people * 2)
    split = np.select([person < 16, person < 20], [0, 1], 2)
    features = 1.5 * np.eye(3, 5)[mood] + 0.8 * rng.standard_normal((people, 5))[person]
    features += 0.7 * rng.standard_normal(features.shape)
    rows = np.concatenate(
        [
            np.array([rng.choice(np.flatnonzero(split == part), 3, replace=False) for _ in range(count)])
            for part, count in ((0, 90), (1, 30), (2, 150))
        ]
    )
    parts = np.repeat([0, 1, 2], [90, 30, 150])
    return TrainingData.build(
        stimuli=np.arange(people * 6),
        features=features.astype(np.float32),
        neutral=np.full(people * 6, -1),
        split=split,
        subjects=person,
        labels={"mood": np.array(["calm", "glad", "sad"])[mood]},
        triplets=TripletSet.build(rows, people * 6, margins=np.tile([5, 3, 1], 90), split=parts, votes=np.full(270, 5)),
    )


@pytest.fixture(scope="module")
def data():
    return crowd()


@pytest.fixture(scope="module")
def report(data):
    return evaluate_embedding(data.features, data, "mood")


def intervals(node):
    """All {"value", "low", "high"} of a report."""
    if isinstance(node, dict):
        if "value" in node:
            yield node
        else:
            for child in node.values():
                yield from intervals(child)


def test_a_report_is_json_with_an_interval_about_each_figure(report):
    assert json.loads(json.dumps(report, allow_nan=False)) == report
    assert set(report["metrics"]) == {
        "knn", "auc", "nmi", "f1", "recall@1", "recall@5", "recall@10", "recall@20", "acc@1", "acc@5", "acc@10",
        "acc@20", "verification", "resampled", "sampled", "reasons",
    }  # fmt: skip
    found = list(intervals(report["metrics"]))
    assert len(found) == 4 + 3 + 2 + 8 + 2
    for figure in found:
        assert figure["low"] <= figure["value"] <= figure["high"]
    assert (report["metrics"]["resampled"], report["metrics"]["sampled"], report["metrics"]["reasons"]) == (
        "person",
        {},
        {},
    )


def test_figures_are_those_of_their_modules_on_test_stimuli(data, report):
    test = data.rows_of(2)
    z, labels, people = data.features[test], data.labels["mood"][test], data.subjects[test]
    metrics = report["metrics"]
    found = retrieve(z, labels, (5,), groups=people)
    assert metrics["recall@5"] == found.recall[5].as_dict()
    assert metrics["acc@5"] == found.accuracy[5].as_dict()
    clusters = cluster(z, labels)
    assert metrics["nmi"]["value"] == pytest.approx(normalized_mutual_info_score(labels, clusters.clusters))
    train = data.rows_of(0)
    votes = [
        data.labels["mood"][train[np.argsort(np.linalg.norm(data.features[train] - one, axis=1))[:11]]] for one in z
    ]
    best = np.array([max(("calm", "glad", "sad"), key=list(vote).count) for vote in votes])
    assert metrics["knn"] == {"k": 11} | score(labels, best, people).as_dict()
    assert metrics["knn"]["count"] == 60
    assert metrics["verification"]["folds"] == 5


def test_triplets_have_intervals_per_margin_by_the_anchors_person(data, report):
    test = data.triplets.of_split(2)
    holds, anchors = satisfied(data.features, test.triplets), data.subjects[test.triplets[:, 0]]
    part = report["triplets"]["test"]
    assert set(part) == {"satisfied", "count", "low", "high", "by_margin"}
    rng = np.random.default_rng(1)
    for level in (5, 3, 1):
        cell, keep = part["by_margin"][str(level)], test.margins == level
        assert cell["satisfied"] == holds[keep].mean()
        by_person = [holds[keep & (anchors == name)] for name in np.unique(anchors[keep])]
        drawn = [
            np.concatenate([by_person[one] for one in rng.choice(len(by_person), len(by_person))]).mean()
            for _ in range(1500)
        ]
        low, high = np.quantile(drawn, [0.025, 0.975])
        assert (cell["low"], cell["high"]) == (pytest.approx(low, abs=0.025), pytest.approx(high, abs=0.025))
    by_triplet = satisfaction(data.features, test, seed=0)
    assert by_triplet["satisfied"] == part["satisfied"]
    assert by_triplet["low"] != part["low"]


def test_the_seed_repeats_a_report(data, report):
    assert evaluate_embedding(data.features, data, "mood") == report
    assert evaluate_embedding(data.features, data, "mood", seed=1)["metrics"] != report["metrics"]


def test_above_the_stated_sizes_a_part_is_drawn_and_told(data, monkeypatch):
    for name, size in {"TRAINED": 50, "TESTED": 20, "SEARCHED": 40, "CLUSTERED": 30}.items():
        monkeypatch.setattr(report_module, name, size)
    found = evaluate_embedding(data.features, data, "mood")
    assert found["metrics"]["sampled"] == {
        "svm": [50, 96], "knn_train": [50, 96], "knn": [20, 60], "clusters": [30, 60], "searched": [40, 60],
        "queries": [20, 40],
    }  # fmt: skip
    assert found["metrics"]["knn"]["count"] == 20
    hits = [found["metrics"][f"recall@{k}"]["value"] * 20 for k in (1, 5, 10, 20)]
    assert hits == pytest.approx(np.round(hits)), "twenty query"
    assert found["accuracy_count"] == 60
    assert found["accuracy"] > 0.4
    assert found == evaluate_embedding(data.features, data, "mood")


def test_what_cannot_be_measured_is_absent_with_a_reason(data):
    bare = evaluate_embedding(data.features, data, None)["metrics"]
    assert set(bare) == {"verification", "resampled", "sampled", "reasons"}
    assert bare["reasons"] == dict.fromkeys(("knn", "clusters", "retrieval"), "No label was named.")
    nobody = replace(data, subjects=np.full(len(data), ""))
    found = evaluate_embedding(nobody.features, nobody, "mood")["metrics"]
    assert found["resampled"] == "stimulus"
    assert "verification" not in found
    assert "too few test people" in found["reasons"]["verification"]
    small = tiny_data()
    few = evaluate_embedding(small.features, small, "expression")["metrics"]
    assert few["nmi"] == {"value": few["nmi"]["value"], "low": None, "high": None}, "one test person has no interval"
    assert few["recall@1"]["value"] == 0, "each expression is there once"


@pytest.mark.parametrize(
    ("change", "absent", "reason"),
    [
        (
            lambda mood, split: np.where(split == 2, "", mood),
            {"knn", "nmi", "recall@1"},
            "No test stimulus has a label.",
        ),
        (lambda mood, split: np.where(split == 0, "", mood), {"knn"}, "No training stimulus has a label."),
        (lambda mood, split: np.full_like(mood, "calm"), {"nmi"}, "All test stimuli have the same label."),
        (lambda mood, split: np.where(np.arange(len(mood)) < len(mood) - 1, "", mood), {"recall@1", "nmi"}, "Only one"),
        (lambda mood, split: np.arange(len(mood)).astype(str), {"knn", "nmi"}, "names no classes"),
    ],
)
def test_labels_that_name_no_classes(data, monkeypatch, change, absent, reason):
    monkeypatch.setattr(report_module, "MOST_CLASSES", 40)
    changed = replace(data, labels={"mood": change(data.labels["mood"], data.split)})
    found = evaluate_embedding(changed.features, changed, "mood")["metrics"]
    assert not absent & set(found)
    assert any(reason in text for text in found["reasons"].values())


def test_an_svm_is_not_trained_on_names_of_stimuli(data, monkeypatch):
    monkeypatch.setattr(report_module, "MOST_CLASSES", 2)
    found = evaluate_embedding(data.features, data, "mood")
    assert (found["accuracy"], found["accuracy_count"]) == (None, 0)
    assert found["accuracy_reason"] == report_module.MANY_CLASSES


@pytest.mark.filterwarnings("ignore:Number of distinct clusters")
def test_collapsed_codes_are_reported_as_chance(data):
    found = evaluate_embedding(np.ones((len(data), 2), dtype=np.float32), data, "mood")
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    metrics = found["metrics"]
    assert metrics["nmi"]["value"] == 0
    assert metrics["auc"]["mean"] == metrics["verification"]["auc"]["value"] == 0.5
    assert metrics["knn"]["recall"]["value"] == pytest.approx(1 / 3)
    assert found["triplets"]["test"]["satisfied"] == 1, "ties are satisfied, as in the paper"
