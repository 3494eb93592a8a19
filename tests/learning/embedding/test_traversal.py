"""Traversals: how far axes go, what is decoded, and for whom."""

import numpy as np
import pytest
import torch

from learning.embedding.base import Codes
from learning.embedding.configs import NeutralVAEConfig, VAEConfig
from learning.embedding.neutral_vae import NeutralVAE
from learning.embedding.traversal import aggregate_deviation, axis_codes, between, traverse
from learning.embedding.vae import VAE
from tests.learning.training.world import tiny_data

SIZES = {"latent": 3, "encoder": (9, 7), "decoder": (8, 5)}


def model_of(kind, config):
    torch.manual_seed(0)
    return kind.from_config(config, 6)


def test_the_aggregate_posterior_has_the_deviation_of_samples_of_all_posteriors():
    rng = np.random.default_rng(0)
    codes = Codes(rng.normal(0, 2, (8, 3)).astype(np.float32), rng.normal(0, 1, (8, 3)).astype(np.float32))
    samples = codes.mean + np.exp(codes.log_variance / 2) * rng.standard_normal((50_000, 8, 3))
    assert np.allclose(aggregate_deviation(codes), samples.reshape(-1, 3).std(axis=0), rtol=0.01)
    assert np.allclose(aggregate_deviation(Codes(codes.mean)), codes.mean.std(axis=0), rtol=1e-5)


def test_axes_go_three_deviations_to_both_sides_and_move_one_number_at_a_time():
    base, deviation = np.array([1, 2, 3], np.float32), np.array([0.5, 1, 2], np.float32)
    codes = axis_codes(base, deviation, steps=5)
    assert codes.shape == (3, 5, 3)
    for axis, step in np.ndindex(3, 5):
        expected = base.copy()
        expected[axis] += (-3, -1.5, 0, 1.5, 3)[step] * deviation[axis]
        assert np.allclose(codes[axis, step], expected)


def test_a_traversal_is_decoded_around_the_mean_code_or_a_given_one():
    data = tiny_data()
    model = model_of(VAE, VAEConfig(**SIZES))
    codes = model.embed(data.features, data.neutral)
    decoded = traverse(model, codes, steps=5)
    assert decoded.shape == (3, 5, 6)
    middle = model.decode(torch.from_numpy(codes.mean.mean(0))[None, None], None, None)[0, 0].detach().numpy()
    assert np.allclose(decoded[:, 2], middle, atol=1e-6)
    around = traverse(model, codes, codes.mean[4], steps=3)
    assert np.allclose(around[:, 1], model.generate(codes.mean[4:5]), atol=1e-6)
    assert not np.allclose(around[0, 0], around[0, 2])


def test_m1_decodes_a_traversal_for_a_person_and_refuses_to_without_one():
    data = tiny_data()
    model = model_of(NeutralVAE, NeutralVAEConfig(**SIZES))
    codes = model.embed(data.features, data.neutral)
    first, second = (traverse(model, codes, neutral=data.features[row], steps=3) for row in (0, 5))
    assert not np.allclose(first, second)
    y = torch.from_numpy(data.features[:1])
    expected = model.decode(torch.from_numpy(codes.mean.mean(0))[None, None], y, torch.zeros(1, dtype=torch.long))
    assert np.allclose(first[0, 1], expected[0, 0].detach().numpy(), atol=1e-6)
    with pytest.raises(ValueError, match="needs a neutral stimulus"):
        traverse(model, codes)


def test_each_code_can_be_decoded_for_its_own_person():
    data = tiny_data()
    model = model_of(NeutralVAE, NeutralVAEConfig(**SIZES))
    codes = model.embed(data.features, data.neutral).mean
    whole = model.generate(codes, data.features[data.neutral])
    one = model.generate(codes[17:18], data.features[data.neutral[17]])
    assert np.allclose(whole[17], one[0], atol=1e-6)


def test_between_two_stimuli_lies_the_line_of_their_codes():
    data = tiny_data()
    model = model_of(VAE, VAEConfig(**SIZES))
    codes = model.embed(data.features, data.neutral).mean
    decoded = between(model, codes[0], codes[3], steps=3)
    expected = model.generate(np.stack([codes[0], (codes[0] + codes[3]) / 2, codes[3]]))
    assert np.allclose(decoded, expected, atol=1e-6)


def test_axes_end_where_the_prior_ends():
    model = model_of(VAE, VAEConfig(**SIZES, prior="beta"))
    data = tiny_data()
    codes = model.embed(data.features, data.neutral)
    assert codes.mean.min() > 0
    assert codes.mean.max() < 1
    wide = traverse(model, codes, steps=3, reach=1000.0)
    for axis in range(3):
        corner = codes.mean.mean(0)
        corner[axis] = 1
        assert np.allclose(wide[axis, 2], model.generate(corner[None])[0], atol=1e-6)


def test_a_traversal_of_one_step_or_of_sizes_that_differ_is_refused():
    with pytest.raises(ValueError, match="at least 2 steps, not 1"):
        axis_codes(np.zeros(3, np.float32), np.ones(3, np.float32), steps=1)
    with pytest.raises(ValueError, match=r"base has the shape \(2,\), but the deviations \(3,\)"):
        axis_codes(np.zeros(2, np.float32), np.ones(3, np.float32))
    with pytest.raises(ValueError, match="at least 2 steps, not 1"):
        between(model_of(VAE, VAEConfig(**SIZES)), np.zeros(3, np.float32), np.ones(3, np.float32), steps=1)
