"""What each number of a code does: decoded features along the axes of the latent space, and between two stimuli.

The aggregate posterior q(z) = 1/N Σ_i q(z | x_i) has in dimension k the variance (law of total variance)

    s_k² = Var_i(m_ik) + 1/N Σ_i v_ik

A traversal decodes z_0 + c·s_k·e_k for c from −3 to 3. Paper 000, section VI: "it is possible to identify dimensions
responsible for very specific facial action".
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from learning.embedding.base import Codes
from learning.embedding.vae import VAE


def aggregate_deviation(codes: Codes) -> NDArray[np.float32]:
    """Returns the (D,) standard deviations of the aggregate posterior of N stimuli."""
    variance = codes.mean.astype(np.float64).var(axis=0)
    if codes.log_variance is not None:
        variance += np.exp(codes.log_variance.astype(np.float64)).mean(axis=0)
    deviation: NDArray[np.float32] = np.sqrt(variance).astype(np.float32)
    return deviation


def axis_codes(
    base: NDArray[np.float32], deviation: NDArray[np.float32], steps: int = 7, reach: float = 3.0
) -> NDArray[np.float32]:
    """Moves a code along each axis.

    Args:
        base: (D,) where to start.
        deviation: (D,) the unit of each axis.
        steps: codes an axis; an odd number holds the base itself.
        reach: how far to go to either side, in units.

    Returns:
        (D, steps, D) codes.

    Raises:
        ValueError: fewer than two steps, or sizes that differ.
    """
    if steps < 2:
        raise ValueError(f"A traversal needs at least 2 steps, not {steps}.")
    if base.shape != deviation.shape:
        raise ValueError(f"The base has the shape {base.shape}, but the deviations {deviation.shape}.")
    offsets = np.linspace(-reach, reach, steps)[:, None, None] * np.diag(deviation)  # (steps, D, D)
    codes: NDArray[np.float32] = (base + offsets).transpose(1, 0, 2).astype(np.float32)
    return codes


def traverse(
    model: VAE,
    codes: Codes,
    base: NDArray[np.float32] | None = None,
    neutral: NDArray[np.float32] | None = None,
    steps: int = 7,
    reach: float = 3.0,
) -> NDArray[np.float32]:
    """Decodes a traversal of every axis.

    Args:
        model: a trained VAE, M1 or M2; where its prior has bounds, axes end there.
        codes: of the stimuli that the aggregate posterior is made of.
        base: (D,) code to start from; None = the mean of ``codes``.
        neutral: (F,) centred neutral face of the person to show, for M1 and M2.
        steps: images an axis.
        reach: how far to go to either side, in standard deviations.

    Returns:
        (D, steps, F) centred features; add the training mean.

    Raises:
        ValueError: as ``axis_codes``, or a neutral face is missing.
    """
    start = codes.mean.mean(axis=0) if base is None else base
    moved = axis_codes(start, aggregate_deviation(codes), steps, reach)
    decoded = model.generate(moved.reshape(-1, moved.shape[-1]), neutral)
    return decoded.reshape(*moved.shape[:2], -1)


def between(
    model: VAE,
    start: NDArray[np.float32],
    end: NDArray[np.float32],
    neutral: NDArray[np.float32] | None = None,
    steps: int = 7,
) -> NDArray[np.float32]:
    """Decodes the straight line between the codes of two stimuli.

    Args:
        model: a trained VAE, M1 or M2.
        start: (D,) code of the first.
        end: (D,) code of the second.
        neutral: (F,) centred neutral face of the person to show, for M1 and M2.
        steps: images, the two ends included.

    Returns:
        (steps, F) centred features.

    Raises:
        ValueError: fewer than two steps, or a neutral face is missing.
    """
    if steps < 2:
        raise ValueError(f"A traversal needs at least 2 steps, not {steps}.")
    share = np.linspace(0, 1, steps, dtype=np.float32)[:, None]
    return model.generate((1 - share) * start + share * end, neutral)
