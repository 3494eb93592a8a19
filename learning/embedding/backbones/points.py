"""An encoder of point clouds whose result does not depend on the order of the points.

    f(X) = head( max_p h(x_p) )

h, the same for every point, is linear d → w, w, w, 2w, 16w with batch norm and ReLU; the maximum is taken over the
points, number by number; head is linear 16w → 8w → 4w → out with batch norm, ReLU and, before the last layer, dropout
0.3. w = 64 is the published net without its two transforms of the input. Qi, Su, Mo, Guibas: PointNet. CVPR 2017.
"""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn

from learning.embedding.backbones.base import initialise
from learning.embedding.backbones.drawing import GeneratorDropout


class PointNet(nn.Module):
    """(B, P, d) → (B, out)."""

    def __init__(self, coordinates: int, width: int, out: int) -> None:
        super().__init__()
        self.coordinates = coordinates
        self.each = _dense(coordinates, width, width, width, 2 * width, 16 * width)
        last = nn.Linear(4 * width, out)
        self.head = nn.Sequential(*_dense(16 * width, 8 * width, 4 * width), GeneratorDropout(0.3), last)
        initialise(self, last)

    def forward(self, x: Tensor) -> Tensor:
        """Embeds clouds.

        Args:
            x: (B, P, d) points, at least one a cloud.

        Returns:
            (B, out) embeddings.

        Raises:
            ValueError: the points have another number of coordinates.
        """
        if x.ndim != 3 or x.shape[2] != self.coordinates:
            raise ValueError(f"PointNet reads clouds of shape (B, P, {self.coordinates}), not {tuple(x.shape)}.")
        h = self.each(x.reshape(-1, self.coordinates)).view(*x.shape[:2], -1)
        embedding: Tensor = self.head(h.amax(1))
        return embedding


def _dense(*sizes: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for before, after in pairwise(sizes):
        layers += [nn.Linear(before, after, bias=False), nn.BatchNorm1d(after), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers)
