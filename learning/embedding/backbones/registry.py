"""Names of encoders -> dotted paths, resolved on first use; listing the names imports no torch.

An encoder reads (B, *shape) stimuli and returns (B, out) embeddings. ``width`` is its base number of channels, 64 in
the published nets; every layer grows with it.
"""

from __future__ import annotations

import importlib
import math
from typing import Any

BACKBONES: dict[str, str] = {
    "alexnet": "learning.embedding.backbones.alexnet.AlexNet",
    "cvgg13": "learning.embedding.backbones.vgg13.CVGG13",
    "fmpnet": "learning.embedding.backbones.fmpnet.FMPNet",
    "preact-resnet18": "learning.embedding.backbones.preact_resnet.PreActResNet18",
    "resnet18": "learning.embedding.backbones.resnet.ResNet18",
}

ENCODERS: dict[str, str] = {
    **BACKBONES,
    "mlp": "learning.embedding.backbones.mlp.MLP",
    "points": "learning.embedding.backbones.points.PointNet",
}


def make_backbone(name: str, channels: int, size: int | tuple[int, int], width: int, out: int) -> Any:
    """Makes an image encoder with fresh weights from torch's global generator.

    Args:
        name: a key of BACKBONES.
        channels: C of an image.
        size: of both sides of an image, or (H, W).
        width: base number of channels.
        out: size of an embedding.

    Returns:
        A torch module, (B, C, H, W) → (B, out).

    Raises:
        ValueError: an unknown name, a number below 1, an image too small for the net.
    """
    if name not in BACKBONES:
        raise ValueError(f"There is no image encoder {name!r}; the names are {', '.join(sorted(BACKBONES))}.")
    _require_positive(channels=channels, width=width, out=out)
    return _resolve(name)(channels, size, width, out)


def make_encoder(name: str, shape: tuple[int, ...], width: int, out: int) -> Any:
    """Makes the encoder of stimuli of any shape, with fresh weights from torch's global generator.

    Args:
        name: a key of ENCODERS.
        shape: of a stimulus: (C, H, W) or (H, W) for images, (P, d) for "points", anything for "mlp".
        width: base number of channels; "mlp" has hidden layers of 8·width and 4·width.
        out: size of an embedding.

    Returns:
        A torch module from (B, *shape) to (B, out), images always with a channel: (B, C, H, W).

    Raises:
        ValueError: an unknown name, a number below 1, a shape that the encoder cannot read.
    """
    if name not in ENCODERS:
        raise ValueError(f"There is no encoder {name!r}; the names are {', '.join(sorted(ENCODERS))}.")
    _require_positive(width=width, out=out)
    if not shape or min(shape) < 1:
        raise ValueError(f"A stimulus must have a shape of positive numbers, not {shape}.")
    if name == "mlp":
        return _resolve(name)(math.prod(shape), (8 * width, 4 * width), out)
    if name == "points":
        if len(shape) != 2:
            raise ValueError(f"The encoder 'points' reads clouds of shape (P, 3), not {shape}.")
        return _resolve(name)(shape[1], width, out)
    if len(shape) not in (2, 3):
        raise ValueError(f"The encoder {name!r} reads images of shape (C, H, W) or (H, W), not {shape}.")
    channels, height, width_of = shape if len(shape) == 3 else (1, *shape)
    return make_backbone(name, channels, (height, width_of), width, out)


def encoder_input(name: str, shape: tuple[int, ...]) -> tuple[int, ...]:
    """Returns the shape in which an encoder reads a stimulus: (H, W) becomes (1, H, W) for images, others stay."""
    return (1, *shape) if name in BACKBONES and len(shape) == 2 else shape


def _resolve(name: str) -> Any:
    module, _, attribute = ENCODERS[name].rpartition(".")
    return getattr(importlib.import_module(module), attribute)


def _require_positive(**numbers: int) -> None:
    for name, number in numbers.items():
        if number < 1:
            raise ValueError(f"An encoder's {name} must be 1 or more, but is {number}.")
