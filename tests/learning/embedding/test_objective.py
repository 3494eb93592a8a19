"""The fast objective against equation 11 written as loops, and against the straightforward PyTorch implementation."""

import dataclasses
import math

import numpy as np
import pytest
import torch

from benchmarks.naive_triplet_vae import NaiveTripletVAE
from learning.data.triplets import TripletSet
from learning.embedding.configs import NeutralVAEConfig, TripletVAEConfig, VAEConfig
from learning.embedding.layers import SplitLinear
from learning.embedding.neutral_vae import NeutralVAE
from learning.embedding.triplet_vae import TripletVAE
from learning.embedding.vae import VAE
from learning.embedding.vae_objective import Draw
from tests.learning.training.world import tiny_data

CPU = torch.device("cpu")
SIZES = {"latent": 3, "encoder": (9, 7), "decoder": (8, 5), "dropout": 0.0, "batch_size": 6, "samples": 2}
CLASSES = {VAEConfig: VAE, NeutralVAEConfig: NeutralVAE, TripletVAEConfig: TripletVAE}


def objective_of(config, data):
    """The objective in double precision, so that finite differences mean something."""
    torch.manual_seed(0)
    model = CLASSES[type(config)].from_config(config, data.n_features).double()
    objective = model.objective(data, CPU)
    objective.features = objective.features.double()
    return objective


def double(draw: Draw) -> Draw:
    noise = None if draw.triplet_noise is None else draw.triplet_noise.double()
    return Draw(draw.rows, draw.noise.double(), draw.triplets, draw.weights, noise)


class Loops:
    """Paper 000, eq. 5 and 11, one number at a time, from the weights of a model."""

    def __init__(self, model, data):
        self.weights = {name: tensor.detach().numpy().copy() for name, tensor in model.state_dict().items()}
        self.config, self.data = model.config, data
        self.n_train = int((data.split == 0).sum())

    def network(self, part, inputs, last):
        first = [self.weights[f"{part}.first.weight_x"]]
        if self.config.conditional:
            first.append(self.weights[f"{part}.first.weight_y"])
        h = np.concatenate(first, axis=1) @ inputs + self.weights[f"{part}.first.bias"]
        h = np.where(h > 0, h, np.expm1(h))
        number = 0
        while f"{part}.hidden.{number}.weight" in self.weights:
            h = self.weights[f"{part}.hidden.{number}.weight"] @ h + self.weights[f"{part}.hidden.{number}.bias"]
            h = np.where(h > 0, h, np.expm1(h))
            number += 1
        return self.weights[f"{part}.{last}.weight"] @ h + self.weights[f"{part}.{last}.bias"]

    def faces(self, row):
        x = self.data.features[row].astype(np.float64)
        y = self.data.features[self.data.neutral[row]].astype(np.float64)
        return x, (y if self.config.conditional else np.empty(0))

    def encode(self, row):
        out = self.network("encoder", np.concatenate(self.faces(row)), "heads")
        return out[: self.config.latent], out[self.config.latent :]

    def loss(self, draw, beta, prior_beta=1.0, n_triplets=0):
        config, total = self.config, 0.0
        for i, row in enumerate(draw.rows.tolist()):
            (x, y), (mean, log_variance) = self.faces(row), self.encode(row)
            error = 0.0
            for noise in draw.noise[i].numpy():
                z = mean + np.sqrt(np.exp(log_variance)) * noise
                error += sum((x - self.network("decoder", np.concatenate([z, y]), "out")) ** 2)
            kl = -0.5 * sum(1 + s - m * m - math.exp(s) for m, s in zip(mean, log_variance, strict=True))
            total += error / (2 * config.reconstruction_variance * config.samples) + beta * kl
        total *= self.n_train / config.batch_size
        if draw.triplets is not None:
            total += prior_beta * self.topology(draw, n_triplets)
        return total / (1 if config.scaling == "sum" else self.n_train)

    def topology(self, draw, n_triplets):
        config, phi = self.config, 0.0
        for t, triplet in enumerate(draw.triplets.tolist()):
            for m in range(config.triplet_samples):
                z = []
                for place, row in enumerate(triplet):
                    mean, log_variance = self.encode(row)
                    noise = draw.triplet_noise[3 * t + place, m].numpy()
                    z.append(mean + np.exp(log_variance / 2) * noise)
                to_nearer, to_farther = math.dist(z[0], z[1]), math.dist(z[0], z[2])
                phi += float(draw.weights[t]) * math.log(1 + math.exp(to_nearer - to_farther))
        return n_triplets / config.triplet_batch / (config.topological_variance * config.triplet_samples) * phi


def check_loss_and_gradient(objective, data, beta, *extra, **loops):
    draw = double(objective.draw())
    objective.model.zero_grad()
    loss = objective.losses_of(draw, beta, *extra)[0]
    loss.backward()
    reference = Loops(objective.model, data)
    assert loss.item() == pytest.approx(reference.loss(draw, beta, *extra, **loops), rel=1e-9)
    rng = np.random.default_rng(0)
    for name, parameter in objective.model.named_parameters():
        place = tuple(rng.integers(size) for size in parameter.shape)
        ends = []
        for step in (1e-5, -2e-5):
            reference.weights[name][place] += step
            ends.append(reference.loss(draw, beta, *extra, **loops))
        reference.weights[name][place] += 1e-5
        slope = (ends[0] - ends[1]) / 2e-5
        assert parameter.grad[place].item() == pytest.approx(slope, rel=1e-4, abs=1e-4), name


@pytest.mark.parametrize("scaling", ["sum", "mean"])
@pytest.mark.parametrize("kind", [VAEConfig, NeutralVAEConfig])
def test_vae_and_m1_are_equation_5(kind, scaling):
    data = tiny_data()
    config = kind(**SIZES, reconstruction_variance=0.3, scaling=scaling)
    check_loss_and_gradient(objective_of(config, data), data, 0.4)


@pytest.mark.parametrize("scaling", ["sum", "mean"])
def test_m2_is_equation_11(scaling):
    weights = np.random.default_rng(1).uniform(0.5, 5, 80)
    data = tiny_data(weights=weights)
    config = TripletVAEConfig(**SIZES, reconstruction_variance=0.3, scaling=scaling, triplet_batch=4, triplet_samples=3)
    check_loss_and_gradient(objective_of(config, data), data, 0.7, 0.6, n_triplets=60)


def test_the_fast_m2_equals_the_straightforward_one_for_the_same_noise():
    data = tiny_data(weights=np.random.default_rng(1).uniform(0.5, 5, 80))
    config = TripletVAEConfig(**SIZES, triplet_batch=4, triplet_samples=3)
    torch.manual_seed(0)
    fast = TripletVAE.from_config(config, data.n_features)
    objective = fast.objective(data, CPU)
    naive = NaiveTripletVAE(config.encoder_layers(data.n_features), config.decoder_layers(data.n_features), 0.0)
    pairs = copy_weights(fast, naive)
    draw = objective.draw()
    x = torch.from_numpy(data.features)
    y = x[torch.from_numpy(data.neutral)]
    noise = {"x": draw.noise} | {name: draw.triplet_noise[place::3] for place, name in enumerate("r+-")}
    members = [(x[rows], y[rows]) for rows in draw.triplets.t()]
    naive_loss = naive.loss(
        (x[draw.rows], y[draw.rows]),
        members,
        draw.weights,
        lambda name, number: noise[name][:, number],
        sizes=(30, 60),
        samples=(2, 3),
        variances=(config.reconstruction_variance, config.topological_variance),
        beta=0.5,
    )
    naive_loss.backward()
    loss = objective.losses_of(draw, 0.5)[0]
    loss.backward()
    assert loss.item() == pytest.approx(naive_loss.item(), rel=1e-5)
    for ours, theirs in pairs:
        assert (gradient(ours) - theirs.weight.grad).abs().max() <= 1e-5 * theirs.weight.grad.abs().max()
        assert (ours.bias.grad - theirs.bias.grad).abs().max() <= 1e-5 * theirs.bias.grad.abs().max()


def whole_weight(layer):
    return torch.cat([layer.weight_x, layer.weight_y], dim=1) if isinstance(layer, SplitLinear) else layer.weight


def gradient(layer):
    if isinstance(layer, SplitLinear):
        return torch.cat([layer.weight_x.grad, layer.weight_y.grad], dim=1)
    return layer.weight.grad


def copy_weights(fast, naive):
    """Gives the naive networks the fast ones' weights and returns the pairs of layers."""
    pairs = []
    for ours, theirs in ((fast.encoder, naive.encoder), (fast.decoder, naive.decoder)):
        linears = [layer for layer in theirs if isinstance(layer, torch.nn.Linear)]
        last = ours.heads if ours is fast.encoder else ours.out
        pairs += zip([ours.first, *ours.hidden, last], linears, strict=True)
    with torch.no_grad():
        for mine, other in pairs:
            other.weight.copy_(whole_weight(mine))
            other.bias.copy_(mine.bias)
    return pairs


def test_triplets_of_weight_zero_are_absent():
    weights = np.ones(80)
    weights[[3, 17, 40]] = 0
    data = tiny_data(weights=weights)
    config = TripletVAEConfig(**SIZES, triplet_batch=4)
    with_zeros = objective_of(config, data)
    kept = data.triplets.where(data.triplets.weights > 0)
    without = objective_of(config, dataclasses.replace(data, triplets=kept))
    assert len(without.triplets) == 57
    losses = [objective.losses(10).tolist() for objective in (with_zeros, without)]
    assert losses[0] == losses[1]


def test_m2_without_any_triplet_says_so():
    data = tiny_data()
    none = TripletSet.build([], len(data))
    with pytest.raises(ValueError, match="at least one training triplet of a weight above zero"):
        objective_of(TripletVAEConfig(**SIZES), dataclasses.replace(data, triplets=none))


@pytest.mark.parametrize("kind", [NeutralVAEConfig, TripletVAEConfig])
def test_a_stimulus_without_a_neutral_face_is_refused_by_m1_and_m2(kind):
    data = tiny_data()
    neutral = data.neutral.copy()
    neutral[7] = -1
    with pytest.raises(ValueError, match=r"1 stimuli have none, the first in row 7"):
        objective_of(kind(**SIZES), dataclasses.replace(data, neutral=neutral))


def test_annealing_of_the_whole_prior_scales_the_triplet_term_too():
    only_kl, whole = (TripletVAEConfig(iterations=100, annealing=kind) for kind in ("kl", "prior"))
    assert (only_kl.beta(25), only_kl.prior_beta(25)) == (0.25, 1.0)
    assert (whole.beta(25), whole.prior_beta(25)) == (0.25, 0.25)
    assert TripletVAEConfig(annealing="none").beta(0) == 1.0
    assert TripletVAEConfig(iterations=100, anneal_iterations=50).beta(75) == 1.0


def test_the_validation_elbo_is_the_objective_at_beta_one_with_its_constant():
    data = tiny_data()
    config = TripletVAEConfig(**SIZES, reconstruction_variance=0.3, triplet_batch=4)
    objective = objective_of(config, data)
    objective.features = objective.features.float()
    objective.model.float()
    terms = objective.validate()
    constant = 6 / 2 * math.log(2 * math.pi * 0.3)
    prior = 10 * terms["triplet"] / config.topological_variance / 5  # 10 triplets, 5 stimuli
    assert terms["elbo"] == pytest.approx(-(terms["reconstruction"] + constant + terms["kl"]) - prior)
    assert terms == objective.validate(), "evaluating twice must give the same"


def test_the_split_of_the_paper_is_derived_from_the_number_of_features():
    config = TripletVAEConfig()
    assert config.encoder_layers(249) == [498, 480, 240, 120, 60, 30]
    assert config.decoder_layers(249) == [279, 300, 400, 300, 249]
    model = TripletVAE.from_config(config, 249)
    assert sum(parameter.numel() for parameter in model.parameters()) == 794_449
    assert VAEConfig().encoder_layers(249) == [249, 480, 240, 120, 60, 30]
    assert VAEConfig().decoder_layers(249) == [30, 60, 120, 240, 480, 249]
