"""The K nearest codes of each query, in blocks, so that memory does not grow with N².

‖q − r‖² = ‖q‖² − 2 qᵀr + ‖r‖²        one matrix product a block of queries, in float64 about the references' mean
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_CELLS = 4_000_000  # distances at a time, 32 MB


def nearest(
    queries: NDArray[np.float32],
    references: NDArray[np.float32],
    k: int,
    itself: NDArray[np.int64] | None = None,
) -> NDArray[np.int64]:
    """Finds the K nearest references of each query, by Euclidean distance.

    Args:
        queries: (Q, D) codes.
        references: (N, D) codes.
        k: K.
        itself: (Q,) row of each query among the references, which is left out; None = queries are not among them.

    Returns:
        (Q, K) rows of references, the nearest first.

    Raises:
        ValueError: there are fewer than K references, or the codes have different sizes.
    """
    available = len(references) - (itself is not None)
    if not 1 <= k <= available:
        raise ValueError(f"There are {available} codes to search, so {k} nearest cannot be found.")
    if queries.shape[1:] != references.shape[1:]:
        raise ValueError(f"Queries have the shape {queries.shape}, but the codes to search {references.shape}.")
    centre = references.mean(axis=0, dtype=np.float64)
    base = references.astype(np.float64) - centre
    lengths = np.einsum("nd,nd->n", base, base)
    found = np.empty((len(queries), k), dtype=np.int64)
    step = max(1, _CELLS // len(references))
    for start in range(0, len(queries), step):
        block = slice(start, start + step)
        # ‖q‖² is the same for all references of a query and changes no order.
        gaps = lengths - 2 * (queries[block].astype(np.float64) - centre) @ base.T  # (q, N)
        if itself is not None:
            gaps[np.arange(len(gaps)), itself[block]] = np.inf
        some = np.argpartition(gaps, k - 1, axis=1)[:, :k]
        order = np.argsort(np.take_along_axis(gaps, some, axis=1), axis=1, kind="stable")
        found[block] = np.take_along_axis(some, order, axis=1)
    return found
