"""How sure a worker's side bias is, and what it means.

With the votes on either side smoothed by the prior (see `workers`), se and fpr each come of two piles of votes, and the
logarithm of their odds has the variance 1/chosen + 1/not chosen (Woolf). The bias is half of the sum of both logits, so

    variance = ¼ · Σ over the four piles of 1/pile          interval = bias ± 1.96·√variance

A bias of b logits means that the worker takes the left with σ(b) = 1/(1 + e^−b) where the pictures say nothing.

Source: B. Woolf, On estimating the relation between blood group and disease, Annals of Human Genetics 19 (1955) 251.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from annotation.quality.wilson import Z95
from annotation.quality.workers import Judge

Floats = NDArray[np.float64]


def side_bias_interval(sides: Floats, judge: Judge) -> Floats:
    """The central 95 % of what each side bias may be, in logits.

    Args:
        sides: (W, 2, 2) expected votes by right side (rows) and side chosen (columns).
        judge: Of the method that gave them; its pseudo-votes smooth the piles.

    Returns:
        (W, 2) low and high; NaN for workers without votes.
    """
    prior = np.array([[judge.right, judge.wrong], [judge.wrong, judge.right]])
    piles = sides + prior
    bias = 0.5 * (np.log(piles[:, :, 0]) - np.log(piles[:, :, 1])).sum(axis=1)
    half = Z95 * 0.5 * np.sqrt((1 / piles).sum(axis=(1, 2)))
    known = sides.sum(axis=(1, 2)) > 0
    return np.where(known[:, None], np.column_stack([bias - half, bias + half]), np.nan)


def left_when_unsure(bias: Floats) -> Floats:
    """σ(b): how often a worker with that bias takes the left where the pictures say nothing."""
    return np.asarray(1 / (1 + np.exp(-np.asarray(bias, dtype=np.float64))))
