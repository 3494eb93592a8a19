"""Percentile intervals by resampling, of persons where persons are known.

Faces of one person are not independent, so whole persons are drawn with replacement, never single faces of them:

    w ~ Multinomial(G, 1/G)                       (R, G)  how often each of the G groups is drawn, in R resamples
    θ*_r = s(Σ_g w_rg · t_g)                      (R,)    a statistic s of the sums t_g (S,) of each group's rows
    interval = [q_{α/2}(θ*), q_{1−α/2}(θ*)]

Shares, accuracies, F1 and NMI are all functions of sums, so that no resample copies a row. Groups with equal sums are
drawn together, which has the same distribution and makes a million 0/1 rows cost as much as two.

Efron & Tibshirani, An Introduction to the Bootstrap (1993), chapter 13; resampling by group: Davison & Hinkley (1997),
section 3.8.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

RESAMPLES = 1000
LEVEL = 0.95
# Fewer groups than this say next to nothing about how groups differ: no interval is better than a false one.
FEWEST_GROUPS = 5
MOST_CELLS = 10_000  # of a table of counts, 100 × 100 classes; larger ones get no interval
_CELLS = 2_000_000  # drawn counts at a time, so that memory does not grow with R × G

Statistic = Callable[[NDArray[np.float64]], NDArray[np.float64]]


@dataclass(frozen=True)
class Interval:
    """A figure and its interval.

    Attributes:
        value: the figure on all rows, None where there is nothing to count.
        low: lower end, None where there are too few groups.
        high: upper end, likewise.
    """

    value: float | None
    low: float | None = None
    high: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """Returns {"value", "low", "high"}, as JSON holds it."""
        return asdict(self)


def bootstrap_mean(
    values: ArrayLike,
    groups: ArrayLike | None = None,
    *,
    seed: int = 0,
    resamples: int = RESAMPLES,
    level: float = LEVEL,
) -> Interval:
    """Returns the mean of values and its interval.

    Args:
        values: (n,) numbers or truths.
        groups: (n,) whom each row belongs to; None = every row is its own.
        seed: of the draws.
        resamples: R.
        level: 1 − α.

    Returns:
        The mean with its interval; all None without rows.
    """
    column = np.asarray(values, dtype=np.float64)
    table = np.column_stack([column, np.ones_like(column)])
    return bootstrap_sums(table, ratio, groups, seed=seed, resamples=resamples, level=level)


def ratio(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    """The first sum over the second: (R, 2) → (R,)."""
    with np.errstate(invalid="ignore", divide="ignore"):
        shares: NDArray[np.float64] = sums[:, 0] / sums[:, 1]
    return shares


def bootstrap_sums(
    table: NDArray[Any],
    statistic: Statistic,
    groups: ArrayLike | None = None,
    *,
    seed: int = 0,
    resamples: int = RESAMPLES,
    level: float = LEVEL,
    centred: bool = False,
) -> Interval:
    """Returns a function of column sums and its interval.

    Args:
        table: (n, S) numbers whose sums over rows the statistic needs.
        statistic: (R, S) sums → (R,) figures; NaN where a resample has none.
        groups: (n,) whom each row belongs to; None = every row is its own.
        seed: of the draws.
        resamples: R.
        level: 1 − α.
        centred: shifts the interval so that the resamples' mean lies on the figure; for statistics which repeated rows
            push upwards, as NMI.

    Returns:
        The figure with its interval.

    Raises:
        ValueError: there is not one group a row.
    """
    rows = np.asarray(table, dtype=np.float64)
    if not len(rows):
        return Interval(None)
    value = _number(statistic(rows.sum(axis=0)[None])[0])
    sums = group_sums(rows, groups)
    if value is None or len(sums) < FEWEST_GROUPS:
        return Interval(value)
    distinct, multiplicity = np.unique(sums, axis=0, return_counts=True)
    step = max(1, _CELLS // max(distinct.shape))
    drawn = _resample(multiplicity, lambda counts: statistic(counts @ distinct), seed, resamples, step)
    return percentile_interval(value, drawn, level, centred)


def bootstrap_cells(
    cells: NDArray[np.int64],
    n_cells: int,
    statistic: Statistic,
    groups: ArrayLike | None = None,
    *,
    seed: int = 0,
    resamples: int = RESAMPLES,
    level: float = LEVEL,
    centred: bool = False,
) -> Interval:
    """Returns a function of a table of counts and its interval; ``bootstrap_sums`` of one-hot rows, without the rows.

    Args:
        cells: (n,) the cell that each row counts in, 0 to n_cells − 1.
        n_cells: S; above MOST_CELLS there is no interval.
        statistic: (R, S) counts → (R,) figures; NaN where a resample has none.
        groups: (n,) whom each row belongs to; None = every row is its own.
        seed: of the draws.
        resamples: R.
        level: 1 − α.
        centred: as in ``bootstrap_sums``.

    Returns:
        The figure with its interval.

    Raises:
        ValueError: there is not one group a row.
    """
    if not len(cells):
        return Interval(None)
    counts = np.bincount(cells, minlength=n_cells).astype(np.float64)
    if groups is not None and n_cells <= MOST_CELLS:
        place = _places(groups, len(cells))
        flat = np.bincount(place * n_cells + cells, minlength=(int(place.max()) + 1) * n_cells)
        table = flat.reshape(-1, n_cells).astype(np.float64)
        return bootstrap_sums(table, statistic, seed=seed, resamples=resamples, level=level, centred=centred)
    value = _number(statistic(counts[None])[0])
    if value is None or len(cells) < FEWEST_GROUPS or n_cells > MOST_CELLS:
        return Interval(value)
    used = np.flatnonzero(counts)

    def of_drawn(drawn_counts: NDArray[np.int64]) -> NDArray[np.float64]:
        table = np.zeros((len(drawn_counts), n_cells))
        table[:, used] = drawn_counts
        return statistic(table)

    drawn = _resample(counts[used], of_drawn, seed, resamples, max(1, _CELLS // n_cells))
    return percentile_interval(value, drawn, level, centred)


def _resample(
    multiplicity: NDArray[Any],
    figures: Callable[[NDArray[np.int64]], NDArray[np.float64]],
    seed: int,
    resamples: int,
    step: int,
) -> NDArray[np.float64]:
    """Draws groups of U kinds, ``multiplicity`` (U,) of each, and returns the (R,) figures of the drawn (R, U)."""
    rng = np.random.default_rng(seed)
    total = int(multiplicity.sum())
    drawn = np.empty(resamples)
    for start in range(0, resamples, step):
        size = min(step, resamples - start)
        drawn[start : start + size] = figures(rng.multinomial(total, multiplicity / total, size=size))
    return drawn


def bootstrap_rows(
    statistic: Statistic,
    count: int,
    groups: ArrayLike | None = None,
    *,
    seed: int = 0,
    resamples: int = RESAMPLES,
    level: float = LEVEL,
) -> Interval:
    """Returns a statistic of weighted rows and its interval; for what is no function of sums, as an AUC.

    Args:
        statistic: (R, n) how often each row counts → (R,) figures; NaN where a resample has none.
        count: n.
        groups: (n,) whom each row belongs to; None = every row is its own.
        seed: of the draws.
        resamples: R.
        level: 1 − α.

    Returns:
        The figure with its interval.

    Raises:
        ValueError: there is not one group a row.
    """
    if not count:
        return Interval(None)
    value = _number(statistic(np.ones((1, count)))[0])
    place = _places(groups, count)
    n_groups = int(place.max()) + 1
    if value is None or n_groups < FEWEST_GROUPS:
        return Interval(value)
    drawn = _resample(
        np.ones(n_groups),
        lambda counts: statistic(counts[:, place].astype(np.float64)),
        seed,
        resamples,
        max(1, _CELLS // count),
    )
    return percentile_interval(value, drawn, level)


def group_sums(table: NDArray[np.float64], groups: ArrayLike | None) -> NDArray[np.float64]:
    """Sums rows by group: (n, S) → (G, S), or the rows themselves where there are no groups.

    Raises:
        ValueError: there is not one group a row.
    """
    if groups is None:
        return table
    place = _places(groups, len(table))
    order = np.argsort(place, kind="stable")
    starts = np.searchsorted(place[order], np.arange(int(place.max()) + 1))
    sums: NDArray[np.float64] = np.add.reduceat(table[order], starts, axis=0)
    return sums


def groups_of(subjects: NDArray[np.str_]) -> NDArray[np.str_] | None:
    """Returns whom each stimulus is resampled with: its person, alone where unknown; None where nobody is known."""
    unknown = subjects == ""
    if unknown.all():
        return None
    alone = np.char.add("\n", np.arange(len(subjects)).astype(np.str_))  # no person's name starts a line
    return np.where(unknown, alone, subjects)


def percentile_interval(
    value: float, drawn: NDArray[np.float64], level: float = LEVEL, centred: bool = False
) -> Interval:
    """Returns the interval between the percentiles of resampled figures (R,), without those that are NaN."""
    real = drawn[np.isfinite(drawn)]
    if not len(real):
        return Interval(value)
    shift = value - float(real.mean()) if centred else 0.0
    low, high = np.quantile(real, [(1 - level) / 2, (1 + level) / 2]) + shift
    return Interval(value, float(low), float(high))


def _places(groups: ArrayLike | None, count: int) -> NDArray[np.int64]:
    """Numbers the groups 0 to G − 1: (n,)."""
    if groups is None:
        return np.arange(count)
    names = np.asarray(groups)
    if names.shape != (count,):
        raise ValueError(f"There are {count} rows to resample, but groups of shape {names.shape}.")
    return np.unique(names, return_inverse=True)[1].astype(np.int64)


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
