"""From votes to the weight w_t of a triplet (paper 000, eq. 11 and Table I)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from learning.data.triplets import TripletSet


def margin_weights(margins: NDArray[np.int16], votes: NDArray[np.int16] | int | None = None) -> NDArray[np.float32]:
    """Turns vote margins into weights.

    Args:
        margins: (T,) votes for the nearer candidate minus votes for the other: 5, 3 or 1 with five votes.
        votes: how many people answered, each triplet or all alike; None keeps the margins as they are.

    Returns:
        (T,) weights: the margin (the paper's text), or the margin over ``votes``, 1 where everybody agreed.

    Raises:
        ValueError: ``votes`` is below a margin.
    """
    weights = np.asarray(margins, dtype=np.float32)
    if votes is None:
        return weights
    counts = np.broadcast_to(np.asarray(votes), weights.shape)
    if (counts < weights).any() or (counts < 0).any():
        row = int((counts < weights).argmax())
        raise ValueError(f"Triplet {row} has the margin {margins[row]}, but only {counts[row]} votes.")
    shares: NDArray[np.float32] = np.divide(weights, counts, out=np.zeros_like(weights), where=counts > 0)
    return shares


def training_weights(triplets: TripletSet, mode: str) -> NDArray[np.float32]:
    """Returns the weights that a model trains with.

    A triplet of weight 0 was set aside when the dataset was made and stays out in every mode. A triplet without a
    margin (made from labels, say) keeps its given weight in every mode.

    Args:
        triplets: the triplets.
        mode: "given" = the set's own weights; "raw" = margins; "unit" = margins over votes.

    Returns:
        (T,) weights, 0 or more.

    Raises:
        ValueError: an unknown mode.
    """
    if mode not in ("given", "raw", "unit"):
        raise ValueError(f"Triplet weights must be 'raw', 'unit' or 'given', not {mode!r}.")
    if mode == "given":
        return triplets.weights.copy()
    voted = (triplets.margins > 0) & (triplets.weights > 0)
    weights = margin_weights(triplets.margins, triplets.votes if mode == "unit" else None)
    return np.where(voted, weights, triplets.weights).astype(np.float32)
