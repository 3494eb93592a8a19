"""A calibrated decoder: the best variance, the same gradient, and ELBOs that compare."""

import dataclasses
import math

import numpy as np
import pytest
import torch

from learning.embedding.calibration import optimal_nll, optimal_variance
from learning.embedding.configs import NeutralVAEConfig, TripletVAEConfig, VAEConfig
from learning.embedding.losses import gaussian_constant, gaussian_nll
from learning.embedding.neutral_vae import NeutralVAE
from learning.embedding.vae import VAE
from learning.training import checkpoint
from tests.learning.embedding.test_objective import CLASSES
from tests.learning.training.world import tiny_data, train

CPU = torch.device("cpu")
SIZES = {"latent": 3, "encoder": (9, 7), "decoder": (8, 5), "dropout": 0.0, "batch_size": 6, "samples": 2}


def nll(x, decoded, variance):
    return (gaussian_nll(x, decoded, variance) + gaussian_constant(x.shape[1], variance)).mean().item()


def test_the_optimal_variance_is_where_the_likelihood_is_highest():
    rng = np.random.default_rng(0)
    x, decoded = (torch.from_numpy(rng.normal(0, 1, (20, 6))) for _ in range(2))
    square = (x - decoded).square().sum(1).mean()
    best = optimal_variance(square, 6).item()
    assert best == pytest.approx(((x - decoded) ** 2).mean().item())
    assert optimal_nll(square, 6).item() == pytest.approx(nll(x, decoded, best))
    for other in (0.5 * best, 0.99 * best, 1.01 * best, 2 * best):
        assert nll(x, decoded, other) > nll(x, decoded, best)


def test_its_gradient_is_that_of_the_likelihood_with_the_variance_held_still():
    rng = np.random.default_rng(0)
    x, decoded = (torch.from_numpy(rng.normal(0, 1, (20, 6))) for _ in range(2))
    decoded.requires_grad_()
    square = (x - decoded).square().sum(1).mean()
    (calibrated,) = torch.autograd.grad(optimal_nll(square, 6), decoded)
    (fixed,) = torch.autograd.grad(gaussian_nll(x, decoded, optimal_variance(square, 6).item()).mean(), decoded)
    assert torch.allclose(calibrated, fixed)


def test_a_decoder_without_error_has_a_finite_loss():
    assert optimal_nll(torch.zeros(()), 6).isfinite()


@pytest.mark.parametrize("kind", [VAEConfig, NeutralVAEConfig, TripletVAEConfig])
def test_a_calibrated_step_is_a_fixed_one_with_the_variance_of_its_batch(kind):
    """The gradient equals that of a run whose fixed σ² happens to be the batch's mean squared error."""
    data, beta = tiny_data(), 0.5
    config = kind(**SIZES, decoder_variance="calibrated")
    torch.manual_seed(0)
    model = CLASSES[kind].from_config(config, data.n_features)
    objective = model.objective(data, CPU)
    draw = objective.draw()
    losses = objective.losses_of(draw, beta)
    losses[0].backward()
    variance = math.exp(2 * losses[1].item() / 6 - 1) / (2 * math.pi)
    torch.manual_seed(0)
    fixed_config = dataclasses.replace(config, decoder_variance="fixed", reconstruction_variance=variance)
    fixed = CLASSES[kind].from_config(fixed_config, data.n_features)
    fixed_losses = fixed.objective(data, CPU).losses_of(draw, beta)
    fixed_losses[0].backward()
    assert fixed_losses[1].item() == pytest.approx(6 / 2, rel=1e-4), "‖x − x̂‖²/(2σ²) is F/2 at the best σ²"
    for ours, theirs in zip(model.parameters(), fixed.parameters(), strict=True):
        assert (ours.grad - theirs.grad).abs().max() <= 1e-4 * theirs.grad.abs().max()


def test_elbos_of_any_variance_compare_and_the_calibrated_one_is_the_best():
    data = tiny_data()
    scores = {}
    for choice in ("calibrated", 0.05, 0.5, 5.0):
        calibrated = choice == "calibrated"
        extra = {"decoder_variance": "calibrated"} if calibrated else {"reconstruction_variance": choice}
        torch.manual_seed(0)
        model = NeutralVAE.from_config(NeutralVAEConfig(**SIZES, **extra), data.n_features)
        objective = model.objective(data, CPU)
        # The validation stimuli train here, so that the variance is the best for them as well.
        objective.train_rows = objective.validation_rows
        scores[choice] = objective.validate()
        variance = scores[choice].get("variance", choice)
        squares = [scores[choice]["reconstruction"] * 2 * variance]
        assert squares[0] == pytest.approx(
            scores["calibrated"]["reconstruction"] * 2 * scores["calibrated"]["variance"]
        )
    assert scores["calibrated"]["reconstruction"] == pytest.approx(6 / 2)
    assert max(scores, key=lambda choice: scores[choice]["elbo"]) == "calibrated"


def test_the_variance_of_a_trained_model_is_saved_with_it(tmp_path):
    result = train("neutral-vae", tmp_path, decoder_variance="calibrated", iterations=200, evaluate_every=50)
    variances = [row["validation"]["variance"] for row in result.history]
    assert variances[-1] < variances[0]
    tensors, _ = checkpoint.read(tmp_path / "best.safetensors")
    at_best = [row["iteration"] for row in result.history].index(result.best_iteration)
    assert tensors["model/variance"].item() == pytest.approx(variances[at_best])


def test_a_fixed_model_saves_no_variance():
    assert "variance" not in VAE.from_config(VAEConfig(**SIZES), 6).tensors()
