"""PreActResNet18: residual blocks whose norm and ReLU come before the convolutions.

    stem    conv 3 × 3, which keeps the map's size
    stages  4 stages of 2 blocks of w, 2w, 4w, 8w channels; stages 2, 3, 4 halve the map
    block   a = ReLU(norm(x)),  y = conv 3 × 3(ReLU(norm(conv 3 × 3(a)))) + S,
            S = x, or conv 1 × 1 of a where the shape changes
    head    mean over the map, linear 8w → out

As in paper 001's code, no norm and ReLU follow the last block. The stem does not shrink the map, so a step costs more
than ten times ResNet18's. w = 64 is the published net. He, Zhang, Ren, Sun: Identity mappings in deep residual
networks. ECCV 2016.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn.functional import relu

from learning.embedding.backbones.base import Backbone, Size
from learning.embedding.backbones.resnet import stages


class PreActBlock(nn.Module):
    """y = F(a) + S with a = ReLU(norm(x))."""

    def __init__(self, channels: int, out: int, stride: int) -> None:
        super().__init__()
        self.norm1 = nn.BatchNorm2d(channels)
        self.conv1 = nn.Conv2d(channels, out, 3, stride, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(out)
        self.conv2 = nn.Conv2d(out, out, 3, 1, 1, bias=False)
        changes = stride != 1 or channels != out
        self.shortcut = nn.Conv2d(channels, out, 1, stride, bias=False) if changes else None

    def forward(self, x: Tensor) -> Tensor:
        """Returns (B, out, ⌈H/stride⌉, ⌈W/stride⌉) from (B, channels, H, W)."""
        a = relu(self.norm1(x))
        skipped = x if self.shortcut is None else self.shortcut(a)
        h: Tensor = self.conv2(relu(self.norm2(self.conv1(a)), inplace=True))
        return h + skipped


class PreActResNet18(Backbone):
    """(B, C, H, W) → (B, out)."""

    def __init__(self, channels: int, size: Size, width: int, out: int) -> None:
        self.sides(size)
        features = nn.Sequential(
            nn.Conv2d(channels, width, 3, 1, 1, bias=False), stages(PreActBlock, width), nn.AdaptiveAvgPool2d(1)
        )
        super().__init__(channels, size, features, nn.Sequential(nn.Linear(8 * width, out)))
