"""AlexNet in the form of "One weird trick", as paper 001 uses it.

    features  conv 11 × 11 / 4 of w, pool | conv 5 × 5 of 3w, pool | conv 3 × 3 of 6w, 4w, 4w, pool
              ReLU after each convolution; pools 3 × 3 / 2
    head      dropout ½, linear → 64w, ReLU, dropout ½, linear 64w → 64w, ReLU, linear 64w → out

w = 64 on 224 or 227 pixels is the published net, whose last map is 6 × 6. A larger map is averaged to 6 × 6; a smaller
one goes into the head as it is (1 × 1 from 48 or 64 pixels, 3 × 3 from 112). The last pool keeps the rest of a
row that its stride would skip, which changes nothing at 224 and lets 48 pixels through. Krizhevsky: One weird trick for
parallelizing convolutional neural networks. arXiv 1404.5997, 2014.
"""

from __future__ import annotations

import math
from typing import ClassVar

from torch import nn

from learning.embedding.backbones.base import Backbone, Size
from learning.embedding.backbones.drawing import GeneratorDropout

_MAP = 6  # side of the map that the head reads at most


class AlexNet(Backbone):
    """(B, C, H, W) → (B, out)."""

    smallest: ClassVar[int] = 47

    def __init__(self, channels: int, size: Size, width: int, out: int) -> None:
        height, width_of = (min(_MAP, _map_side(side)) for side in self.sides(size))
        features = nn.Sequential(
            nn.Conv2d(channels, width, 11, 4, 2),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(3, 2),
            nn.Conv2d(width, 3 * width, 5, 1, 2),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(3, 2),
            nn.Conv2d(3 * width, 6 * width, 3, 1, 1),
            nn.ReLU(inplace=True),
            nn.Conv2d(6 * width, 4 * width, 3, 1, 1),
            nn.ReLU(inplace=True),
            nn.Conv2d(4 * width, 4 * width, 3, 1, 1),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(3, 2, ceil_mode=True),
            nn.AdaptiveAvgPool2d((height, width_of)),
        )
        head = nn.Sequential(
            GeneratorDropout(),
            nn.Linear(4 * width * height * width_of, 64 * width),
            nn.ReLU(inplace=True),
            GeneratorDropout(),
            nn.Linear(64 * width, 64 * width),
            nn.ReLU(inplace=True),
            nn.Linear(64 * width, out),
        )
        super().__init__(channels, size, features, head)


def _map_side(side: int) -> int:
    """Returns the side of the last map of an image of this side."""
    side = (side + 2 * 2 - 11) // 4 + 1
    side = (side - 3) // 2 + 1
    side = (side - 3) // 2 + 1
    return math.ceil((side - 3) / 2) + 1
