"""FMPNet: the net of Yu and Zhang with fractional max pooling, as paper 001's author built it.

    features  conv 5 × 5 of w, pool, norm | conv 3 × 3 of w, w, pool, norm | conv 3 × 3 of 2w, 2w, pool, norm
              ReLU after each convolution; pools by fractional max pooling, a half; batch norm
    head      dropout ½, linear 2w·⌊H/8⌋·⌊W/8⌋ → 16w, ReLU, dropout ½, linear 16w → 16w, ReLU, linear 16w → out

A reconstruction: paper 001 only cites Yu and Zhang, whose net has five convolutions, three stochastic pools and three
dense layers on 48 × 48 pixels. The layers above, fractional pools in place of the stochastic ones among them, are those
of the first author's public baselines for w = 64; that the paper's figures come from exactly them is not stated.
In evaluation the pools stand in the middle of their random places. Yu, Zhang: Image based static facial expression
recognition with multiple deep network learning. ICMI 2015.
"""

from __future__ import annotations

from torch import nn

from learning.embedding.backbones.base import Backbone, Size
from learning.embedding.backbones.drawing import FractionalPool, GeneratorDropout

_STAGES = (((5, 1),), ((3, 1), (3, 1)), ((3, 2), (3, 2)))  # (kernel, channels in units of w)


class FMPNet(Backbone):
    """(B, C, H, W) → (B, out)."""

    def __init__(self, channels: int, size: Size, width: int, out: int) -> None:
        height, width_of = self.sides(size)
        layers: list[nn.Module] = []
        before = channels
        for stage in _STAGES:
            for kernel, units in stage:
                layers += [nn.Conv2d(before, units * width, kernel, 1, kernel // 2), nn.ReLU(inplace=True)]
                before = units * width
            layers += [FractionalPool(), nn.BatchNorm2d(before)]
        shrunk = 2 ** len(_STAGES)
        head = nn.Sequential(
            GeneratorDropout(),
            nn.Linear(before * (height // shrunk) * (width_of // shrunk), 16 * width),
            nn.ReLU(inplace=True),
            GeneratorDropout(),
            nn.Linear(16 * width, 16 * width),
            nn.ReLU(inplace=True),
            nn.Linear(16 * width, out),
        )
        super().__init__(channels, size, nn.Sequential(*layers), head)
