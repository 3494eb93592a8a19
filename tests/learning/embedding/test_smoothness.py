"""Temporal smoothness: which frames are neighbours, the expected step, and what it does to a training."""

import dataclasses

import numpy as np
import pytest
import torch

from learning.embedding.configs import NeutralVAEConfig, TripletVAEConfig, VAEConfig
from learning.embedding.priors import prior_of
from learning.embedding.smoothness import expected_steps, neighbours
from learning.training.session import Cancelled, train_embedding
from tests.learning.embedding.test_objective import CLASSES
from tests.learning.training.world import SHORT, ignore, tiny_data, train

CPU = torch.device("cpu")
SIZES = {"latent": 3, "encoder": (9, 7), "decoder": (8, 5), "dropout": 0.0, "batch_size": 6, "samples": 2}


def sequences():
    """Each person of the small world as one sequence of five frames, numbered backwards."""
    data = tiny_data()
    frames = np.tile(np.arange(5)[::-1] + 8, 8).astype(str)
    labels = data.labels | {"sequence": np.full(len(data), "smile"), "frame": frames}
    return dataclasses.replace(data, labels=labels)


def test_neighbours_are_successive_frames_of_a_sequence_of_one_person_in_one_split():
    data = sequences()
    found = neighbours(data, "sequence", "frame", 0).tolist()
    expected = [[5 * person + step + 1, 5 * person + step] for person in range(6) for step in range(4)]
    assert sorted(found) == sorted(expected), "frame 9 comes before frame 10, as numbers do and texts do not"
    assert len(neighbours(data, "sequence", "frame", 1)) == 4


def test_stimuli_without_a_sequence_or_a_frame_have_no_neighbours_and_gaps_are_bridged():
    data = sequences()
    names, frames = data.labels["sequence"].copy(), data.labels["frame"].copy()
    names[0], frames[2] = "", ""
    names[5:7] = "frown"
    data = dataclasses.replace(data, labels={"sequence": names, "frame": frames})
    found = neighbours(data, "sequence", "frame", 0).tolist()
    assert [pair for pair in found if max(pair) < 5] == [[4, 3], [3, 1]]
    assert sorted(pair for pair in found if 5 <= min(pair) < 10) == [[6, 5], [8, 7], [9, 8]]


def test_a_missing_label_is_named():
    with pytest.raises(ValueError, match="the label 'clip', but the labels of the data are: expression, frame, seque"):
        neighbours(sequences(), "clip", "frame", 0)
    with pytest.raises(ValueError, match="reads the label 'number'"):
        neighbours(sequences(), "sequence", "number", 0)


def test_a_frame_that_is_no_number_is_named():
    data = sequences()
    data.labels["frame"][3] = "last"
    with pytest.raises(ValueError, match="label 'frame' of stimulus 3 is 'last', which is not a number"):
        neighbours(data, "sequence", "frame", 0)


@pytest.mark.parametrize("prior", ["normal", "beta"])
def test_the_expected_step_is_the_mean_over_samples(prior):
    rng = np.random.default_rng(0)
    mean, log_variance = (torch.from_numpy(rng.normal(0, 1, (4, 3)).astype(np.float32)) for _ in range(2))
    chosen = prior_of(VAEConfig(prior=prior))
    noise = torch.randn(4, 200_000, 3, generator=torch.Generator().manual_seed(0))
    z = chosen.sample(mean, log_variance, noise).view(2, 2, -1, 3)
    sampled = (z[:, 0] - z[:, 1]).square().sum(-1).mean(-1)
    assert torch.allclose(expected_steps(*chosen.moments(mean, log_variance)), sampled, rtol=0.02)


def test_the_expected_step_has_the_right_gradient():
    mean, log_variance = (torch.randn(4, 3, dtype=torch.float64, requires_grad=True) for _ in range(2))
    assert torch.autograd.gradcheck(expected_steps, (mean, log_variance))


@pytest.mark.parametrize("scaling", ["sum", "mean"])
@pytest.mark.parametrize("kind", [VAEConfig, NeutralVAEConfig, TripletVAEConfig])
def test_the_loss_gains_the_scaled_sum_over_all_pairs(kind, scaling):
    data = sequences()
    config = kind(**SIZES, smoothness=0.7, smoothness_batch=4, scaling=scaling)
    torch.manual_seed(0)
    model = CLASSES[kind].from_config(config, data.n_features)
    objective = model.objective(data, CPU)
    draw = objective.draw()
    assert draw.pairs.shape == (4, 2)
    losses = objective.losses_of(draw, 0.5, 0.25)
    assert losses[-1].item() == pytest.approx(_naive_step(model, data, draw.pairs), rel=1e-4)
    without = objective.losses_of(dataclasses.replace(draw, pairs=None), 0.5, 0.25)
    scale = 1 if scaling == "sum" else 30
    assert (losses[0] - without[0]).item() == pytest.approx(0.25 * 0.7 * 24 * losses[-1].item() / scale, rel=1e-3)
    assert objective.loss_names[-1] == "smoothness"
    assert len(losses) == len(objective.loss_names) == len(without) + 1
    losses[0].backward()


def _naive_step(model, data, pairs):
    codes = model.embed(data.features, data.neutral)
    total = 0.0
    for earlier, later in pairs.tolist():
        for k in range(3):
            total += (codes.mean[earlier, k] - codes.mean[later, k]) ** 2
            total += np.exp(codes.log_variance[earlier, k]) + np.exp(codes.log_variance[later, k])
    return total / len(pairs)


def test_the_validation_elbo_includes_the_smoothness():
    data = sequences()
    scores = []
    for smoothness in (0.0, 0.7):
        torch.manual_seed(0)
        model = CLASSES[VAEConfig].from_config(VAEConfig(**SIZES, smoothness=smoothness), data.n_features)
        scores.append(model.objective(data, CPU).validate())
    plain, smooth = scores
    pairs = torch.from_numpy(neighbours(data, "sequence", "frame", 1))
    assert smooth["smoothness"] == pytest.approx(_naive_step(model, data, pairs), rel=1e-4)
    assert smooth["elbo"] == pytest.approx(plain["elbo"] - 0.7 * 4 * smooth["smoothness"] / 5, rel=1e-6)


def test_smoothness_without_a_pair_is_refused_and_without_a_weight_reads_no_label():
    data = tiny_data()
    with pytest.raises(ValueError, match="reads the label 'sequence'"):
        CLASSES[VAEConfig].from_config(VAEConfig(**SIZES, smoothness=1.0), 6).objective(data, CPU)
    single = dataclasses.replace(data, labels={"sequence": data.stimuli, "frame": np.full(len(data), "1")})
    with pytest.raises(ValueError, match="at least two frames"):
        CLASSES[VAEConfig].from_config(VAEConfig(**SIZES, smoothness=1.0), 6).objective(single, CPU)
    with pytest.raises(ValueError, match=r"smoothness must not be negative, but is -1"):
        VAEConfig(smoothness=-1)


def test_a_smooth_training_has_smoother_trajectories(tmp_path):
    data = sequences()
    steps = []
    for smoothness in (0.0, 20.0):
        result = train("vae", tmp_path / str(smoothness), data, smoothness=smoothness, iterations=200)
        pairs = neighbours(data, "sequence", "frame", 0)
        moved = result.embedding[pairs[:, 0]] - result.embedding[pairs[:, 1]]
        steps.append((moved**2).sum(1).mean())
    assert steps[1] < 0.5 * steps[0]
    assert result.history[-1]["losses"]["smoothness"] > 0


def test_with_every_option_on_a_resumed_run_equals_an_uninterrupted_one(tmp_path, monkeypatch):
    options = {"smoothness": 0.5, "prior": "beta", "decoder_variance": "calibrated", "annealing": "prior"}
    whole = train("triplet-vae", tmp_path / "whole", sequences(), **options)
    monkeypatch.setattr("learning.training.progress.Throttle.due", lambda self: True)
    asked = iter(range(100))
    settings = SHORT["triplet-vae"] | options | {"device": "cpu"}
    with pytest.raises(Cancelled):
        train_embedding(
            name="triplet-vae", config=settings, data=sequences(), workdir=tmp_path / "parts",
            on_progress=ignore, should_cancel=lambda: next(asked) == 33,
        )  # fmt: skip
    resumed = train("triplet-vae", tmp_path / "parts", sequences(), **options)
    assert np.array_equal(whole.embedding, resumed.embedding)
    assert whole.history == resumed.history


def test_the_whole_prior_is_annealed_with_the_smoothness():
    kinds = ("kl", "prior", "none")
    only_kl, whole, none = (VAEConfig(iterations=100, annealing=kind, smoothness=1.0) for kind in kinds)
    assert (only_kl.beta(25), only_kl.prior_beta(25)) == (0.25, 1.0)
    assert (whole.beta(25), whole.prior_beta(25)) == (0.25, 0.25)
    assert (none.beta(25), none.prior_beta(25)) == (1.0, 1.0)
    for kind in (VAEConfig, NeutralVAEConfig):
        with pytest.raises(ValueError, match="this prior has no term beside KL unless smoothness is above zero"):
            kind(annealing="prior")
    assert TripletVAEConfig(annealing="prior").annealing == "prior"


def test_the_names_of_labels_survive_the_trip_through_json_and_must_be_names():
    config = VAEConfig(sequence="clip", frame="number")
    assert VAEConfig.from_json(config.to_json()) == config
    with pytest.raises(ValueError, match=r"VAEConfig\.frame must be a text, not 3"):
        VAEConfig.from_json({"frame": 3})
    with pytest.raises(ValueError, match=r"VAEConfig\.frame must be the name of a label, not empty"):
        VAEConfig.from_json({"frame": ""})
    with pytest.raises(ValueError, match="must be an object with named fields, not list"):
        VAEConfig.from_json([])
