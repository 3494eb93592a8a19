"""A fully connected encoder, for landmarks and any other features: linear, ReLU, dropout, …, linear."""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn

from learning.embedding.backbones.base import initialise
from learning.embedding.backbones.drawing import GeneratorDropout


class MLP(nn.Module):
    """(B, F) → (B, out)."""

    def __init__(self, n_features: int, hidden: tuple[int, ...], out: int, dropout: float = 0.0) -> None:
        """Makes the layers.

        Args:
            n_features: F.
            hidden: widths of the hidden layers.
            out: size of an embedding.
            dropout: probability that a hidden unit is dropped.
        """
        super().__init__()
        layers: list[nn.Module] = []
        for before, after in pairwise((n_features, *hidden)):
            layers += [nn.Linear(before, after), nn.ReLU(inplace=True), GeneratorDropout(dropout)]
        last = nn.Linear((n_features, *hidden)[-1], out)
        self.layers = nn.Sequential(*layers, last)
        initialise(self, last)

    def forward(self, x: Tensor) -> Tensor:
        """Returns (B, out) embeddings of (B, ...) features, which are flattened."""
        embedding: Tensor = self.layers(x.flatten(1))
        return embedding
