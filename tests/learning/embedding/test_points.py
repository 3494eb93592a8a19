"""Point clouds: no order matters, Chamfer is its definition, and a VAE of clouds learns."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from learning.data.stimuli import TrainingData
from learning.data.triplets import TripletSet
from learning.embedding import points
from learning.embedding.configs import NeutralVAEConfig, TripletVAEConfig, VAEConfig
from learning.embedding.neutral_vae import NeutralVAE
from learning.embedding.points import chamfer
from learning.embedding.triplet_vae import TripletVAE
from learning.embedding.vae import VAE
from learning.training.session import load_embedding, train_embedding
from tests.learning.training.world import ignore

CPU = torch.device("cpu")
SMALL = {
    "latent": 3, "encoder": (12,), "decoder": (24,), "width": 4, "batch_size": 8, "samples": 2, "network": "points",
}  # fmt: skip


def clouds(people=6, each=4, n_points=7, seed=0):
    """A person's own cloud, of which an expression moves three points."""
    rng = np.random.default_rng(seed)
    person, expression = np.repeat(np.arange(people), each), np.tile(np.arange(each), people)
    features = rng.normal(0, 1, (1, n_points, 3)) + 0.1 * rng.normal(0, 1, (people, n_points, 3))[person]
    features[:, :3, 1] += 0.5 * expression[:, None]
    return TrainingData.build(
        stimuli=np.arange(len(person)).astype(str),
        features=features.astype(np.float32),
        neutral=person * each,
        split=np.where(person == people - 1, 1, 0).astype(np.int8),
        subjects=person.astype(str),
        labels={},
        triplets=TripletSet.build([(0, 4, 3), (1, 5, 3), (8, 12, 3)], len(person), split=[0, 0, 0]),
    )


def naive_chamfer(x, other):
    to_other = sum(min(((p - q) ** 2).sum() for q in other) for p in x)
    back = sum(min(((p - q) ** 2).sum() for p in x) for q in other)
    return (to_other + back) / 2


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 3), st.integers(1, 6), st.integers(1, 6), st.integers(0, 10_000))
def test_chamfer_is_its_definition(rows, first, second, seed):
    rng = np.random.default_rng(seed)
    x, other = rng.normal(0, 1, (rows, first, 3)), rng.normal(0, 1, (rows, second, 3))
    found = chamfer(torch.from_numpy(x), torch.from_numpy(other)).numpy()
    assert np.allclose(found, [naive_chamfer(a, b) for a, b in zip(x, other, strict=True)])


def test_chamfer_in_pieces_is_the_same_and_has_the_right_gradient(monkeypatch):
    x, other = torch.randn(4, 5, 3, dtype=torch.float64), torch.randn(4, 6, 3, dtype=torch.float64, requires_grad=True)
    whole = chamfer(x, other)
    monkeypatch.setattr(points, "_PAIRS", 60)
    assert torch.allclose(chamfer(x, other), whole)
    assert torch.autograd.gradcheck(lambda b: chamfer(x, b), (other,))


def test_chamfer_is_at_most_the_squared_error_and_equal_to_it_where_clouds_are_close():
    x = 10 * torch.eye(3, dtype=torch.float64)[None]
    near = x + 0.1 * torch.randn(1, 3, 3, dtype=torch.float64)
    assert chamfer(x, near).item() == pytest.approx((x - near).square().sum().item())
    one, other = torch.randn(50, 8, 3), torch.randn(50, 8, 3)
    assert (chamfer(one, other) <= (one - other).square().sum((1, 2)) + 1e-4).all()
    assert chamfer(x, x[:, [2, 0, 1]]).item() == 0


@pytest.mark.parametrize(("kind", "config"), [(VAE, VAEConfig), (NeutralVAE, NeutralVAEConfig)])
def test_the_code_does_not_depend_on_the_order_of_points(kind, config):
    data = clouds()
    model = kind.from_config(config(**SMALL), data.n_features, data.shape)
    model.objective(data, CPU)  # tells the network the mean
    order = np.random.default_rng(1).permutation(7)
    shuffled = (data.features + data.mean).reshape(-1, 7, 3)[:, order].reshape(len(data), -1) - data.mean
    codes = model.embed(data.features, data.neutral).mean
    assert np.allclose(codes, model.embed(shuffled.astype(np.float32), data.neutral).mean, atol=1e-5)
    assert np.ptp(codes, axis=0).max() > 1e-3, "different clouds have different codes"


@pytest.mark.parametrize("reconstruction", ["squared", "chamfer"])
@pytest.mark.parametrize(
    ("kind", "config"), [(VAE, VAEConfig), (NeutralVAE, NeutralVAEConfig), (TripletVAE, TripletVAEConfig)]
)
def test_every_model_has_a_gradient_for_every_weight(kind, config, reconstruction):
    data = clouds()
    torch.manual_seed(0)
    model = kind.from_config(config(**SMALL, reconstruction=reconstruction), data.n_features, data.shape)
    objective = model.objective(data, CPU)
    objective.losses(50_000)[0].backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().sum() > 0, name
    assert np.isfinite(list(objective.validate().values())).all()
    assert not objective.plain


def test_the_error_of_clouds_compares_them_where_they_were_before_centring():
    data = clouds()
    model = VAE.from_config(VAEConfig(**SMALL, reconstruction="chamfer"), data.n_features, data.shape)
    model.objective(data, CPU)
    x = torch.from_numpy(data.features[:2])
    decoded = torch.randn(2, 3, 21)
    errors = model.errors(x, decoded)
    for row, sample in np.ndindex(2, 3):
        pair = [(one.numpy() + data.mean).reshape(7, 3) for one in (x[row], decoded[row, sample])]
        assert errors[row, sample].item() == pytest.approx(naive_chamfer(*pair), rel=1e-5)


def test_a_chamfer_error_needs_the_network_of_points_and_points():
    with pytest.raises(ValueError, match="can be 'chamfer' only with the network 'points', not 'auto'"):
        VAEConfig(reconstruction="chamfer")
    with pytest.raises(ValueError, match=r"clouds of shape \(P, 3\), not \(3, 8, 8\)"):
        VAE.from_config(VAEConfig(**SMALL), 192, (3, 8, 8))


@pytest.mark.parametrize("reconstruction", ["squared", "chamfer"])
def test_a_vae_of_clouds_learns_and_is_loaded_as_it_was_saved(tmp_path, reconstruction):
    data = clouds()
    config = SMALL | {
        "iterations": 300, "evaluate_every": 100, "learning_rate": 3e-3, "reconstruction_variance": 0.02,
        "dropout": 0.0, "device": "cpu", "annealing": "none", "reconstruction": reconstruction,
    }  # fmt: skip
    result = train_embedding(
        name="vae", config=config, data=data, workdir=tmp_path, on_progress=ignore, should_cancel=lambda: False
    )
    history = [row["validation"] for row in result.history]
    assert history[-1]["elbo"] > history[0]["elbo"]
    assert history[-1]["reconstruction"] < 0.7 * history[0]["reconstruction"]
    loaded = load_embedding("vae", config, tmp_path / "best.safetensors")
    assert np.allclose(loaded.encoder.cloud.centre.numpy(), data.mean)
    assert np.array_equal(loaded.embed(data.features, data.neutral).mean, result.embedding)
