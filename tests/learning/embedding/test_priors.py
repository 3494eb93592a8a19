"""The priors of codes against numerical integration, random samples and the definition of a divergence."""

import math

import numpy as np
import pytest
import torch
from scipy import integrate, stats

from learning.embedding.configs import NeutralVAEConfig, TripletVAEConfig, VAEConfig
from learning.embedding.losses import kl_standard_normal
from learning.embedding.priors import BetaPrior, NormalPrior, prior_of
from tests.learning.embedding.test_objective import SIZES, Loops, double, objective_of
from tests.learning.training.world import tiny_data, train


def density_of_z(z, mean, deviation):
    """The logistic-normal density: a normal one of logit z, times d logit z / dz."""
    return stats.norm.pdf(math.log(z / (1 - z)), mean, deviation) / (z * (1 - z))


def integral(function):
    """Over (0, 1), as an integral over logit z, because densities may be infinite at the ends."""

    def over_logits(u):
        z = 1 / (1 + math.exp(-u))
        return function(z) * z * (1 - z)

    return integrate.quad(over_logits, -30, 30, limit=400, epsabs=1e-12)[0]


@pytest.mark.parametrize(("a", "b"), [(0.5, 1.5), (1.0, 1.0), (2.0, 5.0)])
@pytest.mark.parametrize(("mean", "deviation"), [(0.0, 1.0), (-2.0, 0.3), (3.0, 2.0)])
def test_the_divergence_to_beta_is_the_integral_of_its_definition(a, b, mean, deviation):
    def integrand(z):
        q = density_of_z(z, mean, deviation)
        return q * (math.log(q) - stats.beta.logpdf(z, a, b)) if q > 0 else 0.0

    u = torch.tensor([[mean]], dtype=torch.float64), torch.tensor([[2 * math.log(deviation)]], dtype=torch.float64)
    assert BetaPrior(a, b).kl(*u).item() == pytest.approx(integral(integrand), abs=1e-7)


def test_a_wide_posterior_costs_accuracy_but_little():
    u = torch.tensor([1.0], dtype=torch.float64), torch.tensor([2 * math.log(5.0)], dtype=torch.float64)
    expected = integrate.quad(lambda t: stats.norm.pdf(t) * np.logaddexp(0, 1 + 5 * t), -12, 12)[0]
    entropy = 0.5 * (1 + math.log(2 * math.pi * 25))
    assert BetaPrior(1, 1).kl(*u).item() == pytest.approx(2 * expected - 1 - entropy, abs=1e-3)


def test_divergences_of_a_code_are_summed_and_differentiable():
    rng = np.random.default_rng(0)
    mean, log_variance = (torch.from_numpy(rng.normal(0, 1, (4, 3))).requires_grad_() for _ in range(2))
    prior = BetaPrior(0.5, 1.5)
    whole = prior.kl(mean, log_variance)
    assert whole.shape == (4,)
    parts = sum(prior.kl(mean[:, k : k + 1], log_variance[:, k : k + 1]) for k in range(3))
    assert torch.allclose(whole, parts)
    assert (whole > 0).all()
    assert torch.autograd.gradcheck(prior.kl, (mean, log_variance))
    assert torch.autograd.gradcheck(lambda m, s: prior.moments(m, s)[1], (mean, log_variance))


def test_a_posterior_fitted_to_beta_comes_near_it():
    """Minimising the divergence finds the logistic-normal whose mean is near Beta's own."""
    prior = BetaPrior(2.0, 6.0)
    mean, log_variance = torch.zeros(1, requires_grad=True), torch.zeros(1, requires_grad=True)
    optimiser = torch.optim.LBFGS([mean, log_variance], max_iter=50)

    def closure():
        optimiser.zero_grad()
        loss = prior.kl(mean, log_variance)
        loss.backward()
        return loss

    optimiser.step(closure)
    centre, spread = prior.moments(mean.detach(), log_variance.detach())
    assert prior.kl(mean, log_variance).item() < 0.02
    assert centre.item() == pytest.approx(stats.beta.mean(2, 6), rel=0.02)
    assert spread.exp().item() == pytest.approx(stats.beta.var(2, 6), rel=0.15)


def test_codes_of_the_beta_prior_are_activations_with_the_moments_of_their_samples():
    prior = BetaPrior(0.5, 1.5)
    mean, log_variance = torch.tensor([[1.0, -3.0]]), torch.tensor([[0.0, 1.0]])
    noise = torch.randn(1, 200_000, 2, generator=torch.Generator().manual_seed(0))
    z = prior.sample(mean, log_variance, noise)[0]
    assert z.min() >= 0
    assert z.max() <= 1
    centre, spread = prior.moments(mean, log_variance)
    assert torch.allclose(z.mean(0), centre[0], atol=2e-3)
    assert torch.allclose(z.var(0), spread[0].exp(), rtol=0.02)


def test_moments_stay_finite_for_an_extreme_posterior():
    centre, spread = BetaPrior(0.5, 1.5).moments(torch.tensor([[-80.0]]), torch.tensor([[-20.0]]))
    assert centre.isfinite().all()
    assert spread.isfinite().all()


def test_the_normal_prior_is_the_paper_s_and_the_default():
    prior = prior_of(VAEConfig())
    assert isinstance(prior, NormalPrior)
    mean, log_variance = torch.randn(5, 3), torch.randn(5, 3)
    assert torch.equal(prior.kl(mean, log_variance), kl_standard_normal(mean, log_variance))
    assert prior.moments(mean, log_variance) == (mean, log_variance)
    beta = prior_of(VAEConfig(prior="beta", prior_a=2.0, prior_b=3.0))
    assert (beta.a, beta.b, beta.support) == (2.0, 3.0, (0.0, 1.0))


def test_a_beta_prior_needs_positive_parameters():
    with pytest.raises(ValueError, match=r"VAEConfig\.prior_a must be above zero, but is 0"):
        VAEConfig(prior="beta", prior_a=0)


class Activations(Loops):
    """Eq. 5 and 11 with activations in place of codes, one stimulus at a time."""

    def code(self, row, noise):
        mean, log_variance = self.encode(row)
        return 1 / (1 + np.exp(-mean - np.exp(log_variance / 2) * noise.numpy()))

    def divergence(self, row):
        total = 0.0
        for mean, log_variance in zip(*self.encode(row), strict=True):
            deviation = math.exp(log_variance / 2)

            def integrand(u, m=mean, s=deviation):
                prior = stats.beta.logpdf(1 / (1 + math.exp(-u)), self.config.prior_a, self.config.prior_b)
                slope = -math.log(2 + math.exp(u) + math.exp(-u))  # ln σ(u)(1 − σ(u))
                return stats.norm.pdf(u, m, s) * (stats.norm.logpdf(u, m, s) - prior - slope)

            total += integrate.quad(integrand, mean - 8 * deviation, mean + 8 * deviation)[0]
        return total

    def loss(self, draw, beta):
        config, total, phi = self.config, 0.0, 0.0
        for i, row in enumerate(draw.rows.tolist()):
            x, y = self.faces(row)
            for noise in draw.noise[i]:
                error = x - self.network("decoder", np.concatenate([self.code(row, noise), y]), "out")
                total += (error**2).sum() / (2 * config.reconstruction_variance * config.samples)
            total += beta * self.divergence(row)
        if draw.triplets is not None:
            for t, triplet in enumerate(draw.triplets.tolist()):
                for m in range(config.triplet_samples):
                    z = [self.code(row, draw.triplet_noise[3 * t + place, m]) for place, row in enumerate(triplet)]
                    phi += math.log(1 + math.exp(math.dist(z[0], z[1]) - math.dist(z[0], z[2])))
            phi *= 60 / (config.triplet_batch * config.topological_variance * config.triplet_samples)
        return self.n_train / config.batch_size * total + phi


@pytest.mark.parametrize("kind", [VAEConfig, NeutralVAEConfig, TripletVAEConfig])
def test_with_a_beta_prior_codes_divergences_and_distances_are_those_of_activations(kind):
    data = tiny_data()
    extra = {"triplet_batch": 3, "triplet_samples": 2} if kind is TripletVAEConfig else {}
    config = kind(**SIZES, reconstruction_variance=0.3, prior="beta", prior_a=0.7, prior_b=2.0, **extra)
    objective = objective_of(config, data)
    draw = double(objective.draw())
    loss = objective.losses_of(draw, 0.4)[0].item()
    assert loss == pytest.approx(Activations(objective.model, data).loss(draw, 0.4), rel=1e-6)
    assert not objective.plain


def test_a_model_with_a_beta_prior_learns_codes_between_zero_and_one(tmp_path):
    result = train("triplet-vae", tmp_path, prior="beta", iterations=300, evaluate_every=100)
    history = [row["validation"]["elbo"] for row in result.history]
    assert history[-1] > history[0]
    assert result.embedding.min() > 0
    assert result.embedding.max() < 1
    assert (result.log_variance < math.log(0.25)).all()
