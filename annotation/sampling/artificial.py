"""Artificial triplets from labels, by the three rules of paper 000, Section IV-B.

1. Expressions from the same class are closer than those from different classes.
2. Within the same class: the closer the degree, the smaller the distance.
3. A neutral expression is closer than a different class.

The neutral expression is a class too, so rule 1 ranks the anchor's own class before it. Together, seen from an anchor
(class c, degree d), another stimulus stands at

    |d' − d|      in the class c,
    NEUTRAL       neutral, c being something else,
    OTHER         any other class,

and a triplet (anchor, nearer, farther) holds when the first rank is smaller than the second. Equal ranks say nothing.
"""

from collections import defaultdict

import numpy as np
import numpy.typing as npt

from annotation.sampling.errors import DesignImpossible
from annotation.sampling.keys import LARGEST_N, Triplets

Ints = npt.NDArray[np.int64]

ATTEMPTS = 40  # uniform draws for an anchor, and draws of all anchors in a row that may bring nothing new


def artificial_triplets(
    labels: npt.NDArray[np.str_],
    level: npt.NDArray[np.integer],
    *,
    neutral: str,
    count: int,
    seed: int | np.random.Generator,
) -> Triplets:
    """Draw ``count`` different triplets that the rules decide, with every stimulus in at least one.

    Anchors are dealt out evenly; the other two are a uniform draw among the pairs that a rule decides.

    Args:
        labels: (N,) class of each stimulus.
        level: (N,) degree of each stimulus; only differences within a class matter.
        neutral: the label of the neutral class; it need not occur.
        count: number of triplets T.
        seed: seed or generator.

    Returns:
        (T, 3) int64 rows [anchor, nearer, farther] in random order.

    Raises:
        DesignImpossible: lengths that differ, too few stimuli, fewer triplets than the stimuli need or more than the
            rules decide.
    """
    names, degree = np.asarray(labels, dtype=np.str_), np.asarray(level, dtype=np.int64)
    n = _checked(names, degree, count)
    rng = np.random.default_rng(seed)
    classes, code = np.unique(names, return_inverse=True)
    rank = _Ranks(code.astype(np.int64), degree, int(np.searchsorted(classes, neutral)) if neutral in classes else -1)
    chosen = _covering(rank, rng) if count < n else np.empty((0, 3), dtype=np.int64)
    if len(chosen) > count:
        raise DesignImpossible(
            f"{n} stimuli need at least {len(chosen)} triplets to be in one each, but {count} are asked."
        )
    idle = 0
    while len(chosen) < count:
        drawn = _draw(rank, _anchors(chosen, n, count, rng), rng)
        merged = _distinct(np.concatenate([chosen, drawn]), n)[:count]
        idle = 0 if len(merged) > len(chosen) else idle + 1
        chosen = merged
        if idle > ATTEMPTS:
            raise DesignImpossible(f"The labels decide hardly more than {len(chosen)} triplets, but {count} are asked.")
    missing = np.setdiff1d(np.arange(n), chosen)
    if len(missing):
        raise DesignImpossible(f"No rule decides a triplet with stimulus {int(missing[0])} ({names[missing[0]]}).")
    return rng.permutation(chosen)


class _Ranks:
    """How near a stimulus stands to an anchor, by class and degree."""

    def __init__(self, code: Ints, degree: Ints, neutral: int) -> None:
        self.code, self.degree, self.neutral = code, degree, neutral
        self.at_neutral = int(np.ptp(degree)) + 1  # beyond any difference of degrees

    def __call__(self, anchor: Ints, other: Ints) -> Ints:
        """Rank of each ``other`` seen from its ``anchor``; smaller is nearer."""
        own = self.code[anchor] == self.code[other]
        distance = np.abs(self.degree[anchor] - self.degree[other])
        strange = np.where(self.code[other] == self.neutral, self.at_neutral, self.at_neutral + 1)
        rank: Ints = np.where(own, distance, strange)
        return rank


def _checked(names: npt.NDArray[np.str_], degree: Ints, count: int) -> int:
    if names.shape != degree.shape or names.ndim != 1:
        raise DesignImpossible(f"{names.shape} labels and {degree.shape} degrees do not match.")
    if len(names) < 3 or len(names) > LARGEST_N:
        raise DesignImpossible(f"Artificial triplets need 3 to {LARGEST_N:,} stimuli, not {len(names):,}.")
    if count < 1:
        raise DesignImpossible(f"At least 1 triplet must be asked for, not {count}.")
    return len(names)


def _anchors(chosen: Triplets, n: int, count: int, rng: np.random.Generator) -> Ints:
    """The next anchors: first those that never were one, so that all are seen, then whole rounds over all stimuli."""
    never = np.setdiff1d(np.arange(n), chosen[:, 0]) if count >= n else np.empty(0, dtype=np.int64)
    rounds = np.tile(np.arange(n), (-(-(count - len(chosen)) // n), 1))
    return np.concatenate([rng.permutation(never), rng.permuted(rounds, axis=1).ravel()])


def _draw(rank: _Ranks, anchor: Ints, rng: np.random.Generator) -> Triplets:
    """One decided triplet for each anchor, in the anchors' order; an anchor for which no rule speaks is left out."""
    n = len(rank.code)
    rows = np.empty((len(anchor), 3), dtype=np.int64)
    waiting = np.arange(len(anchor))
    for _ in range(ATTEMPTS):
        if not len(waiting):
            break
        who = anchor[waiting]
        a, b = rng.integers(0, n, (2, len(waiting)))
        near, far = rank(who, a), rank(who, b)
        decided = (near != far) & (a != who) & (b != who)
        ordered = np.where((near < far)[:, None], np.stack([who, a, b], axis=1), np.stack([who, b, a], axis=1))
        rows[waiting[decided]] = ordered[decided]
        waiting = waiting[~decided]
    mute = [row for row in waiting.tolist() if not _search(rank, int(anchor[row]), rows[row], rng)]
    out: Triplets = np.delete(rows, mute, axis=0)
    return out


def _search(rank: _Ranks, anchor: int, row: Ints, rng: np.random.Generator) -> bool:
    """Find a decided triplet for an anchor of a rare class by looking at everybody; False when there is none."""
    others = np.delete(np.arange(len(rank.code)), anchor)
    ranks = rank(np.full(len(others), anchor), others)
    nearer = others[ranks < ranks.max()]
    if not len(nearer):
        return False
    pick = rng.choice(nearer)
    row[:] = anchor, pick, rng.choice(others[ranks > ranks[others == pick]])
    return True


def _distinct(rows: Triplets, n: int) -> Triplets:
    """The rows without repetitions, in their order."""
    _, first = np.unique((rows[:, 0] * n + rows[:, 1]) * n + rows[:, 2], return_index=True)
    distinct: Triplets = rows[np.sort(first)]
    return distinct


def _covering(rank: _Ranks, rng: np.random.Generator) -> Triplets:
    """Triplets that use up all stimuli, three new ones each while that lasts: two of the class with most left over and
    one of the next (rule 1); then whoever is left becomes an anchor.
    """
    left: dict[int, list[int]] = defaultdict(list)
    for item in rng.permutation(len(rank.code)).tolist():
        left[int(rank.code[item])].append(item)
    rows: list[list[int]] = []
    while True:
        first, *others = sorted(left.values(), key=len, reverse=True)
        if len(first) < 2 or not others or not others[0]:
            break
        rows.append([first.pop(), first.pop(), others[0].pop()])
    alone = np.array([item for items in left.values() for item in items], dtype=np.int64)
    return np.concatenate([np.array(rows, dtype=np.int64).reshape(-1, 3), _draw(rank, alone, rng)])
