"""Satisfied triplets: how often the embedding agrees with people (paper 000, eq. 12)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from learning.data.triplets import TripletSet
from learning.evaluation.bootstrap import bootstrap_mean, groups_of

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


def satisfaction(
    embedding: NDArray[np.float32],
    triplets: TripletSet,
    *,
    subjects: NDArray[np.str_] | None = None,
    seed: int | None = None,
) -> dict[str, Any]:
    """Counts satisfied triplets, in all and for each vote margin.

    Args:
        embedding: (N, D) codes.
        triplets: the judgements, of one split.
        subjects: (N,) persons; the anchor's person is resampled with all of the person's triplets. None or unknown =
            triplets are resampled.
        seed: of the intervals; None = no intervals.

    Returns:
        {"satisfied": share in [0, 1] or None where there are no triplets, "count": T, "by_margin": {"5": {"satisfied",
        "count"}, ...}}; margins from the largest down, without 0 (nobody voted). With a seed, "low" and "high" stand
        beside each "satisfied": None where too few persons were judged.
    """
    holds = satisfied(embedding, triplets.triplets)
    groups = None if subjects is None else groups_of(subjects[triplets.triplets[:, 0]])
    levels = sorted({int(margin) for margin in triplets.margins if margin > 0}, reverse=True)

    def share(keep: NDArray[np.bool_]) -> dict[str, Any]:
        kept = holds[keep]
        figure = {"satisfied": float(kept.mean()) if len(kept) else None, "count": len(kept)}
        if seed is None:
            return figure
        interval = bootstrap_mean(kept, None if groups is None else groups[keep], seed=seed)
        return figure | {"low": interval.low, "high": interval.high}

    everything = np.ones(len(holds), dtype=np.bool_)
    return {**share(everything), "by_margin": {str(level): share(triplets.margins == level) for level in levels}}
