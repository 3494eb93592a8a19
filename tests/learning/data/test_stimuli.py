"""From a frozen dataset to rows that a model reads."""

import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest

from learning.data.stimuli import TrainingData
from tests.learning.training.world import tiny_data


def frozen(features, manifest=None, **changes):
    n = 9 if features is None else len(features)
    fields = {
        "stimuli": np.array([f"s{i}" for i in range(n)]),
        "subjects": np.array(["p"] * n),
        "neutral": np.zeros(n, dtype=np.int64),
        "split": np.array([0, 0, 0, 1, 1, 1, 2, 2, 2][:n], dtype=np.int8),
        "labels": {"expression": np.array(["happy"] * n)},
        "features": features,
        "triplets": np.array([[0, 1, 2], [3, 4, 5]]),
        "weight": np.array([5, 1], dtype=np.float32),
        "margin": np.array([5, 1], dtype=np.int16),
        "votes_nearer": np.array([5, 2], dtype=np.int16),
        "votes_farther": np.array([0, 1], dtype=np.int16),
        "triplet_split": np.array([0, 1], dtype=np.int8),
        "manifest": manifest or {},
    }
    return SimpleNamespace(**fields | changes)


def test_features_are_flattened_and_centred_by_the_mean_of_the_training_rows():
    raw = np.random.default_rng(0).normal(3, 1, (9, 2, 3)).astype(np.float32)
    data = TrainingData.from_frozen(frozen(raw), preprocess="none")
    flat = raw.reshape(9, 6)
    mean = sum(flat[row] for row in range(3)) / 3
    assert data.features == pytest.approx(flat - mean, abs=1e-6)
    assert data.features + data.mean == pytest.approx(flat, abs=1e-6), "a decoder can put the mean back"
    assert data.shape == (2, 3)
    assert data.n_features == 6
    assert data.rows_of(1).tolist() == [3, 4, 5]
    assert data.triplets.votes.tolist() == [5, 3]


def test_faces_are_aligned_by_the_landmark_scheme_of_the_manifest():
    from annotation.faces.geometry import align_faces
    from annotation.faces.schemes import SCHEMES

    rng = np.random.default_rng(1)
    faces = rng.normal(0, 5, (9, 83, 3)).astype(np.float32)
    data = TrainingData.from_frozen(frozen(faces, {"landmark_scheme": "ict83"}))
    aligned = align_faces(faces, SCHEMES["ict83"]).reshape(9, -1)
    assert data.features == pytest.approx(aligned - aligned[:3].mean(axis=0), abs=1e-5)
    moved = TrainingData.from_frozen(frozen(faces * 2 + 7, {"landmark_scheme": "ict83"}))
    assert moved.features == pytest.approx(data.features, abs=1e-4), "neither place nor size matter"


@pytest.mark.parametrize(
    ("changes", "preprocess", "message"),
    [
        ({"features": None}, "none", "holds no features"),
        ({}, "scale", "Preprocessing must be 'face' or 'none', not 'scale'"),
        ({}, "face", r"landmarks of shape \(N, P, 3\), not \(9, 4\)"),
        ({"features": np.zeros((9, 83, 3))}, "face", "the dataset names ''"),
        ({"features": np.full((9, 4), np.nan)}, "none", "features of stimulus 0 hold a value that is not a finite"),
        ({"split": np.ones(9, dtype=np.int8)}, "none", "No stimulus is in the training split"),
        ({"neutral": np.full(9, 9)}, "none", "Stimulus 0 has the neutral 9, which is no row"),
        ({"triplet_split": np.array([0, 0])}, "none", r"Triplet 1 is in the train split, but its stimuli \[3, 4, 5\]"),
        ({"labels": {"expression": np.array(["a"])}}, "none", "9 stimuli, but 1 rows of label 'expression'"),
        ({"split": np.zeros(4, dtype=np.int8)}, "none", r"9 rows of features, but splits of shape \(4,\)"),
    ],
)
def test_what_does_not_fit_is_refused_in_one_sentence(changes, preprocess, message):
    with pytest.raises(ValueError, match=message):
        TrainingData.from_frozen(frozen(**{"features": np.zeros((9, 4)), **changes}), preprocess=preprocess)


def test_the_fingerprint_changes_with_everything_that_a_training_reads():
    data = tiny_data()
    neutral, split = data.neutral.copy(), data.split.copy()
    neutral[1] = 1
    split[-1] = 1
    others = [
        dataclasses.replace(data, features=data.features + 1),
        dataclasses.replace(data, neutral=neutral),
        dataclasses.replace(data, split=split, triplets=data.triplets.of_split(0)),
        dataclasses.replace(data, triplets=data.triplets.of_split(0)),
        tiny_data(weights=np.full(80, 2.0)),
    ]
    assert data.fingerprint() == tiny_data().fingerprint()
    assert len({data.fingerprint(), *(other.fingerprint() for other in others)}) == 6
