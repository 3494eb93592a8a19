"""Networks of images: shapes, what one number depends on, and that a VAE of images learns."""

import numpy as np
import pytest
import torch

from learning.data.stimuli import TrainingData
from learning.data.triplets import TripletSet
from learning.embedding.configs import NeutralVAEConfig, TripletVAEConfig, VAEConfig
from learning.embedding.conv import ConvEncoder, Plan, Trunk, _activate
from learning.embedding.dropout import Dropout
from learning.embedding.layers import Encoder
from learning.embedding.neutral_vae import NeutralVAE
from learning.embedding.triplet_vae import TripletVAE
from learning.embedding.vae import VAE
from learning.training.session import load_embedding, train_embedding
from tests.learning.training.world import ignore

CPU = torch.device("cpu")
SMALL = {"latent": 3, "encoder": (12,), "decoder": (12,), "width": 4, "batch_size": 8, "samples": 2}
SHAPE = (2, 16, 24)


@pytest.mark.parametrize(
    ("shape", "inner", "end"),
    [
        ((3, 48, 48), (48, 48), (16, 6, 6)),
        ((3, 64, 64), (64, 64), (16, 8, 8)),
        ((3, 112, 112), (112, 112), (32, 7, 7)),
        ((3, 224, 224), (224, 224), (32, 7, 7)),
        ((1, 28, 28), (32, 32), (16, 4, 4)),
        ((28, 20), (32, 24), (16, 4, 3)),
        ((3, 72, 72), (72, 72), (16, 9, 9)),
    ],
)
def test_sides_are_halved_to_eight_or_less_or_where_they_become_odd(shape, inner, end):
    plan = Plan(shape, 4)
    assert (plan.inner, plan.map) == (inner, end)
    x = torch.zeros(2, int(np.prod(shape)))
    assert Trunk(plan)(x, None).shape == (2, int(np.prod(end)))
    assert plan.units == max(4 * inner[0] * inner[1] // 4, plan.image[0] * inner[0] * inner[1])


@pytest.mark.parametrize("shape", [(5,), (2, 3, 4, 5), (0, 8, 8)])
def test_what_is_no_image_is_refused(shape):
    with pytest.raises(ValueError, match="reads images of shape"):
        Plan(shape, 4)


def test_images_get_convolutions_and_everything_else_dense_networks():
    config = VAEConfig(**SMALL)
    assert isinstance(VAE.from_config(config, 768, SHAPE).encoder, ConvEncoder)
    assert isinstance(VAE.from_config(config, 768, (256, 3)).encoder, Encoder)
    assert isinstance(VAE.from_config(config, 768).encoder, Encoder)
    assert isinstance(VAE.from_config(VAEConfig(**SMALL, network="dense"), 768, SHAPE).encoder, Encoder)
    assert isinstance(VAE.from_config(VAEConfig(**SMALL, network="conv"), 768, (24, 32)).encoder, ConvEncoder)
    with pytest.raises(ValueError, match=r"shape \(2, 16, 24\) does not have 700 features"):
        VAE.from_config(config, 700, SHAPE)
    with pytest.raises(ValueError, match=r"shape \(\) does not have"):
        VAE.from_config(VAEConfig(**SMALL, network="conv"), 768)


def test_the_trunk_is_convolutions_written_as_loops():
    torch.manual_seed(0)
    plan = Plan((2, 8, 8), 1)
    trunk = Trunk(plan).double()
    x = torch.randn(1, 128, dtype=torch.float64)
    maps = x.view(2, 8, 8).numpy()
    for layer in trunk.layers:
        weight, bias = layer.weight.detach().numpy(), layer.bias.detach().numpy()
        padded = np.pad(maps, ((0, 0), (1, 1), (1, 1)))
        side = maps.shape[1] // 2
        maps = np.empty((len(weight), side, side))
        for channel, row, column in np.ndindex(maps.shape):
            window = padded[:, 2 * row : 2 * row + 4, 2 * column : 2 * column + 4]
            value = (window * weight[channel]).sum() + bias[channel]
            maps[channel, row, column] = value if value > 0 else np.expm1(value)
    assert np.allclose(trunk(x, None)[0].detach().numpy(), maps.ravel())


def faces(people=6, each=4, shape=(1, 12, 12), seed=0):
    """Squares at a place of the expression on a background of the person's brightness."""
    rng = np.random.default_rng(seed)
    person, expression = np.repeat(np.arange(people), each), np.tile(np.arange(each), people)
    images = rng.uniform(0.2, 0.8, people)[person][:, None, None, None] * np.ones((1, *shape))
    for image, place in zip(images, expression, strict=True):
        image[:, 2 * place + 2 : 2 * place + 6, 4:8] += 1
    split = np.where(person == people - 1, 1, 0).astype(np.int8)
    triplets = [(0, 4, 1), (1, 5, 2), (8, 12, 3), (20, 21, 22)]
    return TrainingData.build(
        stimuli=np.arange(len(person)).astype(str),
        features=images.astype(np.float32),
        neutral=person * each,
        split=split,
        subjects=person.astype(str),
        labels={},
        triplets=TripletSet.build(triplets, len(person), split=[0, 0, 0, 1]),
    )


@pytest.mark.parametrize(
    ("kind", "config"), [(VAE, VAEConfig), (NeutralVAE, NeutralVAEConfig), (TripletVAE, TripletVAEConfig)]
)
def test_every_model_has_a_gradient_for_every_weight_and_gives_images_back(kind, config):
    data = faces()
    torch.manual_seed(0)
    model = kind.from_config(config(**SMALL), data.n_features, data.shape)
    objective = model.objective(data, CPU)
    objective.losses(50_000)[0].backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().sum() > 0, name
    assert model.embed(data.features, data.neutral).mean.shape == (24, 3)
    assert model.generate(np.zeros((5, 3), np.float32), data.features[0]).shape == (5, 144)
    assert np.isfinite(list(objective.validate().values())).all()
    assert not objective.plain


def test_a_neutral_image_given_for_each_row_is_that_of_the_person():
    data = faces()
    model = NeutralVAE.from_config(NeutralVAEConfig(**SMALL), data.n_features, data.shape).eval()
    x = torch.from_numpy(data.features)
    by_person = model.embed(data.features, data.neutral).mean
    by_row = model.codes(x, x[torch.from_numpy(data.neutral)]).detach().numpy()
    assert np.allclose(by_person, by_row, atol=1e-5)
    assert not np.allclose(by_person, model.codes(x, x).detach().numpy(), atol=1e-3)


class Codes(torch.nn.Module):
    """What is exported: the codes."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, x, y):
        return self.model.codes(x, y)


@pytest.mark.parametrize(("network", "shape"), [("conv", (1, 12, 12)), ("points", (48, 3))])
def test_an_exported_encoder_takes_any_number_of_stimuli(network, shape):
    data = faces()
    config = NeutralVAEConfig(**SMALL, network=network, prior="beta")
    model = NeutralVAE.from_config(config, data.n_features, shape).eval()
    x, rows = torch.from_numpy(data.features), torch.export.Dim("rows", min=1)
    program = torch.export.export(Codes(model), (x[:2], x[:2]), dynamic_shapes=({0: rows}, {0: rows}))
    found = program.module()(x, x[torch.from_numpy(data.neutral)]).detach().numpy()
    assert np.allclose(found, model.embed(data.features, data.neutral).mean, atol=1e-5)


def test_dropout_drops_whole_channels_and_keeps_the_expectation():
    dropout = Dropout(0.25, torch.Generator().manual_seed(0), 1, CPU)
    h = _activate(torch.ones(200, 50, 2, 2), dropout)
    assert ((h == h[..., :1, :1]).all(-1).all(-1)).all()
    assert h.unique().tolist() == pytest.approx([0, 4 / 3])
    assert h.mean().item() == pytest.approx(1, abs=0.02)


def test_embedding_in_pieces_is_embedding_at_once():
    data = faces()
    model = VAE.from_config(VAEConfig(**SMALL), data.n_features, data.shape)
    whole = model.embed(data.features, data.neutral)
    model.chunk = 5
    assert np.allclose(whole.mean, model.embed(data.features, data.neutral).mean, atol=1e-6)
    assert np.allclose(model.generate(whole.mean)[17], model.generate(whole.mean[17:18])[0], atol=1e-6)


def test_a_vae_of_images_learns_them_and_is_loaded_as_it_was_saved(tmp_path):
    data = faces()
    config = SMALL | {
        "iterations": 250, "evaluate_every": 50, "learning_rate": 3e-3, "reconstruction_variance": 0.02,
        "dropout": 0.0, "device": "cpu", "annealing": "none", "encoder": [12], "decoder": [12],
    }  # fmt: skip
    result = train_embedding(
        name="vae", config=config, data=data, workdir=tmp_path, on_progress=ignore, should_cancel=lambda: False
    )
    history = [row["validation"]["elbo"] for row in result.history]
    assert history[-1] > history[0] + 50
    loaded = load_embedding("vae", config, tmp_path / "best.safetensors")
    decoded = loaded.generate(result.embedding)
    train = data.split == 0
    assert ((decoded - data.features)[train] ** 2).mean() < 0.2 * (data.features[train] ** 2).mean()
    assert np.array_equal(loaded.embed(data.features, data.neutral).mean, result.embedding)
