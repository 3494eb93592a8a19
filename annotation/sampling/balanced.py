"""Balanced designs: every stimulus in the same number of triplets (paper 000, Section IV-B: "each image is in 6").

The three roles (reference, a, b) are three columns. Each column is a stream of random permutations of the n stimuli, so
every stimulus stands equally often in each role by construction; what remains of a last, partial permutation is shared
out over the columns. Some rows then name a stimulus twice or repeat a question; each is repaired by exchanging one of
its entries with another row's *inside the same column*, which changes no count.

Exactness: with T = ⌈k·n / 3⌉ triplets every stimulus is in exactly k of them when 3 divides k·n, otherwise one or two
stimuli are in k + 1; each role holds a stimulus k/3 times, exactly when 3 divides k and within one otherwise.

Worked example, n = 3, k = 2: T = 2, and the permutation (2, 0, 1) written twice, 2 0 1 2 0 1, is cut into the columns
(2, 0), (1, 2), (0, 1): the triplets (2; 1, 0) and (0; 2, 1). Each stimulus is in both.
"""

import math

import numpy as np
import numpy.typing as npt

from annotation.sampling.dense import complement_design
from annotation.sampling.errors import DesignImpossible
from annotation.sampling.keys import LARGEST_N, Keys, Triplets, asked_keys, contains, question_keys, repeats
from annotation.sampling.seen import Seen, SortedKeys

Columns = npt.NDArray[np.int64]  # (3, T): one row a role, so that a column of the design is contiguous

ATTEMPTS = 20  # fresh starts before a design counts as out of reach
ROUNDS = 400  # repairs of one start; each fixes a constant share of the bad rows
DENSE = 16  # from 1/16 of all triplets on, a repair must be patient


def balanced_triplets(
    n: int, k: int = 6, *, seed: int | np.random.Generator, avoid: npt.NDArray[np.integer] | None = None
) -> Triplets:
    """Design ⌈k·n / 3⌉ different triplets with every stimulus in k of them.

    Args:
        n: number of stimuli, 3 to 2,097,151.
        k: triplets per stimulus, at least 1.
        seed: seed or generator; the same seed gives the same design.
        avoid: (A, 3) triplets asked before, in any order of the candidates; none of them is asked again.

    Returns:
        (T, 3) int64 rows [reference, a, b] in random order; a and b are in random order too.

    Raises:
        DesignImpossible: there are not as many different triplets, or none of the attempts could be balanced.
    """
    count = _checked_count(n, k)
    rng = np.random.default_rng(seed)
    taken = asked_keys(avoid, n)
    possible = n * (n - 1) * (n - 2) // 2
    if count > possible - len(taken):
        left = f"{possible:,} different triplets" + (f", {len(taken):,} of them asked before" if len(taken) else "")
        raise DesignImpossible(f"{n} stimuli have {left}, but {k} per stimulus need {count:,}.")
    if not len(taken) and 2 * count > possible:
        return complement_design(n, count, sparse_design(n, possible - count, taken, rng), rng)
    return sparse_design(n, count, taken, rng)


def sparse_design(n: int, count: int, taken: Keys, rng: np.random.Generator) -> Triplets:
    """Design ``count`` triplets by permutations and repair; good up to about half of all triplets.

    Args:
        n: number of stimuli.
        count: number of triplets T.
        taken: sorted keys of questions to avoid.
        rng: source of chance.

    Raises:
        DesignImpossible: no attempt came out clean.
    """
    for _ in range(ATTEMPTS):
        columns = _columns(n, count, rng)
        if _repair(columns, n, taken, rng):
            return columns.T
    raise DesignImpossible(
        f"No balanced design of {count:,} triplets was found for {n} stimuli: too few different triplets are left."
    )


def _checked_count(n: int, k: int) -> int:
    if n < 3:
        raise DesignImpossible(f"A triplet needs 3 different stimuli, but there are {n}.")
    if n > LARGEST_N:
        raise DesignImpossible(f"A design takes at most {LARGEST_N:,} stimuli, not {n:,}.")
    if k < 1:
        raise DesignImpossible(f"Each stimulus must be in at least 1 triplet, not {k}.")
    return math.ceil(k * n / 3)


def _columns(n: int, count: int, rng: np.random.Generator) -> Columns:
    """Three columns of ``count`` entries with equal counts of every stimulus, not yet free of repeats."""
    whole, rest = divmod(count, n)
    items = np.arange(n, dtype=np.int64)
    columns = np.empty((3, count), dtype=np.int64)
    for column in columns:
        stream = column[: whole * n].reshape(whole, n)
        stream[:] = items
        rng.permuted(stream, axis=1, out=stream)
    if rest:
        # One permutation over and over, cut in three: no column holds a stimulus of this part twice, because rest < n.
        columns[:, whole * n :] = np.resize(rng.permutation(items), (3, rest))
    return columns


def _repair(columns: Columns, n: int, taken: Keys, rng: np.random.Generator) -> bool:
    """Exchange entries inside columns, in place, until every row is a new question; False when it gives up."""
    keys = question_keys(columns, n)
    wander = DENSE * (len(keys) + len(taken)) > n * (n - 1) * (n - 2) // 2
    asked: Seen | SortedKeys = SortedKeys(keys) if wander else Seen(keys)
    bad = _bad_rows(columns, keys, asked.doubled, taken)
    for _ in range(ROUNDS):
        if not len(bad):
            return True
        active = bad[rng.random(len(bad)) < 0.5] if wander else bad
        mended, removed, added = _exchange(columns, keys, asked, active, n, taken, rng, wander)
        if isinstance(asked, SortedKeys):
            asked.replace(removed, added)
            bad = _bad_rows(columns, keys, asked.doubled, taken)
        else:
            # Both rows of an exchange came out clean, so what is left to do is known. What came joins the questions
            # not to ask. No pass over the design is needed.
            added = np.sort(added)
            taken = np.insert(taken, np.searchsorted(taken, added), added)
            bad = np.setdiff1d(bad, mended, assume_unique=True)
    return False


def _bad_rows(columns: Columns, keys: Keys, doubled: Keys, taken: Keys) -> npt.NDArray[np.intp]:
    """Rows that name a stimulus twice, ask what was asked, or repeat a question (all of its rows but the first)."""
    bad = repeats(columns)
    if len(taken):
        bad |= contains(taken, keys)
    if len(doubled):
        rows = np.flatnonzero(np.isin(keys, doubled))
        _, first = np.unique(keys[rows], return_index=True)
        bad[np.delete(rows, first)] = True
    return np.flatnonzero(bad)


def _exchange(
    columns: Columns,
    keys: Keys,
    asked: Seen | SortedKeys,
    active: npt.NDArray[np.intp],
    n: int,
    taken: Keys,
    rng: np.random.Generator,
    wander: bool,
) -> tuple[npt.NDArray[np.intp], Keys, Keys]:
    """Try one exchange for each active row with a random row.

    Returns:
        The active rows that were exchanged; the keys that are gone, and those that came instead.

    An exchange is kept when both rows become new questions. In a dense design, where those are rare, one of the two is
    enough: the bad row wanders until it finds its place.
    """
    partner = rng.integers(0, len(keys), len(active))
    _, once = np.unique(partner, return_index=True)
    once = once[~contains(active, partner[once])]
    mine, partner = active[once], partner[once]
    ours, theirs = columns[:, mine], columns[:, partner]
    role, each = rng.integers(0, 3, len(mine)), np.arange(len(mine))
    ours[role, each], theirs[role, each] = theirs[role, each], ours[role, each]
    new = np.stack([question_keys(ours, n), question_keys(theirs, n)])  # (2, pairs)
    clean = ~np.stack([repeats(ours), repeats(theirs)])
    clean &= ~(asked.contains(new) | contains(taken, new))
    _, back, times = np.unique(new, return_inverse=True, return_counts=True)
    clean &= (times == 1)[back].reshape(new.shape)
    keep = np.flatnonzero(clean.any(axis=0) if wander else clean.all(axis=0))
    columns[:, mine[keep]], columns[:, partner[keep]] = ours[:, keep], theirs[:, keep]
    changed = np.concatenate([mine[keep], partner[keep]])
    removed, added = keys[changed], new[:, keep].ravel()
    keys[changed] = added
    return mine[keep], removed, added
