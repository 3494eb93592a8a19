"""Networks and error of point clouds: the code of a cloud does not depend on the order of its points.

Encoder: every point p of a cloud goes through the same layers h (d → 2w → 4w → 8w numbers, w the width); the cloud is
the largest value of each number over its points, and the dense encoder goes on from there:

    g(x) = max_p h(x_p),    q(z | x, y) = dense encoder of [g(x), g(y)]

Decoder: the dense decoder of [z, g(y)] gives all points at once. Features are centred by the training mean, which
belongs to a point's place in the list; clouds are therefore put back where they were before h sees them.

Registered points (the p-th is the same spot of every face) are compared one by one, ‖x − x̂‖². Others by the Chamfer
distance, in the same units, and never above it:

    C(x, x̂) = ½ [ Σ_p min_q ‖x_p − x̂_q‖² + Σ_q min_p ‖x_p − x̂_q‖² ]

Symbols: R rows, P points, d coordinates a point, F = P·d. Qi, Su, Mo, Guibas: PointNet. CVPR 2017. Fan, Su, Guibas: A
point set generation network for 3D object reconstruction from a single image. CVPR 2017.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import elu

from learning.embedding.configs import VAEConfig
from learning.embedding.dropout import Dropout
from learning.embedding.layers import Decoder, Encoder

_PAIRS = 1 << 24  # distances between points in memory at a time


class Cloud(nn.Module):
    """g: from clouds, in any order of points, to 8·width numbers.

    ``centre`` (F,) is the training mean, which the objective fills in; it is saved with the weights.
    """

    def __init__(self, shape: tuple[int, ...], width: int) -> None:
        super().__init__()
        points, coordinates = shape
        self.shape = shape
        self.register_buffer("centre", torch.zeros(points * coordinates))
        sizes = (coordinates, 2 * width, 4 * width, 8 * width)
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(sizes))

    def forward(self, x: Tensor) -> Tensor:
        """Returns (R, 8·width) from (R, P·d)."""
        h = (x + self.get_buffer("centre")).view(-1, *self.shape)
        for layer in self.layers:
            h = elu(layer(h))
        return h.amax(1)


class PointEncoder(nn.Module):
    """q(z | x, y) of clouds."""

    def __init__(self, config: VAEConfig, shape: tuple[int, ...]) -> None:
        super().__init__()
        size = 8 * config.width
        self.cloud = Cloud(shape, config.width)
        self.dense = Encoder(size, size if config.conditional else 0, config.encoder, config.latent)

    def forward(
        self, x: Tensor, y: Tensor | None, person: Tensor | None, dropout: Dropout | None
    ) -> tuple[Tensor, Tensor]:
        """Arguments and result as ``layers.Encoder.forward``, with clouds in place of faces."""
        neutral = None if y is None else self.cloud(y)
        mean, log_variance = self.dense(self.cloud(x), neutral, person, dropout)
        return mean, log_variance

    def chamfer(self, x: Tensor, decoded: Tensor) -> Tensor:
        """Returns the (R, L) Chamfer distances of (R, F) centred clouds to (R, L, F) decoded ones."""
        centre, shape = self.cloud.get_buffer("centre"), (-1, *self.cloud.shape)
        clouds = (x + centre)[:, None].expand_as(decoded).reshape(shape)
        return chamfer(clouds, (decoded + centre).view(shape)).view(decoded.shape[:2])


class PointDecoder(nn.Module):
    """f(z, y) of clouds; it looks at neutral clouds with layers of its own."""

    def __init__(self, config: VAEConfig, shape: tuple[int, ...]) -> None:
        super().__init__()
        self.cloud = Cloud(shape, config.width) if config.conditional else None
        size = 8 * config.width if config.conditional else 0
        self.dense = Decoder(config.latent, size, config.decoder, shape[0] * shape[1])

    def forward(self, z: Tensor, y: Tensor | None, person: Tensor | None, dropout: Dropout | None) -> Tensor:
        """Arguments and result as ``layers.Decoder.forward``, with clouds in place of faces."""
        neutral = None if y is None or self.cloud is None else self.cloud(y)
        clouds: Tensor = self.dense(z, neutral, person, dropout)
        return clouds


def chamfer(x: Tensor, other: Tensor) -> Tensor:
    """Chamfer distances between clouds, halved so that it is ‖x − other‖² where both are in order and close.

    Which point is nearest is found in pieces and without a graph; the gradient is that of the distances to them.

    Args:
        x: (Q, P, d) clouds.
        other: (Q, P', d) clouds.

    Returns:
        (Q,) distances.
    """
    return (_to_nearest(x, other) + _to_nearest(other, x)) / 2


def _to_nearest(x: Tensor, other: Tensor) -> Tensor:
    """Returns (Q,) sums over the points of x of the squared distance to the nearest point of ``other``."""
    with torch.no_grad():
        rows = max(1, _PAIRS // (x.shape[1] * other.shape[1]))
        pieces = zip(torch.split(x, rows), torch.split(other, rows), strict=True)
        nearest = torch.cat([torch.cdist(a, b).argmin(-1) for a, b in pieces])  # (Q, P)
    found = other.gather(1, nearest[..., None].expand(*nearest.shape, x.shape[2]))
    return (x - found).square().sum((1, 2))


def point_networks(config: VAEConfig, shape: tuple[int, ...]) -> tuple[nn.Module, nn.Module, int]:
    """Makes the networks of clouds.

    Args:
        config: of the model.
        shape: of a stimulus, (P, d).

    Returns:
        Encoder, decoder, and the numbers in the largest layer of a stimulus.

    Raises:
        ValueError: the shape is not a cloud's.
    """
    if len(shape) != 2 or min(shape) < 1:
        raise ValueError(f"The network 'points' reads clouds of shape (P, 3), not {shape}.")
    return PointEncoder(config, shape), PointDecoder(config, shape), shape[0] * 8 * config.width
