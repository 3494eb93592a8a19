"""Encoders: published sizes, shapes, gradients, memory, draws from the given generator only."""

import subprocess
import sys
from itertools import pairwise

import pytest
import torch
from torch.nn import functional as F

from learning.embedding.backbones.drawing import Drawing, set_generator
from learning.embedding.backbones.points import PointNet
from learning.embedding.backbones.registry import BACKBONES, ENCODERS, encoder_input, make_backbone, make_encoder
from learning.training.seeds import seeded


def make(name, channels=3, size=48, width=16, out=5, seed=0):
    with seeded(seed):
        return make_backbone(name, channels, size, width, out)


def images(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def count(net):
    return sum(p.numel() for p in net.parameters())


@pytest.mark.parametrize("name", BACKBONES)
@pytest.mark.parametrize(("channels", "size"), [(1, 48), (3, 64), (1, 112), (3, 224), (3, (48, 80))])
def test_every_net_embeds_images_of_every_size(name, channels, size):
    net = make(name, channels, size, width=8, out=6).eval()
    height, width = (size, size) if isinstance(size, int) else size
    with torch.no_grad():
        embedding = net(images(2, channels, height, width))
    assert embedding.shape == (2, 6)
    assert embedding.isfinite().all()
    assert (embedding[0] - embedding[1]).abs().max() > 1e-4


@pytest.mark.parametrize(
    ("name", "channels", "size", "out", "published"),
    [
        ("resnet18", 3, 224, 1000, 11_689_512),  # torchvision
        ("alexnet", 3, 224, 1000, 61_100_840),  # torchvision
        ("preact-resnet18", 3, 32 * 2, 10, 11_171_146),  # the usual CIFAR net
    ],
)
def test_the_full_nets_have_as_many_parameters_as_the_published_ones(name, channels, size, out, published):
    with torch.device("meta"):
        assert count(make_backbone(name, channels, size, 64, out)) == published


def closed_form(name, c, size, w, out):
    """The number of parameters by hand; a convolution with bias has k²·in·out + out."""

    def conv(k, a, b, bias=True):
        return k * k * a * b + b * bias

    def linear(a, b):
        return a * b + b

    if name in ("resnet18", "preact-resnet18"):
        resnet = name == "resnet18"
        total = (conv(7, c, w, False) + 2 * w) if resnet else conv(3, c, w, False)
        before = w
        for after in (w, 2 * w, 4 * w, 8 * w):
            # Two blocks, each with two convolutions and two norms (scale and shift).
            total += conv(3, before, after, False) + 3 * conv(3, after, after, False)
            total += 8 * after if resnet else 2 * before + 6 * after
            if before != after:
                total += conv(1, before, after, False) + (2 * after if resnet else 0)
            before = after
        return total + linear(8 * w, out)
    if name == "cvgg13":
        channels = [c, w, w, 2 * w, 2 * w, *[4 * w] * 6]
        features = sum(conv(3, a, b) for a, b in pairwise(channels))
        return features + linear(4 * w * (size // 16) ** 2, 16 * w) + linear(16 * w, out)
    if name == "fmpnet":
        features = conv(5, c, w) + 2 * conv(3, w, w) + conv(3, w, 2 * w) + conv(3, 2 * w, 2 * w) + 2 * (w + w + 2 * w)
        return features + linear(2 * w * (size // 8) ** 2, 16 * w) + linear(16 * w, 16 * w) + linear(16 * w, out)
    side = {48: 1, 64: 1, 112: 3, 224: 6}[size]
    features = (
        conv(11, c, w) + conv(5, w, 3 * w) + conv(3, 3 * w, 6 * w) + conv(3, 6 * w, 4 * w) + conv(3, 4 * w, 4 * w)
    )
    return features + linear(4 * w * side**2, 64 * w) + linear(64 * w, 64 * w) + linear(64 * w, out)


@pytest.mark.parametrize("name", BACKBONES)
@pytest.mark.parametrize(("channels", "size", "width", "out"), [(1, 48, 16, 8), (3, 64, 64, 64), (3, 112, 32, 7)])
def test_parameters_follow_the_closed_form(name, channels, size, width, out):
    with torch.device("meta"):
        assert count(make_backbone(name, channels, size, width, out)) == closed_form(name, channels, size, width, out)


@pytest.mark.parametrize(
    ("name", "size", "shape"),
    [
        ("resnet18", 64, (64, 2, 2)),
        ("resnet18", 112, (64, 4, 4)),
        ("preact-resnet18", 64, (64, 8, 8)),
        ("cvgg13", 64, (32, 4, 4)),
        ("fmpnet", 48, (16, 6, 6)),
        ("alexnet", 64, (32, 1, 1)),
        ("alexnet", 224, (32, 6, 6)),
        ("alexnet", 227, (32, 6, 6)),
    ],
)
def test_the_last_map_has_the_papers_size(name, size, shape):
    features = make(name, 1, size, width=8).eval().features
    if name in ("resnet18", "preact-resnet18"):
        features = features[:-1]  # without the mean over the map
    with torch.no_grad():
        assert features(images(1, 1, size, size)).shape == (1, *shape)


@pytest.mark.parametrize("name", BACKBONES)
def test_gradients_flow_to_every_parameter(name):
    net = make(name, 1, 64, width=8).train()
    set_generator(net, torch.Generator().manual_seed(0))
    net(images(8, 1, 64, 64)).square().sum().backward()
    for label, parameter in net.named_parameters():
        assert parameter.grad is not None, label
        assert parameter.grad.isfinite().all(), label
        assert parameter.grad.abs().max() > 0, label


@pytest.mark.parametrize("name", ENCODERS)
def test_training_draws_from_the_given_generator_and_never_from_torchs(name):
    shape = (20, 3) if name == "points" else (1, 48, 48)
    with seeded(0):
        net = make_encoder(name, shape, 8, 5)
    x = images(4, *shape)
    state = torch.get_rng_state()
    results = []
    for seed in (1, 1, 2):
        generator = torch.Generator().manual_seed(seed)
        set_generator(net.train(), generator)
        results.append(net(x).detach())
    drawing = any(isinstance(layer, Drawing) and getattr(layer, "rate", 1) for layer in net.modules())
    assert torch.equal(results[0], results[1])
    assert torch.equal(results[0], results[2]) is not drawing
    net.eval()
    before = generator.get_state()
    assert torch.equal(net(x), net(x))
    assert torch.equal(generator.get_state(), before)
    assert torch.equal(torch.get_rng_state(), state)


def test_activations_keep_their_scale_in_nets_without_norms():
    net = make("cvgg13", 3, 64, width=16, out=64).eval()
    with torch.no_grad():
        features = net.features(images(8, 3, 64, 64))
        embedding = net(images(8, 3, 64, 64))
    # Each convolution keeps E[x²]; four pools of the largest of four raise it.
    assert 1 < features.square().mean() < 4**4
    assert 0.3 < (embedding.square().mean() / features.square().mean()).item() < 3


def test_a_resnet_is_stem_blocks_mean_and_linear_layer():
    net = make("resnet18", 1, 48, width=8).eval()
    x = images(2, 1, 48, 48)
    stem, norm, blocks = net.features[0], net.features[1], net.features[4]
    h = F.max_pool2d(F.relu(norm(F.conv2d(x, stem.weight, stride=2, padding=3))), 3, 2, 1)
    for block in blocks:
        h = block(h)
    expected = h.mean((2, 3)) @ net.head[0].weight.t() + net.head[0].bias
    torch.testing.assert_close(net(x), expected, atol=1e-5, rtol=1e-5)
    assert len(blocks) == 8


def test_large_images_lie_with_their_channels_last_and_give_the_same_embedding():
    net, small = make("resnet18", 3, 224, width=8).eval(), make("resnet18", 3, 64, width=8).eval()
    x = images(1, 3, 224, 224)
    assert net.channels_last
    assert not small.channels_last
    assert net.features[4][2].conv1.weight.is_contiguous(memory_format=torch.channels_last)
    seen = []
    net.features[1].register_forward_hook(lambda _layer, given, _result: seen.append(given[0]))
    small.load_state_dict(net.state_dict())
    with torch.no_grad():
        torch.testing.assert_close(net(x), small(x), atol=1e-5, rtol=1e-4)
    assert seen[0].is_contiguous(memory_format=torch.channels_last)


def test_encoders_are_made_for_the_shape_of_a_stimulus():
    assert make_encoder("mlp", (83, 3), 4, 2)(images(3, 83, 3)).shape == (3, 2)
    assert make_encoder("points", (50, 3), 4, 2)(images(3, 50, 3)).shape == (3, 2)
    assert encoder_input("resnet18", (48, 48)) == (1, 48, 48)
    assert encoder_input("mlp", (83, 3)) == (83, 3)
    assert make_encoder("resnet18", (48, 64), 4, 2)(images(3, 1, 48, 64)).shape == (3, 2)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: make_backbone("vgg", 3, 64, 8, 4), "no image encoder 'vgg'"),
        (lambda: make_backbone("alexnet", 3, 46, 8, 4), "AlexNet reads images of at least 47 × 47 pixels, not 46 × 46"),
        (lambda: make_backbone("resnet18", 3, 64, 0, 4), "width must be 1 or more"),
        (lambda: make_backbone("resnet18", 3, 64, 8, 4)(torch.zeros(2, 1, 64, 64)), r"\(B, 3, H, W\)"),
        (lambda: make_encoder("transformer", (3,), 8, 4), "no encoder 'transformer'"),
        (lambda: make_encoder("points", (10, 3, 2), 8, 4), r"clouds of shape \(P, 3\)"),
        (lambda: make_encoder("resnet18", (10,), 8, 4), r"images of shape \(C, H, W\) or \(H, W\)"),
        (lambda: PointNet(3, 4, 2)(torch.zeros(2, 5, 2)), r"clouds of shape \(B, P, 3\)"),
    ],
)
def test_what_does_not_fit_is_refused_in_one_sentence(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()


def test_names_are_listed_without_torch():
    program = (
        "import sys, learning.embedding.backbones.registry as r; sys.exit('torch' in sys.modules or not r.ENCODERS)"
    )
    assert subprocess.run([sys.executable, "-c", program]).returncode == 0
