"""The map of an embedding: its first three principal components (paper 000, figures 4 and 5)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def project(embedding: NDArray[np.float32], components: int = 3) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Projects codes on their first principal components.

    The sign of each component makes its largest entry positive, so that maps of the same embedding look the same.

    Args:
        embedding: (N, D) codes.
        components: how many; where D is smaller, the rest is zero.

    Returns:
        (N, components) coordinates in the embedding's units, and the (components,) share of variance of each.

    Raises:
        ValueError: there are no codes.
    """
    if embedding.ndim != 2 or not len(embedding):
        raise ValueError(f"A map needs codes of shape (N, D), not {embedding.shape}.")
    centred = embedding.astype(np.float64) - embedding.mean(axis=0, dtype=np.float64)
    values, vectors = np.linalg.eigh(centred.T @ centred)
    values, vectors = np.maximum(values[::-1], 0), vectors[:, ::-1]
    kept = min(components, embedding.shape[1])
    axes = vectors[:, :kept]
    axes = axes * np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(kept)])
    coordinates = np.zeros((len(embedding), components), dtype=np.float32)
    coordinates[:, :kept] = centred @ axes
    share = np.zeros(components, dtype=np.float32)
    if values.sum() > 0:
        share[:kept] = values[:kept] / values.sum()
    return coordinates, share
