"""Candidates: questions that could be asked and were not."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# Below this many possible questions all of them are written down; above, they are drawn.
_ENUMERABLE = 2_000_000


def candidate_pool(stimuli: NDArray[np.int64], asked: NDArray[np.int64], size: int, seed: int) -> NDArray[np.int64]:
    """Draws distinct questions about the stimuli of a split, uniformly, without those already asked or pending.

    Questions are canonical: [reference, a, b] with a < b. There are n·(n−1)·(n−2)/2 of them about n stimuli.

    Args:
        stimuli: (n,) distinct rows of the split.
        asked: (K, 3) questions asked or pending, in any order of a and b; those about other stimuli do not matter.
        size: how many candidates; fewer are returned where fewer are left.
        seed: of the draw.

    Returns:
        (C, 3) canonical questions, in random order.

    Raises:
        ValueError: a negative size, or stimuli that occur twice.
    """
    rows: NDArray[np.int64] = np.unique(np.asarray(stimuli, dtype=np.int64))
    n = len(rows)
    if n != len(stimuli):
        raise ValueError("The stimuli of a candidate pool must be distinct.")
    if size < 0:
        raise ValueError(f"The size of a candidate pool must not be negative, but is {size}.")
    possible = n * (n - 1) * (n - 2) // 2
    if n < 3 or size == 0:
        return np.empty((0, 3), dtype=np.int64)
    rng = np.random.default_rng(seed)
    taken = _taken_keys(rows, asked)
    wanted = min(size, possible - len(taken))
    if possible <= _ENUMERABLE or 2 * (wanted + len(taken)) > possible:
        keys = np.setdiff1d(_all_keys(n), taken, assume_unique=True)
        keys = rng.permutation(keys)[:wanted]
    else:
        keys = _draw_keys(n, wanted, taken, rng)
    pool: NDArray[np.int64] = rows[_positions(keys, n)]
    return pool


def _keys(positions: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    """Numbers (K, 3) canonical positions: (r·n + a)·n + b; fits int64 up to two million stimuli."""
    r, a, b = positions.T
    keys: NDArray[np.int64] = (r * n + a) * n + b
    return keys


def _positions(keys: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    """The inverse of ``_keys``."""
    rest, b = np.divmod(keys, n)
    r, a = np.divmod(rest, n)
    return np.column_stack([r, a, b])


def _taken_keys(rows: NDArray[np.int64], asked: NDArray[np.int64]) -> NDArray[np.int64]:
    """Returns the distinct keys of those questions of ``asked`` that are about ``rows``."""
    questions = np.asarray(asked, dtype=np.int64).reshape(-1, 3)
    inside = questions[np.isin(questions, rows).all(axis=1)]
    positions = np.searchsorted(rows, inside)
    positions[:, 1:] = np.sort(positions[:, 1:], axis=1)
    return np.unique(_keys(positions, len(rows)))


def _all_keys(n: int) -> NDArray[np.int64]:
    """Returns the keys of all canonical questions about n stimuli, ascending."""
    a, b = np.triu_indices(n, k=1)
    pair = np.column_stack([a, b])
    blocks = []
    for r in range(n):
        others = pair[(a != r) & (b != r)]
        blocks.append((r * n + others[:, 0]) * n + others[:, 1])
    return np.concatenate(blocks).astype(np.int64)


def _draw_keys(n: int, wanted: int, taken: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
    """Draws distinct keys outside ``taken``; with half of all keys free, few draws are thrown away."""
    keys = np.empty(0, dtype=np.int64)
    while len(keys) < wanted:
        positions = rng.integers(0, n, size=(2 * (wanted - len(keys)) + 64, 3))
        positions[:, 1:] = np.sort(positions[:, 1:], axis=1)
        r, a, b = positions.T
        fresh = _keys(positions[(r != a) & (r != b) & (a != b)], n)
        fresh = fresh[~np.isin(fresh, taken)]
        together = np.concatenate([keys, fresh])
        _, first = np.unique(together, return_index=True)
        keys = together[np.sort(first)]  # in the order drawn: cutting the tail off keeps the rest uniform
    return keys[:wanted]
