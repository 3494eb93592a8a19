"""CVGG13: the VGG of Barsoum et al. for faces, with paper 001's head.

    features  conv 3 × 3 and ReLU, pool 2 × 2 after a stage:  w, w | 2w, 2w | 4w, 4w, 4w | 4w, 4w, 4w
    head      linear 4w·⌊H/16⌋·⌊W/16⌋ → 16w, ReLU, dropout ½, linear 16w → out

w = 64 on 64 × 64 pixels is the published net, with the hidden layer of 1024; the head's input follows the image's size,
so a net reads images of the size that it was made for and no other. Barsoum, Zhang, Canton Ferrer, Zhang: Training
deep networks for facial expression recognition with crowd-sourced label distribution. ICMI 2016.
"""

from __future__ import annotations

from torch import nn

from learning.embedding.backbones.base import Backbone, Size
from learning.embedding.backbones.drawing import GeneratorDropout

_STAGES = ((1, 1), (2, 2), (4, 4, 4), (4, 4, 4))  # channels in units of w


class CVGG13(Backbone):
    """(B, C, H, W) → (B, out)."""

    def __init__(self, channels: int, size: Size, width: int, out: int) -> None:
        height, width_of = self.sides(size)
        layers: list[nn.Module] = []
        before = channels
        for stage in _STAGES:
            for units in stage:
                layers += [nn.Conv2d(before, units * width, 3, 1, 1), nn.ReLU(inplace=True)]
                before = units * width
            layers.append(nn.MaxPool2d(2))
        shrunk = 2 ** len(_STAGES)
        head = nn.Sequential(
            nn.Linear(before * (height // shrunk) * (width_of // shrunk), 16 * width),
            nn.ReLU(inplace=True),
            GeneratorDropout(),
            nn.Linear(16 * width, out),
        )
        super().__init__(channels, size, nn.Sequential(*layers), head)
