"""Layers that draw random numbers while they train, all from one generator that is given to them.

torch's own layers draw from its global generator, whose state no checkpoint keeps. These draw from the objective's CPU
generator, so that a resumed training is the same, bit for bit, and on any device. Without a generator, and in
evaluation mode, they draw nothing.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import fractional_max_pool2d

_WINDOW = 3  # side of a pooling region


class Drawing(nn.Module):
    """A layer with a ``generator``: a CPU torch.Generator, or None for no draws."""

    def __init__(self) -> None:
        super().__init__()
        self.generator: torch.Generator | None = None

    @property
    def source(self) -> torch.Generator | None:
        """Where to draw from now; None in evaluation mode."""
        return self.generator if self.training else None


class GeneratorDropout(Drawing):
    """Drops each unit with probability ``rate`` and multiplies the others by 1 / (1 − rate)."""

    def __init__(self, rate: float = 0.5) -> None:
        super().__init__()
        if not 0 <= rate < 1:
            raise ValueError(f"A dropout rate must be in [0, 1), but is {rate}.")
        self.rate = rate

    def forward(self, x: Tensor) -> Tensor:
        """Returns a tensor of the shape of ``x``."""
        if self.source is None or not self.rate:
            return x
        mask = torch.rand(x.shape, generator=self.source).ge_(self.rate).to(x.device, x.dtype)
        return x * mask.mul_(1 / (1 - self.rate))


class FractionalPool(Drawing):
    """Fractional max pooling by one half: the largest values of 3 × 3 regions, whose distances are random.

    The i-th of n regions of a side of S pixels begins at ⌊α(i + u)⌋ − ⌊αu⌋ and the last one at S − 3, with
    α = (S − 3) / (n − 1) and n = ⌊S/2⌋; u is drawn from [0, 1) for each image, channel and direction, and is ½ where
    nothing is drawn. Graham: Fractional max-pooling. arXiv 1412.6071, 2014.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Returns (B, C, ⌊H/2⌋, ⌊W/2⌋) from (B, C, H, W)."""
        if self.source is None:
            places = x.new_full((*x.shape[:2], 2), 0.5)
        else:
            places = torch.rand(*x.shape[:2], 2, generator=self.source).to(x.device, x.dtype)
        sides = (x.shape[2] // 2, x.shape[3] // 2)
        return fractional_max_pool2d(x, _WINDOW, output_size=sides, _random_samples=places)


def set_generator(net: nn.Module, generator: torch.Generator | None) -> None:
    """Tells every layer of a network where to draw from.

    Args:
        net: any network; layers that draw nothing are left alone.
        generator: a CPU generator, or None for no dropout and no random pooling.
    """
    for layer in net.modules():
        if isinstance(layer, Drawing):
            layer.generator = generator
