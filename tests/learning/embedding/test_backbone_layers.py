"""The parts of encoders against their formulas, one number at a time: blocks, pools, dropout, clouds."""

import math

import numpy as np
import pytest
import torch

from learning.embedding.backbones.drawing import FractionalPool, GeneratorDropout
from learning.embedding.backbones.mlp import MLP
from learning.embedding.backbones.points import PointNet
from learning.embedding.backbones.preact_resnet import PreActBlock
from learning.embedding.backbones.resnet import BasicBlock
from learning.training.seeds import seeded


def images(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def normed(x, state, name):
    mean, variance = state[f"{name}.running_mean"], state[f"{name}.running_var"]
    scale = state[f"{name}.weight"] / (variance + 1e-5).sqrt()
    return (x - mean[:, None, None]) * scale[:, None, None] + state[f"{name}.bias"][:, None, None]


def naive_conv(x, weight, stride):
    """One output number at a time, with a border of zeros as wide as half the kernel."""
    x, weight = x.double().numpy(), weight.double().numpy()
    pad = weight.shape[2] // 2
    x = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    k = weight.shape[2]
    sides = ((x.shape[2] - k) // stride + 1, (x.shape[3] - k) // stride + 1)
    out = np.zeros((len(x), len(weight), *sides))
    for b, o, i, j in np.ndindex(*out.shape):
        out[b, o, i, j] = (x[b, :, i * stride : i * stride + k, j * stride : j * stride + k] * weight[o]).sum()
    return torch.from_numpy(out)


def used_block(kind, channels, out, stride):
    with seeded(1):
        block = kind(channels, out, stride)
        for _ in range(3):  # norms with running statistics, scales and shifts that are not 0 and 1
            block(2 * torch.randn(6, channels, 6, 6) + 1)
        for parameter in block.parameters():
            if parameter.ndim == 1:
                parameter.data += 0.3 * torch.randn(parameter.shape)
    return block.eval(), {label: tensor.double() for label, tensor in block.state_dict().items()}


@pytest.mark.parametrize(("channels", "out", "stride"), [(3, 3, 1), (3, 5, 2), (2, 4, 1)])
def test_a_basic_block_is_its_formula(channels, out, stride):
    block, state = used_block(BasicBlock, channels, out, stride)
    x = images(2, channels, 5, 6)
    h = normed(naive_conv(x, state["conv1.weight"], stride), state, "norm1").clamp(min=0)
    h = normed(naive_conv(h, state["conv2.weight"], 1), state, "norm2")
    skipped = x
    if channels != out:
        skipped = normed(naive_conv(x, state["shortcut.0.weight"], stride), state, "shortcut.1")
    torch.testing.assert_close(block(x).double(), (h + skipped).clamp(min=0), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(("channels", "out", "stride"), [(3, 3, 1), (3, 5, 2), (2, 4, 1)])
def test_a_preactivated_block_is_its_formula(channels, out, stride):
    block, state = used_block(PreActBlock, channels, out, stride)
    x = images(2, channels, 5, 6)
    a = normed(x, state, "norm1").clamp(min=0)
    h = normed(naive_conv(a, state["conv1.weight"], stride), state, "norm2").clamp(min=0)
    h = naive_conv(h, state["conv2.weight"], 1)
    skipped = naive_conv(a, state["shortcut.weight"], stride) if channels != out else x
    torch.testing.assert_close(block(x).double(), h + skipped, atol=1e-5, rtol=1e-5)


def test_dropout_has_its_rate_and_scale_and_is_off_without_a_generator():
    layer = GeneratorDropout(0.3).train()
    x = torch.ones(200, 500)
    assert torch.equal(layer(x), x)
    layer.generator = torch.Generator().manual_seed(0)
    dropped = layer(x)
    assert dropped.unique().tolist() == pytest.approx([0, 1 / 0.7])
    assert (dropped == 0).float().mean().item() == pytest.approx(0.3, abs=5 * math.sqrt(0.21 / 1e5))
    assert not torch.equal(layer(x), dropped)
    with pytest.raises(ValueError, match=r"rate must be in \[0, 1\)"):
        GeneratorDropout(1.0)


@pytest.mark.parametrize("side", [7, 12, 48])
def test_a_fractional_pool_is_its_formula(side):
    pool, x = FractionalPool(), images(2, 3, side, side)
    n = side // 2
    for generator in (None, torch.Generator().manual_seed(4)):
        pool.generator = generator
        places = np.full((2, 3, 2), 0.5, np.float32)
        if generator is not None:
            places = torch.rand(2, 3, 2, generator=torch.Generator().manual_seed(4)).numpy()
        expected = np.zeros((2, 3, n, n), np.float32)
        alpha = np.float32(side - 3) / np.float32(n - 1)
        for b, c, i, j in np.ndindex(*expected.shape):
            # torch's first number is the horizontal one.
            column, row = (int(alpha * (k + u)) - int(alpha * u) for k, u in zip((j, i), places[b, c], strict=True))
            row, column = (side - 3 if k == n - 1 else at for k, at in ((i, row), (j, column)))
            expected[b, c, i, j] = x[b, c, row : row + 3, column : column + 3].max()
        assert np.array_equal(pool(x).numpy(), expected)


def test_a_cloud_is_embedded_without_regard_to_the_order_of_its_points():
    with seeded(0):
        net = PointNet(3, 8, 4).eval()
    clouds = images(2, 30, 3)
    order = torch.randperm(30, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(net(clouds[:, order]), net(clouds), atol=1e-6, rtol=0)
    assert net(clouds[:, :17]).shape == (2, 4)
    net.train()(clouds).square().sum().backward()
    assert all(p.grad is not None and p.grad.abs().max() > 0 for p in net.parameters())


def test_a_fully_connected_encoder_is_its_formula():
    with seeded(0):
        net = MLP(6, (5, 4), 3)
    x = images(7, 2, 3)
    h = x.flatten(1)
    for number in (0, 3):
        h = (h @ net.layers[number].weight.t() + net.layers[number].bias).clamp(min=0)
    expected = h @ net.layers[6].weight.t() + net.layers[6].bias
    torch.testing.assert_close(net(x), expected)
