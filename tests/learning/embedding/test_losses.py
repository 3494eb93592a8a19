"""Every term of the objective against its formula, one number at a time, and its gradient against differences."""

import math

import numpy as np
import pytest
import torch

from learning.embedding.losses import (
    gaussian_constant,
    gaussian_nll,
    kl_standard_normal,
    reparameterise,
    triplet_nll,
)


def draw(*shape, seed=0):
    return torch.from_numpy(np.random.default_rng(seed).normal(0, 2, shape)).requires_grad_()


def test_the_triplet_energy_is_softplus_of_the_difference_of_distances():
    anchor, nearer, farther = (draw(4, 5, 3, seed=seed) for seed in range(3))
    energies = triplet_nll(anchor, nearer, farther)
    assert energies.shape == (4, 5)
    for place in np.ndindex(4, 5):
        a, n, f = (z[place].tolist() for z in (anchor, nearer, farther))
        assert energies[place].item() == pytest.approx(math.log(1 + math.exp(math.dist(a, n) - math.dist(a, f))))
    assert torch.autograd.gradcheck(triplet_nll, (anchor, nearer, farther))


def test_the_triplet_energy_has_a_finite_gradient_where_codes_coincide():
    codes = torch.zeros(3, 4, requires_grad=True)
    triplet_nll(codes[0], codes[1], codes[2]).backward()
    assert codes.grad.isfinite().all()


def test_the_triplet_energy_of_a_satisfied_triplet_is_the_smaller_one():
    anchor, near, far = torch.tensor([0.0, 0.0]), torch.tensor([1.0, 0.0]), torch.tensor([0.0, 5.0])
    assert triplet_nll(anchor, near, far) < math.log(2) < triplet_nll(anchor, far, near)


def test_gaussian_terms_add_up_to_the_density():
    x, mean = draw(6, 4, seed=3), draw(6, 4, seed=4)
    total = gaussian_nll(x, mean, 0.3) + gaussian_constant(4, 0.3)
    density = torch.distributions.Normal(mean, math.sqrt(0.3)).log_prob(x).sum(-1)
    assert torch.allclose(total, -density)
    assert torch.autograd.gradcheck(lambda b: gaussian_nll(x.detach(), b, 0.3), (mean,))


def test_kl_to_the_standard_normal_is_the_paper_s_sum():
    mean, log_variance = draw(5, 3, seed=5), draw(5, 3, seed=6)
    divergence = kl_standard_normal(mean, log_variance)
    for row in range(5):
        expected = -0.5 * sum(
            1 + s - m**2 - math.exp(s) for m, s in zip(mean[row].tolist(), log_variance[row].tolist(), strict=True)
        )
        assert divergence[row].item() == pytest.approx(expected)
    assert kl_standard_normal(torch.zeros(3), torch.zeros(3)).item() == 0
    assert torch.autograd.gradcheck(kl_standard_normal, (mean, log_variance))


def test_samples_have_the_posteriors_mean_and_variance():
    mean, log_variance = torch.tensor([[1.0, -2.0]]), torch.tensor([[0.0, -3.0]])
    noise = torch.randn(1, 200_000, 2, generator=torch.Generator().manual_seed(0))
    samples = reparameterise(mean, log_variance, noise)[0]
    assert torch.allclose(samples.mean(0), mean[0], atol=0.01)
    assert torch.allclose(samples.var(0), log_variance[0].exp(), rtol=0.02)
