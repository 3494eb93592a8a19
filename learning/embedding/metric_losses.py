"""The losses of paper 001: structured Gaussian manifold, triplet hinge, cross-entropy.

Structured Gaussian manifold (section 3.1, eq. 1-4), equal priors, every class a Gaussian with covariance s²I:

    μ_j  = mean of the batch's codes of class j         (the gradient flows through it)
    p_ij = softmax_j( −‖z_i − μ_j‖² / (2s²) )           over the classes that are in the batch
    Loss = 1/B Σ_i Σ_j (p_ij − y_ij)²

‖z_i‖² is the same for all j and cancels in the softmax, so that its argument is (z_i·μ_j − ‖μ_j‖²/2) / s²: a linear
classifier whose weights are the means. Codes are first shifted by their common mean, which changes no distance and
keeps the digits of codes far from the origin.

Triplet hinge: Loss = Σ_t w_t · h_t / Σ_t w_t, where, with d⁺ = ‖z_a − z_nearer‖ and d⁻ = ‖z_a − z_farther‖,

    euclidean  h = max(0, d⁺ − d⁻ + m)      squared  h = max(0, d⁺² − d⁻² + m)      soft  h = ln(1 + exp(d⁺ − d⁻))

Symbols: B batch, D latent size, C classes, T triplets, m margin.

Marrero Fernández et al.: Deep metric structured learning for facial expression recognition.
"""

from __future__ import annotations

from typing import Any, Literal

import torch
from torch import Tensor
from torch.nn import functional

from learning.embedding.losses import distance

Hinge = Literal["euclidean", "squared", "soft"]

# Distances by differences, not by the expanded product, which loses the digits of near codes.
_EXACT = "donot_use_mm_for_euclid_dist"
_PIECE = 1 << 16  # triplets at a time, so that they stay in a processor's cache


def class_means(z: Tensor, y: Tensor, n_classes: int) -> tuple[Tensor, Tensor]:
    """Averages codes by class.

    Args:
        z: (B, D) codes.
        y: (B,) classes in [0, C).
        n_classes: C.

    Returns:
        (C, D) means, 0 for a class without codes, and (C,) how many codes each has.
    """
    members = functional.one_hot(y, n_classes).to(z.dtype)  # (B, C)
    counts = members.sum(0)
    return members.t() @ z / counts.clamp(min=1)[:, None], counts


def posteriors(z: Tensor, y: Tensor, n_classes: int, s: float) -> Tensor:
    """Computes how probable each class is for each code, under Gaussians around the batch's own class means.

    Args:
        z: (B, D) codes.
        y: (B,) classes in [0, C).
        n_classes: C.
        s: standard deviation of every Gaussian.

    Returns:
        (B, C) probabilities; 0 for a class that no code of the batch has.
    """
    z = z - z.detach().mean(0)
    means, counts = class_means(z, y, n_classes)
    offsets = (means.square().sum(1) / -2).masked_fill(counts == 0, -torch.inf)
    return torch.softmax(torch.addmm(offsets, z, means.t()) / (s * s), 1)


def structured_gaussian(z: Tensor, y: Tensor, n_classes: int, s: float = 0.5) -> Tensor:
    """Computes the structured Gaussian manifold loss of a batch.

    Args:
        z: (B, D) codes.
        y: (B,) classes in [0, C).
        n_classes: C; classes absent from the batch are skipped.
        s: standard deviation of every Gaussian, in units of the codes.

    Returns:
        The loss, a number in [0, 2].
    """
    p = posteriors(z, y, n_classes, s)
    return (p - functional.one_hot(y, n_classes).to(p.dtype)).square().sum(1).mean()


def triplet_hinge(
    z: Tensor, triplets: Tensor, weights: Tensor | None = None, margin: float = 1.0, kind: Hinge = "euclidean"
) -> Tensor:
    """Computes the weighted mean of the hinge over given triplets.

    Args:
        z: (B, D) codes.
        triplets: (T, 3) rows of ``z``: anchor, nearer, farther.
        weights: (T,) 0 or more; 0 is the same as absent. None = all alike.
        margin: m; "soft" has none.
        kind: see the module.

    Returns:
        The loss; 0 where no triplet has a weight.
    """
    if 2 * len(triplets) < len(z) * len(z):
        anchor, nearer, farther = (z[rows] for rows in triplets.unbind(1))
        sides = distance(anchor, nearer), distance(anchor, farther)
        gap = sides[0].square() - sides[1].square() if kind == "squared" else sides[0] - sides[1]
        hinges = functional.softplus(gap) if kind == "soft" else torch.relu(gap + margin)
        total = (hinges if weights is None else weights * hinges).sum()
    else:
        pairs = torch.cdist(z, z, compute_mode=_EXACT)
        pairs = pairs.square() if kind == "squared" else pairs
        reach = None if kind == "soft" else margin
        total = _ListedHinge.apply(pairs, triplets, weights, reach)  # type: ignore[no-untyped-call]
    if weights is None:
        return total / max(1, len(triplets))
    return total / weights.sum().clamp(min=torch.finfo(weights.dtype).tiny)


class _ListedHinge(torch.autograd.Function):
    """Σ_t w_t·h_t of triplets that only look up distances, for more triplets than pairs.

    The gradient of a distance is the sum of ±w_t·h' over the triplets that look it up. It is taken in the same pass,
    piece by piece, so that nothing of the length of all triplets is ever made.
    """

    @staticmethod
    def forward(ctx: Any, pairs: Tensor, triplets: Tensor, weights: Tensor | None, margin: float | None) -> Tensor:
        """``pairs`` (B, B) distances, ``triplets`` (T, 3), ``weights`` (T,); ``margin`` None = soft."""
        flat = pairs.flatten()
        slopes, total = torch.zeros_like(flat), flat.new_zeros(())
        for start in range(0, len(triplets), _PIECE):
            anchor, nearer, farther = triplets[start : start + _PIECE].unbind(1)
            row = anchor * len(pairs)
            near, far = row + nearer, row + farther
            gap = flat.index_select(0, near) - flat.index_select(0, far)
            hinge = functional.softplus(gap) if margin is None else torch.relu(gap + margin)
            slope = torch.sigmoid(gap) if margin is None else hinge.sign()
            if weights is not None:
                part = weights[start : start + _PIECE]
                hinge, slope = hinge * part, slope * part
            total += hinge.sum()
            slopes.scatter_add_(0, near, slope).scatter_add_(0, far, -slope)
        ctx.save_for_backward(slopes.view_as(pairs))
        return total

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None, None]:
        (slopes,) = ctx.saved_tensors
        return slopes * gradients[0], None, None, None


def all_triplets_hinge(
    z: Tensor, y: Tensor, margin: float = 1.0, kind: Literal["euclidean", "squared"] = "euclidean"
) -> Tensor:
    """Computes the mean hinge over every triplet that labels allow: nearer of the anchor's class, farther of another.

    The B³ triplets are never formed. For an anchor, sort its distances to other classes, d⁻_1 ≤ d⁻_2 ≤ …; a stimulus of
    its own class at d⁺ is violated by the first k of them, those below d⁺ + m, so that its hinges sum to
    k·(d⁺ + m) − (d⁻_1 + … + d⁻_k): one search and one running sum, B² log B in all.

    Args:
        z: (B, D) codes.
        y: (B,) classes, 0 or more.
        margin: m.
        kind: "euclidean" or "squared", see the module.

    Returns:
        The loss; 0 where the labels allow no triplet.
    """
    pairs = torch.cdist(z, z, compute_mode=_EXACT)  # (B, B)
    if kind == "squared":
        pairs = pairs.square()
    place = torch.arange(len(z), device=z.device)
    counts = torch.bincount(y)
    farther = len(z) - counts[y]  # (B,) stimuli of other classes
    ordered = pairs.masked_fill(y[:, None] == y, torch.inf).sort(1).values
    # Beyond the last farther stimulus nothing is added, and infinity would spoil the gradient.
    finite = ordered.masked_fill(place >= farther[:, None], 0)
    sums = functional.pad(finite.cumsum(1), (1, 0))  # (B, B + 1): of the first k
    # Each stimulus's own class, M = the largest: sorted by class, a class is a stretch.
    turn = place[: int(counts.max())]
    own = y.argsort()[(counts.cumsum(0) - counts)[y][:, None].add(turn).clamp(max=len(z) - 1)]  # (B, M)
    nearer = (turn < counts[y][:, None]) & (own != place[:, None])
    reach = pairs.gather(1, own) + margin
    below = torch.searchsorted(ordered.detach(), reach.detach())
    hinges = (below * reach - sums.gather(1, below)) * nearer
    return hinges.sum() / (nearer.sum(1) * farther).sum().clamp(min=1)


def cross_entropy(logits: Tensor, y: Tensor) -> Tensor:
    """Computes the mean cross-entropy of the softmax of (B, C) scores against (B,) classes."""
    return functional.cross_entropy(logits, y)
