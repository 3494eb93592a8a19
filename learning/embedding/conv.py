"""Convolutions before and after the dense networks, for images (paper 000's future work: "CNN as encoder and decoder").

Encoder: image (C, H, W) → n convolutions 4 × 4 that each halve both sides → map (C', h, w) → dense encoder → code.
Decoder: code → dense decoder → map (C', h, w) → n transposed convolutions 4 × 4 that each double both sides → image.

n is 3, or as many more as the sides can be halved while one is longer than 8: 64 → 8, 112 → 7, 224 → 7. Channels are
width, 2·width, 4·width, 8·width and then stay. A side that 8 does not divide is stretched to the next multiple of 8,
and the decoder's image shrunk back. M1 and M2 see a person's neutral image as its map, which goes where the dense
networks read the neutral face, so that it is made once for each person. ELU throughout; dropout drops whole channels.
"""

from __future__ import annotations

import math
from itertools import pairwise

from torch import Tensor, nn
from torch.nn.functional import elu, interpolate

from learning.embedding.configs import VAEConfig
from learning.embedding.dropout import Dropout
from learning.embedding.layers import Decoder, Encoder

_LONGEST = 8  # side of the smallest map that is not halved any more
_WIDEST = 8  # channels grow to this times the width


class Plan:
    """The sizes of every map between an image and the dense networks.

    Attributes:
        image: (C, H, W) of a stimulus.
        inner: (H, W) that the convolutions see, multiples of 8.
        channels: of every map, the image's first.
        map: (C', h, w) of the last one.
    """

    def __init__(self, shape: tuple[int, ...], width: int) -> None:
        if len(shape) not in (2, 3) or min(shape) < 1:
            raise ValueError(f"The network 'conv' reads images of shape (C, H, W) or (H, W), not {shape}.")
        self.image = shape if len(shape) == 3 else (1, *shape)
        height, width_of = (8 * math.ceil(side / 8) for side in self.image[1:])
        self.inner = height, width_of
        halvings = 3
        height, width_of = height // 8, width_of // 8
        while max(height, width_of) > _LONGEST and height % 2 == width_of % 2 == 0:
            height, width_of, halvings = height // 2, width_of // 2, halvings + 1
        self.channels = [self.image[0], *(width * min(1 << number, _WIDEST) for number in range(halvings))]
        self.map = (self.channels[-1], height, width_of)

    @property
    def units(self) -> int:
        """The numbers in a stimulus's largest map."""
        pixels = self.inner[0] * self.inner[1]
        return max(channels * (pixels >> 2 * number) for number, channels in enumerate(self.channels))


class Trunk(nn.Module):
    """From images to maps."""

    def __init__(self, plan: Plan) -> None:
        super().__init__()
        self.plan = plan
        self.layers = nn.ModuleList(nn.Conv2d(a, b, 4, 2, 1) for a, b in pairwise(plan.channels))

    def forward(self, x: Tensor, dropout: Dropout | None) -> Tensor:
        """Returns the (R, C'·h·w) maps of (R, C·H·W) images."""
        h = x.view(-1, *self.plan.image)
        if self.plan.inner != self.plan.image[1:]:
            h = interpolate(h, self.plan.inner, mode="bilinear", align_corners=False)
        for layer in self.layers:
            h = _activate(layer(h), dropout)
        return h.flatten(1)


class Canopy(nn.Module):
    """From maps to images."""

    def __init__(self, plan: Plan) -> None:
        super().__init__()
        self.plan = plan
        self.layers = nn.ModuleList(nn.ConvTranspose2d(a, b, 4, 2, 1) for a, b in pairwise(plan.channels[::-1]))

    def forward(self, h: Tensor, dropout: Dropout | None) -> Tensor:
        """Returns the (R, C·H·W) images of (R, C'·h·w) maps."""
        h = h.view(-1, *self.plan.map)
        for layer in self.layers:
            h = layer(_activate(h, dropout))
        if self.plan.inner != self.plan.image[1:]:
            h = interpolate(h, self.plan.image[1:], mode="bilinear", align_corners=False)
        return h.flatten(1)


def _activate(h: Tensor, dropout: Dropout | None) -> Tensor:
    """ELU, and dropout of whole channels: neighbouring pixels say nearly the same, so that one would stand in."""
    h = elu(h, inplace=True)
    return h if dropout is None else h * (dropout.mask(*h.shape[:2]) * dropout.scale)[:, :, None, None]


class ConvEncoder(nn.Module):
    """q(z | x, y) of images."""

    def __init__(self, config: VAEConfig, plan: Plan) -> None:
        super().__init__()
        size = math.prod(plan.map)
        self.trunk = Trunk(plan)
        self.dense = Encoder(size, size if config.conditional else 0, config.encoder, config.latent)

    def forward(
        self, x: Tensor, y: Tensor | None, person: Tensor | None, dropout: Dropout | None
    ) -> tuple[Tensor, Tensor]:
        """Arguments and result as ``layers.Encoder.forward``, with images in place of faces."""
        maps = None if y is None else self.trunk(y, dropout)
        mean, log_variance = self.dense(self.trunk(x, dropout), maps, person, dropout)
        return mean, log_variance


class ConvDecoder(nn.Module):
    """f(z, y) of images; it looks at neutral images with a trunk of its own."""

    def __init__(self, config: VAEConfig, plan: Plan) -> None:
        super().__init__()
        size = math.prod(plan.map)
        self.trunk = Trunk(plan) if config.conditional else None
        self.dense = Decoder(config.latent, size if config.conditional else 0, config.decoder, size)
        self.canopy = Canopy(plan)

    def forward(self, z: Tensor, y: Tensor | None, person: Tensor | None, dropout: Dropout | None) -> Tensor:
        """Arguments and result as ``layers.Decoder.forward``, with images in place of faces."""
        maps = None if y is None or self.trunk is None else self.trunk(y, dropout)
        h: Tensor = self.dense(z, maps, person, dropout)
        images: Tensor = self.canopy(h.flatten(0, 1), dropout)
        return images.view(*z.shape[:2], -1)


def conv_networks(config: VAEConfig, shape: tuple[int, ...]) -> tuple[nn.Module, nn.Module, int]:
    """Makes the networks of images.

    Args:
        config: of the model.
        shape: of a stimulus, (C, H, W) or (H, W).

    Returns:
        Encoder, decoder, and the numbers in the largest layer of a stimulus.

    Raises:
        ValueError: the shape is not an image's.
    """
    plan = Plan(shape, config.width)
    return ConvEncoder(config, plan), ConvDecoder(config, plan), plan.units
