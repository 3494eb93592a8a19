"""The terms of paper 000's objective, unreduced: weights, sums and scales enter where they are used."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import softplus

# Under the root of a distance: its gradient at 0 would be infinite.
_EPSILON = 1e-12


def distance(a: Tensor, b: Tensor) -> Tensor:
    """Euclidean distance ‖a − b‖ along the last axis (the norm, not its square): (..., D), (..., D) -> (...)."""
    return torch.sqrt((a - b).square().sum(-1) + _EPSILON)


def triplet_nll(z_anchor: Tensor, z_nearer: Tensor, z_farther: Tensor) -> Tensor:
    """Energy of a judgement (eq. 10): ln(1 + exp(d(z_r, z_+) − d(z_r, z_−))).

    It is the negative logarithm of P("nearer" is nearer) = σ(d(z_r, z_−) − d(z_r, z_+)).

    Args:
        z_anchor: (..., D) codes of the reference.
        z_nearer: (..., D) codes of the stimulus judged nearer.
        z_farther: (..., D) codes of the other.

    Returns:
        (...) energies, above zero.
    """
    return softplus(distance(z_anchor, z_nearer) - distance(z_anchor, z_farther))


def gaussian_nll(x: Tensor, mean: Tensor, variance: float) -> Tensor:
    """−log N(x | mean, variance·I) without its constant, which ``gaussian_constant`` gives.

    Args:
        x: (..., F) observations; no gradient flows to them.
        mean: (..., F) means.
        variance: σ² in squared units of x.

    Returns:
        (...) ‖x − mean‖² / (2σ²).
    """
    return squared_distance(mean, x) / (2 * variance)


def squared_distance(a: Tensor, b: Tensor) -> Tensor:
    """‖a − b‖² along the last axis, (..., F), (..., F) -> (...); no gradient flows to b."""
    squares: Tensor = _SquaredDistance.apply(a, b)  # type: ignore[no-untyped-call]
    return squares


class _SquaredDistance(torch.autograd.Function):
    """Σ (a − b)² along the last axis, for a constant b; its backward pass is one product instead of four."""

    @staticmethod
    def forward(ctx: Any, a: Tensor, b: Tensor) -> Tensor:
        difference = a - b
        ctx.save_for_backward(difference)
        squares: Tensor = torch.linalg.vecdot(difference, difference)
        return squares

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        (difference,) = ctx.saved_tensors
        return difference * (2 * gradients[0])[..., None], None


def gaussian_constant(size: int, variance: float) -> float:
    """F/2 · ln(2πσ²): what eq. 11 drops, needed where ELBOs of different σ² are compared."""
    return size / 2 * math.log(2 * math.pi * variance)


def kl_standard_normal(mean: Tensor, log_variance: Tensor) -> Tensor:
    """KL(N(mean, diag(exp(log_variance))) ‖ N(0, I)) = −½ Σ (1 + ln σ² − μ² − σ²).

    Args:
        mean: (..., D) means.
        log_variance: (..., D) natural logarithms of the variances.

    Returns:
        (...) divergences in nats.
    """
    return (mean.square() + log_variance.exp() - log_variance - 1).sum(-1) / 2


def reparameterise(mean: Tensor, log_variance: Tensor, noise: Tensor) -> Tensor:
    """Posterior samples z = μ + σ·ε (eq. 5).

    Args:
        mean: (R, D) means.
        log_variance: (R, D) log-variances.
        noise: (R, S, D) standard normal noise ε.

    Returns:
        (R, S, D) samples.
    """
    return torch.addcmul(mean[:, None], (log_variance / 2).exp()[:, None], noise)
