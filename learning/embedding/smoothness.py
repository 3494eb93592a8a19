"""Temporal smoothness (paper 000's future work: "learning smooth trajectories in the latent space").

A sequence's codes are expected to walk in small steps: p(z_{t+1} | z_t) ∝ exp(−λ ‖z_{t+1} − z_t‖²), λ = 1/(2τ²) for
steps of standard deviation τ. With independent posteriors of mean m and variance v the expected square is

    E ‖z_t − z_{t+1}‖² = Σ_k [ (m_tk − m_{t+1,k})² + v_tk + v_{t+1,k} ]

so that no noise is drawn. The term of the loss is λ · Q/S · Σ over a batch of S of the Q pairs of neighbouring frames.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from learning.data.stimuli import TrainingData


def neighbours(data: TrainingData, sequence: str, frame: str, split: int) -> NDArray[np.int64]:
    """Finds the pairs of neighbouring frames of a split.

    A sequence is the stimuli of one person with one text in the column ``sequence``. Neighbours are frames that follow
    each other in it, even where numbers between them are missing. Stimuli without a sequence or a frame have none.

    Args:
        data: the stimuli.
        sequence: the label that names sequences.
        frame: the label that holds frame numbers.
        split: 0 train, 1 validation, 2 test.

    Returns:
        (Q, 2) rows, the earlier frame first.

    Raises:
        ValueError: a label is missing, or a frame is not a number.
    """
    for name in (sequence, frame):
        if name not in data.labels:
            known = ", ".join(sorted(data.labels)) or "none"
            raise ValueError(f"Smoothness reads the label {name!r}, but the labels of the data are: {known}.")
    names, numbers = data.labels[sequence], _numbers(data.labels[frame], frame)
    rows = np.flatnonzero((data.split == split) & (names != "") & np.isfinite(numbers))
    rows = rows[np.lexsort((numbers[rows], names[rows], data.subjects[rows]))]
    first, second = rows[:-1], rows[1:]
    same = (names[first] == names[second]) & (data.subjects[first] == data.subjects[second])
    return np.column_stack([first[same], second[same]]).astype(np.int64)


def _numbers(texts: NDArray[np.str_], frame: str) -> NDArray[np.float64]:
    """Returns the frame numbers, NaN where there is none."""
    numbers = np.full(len(texts), np.nan)
    for row, text in enumerate(texts.tolist()):
        try:
            numbers[row] = float(text or "nan")
        except ValueError:
            raise ValueError(f"The label {frame!r} of stimulus {row} is {text!r}, which is not a number.") from None
    return numbers


def expected_steps(mean: Tensor, log_variance: Tensor) -> Tensor:
    """Expected squared distances between the codes of neighbouring frames.

    Args:
        mean: (2S, D) means of codes; rows 2s and 2s + 1 are neighbours.
        log_variance: (2S, D) their log-variances.

    Returns:
        (S,) expected squares.
    """
    pairs = mean.view(-1, 2, mean.shape[1])
    variances = log_variance.exp().view(len(pairs), -1).sum(1)
    return (pairs[:, 0] - pairs[:, 1]).square().sum(1) + variances
