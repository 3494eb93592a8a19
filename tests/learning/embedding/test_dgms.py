"""Classes within classes: division by mixtures, rounds, and what a checkpoint must keep of them."""

import dataclasses

import numpy as np
import pytest
import torch
from sklearn.metrics import normalized_mutual_info_score

from learning.data.stimuli import TrainingData
from learning.data.triplets import TripletSet
from learning.embedding.dgms import divide
from learning.embedding.metric import DGMS
from learning.embedding.metric_configs import DGMSConfig
from learning.embedding.metric_losses import structured_gaussian

CPU = torch.device("cpu")
CONFIG = DGMSConfig(
    latent=4, hidden=(16,), iterations=40, rounds=4, smallest_class=30, samples=8, s=1.0, learning_rate=2e-3
)


def groups(seed=0, each=40):
    """Two classes, each of two groups that no label tells; a third class of five stimuli."""
    rng = np.random.default_rng(seed)
    centres = np.array([[0, 0, 0], [0, 4, 0], [6, 0, 0], [6, 4, 0]])
    group = np.concatenate([np.repeat(np.arange(4), each), np.full(5, 4)])
    features = np.vstack([centres, [[3, 2, 9]]])[group] + 0.3 * rng.standard_normal((len(group), 3))
    return features, group, np.array(["a", "a", "b", "b", "small"])[group]


def data_of(features, labels):
    count = len(features)
    return TrainingData.build(
        stimuli=np.arange(count).astype(str),
        features=features.astype(np.float32),
        neutral=np.full(count, -1),
        split=(np.arange(count) % 5 == 0).astype(np.int8),
        subjects=np.full(count, ""),
        labels={"class": labels},
        triplets=TripletSet.build(np.empty((0, 3), dtype=np.int64), count),
    )


def objective_of(config=CONFIG, seed=0):
    features, group, labels = groups()
    data = data_of(features, labels)
    torch.manual_seed(seed)
    model = DGMS.from_config(config, 3)
    return model.objective(data, CPU), group


def steps(objective, first, last):
    optimiser = torch.optim.Adam(objective.model.parameters(), lr=2e-3)
    objective.model.train()
    for iteration in range(first, last):
        optimiser.zero_grad()
        objective.gradients(iteration, "model")
        optimiser.step()


def test_a_mixture_finds_the_groups_inside_each_class_and_never_joins_classes():
    features, group, labels = groups()
    classes = np.unique(labels, return_inverse=True)[1]
    found = divide(features, classes, [2, 2, 1], seed=0)
    assert sorted(set(found)) == [0, 1, 2, 3, 4]
    assert normalized_mutual_info_score(found, group) == pytest.approx(1)
    assert np.array_equal(found, divide(features, classes, [2, 2, 1], seed=0))
    for sub in range(5):
        assert len(set(classes[found == sub])) == 1
    assert np.array_equal(divide(features, classes, [1, 1, 1], seed=0), classes)


def test_codes_that_are_all_the_same_are_divided_without_a_fault():
    found = divide(np.zeros((40, 3)), np.repeat([0, 1], 20), [2, 2], seed=0)
    assert set(found[:20]).isdisjoint(found[20:])


def test_rounds_and_components_follow_the_schedule():
    config = DGMSConfig(iterations=100, rounds=4)
    assert [config.round_of(step) for step in (0, 24, 25, 49, 50, 99)] == [0, 0, 1, 1, 2, 3]
    assert [config.components_of(r, 1000) for r in range(6)] == [1, 2, 3, 4, 4, 4]
    assert [config.components_of(3, members) for members in (99, 100)] == [1, 4]
    assert DGMSConfig(smallest_class=5).components_of(3, 25) == 2  # a tenth of the class
    for wrong in ({"rounds": 101, "iterations": 100}, {"first_components": 5}):
        with pytest.raises(ValueError, match=r"must not be above|more than the"):
            DGMSConfig(**wrong)


def test_classes_are_divided_at_the_first_step_of_a_round_and_small_ones_stay_whole():
    objective, group = objective_of()
    assert objective.round == 0
    assert torch.equal(objective.sub_classes, objective.classes.codes())
    size = objective.batches.size
    steps(objective, 0, 10)
    assert objective.round == 0
    steps(objective, 10, 11)
    assert objective.round == 1
    own = group[objective.classes.rows]
    assert normalized_mutual_info_score(objective.sub_classes, own) > 0.95
    assert len(set(objective.sub_classes[own == 4].tolist())) == 1
    assert objective.batches.size <= size
    steps(objective, 11, 21)
    assert objective.round == 2
    assert len(objective.batches.index) > 5
    assert objective.model.training


def test_the_loss_of_a_round_is_that_of_its_sub_classes():
    objective, _ = objective_of()
    steps(objective, 0, 11)
    generator = objective.generator.get_state()
    loss = objective.losses(11).item()
    objective.generator.set_state(generator)
    rows, labels = objective.batches.draw(objective.generator)
    place = {row: at for at, row in enumerate(objective.classes.rows.tolist())}
    expected = [objective.sub_classes[place[row]].item() for row in rows.tolist()]
    assert labels.tolist() == expected
    z = objective.model.codes(objective.source.rows(rows))
    assert loss == pytest.approx(structured_gaussian(z, labels, max(expected) + 1, 1.0).item(), abs=1e-6)


def test_accuracy_is_that_of_the_original_classes():
    objective, _ = objective_of()
    steps(objective, 0, 21)
    found = objective.predict(objective.validation_rows)
    right = found == objective.codes_of_labels[objective.validation_rows]
    assert objective.validate() == {"accuracy": pytest.approx(right.double().mean().item())}
    assert right.double().mean() > 0.9


@pytest.mark.parametrize("step", [7, 10, 15, 20])  # within a round, and before its first step
def test_what_a_checkpoint_keeps_is_enough_to_go_on(step):
    whole, _ = objective_of()
    steps(whole, 0, step)
    other, _ = objective_of(seed=1)
    other.model.load_state_dict(whole.model.state_dict())
    other.load_state({name: tensor.clone() for name, tensor in whole.state().items()})
    other.generator.set_state(whole.generator.get_state())
    for objective in (whole, other):
        steps(objective, step, step + 8)
    assert whole.round == other.round
    assert torch.equal(whole.sub_classes, other.sub_classes)
    assert all(torch.equal(a, b) for a, b in zip(whole.model.parameters(), other.model.parameters(), strict=True))


def test_a_number_of_classes_in_a_batch_is_kept():
    objective, _ = objective_of(dataclasses.replace(CONFIG, classes=2))
    steps(objective, 0, 11)
    assert objective.batches.size == 16
