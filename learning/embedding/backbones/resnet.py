"""ResNet18: residual blocks after a strided stem.

    stem    conv 7 × 7 / 2, batch norm, ReLU, max pool 3 × 3 / 2       (H, W) → (H/4, W/4)
    stages  4 stages of 2 blocks of w, 2w, 4w, 8w channels; stages 2, 3, 4 halve the map
    block   y = ReLU(F(x) + S(x)),  F = conv 3 × 3, batch norm, ReLU, conv 3 × 3, batch norm,
            S = x, or conv 1 × 1 and batch norm where the shape changes
    head    mean over the map, linear 8w → out

w = 64 is the published net. He, Zhang, Ren, Sun: Deep residual learning for image recognition. CVPR 2016.
"""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn
from torch.nn.functional import relu

from learning.embedding.backbones.base import Backbone, Size

BLOCKS = 2  # in each stage of the net with 18 layers


class BasicBlock(nn.Module):
    """y = ReLU(F(x) + S(x))."""

    def __init__(self, channels: int, out: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, out, 3, stride, 1, bias=False)
        self.norm1 = nn.BatchNorm2d(out)
        self.conv2 = nn.Conv2d(out, out, 3, 1, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(out)
        self.shortcut = nn.Sequential()
        if stride != 1 or channels != out:
            self.shortcut = nn.Sequential(nn.Conv2d(channels, out, 1, stride, bias=False), nn.BatchNorm2d(out))

    def forward(self, x: Tensor) -> Tensor:
        """Returns (B, out, ⌈H/stride⌉, ⌈W/stride⌉) from (B, channels, H, W)."""
        h = relu(self.norm1(self.conv1(x)), inplace=True)
        h = self.norm2(self.conv2(h))
        return relu(h + self.shortcut(x))


def stages(block: type[nn.Module], width: int) -> nn.Sequential:
    """Returns four stages of blocks of ``width`` to 8·``width`` channels; all but the first halve the map."""
    widths = (width, width, 2 * width, 4 * width, 8 * width)
    layers: list[nn.Module] = []
    for number, (before, after) in enumerate(pairwise(widths)):
        layers.append(block(before, after, 2 if number else 1))
        layers.extend(block(after, after, 1) for _ in range(BLOCKS - 1))
    return nn.Sequential(*layers)


class ResNet18(Backbone):
    """(B, C, H, W) → (B, out)."""

    def __init__(self, channels: int, size: Size, width: int, out: int) -> None:
        self.sides(size)
        features = nn.Sequential(
            nn.Conv2d(channels, width, 7, 2, 3, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(3, 2, 1),
            stages(BasicBlock, width),
            nn.AdaptiveAvgPool2d(1),
        )
        super().__init__(channels, size, features, nn.Sequential(nn.Linear(8 * width, out)))
