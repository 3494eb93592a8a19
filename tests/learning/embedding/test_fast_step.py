"""The step written by hand against autograd's through the plain module, for the same draws and the same masks."""

import dataclasses
import math

import pytest
import torch

from learning.embedding import fast_step, vae_objective
from learning.embedding.configs import NeutralVAEConfig, TripletVAEConfig, VAEConfig
from learning.embedding.fast_step import FastStep, supported
from learning.embedding.neutral_vae import NeutralVAE
from learning.embedding.triplet_vae import TripletVAE
from learning.embedding.vae import VAE
from tests.learning.training.world import tiny_data, train

CPU = torch.device("cpu")
SIZES = {"latent": 3, "encoder": (9, 7), "decoder": (8, 5), "batch_size": 12, "samples": 2}
CLASSES = {VAEConfig: VAE, NeutralVAEConfig: NeutralVAE, TripletVAEConfig: TripletVAE}
KINDS = pytest.mark.parametrize("kind", list(CLASSES))


def objective_of(kind, **changes):
    config = kind(**(SIZES | changes))
    data = tiny_data()
    torch.manual_seed(0)
    return CLASSES[kind].from_config(config, data.n_features).objective(data, CPU)


def to_double(objective):
    objective.model.double()
    objective.features = objective.features.double()
    return objective


def double(draw):
    noise = None if draw.triplet_noise is None else draw.triplet_noise.double()
    return dataclasses.replace(draw, noise=draw.noise.double(), triplet_noise=noise)


def gradients_of(objective):
    gradients = {name: weight.grad.clone() for name, weight in objective.model.named_parameters()}
    objective.model.zero_grad()
    return gradients


def both(objective, draw, beta=0.6, prior_beta=0.7):
    """Losses and gradients of autograd and of the fast step, with the same masks."""
    state = objective.generator.get_state()
    plain = objective.losses_of(draw, beta, prior_beta)
    plain[0].backward()
    expected = gradients_of(objective)
    objective.generator.set_state(state)
    losses = FastStep(objective).gradients(draw, beta, prior_beta)
    return (plain.detach(), expected), (losses, gradients_of(objective))


def assert_close(one, other, tolerance):
    assert one.keys() == other.keys()
    for name, gradient in one.items():
        difference = (gradient.double() - other[name].double()).norm() / gradient.double().norm()
        assert difference < tolerance, name


@KINDS
@pytest.mark.parametrize("dropout", [0.0, 0.3])
@pytest.mark.parametrize("scaling", ["sum", "mean"])
def test_gradients_are_autograds_in_double_precision(kind, dropout, scaling):
    objective = to_double(objective_of(kind, dropout=dropout, scaling=scaling))
    (plain, expected), (losses, gradients) = both(objective, double(objective.draw()))
    assert torch.allclose(losses, plain, rtol=1e-12)
    assert_close(expected, gradients, 1e-10)


@KINDS
@pytest.mark.parametrize("dropout", [0.0, 0.1])
@pytest.mark.parametrize("onednn", [True, False])
def test_float32_gradients_of_the_papers_layers_are_autograds_in_double_precision(kind, dropout, onednn, monkeypatch):
    if not onednn:
        monkeypatch.setattr(fast_step, "_ONEDNN", None)
    paper = kind()
    layers = {"latent": 30, "encoder": paper.encoder, "decoder": paper.decoder, "batch_size": 50, "samples": 3}
    objective = objective_of(kind, **layers, dropout=dropout)
    draw, state = objective.draw(), objective.generator.get_state()
    losses = FastStep(objective).gradients(draw, 0.6, 0.7)
    gradients = gradients_of(objective)
    objective.generator.set_state(state)
    (plain, expected), _ = both(to_double(objective), double(draw))
    assert torch.allclose(losses.double(), plain, rtol=1e-6)
    assert_close(expected, gradients, 1e-6)


@pytest.mark.parametrize("kind", [NeutralVAEConfig, TripletVAEConfig])
def test_more_persons_than_rows_each_bring_their_own_face(kind):
    few = {"batch_size": 3} | ({"triplet_batch": 1} if kind is TripletVAEConfig else {})
    objective = to_double(objective_of(kind, **few))
    (plain, expected), (losses, gradients) = both(objective, double(objective.draw()))
    assert torch.allclose(losses, plain, rtol=1e-12)
    assert_close(expected, gradients, 1e-10)


def test_large_activations_neither_overflow_nor_lose_their_slope():
    objective = to_double(objective_of(NeutralVAEConfig, dropout=0.0))
    with torch.no_grad():
        objective.model.encoder.first.weight_x.mul_(2000)
        objective.model.encoder.hidden[0].weight.mul_(1e-3)
    (plain, expected), (losses, gradients) = both(objective, double(objective.draw()))
    assert math.isfinite(losses[0])
    assert torch.allclose(losses, plain, rtol=1e-12)
    assert_close(expected, gradients, 1e-10)


def test_gradients_are_added_to_those_that_are_there():
    objective = objective_of(TripletVAEConfig)
    draw, state = objective.draw(), objective.generator.get_state()
    for _ in range(2):
        objective.generator.set_state(state)
        objective.fast.gradients(draw, 1.0)
    twice = gradients_of(objective)
    objective.generator.set_state(state)
    objective.fast.gradients(draw, 1.0)
    for name, once in gradients_of(objective).items():
        assert torch.equal(2 * once, twice[name])


def some_steps(objective, optimiser, first, last):
    for iteration in range(first, last):
        optimiser.zero_grad()
        losses = objective.gradients(iteration, "model")
        optimiser.step()
    return losses


@KINDS
def test_a_resumed_training_takes_the_identical_steps(kind):
    def fresh():
        objective = objective_of(kind)
        assert objective.fast is not None
        return objective, torch.optim.Adam(objective.model.parameters(), lr=1e-3, fused=True)

    objective, optimiser = fresh()
    whole = some_steps(objective, optimiser, 0, 9)
    interrupted, early = fresh()
    some_steps(interrupted, early, 0, 4)
    resumed, late = fresh()
    resumed.model.load_state_dict({name: tensor.clone() for name, tensor in interrupted.model.state_dict().items()})
    late.load_state_dict(early.state_dict())
    resumed.generator.set_state(interrupted.generator.get_state())
    assert torch.equal(some_steps(resumed, late, 4, 9), whole)
    for one, other in zip(objective.model.parameters(), resumed.model.parameters(), strict=True):
        assert torch.equal(one, other)


@pytest.mark.parametrize("name", ["vae", "neutral-vae", "triplet-vae"])
def test_training_follows_the_plain_paths_trajectory(name, tmp_path, monkeypatch):
    calls = []
    gradients = FastStep.gradients
    monkeypatch.setattr(FastStep, "gradients", lambda *given: calls.append(1) or gradients(*given))
    fast = train(name, tmp_path / "fast")
    assert len(calls) == 60
    monkeypatch.setattr(vae_objective, "supported", lambda objective: False)
    plain = train(name, tmp_path / "plain")
    assert len(calls) == 60
    for one, other in zip(fast.history, plain.history, strict=True):
        assert one["losses"] == pytest.approx(other["losses"], rel=1e-4)
        assert one["validation"] == pytest.approx(other["validation"], rel=1e-4)


@pytest.mark.parametrize("change", [{"decoder_variance": "calibrated"}, {"prior": "beta"}])
def test_settings_beyond_the_paper_are_left_to_autograd(change):
    objective = objective_of(TripletVAEConfig, **change)
    assert objective.fast is None
    check_autograd(objective)


@pytest.mark.parametrize("make", ["double precision", "a frozen weight"])
def test_other_precisions_and_frozen_weights_are_left_to_autograd(make):
    objective = objective_of(NeutralVAEConfig)
    assert supported(objective)
    if make == "double precision":
        to_double(objective)
    else:
        objective.model.encoder.first.bias.requires_grad_(False)
    assert objective.fast is None
    if make == "a frozen weight":
        check_autograd(objective)
        assert objective.model.encoder.first.bias.grad is None


def check_autograd(objective):
    state = objective.generator.get_state()
    losses = objective.gradients(3, "model")
    gradients = [weight.grad for weight in objective.model.parameters()]
    objective.model.zero_grad()
    objective.generator.set_state(state)
    expected = objective.losses(3)
    expected[0].backward()
    assert torch.equal(losses, expected)
    for weight, gradient in zip(objective.model.parameters(), gradients, strict=True):
        assert (weight.grad is None) if gradient is None else torch.equal(weight.grad, gradient)
