"""The models of paper 001, trained by the session as every other model is."""

import dataclasses
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from learning import registry
from learning.data.stimuli import TrainingData
from learning.data.triplets import TripletSet
from learning.embedding import metric_configs as configs
from learning.embedding.base import Embedding
from learning.embedding.metric import SGM, TripletNet
from learning.embedding.metric_losses import triplet_hinge
from learning.evaluation.triplets import satisfied
from learning.training import checkpoint
from learning.training.progress import Throttle
from learning.training.session import Cancelled, embed, load_embedding, train_embedding
from tests.learning.training.world import ignore, tiny_data

MODELS = {
    "cnn": ("CNN", configs.CNNConfig),
    "triplet": ("TripletNet", configs.TripletNetConfig),
    "sgm": ("SGM", configs.SGMConfig),
    "dgms": ("DGMS", configs.DGMSConfig),
}
TINY = {
    "latent": 3,
    "hidden": [16],
    "dropout": 0.1,
    "samples": 6,
    "neighbours": 3,
    "iterations": 60,
    "evaluate_every": 20,
    "learning_rate": 5e-3,
    "device": "cpu",
}
OWN = {"triplet": {"triplets": 16}, "dgms": {"rounds": 4, "smallest_class": 4}}
CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def _registered(monkeypatch):
    for name, (model, config) in MODELS.items():
        monkeypatch.setitem(registry.EMBEDDINGS, name, f"learning.embedding.metric.{model}")
        monkeypatch.setitem(registry.CONFIGS, name, config)


def train(name, workdir, data=None, should_cancel=lambda: False, **changes):
    return train_embedding(
        name=name,
        config=TINY | OWN.get(name, {}) | changes,
        data=tiny_data() if data is None else data,
        workdir=workdir,
        on_progress=ignore,
        should_cancel=should_cancel,
    )


def images(shape=(1, 16, 16), people=12, seed=0):
    """Three classes: a bright upper, middle or lower third, with noise."""
    rng = np.random.default_rng(seed)
    kind = np.tile(np.arange(3), people)
    pixels = 0.3 * rng.standard_normal((len(kind), *shape))
    third = shape[-2] // 3
    for row, k in enumerate(kind):
        pixels[row, ..., third * k : third * (k + 1), :] += 1
    return TrainingData.build(
        stimuli=np.arange(len(kind)).astype(str),
        features=pixels.astype(np.float32),
        neutral=np.full(len(kind), -1),
        split=np.repeat([0, 0, 1], len(kind) // 3).astype(np.int8),
        subjects=np.full(len(kind), ""),
        labels={"third": np.array(["up", "mid", "low"])[kind]},
        triplets=TripletSet.build(np.empty((0, 3), dtype=np.int64), len(kind)),
    )


def relabelled(data, **labels):
    return dataclasses.replace(data, labels=labels)


@pytest.mark.parametrize("name", MODELS)
def test_the_loss_falls_and_validation_stimuli_are_recognised(name, tmp_path):
    result = train(name, tmp_path, iterations=240, evaluate_every=60, dropout=0.0)
    losses = [row["losses"]["loss"] for row in result.history]
    assert (losses[-1] if name != "dgms" else losses[1]) < 0.8 * losses[0]  # DGMS begins a new task in each round
    assert result.best_value > 0.3  # chance is 1 in 5
    assert result.embedding.shape == (len(tiny_data()), 3)
    assert np.isfinite(result.embedding).all()
    assert result.log_variance is None


@pytest.mark.parametrize("name", MODELS)
def test_the_same_seed_gives_the_same_embedding_and_a_loaded_model_gives_it_again(name, tmp_path):
    torch.manual_seed(5)
    before = torch.get_rng_state()
    first, second = (train(name, tmp_path / part) for part in "ab")
    assert torch.equal(torch.get_rng_state(), before)
    assert np.array_equal(first.embedding, second.embedding)
    assert not np.array_equal(first.embedding, train(name, tmp_path / "c", seed=1).embedding)
    loaded = load_embedding(name, TINY | OWN.get(name, {}), tmp_path / "a" / "best.safetensors")
    assert isinstance(loaded, Embedding)
    assert np.array_equal(embed(loaded, tiny_data()).mean, first.embedding)
    if name == "cnn":
        assert loaded.scores(torch.from_numpy(first.embedding)).shape == (len(tiny_data()), 5)


@pytest.mark.parametrize("name", MODELS)
def test_a_run_cancelled_between_checkpoints_and_resumed_equals_an_uninterrupted_one(name, tmp_path, monkeypatch):
    """Steps 8 and 35 lie in different rounds of DGMS, and not at their beginnings."""
    monkeypatch.setattr(Throttle, "due", lambda self: True)
    whole = train(name, tmp_path / "whole")
    for step in (8, 35):
        asked = iter(range(1, 1000))
        with pytest.raises(Cancelled):
            train(name, tmp_path / "parts", should_cancel=lambda asked=asked, step=step: next(asked) >= step)
    resumed = train(name, tmp_path / "parts")
    assert np.array_equal(whole.embedding, resumed.embedding)
    assert whole.history == resumed.history
    last, again = (checkpoint.read(tmp_path / part / "last.safetensors")[0] for part in ("whole", "parts"))
    assert last.keys() == again.keys()
    assert all(torch.equal(tensor, again[key]) for key, tensor in last.items())


def judged(seed=0):
    """120 stimuli with eight features, of which people see the first two, and the other six are larger."""
    rng = np.random.default_rng(seed)
    features = rng.standard_normal((120, 8)) * ([1] * 2 + [1.5] * 6)
    split = np.repeat([0, 0, 1, 2], 30)
    rows, parts = [], []
    for part, count in ((0, 800), (1, 200), (2, 200)):
        for _ in range(count):
            anchor, one, other = rng.choice(np.flatnonzero(split == part), 3, replace=False)
            gaps = [np.linalg.norm((features[anchor] - features[x])[:2]) for x in (one, other)]
            rows.append((anchor, one, other) if gaps[0] < gaps[1] else (anchor, other, one))
            parts.append(part)
    return TrainingData.build(
        stimuli=np.arange(120).astype(str),
        features=features.astype(np.float32),
        neutral=np.full(120, -1),
        split=split,
        subjects=np.full(120, ""),
        labels={"side": np.where(features[:, 0] > 0, "right", "left")},
        triplets=TripletSet.build(rows, 120, margins=rng.choice([1, 3, 5], len(rows)), split=parts),
    )


@pytest.mark.parametrize("source", ["votes", "both"])
def test_votes_train_the_triplet_network(source, tmp_path):
    data = judged()
    if source == "votes":
        data = relabelled(data)
    result = train("triplet", tmp_path, data, source=source, iterations=240, evaluate_every=40, triplets=64)
    test = data.triplets.of_split(2).triplets
    assert satisfied(result.embedding, test).mean() > satisfied(data.features, test).mean() + 0.1
    shares = [row["validation"]["satisfied"] for row in result.history]
    assert result.best_value == max(shares) > shares[0]
    assert ("accuracy" in result.history[0]["validation"]) == (source == "both")
    assert (result.history[0]["losses"]["labels"] > 0) == (source == "both")


def test_the_share_of_satisfied_triplets_counts_their_weights():
    data = judged()
    model = TripletNet.from_config(configs.TripletNetConfig(source="votes", latent=3), data.n_features)
    figures = model.objective(data, CPU).validate()
    own = data.triplets.of_split(1)
    holds = satisfied(model.embed(data.features, data.neutral).mean, own.triplets)
    assert figures == {"satisfied": pytest.approx((own.margins * holds).sum() / own.margins.sum(), abs=1e-9)}


def test_votes_of_weight_zero_are_absent(tmp_path):
    """Half of the triplets are turned round and have the weight 0."""
    data = tiny_data()
    kept = np.arange(len(data.triplets)) % 2 == 0
    own = data.triplets
    turned = np.where(kept[:, None], own.triplets, own.triplets[:, [0, 2, 1]])
    zero = TripletSet.build(turned, len(data), weights=kept.astype(np.float32), split=own.split)
    results = [
        train("triplet", tmp_path / part, dataclasses.replace(data, triplets=triplets), source="votes")
        for part, triplets in (("zero", zero), ("absent", own.where(kept)))
    ]
    assert np.array_equal(results[0].embedding, results[1].embedding)
    assert results[0].history == results[1].history


def test_the_losses_of_a_batch_are_those_of_its_triplets():
    data = tiny_data()
    config = configs.TripletNetConfig(source="both", latent=3, hidden=(8,), triplets=9)
    torch.manual_seed(0)
    model = TripletNet.from_config(config, data.n_features)
    objective = model.objective(data, CPU)
    state = objective.generator.get_state()
    total, labels, votes = objective.losses(0)
    objective.generator.set_state(state)
    drawn = objective.labelled.draw(objective.generator)
    judged, weights = objective.judged.draw(objective.generator)
    z = model.codes(torch.from_numpy(data.features))
    assert labels.item() == pytest.approx(triplet_hinge(z, drawn).item(), abs=1e-6)
    assert votes.item() == pytest.approx(triplet_hinge(z, judged, weights).item(), abs=1e-6)
    assert total.item() == pytest.approx((labels + votes).item(), abs=1e-6)


def test_all_triplets_of_a_batch_can_be_learnt(tmp_path):
    history = train("triplet", tmp_path, mining="all", iterations=160, evaluate_every=40, dropout=0.0).history
    assert history[-1]["losses"]["loss"] < 0.8 * history[0]["losses"]["loss"]
    with pytest.raises(ValueError, match="needs the distance 'euclidean' or 'squared'"):
        configs.TripletNetConfig(mining="all", distance="soft")


@pytest.mark.parametrize("encoder", ["auto", "cvgg13"])
def test_images_are_recognised_with_random_changes(encoder, tmp_path):
    result = train(
        "sgm", tmp_path, images(), encoder=encoder, width=4, samples=8, latent=4, iterations=60, s=2.0,
        flip=0.5, rotation=5.0, zoom=0.1, translation=0.05, brightness=0.1, contrast=0.1, erasing=0.2,
    )  # fmt: skip
    assert result.best_value > 0.8


def test_all_methods_start_from_the_same_weights_and_auto_follows_the_shape():
    def weights(model, config):
        torch.manual_seed(3)
        return model.from_config(config(width=4, latent=4), 256, (1, 16, 16)).encoder.state_dict()

    first, second = weights(SGM, configs.SGMConfig), weights(TripletNet, configs.TripletNetConfig)
    assert all(torch.equal(tensor, second[name]) for name, tensor in first.items())
    assert SGM.from_config(configs.SGMConfig(), 12, (4, 3)).name == "mlp"
    assert SGM.from_config(configs.SGMConfig(width=4), 256, (1, 16, 16)).name == "resnet18"


def test_point_clouds_are_seen_where_they_were(tmp_path):
    data = images((9, 3))
    torch.manual_seed(0)
    model = SGM.from_config(configs.SGMConfig(encoder="points", width=4, latent=4), 27, (9, 3))
    model.objective(data, CPU)
    model.eval()
    x = torch.from_numpy(data.features[:4])
    points = (x + torch.from_numpy(data.mean)).view(4, 9, 3)
    turned = points.flip(1).reshape(4, 27) - torch.from_numpy(data.mean)
    assert torch.allclose(model.codes(x), model.codes(turned), atol=1e-5)


def test_inputs_of_any_unit_give_the_same_codes():
    data = tiny_data()
    codes = []
    for unit in (1.0, 1000.0):
        scaled = dataclasses.replace(data, features=(data.features * np.float32(unit)))
        torch.manual_seed(0)
        model = SGM.from_config(configs.SGMConfig(latent=3, hidden=(8,)), data.n_features)
        model.objective(scaled, CPU)
        codes.append(model.embed(scaled.features, scaled.neutral).mean)
    assert np.allclose(codes[0], codes[1], atol=1e-5)


def test_without_validation_stimuli_the_last_weights_are_the_model(tmp_path):
    data = tiny_data()
    split = np.where(data.split == 1, 2, data.split).astype(np.int8)
    own = data.triplets
    moved = TripletSet.build(own.triplets, len(data), split=np.where(own.split == 1, 2, own.split))
    result = train("sgm", tmp_path, dataclasses.replace(data, split=split, triplets=moved))
    assert result.best_value is None
    assert result.best_iteration == 60


def test_settings_are_checked_without_torch():
    code = (
        "import sys; from learning.embedding import metric_configs\n"
        "metric_configs.DGMSConfig(); assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[3], check=True)
    for _, config in MODELS.values():
        values = json.loads(json.dumps(config(seed=3).to_json()))
        values.pop("label")
        assert config.from_json(values) == config(seed=3)
    for values in ({"s": 0}, {"classes": 1}, {"dropout": 1.0}, {"flip": 2.0}, {"rotation": -1.0}, {"encoder": "vit"}):
        with pytest.raises(ValueError, match=next(iter(values))):
            configs.SGMConfig.from_json(values)
