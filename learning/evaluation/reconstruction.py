"""Reconstruction error (paper 002, Table 1).

RMSE = sqrt( Σ_i ‖x_i − x̂_i‖² / (N F) )        pooled over all numbers of all stimuli, times the scale of a unit
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from learning.evaluation.bootstrap import Interval, bootstrap_sums, ratio

_CELLS = 4_000_000  # numbers at a time, so that memory-mapped stimuli stay on the disk


@dataclass(frozen=True)
class Reconstruction:
    """RMSE of all stimuli with its interval, and the (N,) RMSE of each."""

    rmse: Interval
    each: NDArray[np.float64]


def reconstruction(
    truth: NDArray[Any],
    rebuilt: NDArray[Any],
    *,
    scale: float = 1.0,
    groups: ArrayLike | None = None,
    seed: int = 0,
) -> Reconstruction:
    """Measures how far rebuilt stimuli are from the true ones.

    Args:
        truth: (N, ...) stimuli.
        rebuilt: (N, ...) what a decoder made of their codes, same shape.
        scale: one unit in the unit of the figure, 127.5 for grey levels of images in [−1, 1].
        groups: (N,) subjects, who are resampled; None = stimuli are.
        seed: of the interval.

    Returns:
        The errors.

    Raises:
        ValueError: the shapes differ.
    """
    if truth.shape != rebuilt.shape or truth.ndim < 2:
        raise ValueError(f"Stimuli have the shape {truth.shape}, but rebuilt ones {rebuilt.shape}.")
    size = int(np.prod(truth.shape[1:]))
    squares = np.empty(len(truth))
    step = max(1, _CELLS // max(size, 1))
    for start in range(0, len(truth), step):
        rows = slice(start, start + step)
        gaps = truth[rows].astype(np.float64) - rebuilt[rows]
        squares[rows] = np.square(gaps).reshape(len(gaps), -1).sum(axis=1)
    table = np.column_stack([squares * scale**2, np.full(len(squares), float(size))])
    pooled = bootstrap_sums(table, lambda sums: np.sqrt(ratio(sums)), groups, seed=seed)
    return Reconstruction(pooled, scale * np.sqrt(squares / size))
