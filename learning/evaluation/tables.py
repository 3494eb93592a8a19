"""Comparison tables over runs, as the papers print them.

A cell is the mean over seeds and its 95 % interval by Student's t:

    m ± t_{0.975, n−1} · s / √n            n seeds, s their standard deviation; one seed has no interval

The paper's own number stands beside it in brackets. The best mean of a column, as it is printed, is marked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Column:
    """One measure.

    Attributes:
        path: where a report holds it, "triplets/test/satisfied"; also its name in ``Row.values``.
        title: heading.
        span: heading above neighbouring columns of the same span; "" = none.
        decimals: how many are printed.
        scale: 100 prints per cent.
        higher: whether more is better.
        marked: whether the best is marked.
    """

    path: str
    title: str
    span: str = ""
    decimals: int = 3
    scale: float = 1.0
    higher: bool = True
    marked: bool = True


@dataclass(frozen=True)
class Layout:
    """What stands at the head of each row, and the measures."""

    heads: tuple[str, ...]
    columns: tuple[Column, ...]
    caption: str = ""


@dataclass(frozen=True)
class Row:
    """One model.

    Attributes:
        heads: its names, one for each head of the layout.
        values: path -> the figure of each seed.
        paper: path -> the paper's figure.
    """

    heads: tuple[str, ...]
    values: Mapping[str, Sequence[float]]
    paper: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Cell:
    """Mean over ``count`` seeds, half of its interval (None for one), the paper's figure, and whether it is best."""

    mean: float | None
    half: float | None
    count: int
    paper: float | None
    best: bool = False


@dataclass(frozen=True)
class Table:
    """A layout and its rows, with (rows × columns) cells; see ``learning.evaluation.table_text`` for its text."""

    layout: Layout
    rows: tuple[Row, ...]
    cells: tuple[tuple[Cell, ...], ...]


def build_table(layout: Layout, rows: Sequence[Row]) -> Table:
    """Computes the cells of a table.

    Args:
        layout: heads and measures.
        rows: models in the order of the table.

    Returns:
        The table.

    Raises:
        ValueError: a row has more or fewer heads than the layout.
    """
    for row in rows:
        if len(row.heads) != len(layout.heads):
            raise ValueError(f"Row {row.heads} does not fit the heads {layout.heads}.")
    columns = [[_cell(row, column) for row in rows] for column in layout.columns]
    marked = [_mark(cells, column) for cells, column in zip(columns, layout.columns, strict=True)]
    return Table(layout, tuple(rows), tuple(zip(*marked, strict=True)) if marked else tuple(() for _ in rows))


def row_of_reports(
    heads: tuple[str, ...],
    reports: Sequence[Mapping[str, Any]],
    layout: Layout,
    paper: Mapping[str, float] | None = None,
) -> Row:
    """Reads a row from the reports of one model's seeds; a figure that a report lacks is left out.

    Args:
        heads: the model's names.
        reports: one report of ``evaluate_embedding`` a seed.
        layout: what to read.
        paper: path -> the paper's figure.

    Returns:
        The row.
    """
    values = {}
    for column in layout.columns:
        found = [_read(report, column.path) for report in reports]
        values[column.path] = [figure for figure in found if figure is not None]
    return Row(heads, values, paper or {})


def half_interval(values: Sequence[float], level: float = 0.95) -> float | None:
    """Returns t_{(1+level)/2, n−1} · s / √n, None for fewer than two values."""
    if len(values) < 2:
        return None
    from scipy.stats import t

    spread = float(np.std(values, ddof=1) / np.sqrt(len(values)))
    return float(t.ppf((1 + level) / 2, len(values) - 1)) * spread


def _read(report: Mapping[str, Any], path: str) -> float | None:
    place: Any = report
    for name in path.split("/"):
        if not isinstance(place, Mapping) or name not in place:
            return None
        place = place[name]
    if isinstance(place, Mapping):
        place = place.get("value")
    return None if place is None else float(place)


def _cell(row: Row, column: Column) -> Cell:
    values = [float(value) * column.scale for value in row.values.get(column.path, ())]
    paper = row.paper.get(column.path)
    mean = float(np.mean(values)) if values else None
    return Cell(mean, half_interval(values), len(values), None if paper is None else paper * column.scale)


def _mark(cells: list[Cell], column: Column) -> list[Cell]:
    """Marks the best as printed: equal texts are equally good."""
    shown = [None if cell.mean is None else round(cell.mean, column.decimals) for cell in cells]
    known = [value for value in shown if value is not None]
    if not known or not column.marked or len(known) < 2:
        return cells
    best = max(known) if column.higher else min(known)
    return [
        Cell(cell.mean, cell.half, cell.count, cell.paper, value == best)
        for cell, value in zip(cells, shown, strict=True)
    ]
