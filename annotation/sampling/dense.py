"""Dense balanced designs: more than half of all triplets of a few stimuli.

What is *not* asked is then the sparse design. In the set of all n(n−1)(n−2)/2 questions every stimulus is equally often
the reference and equally often a candidate, so the complement of a balanced design is balanced. The sides a and b are
then chosen for balance: a question's two candidates are an edge of a multigraph of stimuli, and walking its edges in
closed tours (Hierholzer) gives every stimulus as many edges out (side a) as in (side b), within one where its number
of edges is odd.
"""

import numpy as np
import numpy.typing as npt

from annotation.sampling.keys import Triplets, question_keys

Edges = npt.NDArray[np.int64]


def complement_design(n: int, count: int, left_out: Triplets, rng: np.random.Generator) -> Triplets:
    """All questions of n stimuli but ``left_out``, sides balanced, in random order.

    Args:
        n: number of stimuli.
        count: how many questions remain, for the check that the sets fit.
        left_out: (M, 3) different questions.
        rng: source of chance.

    Returns:
        (count, 3) int64 rows [reference, a, b].
    """
    rows = all_questions(n)
    keep = np.ones(len(rows), dtype=bool)
    if len(left_out):
        keys = question_keys(rows.T, n)  # ascending: rows come in this order
        keep[np.searchsorted(keys, question_keys(left_out.T, n))] = False
    rows = rng.permutation(rows[keep])
    if len(rows) != count:
        raise AssertionError(f"the complement holds {len(rows)} questions, not {count}")
    flip = balanced_sides(rows[:, 1:], n)
    rows[flip, 1:] = rows[flip, :0:-1]
    return rows


def all_questions(n: int) -> Triplets:
    """Every question of n stimuli with a < b, in the order of its key, (n(n−1)(n−2)/2, 3)."""
    a, b = np.triu_indices(n, 1)
    reference = np.repeat(np.arange(n), len(a))
    rows = np.stack([reference, np.tile(a, n), np.tile(b, n)], axis=1).astype(np.int64)
    questions: Triplets = rows[(rows[:, 0] != rows[:, 1]) & (rows[:, 0] != rows[:, 2])]
    return questions


def balanced_sides(pairs: Edges, n: int) -> npt.NDArray[np.bool_]:
    """Which pairs to flip so that every stimulus is first as often as second, within one.

    Args:
        pairs: (T, 2) candidates; the random order of the rows is what makes the sides random.
        n: number of stimuli.

    Returns:
        (T,) true where the pair is to be read backwards.
    """
    # An odd stimulus gets one edge to a stimulus n that does not exist: then all degrees are even and tours close.
    odd = np.flatnonzero(np.bincount(pairs.ravel(), minlength=n) % 2)
    edges = np.concatenate([pairs, np.stack([odd, np.full(len(odd), n)], axis=1)]).tolist()
    around: list[list[int]] = [[] for _ in range(n + 1)]
    for number, (a, b) in enumerate(edges):
        around[a].append(number)
        around[b].append(number)
    used = bytearray(len(edges))
    flip = np.zeros(len(edges), dtype=bool)
    for start in range(n + 1):
        here = start
        # With even degrees a walk can only end where it began, so each walk from here leaves and enters equally often.
        while around[here]:
            number = around[here].pop()
            if used[number]:
                continue
            used[number] = True
            a, b = edges[number]
            flip[number] = here == b
            here = a if here == b else b
    flips: npt.NDArray[np.bool_] = flip[: len(pairs)]
    return flips
