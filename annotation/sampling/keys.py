"""One whole number per question, so that sets of triplets are sorted arrays.

A question is (reference, {a, b}): the two candidates' order is no part of it. Its key is
(reference · n + min(a, b)) · n + max(a, b) for stimuli 0 … n − 1.
"""

import numpy as np
import numpy.typing as npt

from annotation.sampling.errors import DesignImpossible

Triplets = npt.NDArray[np.int64]  # (T, 3): reference, a, b
Keys = npt.NDArray[np.int64]

LARGEST_N = 2_097_151  # the cube root of 2^63: keys of more stimuli would not fit 64 bits


def question_keys(columns: npt.NDArray[np.integer], n: int) -> Keys:
    """Keys of questions given as (3, …): a row of references, one of a, one of b."""
    reference, a, b = columns
    keys: Keys = reference.astype(np.int64)
    keys *= n
    keys += np.minimum(a, b)
    keys *= n
    keys += np.maximum(a, b)
    return keys


def asked_keys(asked: npt.NDArray[np.integer] | None, n: int) -> Keys:
    """Sorted distinct keys of triplets asked before.

    Args:
        asked: (A, 3) reference, a, b in any order of a and b; None for none.
        n: number of stimuli.

    Raises:
        DesignImpossible: wrong shape, a stimulus outside 0 … n − 1, or a stimulus compared with itself.
    """
    if asked is None or not len(asked):
        return np.empty(0, dtype=np.int64)
    rows = np.asarray(asked, dtype=np.int64)
    if rows.ndim != 2 or rows.shape[1] != 3:
        raise DesignImpossible(f"Triplets asked before must have the shape (A, 3), not {rows.shape}.")
    outside = ((rows < 0) | (rows >= n)).any(axis=1)
    if outside.any():
        row = int(np.argmax(outside))
        raise DesignImpossible(f"Triplet {row} asked before is {rows[row].tolist()}, but stimuli are 0 to {n - 1}.")
    twice = repeats(rows.T)
    if twice.any():
        row = int(np.argmax(twice))
        raise DesignImpossible(f"Triplet {row} asked before is {rows[row].tolist()} and names a stimulus twice.")
    return np.unique(question_keys(rows.T, n))


def repeats(columns: npt.NDArray[np.integer]) -> npt.NDArray[np.bool_]:
    """True where a question, given as (3, …), names a stimulus twice."""
    reference, a, b = columns
    out: npt.NDArray[np.bool_] = (reference == a) | (reference == b) | (a == b)
    return out


def contains(ordered: Keys, keys: Keys) -> npt.NDArray[np.bool_]:
    """Which of ``keys`` are in the sorted array ``ordered``, of the shape of ``keys``."""
    if not len(ordered):
        return np.zeros(keys.shape, dtype=bool)
    at = np.searchsorted(ordered, keys)
    found: npt.NDArray[np.bool_] = ordered[np.minimum(at, len(ordered) - 1)] == keys
    return found
