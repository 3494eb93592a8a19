"""Labels as classes, and data without any."""

import dataclasses

import numpy as np
import pytest
import torch
from sklearn.neighbors import KNeighborsClassifier

from learning.embedding import metric_configs as configs
from learning.embedding.metric import CNN, SGM, TripletNet
from learning.embedding.metric_labels import label_column, nearest_vote
from tests.learning.training.world import tiny_data

CPU = torch.device("cpu")


def relabelled(data, **labels):
    return dataclasses.replace(data, labels=labels)


def test_stimuli_without_a_label_are_left_out():
    data = tiny_data()
    labels = data.labels["expression"].copy()
    labels[::3] = ""
    objective = CNN.from_config(configs.CNNConfig(), data.n_features).objective(
        relabelled(data, expression=labels), CPU
    )
    expected = np.flatnonzero((data.split == 0) & (labels != ""))
    assert sorted(objective.classes.rows.tolist()) == expected.tolist()
    assert objective.validation_rows.tolist() == np.flatnonzero((data.split == 1) & (labels != "")).tolist()
    names = np.array(objective.classes.names)
    assert (names[objective.codes_of_labels[expected]] == labels[expected]).all()
    assert (objective.codes_of_labels[np.flatnonzero(labels == "")] == -1).all()


def test_data_that_cannot_teach_is_refused_in_one_sentence():
    data = tiny_data()
    expression = data.labels["expression"]
    nothing = np.full(len(data), "")
    for labels, name, message in (
        ({}, "", "no training stimulus has one"),
        ({"expression": nothing}, "", "no training stimulus has one"),
        ({"expression": expression}, "smile", "label 'smile'; there are labels expression"),
        ({"expression": expression, "other": expression}, "", "say in the setting 'label'"),
        ({"expression": np.full(len(data), "a")}, "", "nothing to tell apart"),
    ):
        with pytest.raises(ValueError, match=message):
            label_column(relabelled(data, **labels), name)
    assert label_column(relabelled(data, expression=expression, other=nothing), "") is expression
    none = dataclasses.replace(data, triplets=data.triplets.where(np.zeros(len(data.triplets), dtype=bool)))
    model = TripletNet.from_config(configs.TripletNetConfig(source="votes"), data.n_features)
    with pytest.raises(ValueError, match="No triplet has a weight above 0"):
        model.objective(none, CPU)
    with pytest.raises(ValueError, match="change images"):
        SGM.from_config(configs.SGMConfig(flip=0.5), data.n_features).objective(data, CPU)


def test_the_vote_of_neighbours_is_scikit_learns():
    rng = np.random.default_rng(0)
    known, asked = rng.standard_normal((200, 4)), rng.standard_normal((700, 4))
    labels = rng.integers(0, 5, 200)
    expected = KNeighborsClassifier(11).fit(known, labels).predict(asked)
    found = nearest_vote(*map(torch.from_numpy, (known, labels, asked)), 11, 5)
    assert np.array_equal(found.numpy(), expected)
