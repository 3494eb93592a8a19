"""Satisfied triplets: how often the embedding agrees with people (paper 000, eq. 12)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from learning.data.triplets import TripletSet

_CHUNK = 65_536  # triplets at a time, so that memory does not grow with T


def satisfied(embedding: NDArray[np.float32], triplets: NDArray[np.int64]) -> NDArray[np.bool_]:
    """sat(r, +, −) = [‖z_r − z_+‖ ≤ ‖z_r − z_−‖]; a tie is satisfied, as in the paper.

    Args:
        embedding: (N, D) codes.
        triplets: (T, 3) rows: anchor, nearer, farther.

    Returns:
        (T,) whether each holds.
    """
    holds = np.empty(len(triplets), dtype=np.bool_)
    for start in range(0, len(triplets), _CHUNK):
        z = embedding[triplets[start : start + _CHUNK]].astype(np.float64)  # (T, 3, D)
        to_nearer = np.square(z[:, 0] - z[:, 1]).sum(axis=1)
        to_farther = np.square(z[:, 0] - z[:, 2]).sum(axis=1)
        holds[start : start + _CHUNK] = to_nearer <= to_farther
    return holds


def satisfaction(embedding: NDArray[np.float32], triplets: TripletSet) -> dict[str, Any]:
    """Counts satisfied triplets, in all and for each vote margin.

    Args:
        embedding: (N, D) codes.
        triplets: the judgements, of one split.

    Returns:
        {"satisfied": share in [0, 1] or None where there are no triplets, "count": T, "by_margin": {"5": {"satisfied",
        "count"}, ...}}; margins from the largest down, without 0 (nobody voted).
    """
    holds = satisfied(embedding, triplets.triplets)
    levels = sorted({int(margin) for margin in triplets.margins if margin > 0}, reverse=True)
    by_margin = {str(level): _share(holds[triplets.margins == level]) for level in levels}
    return {**_share(holds), "by_margin": by_margin}


def _share(holds: NDArray[np.bool_]) -> dict[str, Any]:
    return {"satisfied": float(holds.mean()) if len(holds) else None, "count": len(holds)}
