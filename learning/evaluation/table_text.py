"""A comparison table as Markdown, CSV or LaTeX."""

from __future__ import annotations

import csv
import io
from itertools import groupby

from learning.evaluation.tables import Cell, Column, Table

NOTHING = "–"
_LATEX = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "–": "--"}
_LATEX |= {sign: f"\\{sign}" for sign in "&%$#_{}"}


def markdown(table: Table) -> str:
    """Returns the table in Markdown; a span stands before its columns' titles, the best is bold."""
    titles = [_pipe(f"{column.span} {column.title}".strip()) for column in table.layout.columns]
    heads = [_pipe(head) for head in table.layout.heads]
    lines = [f"**{_pipe(table.layout.caption)}**", ""] if table.layout.caption else []
    lines.append(f"| {' | '.join([*heads, *titles])} |")
    lines.append(f"|{'---|' * len(heads)}{'--:|' * len(titles)}")
    for row, cells in zip(table.rows, table.cells, strict=True):
        texts = [_text(cell, column, "**{}**", "±") for cell, column in zip(cells, table.layout.columns, strict=True)]
        lines.append(f"| {' | '.join([*(_pipe(head) for head in row.heads), *texts])} |")
    return "\n".join(lines) + "\n"


def as_csv(table: Table) -> str:
    """Returns the table as CSV with unrounded figures: of each measure the mean, low, high, seeds and the paper's."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    titles = [f"{column.span} {column.title}".strip() for column in table.layout.columns]
    parts = ("", " low", " high", " seeds", " paper")
    writer.writerow([*table.layout.heads, *(title + part for title in titles for part in parts)])
    for row, cells in zip(table.rows, table.cells, strict=True):
        writer.writerow([*row.heads, *(figure for cell in cells for figure in _figures(cell))])
    return out.getvalue()


def latex(table: Table) -> str:
    """Returns a LaTeX table that needs no package; spans are headed once, the best is bold, equal first heads merge."""
    columns = table.layout.columns
    n_heads = len(table.layout.heads)
    lines = [r"\begin{table}", r"\centering"]
    if table.layout.caption:
        lines.append(rf"\caption{{{_escape(table.layout.caption)}}}")
    lines += [rf"\begin{{tabular}}{{{'l' * n_heads}{'r' * len(columns)}}}", r"\hline"]
    if any(column.span for column in columns):
        spans = [(span, len(list(same))) for span, same in groupby(column.span for column in columns)]
        over = [
            rf"\multicolumn{{{size}}}{{c}}{{{_escape(span)}}}" if span else " & ".join([""] * size)
            for span, size in spans
        ]
        lines.append(" & ".join([""] * n_heads + over) + r" \\")
    lines.append(" & ".join(_escape(head) for head in (*table.layout.heads, *(c.title for c in columns))) + r" \\")
    lines.append(r"\hline")
    before: tuple[str, ...] = ()
    for row, cells in zip(table.rows, table.cells, strict=True):
        heads = list(row.heads)
        if n_heads > 1 and before[:1] == row.heads[:1]:
            heads[0] = ""
        texts = [
            _escape_dash(_text(cell, column, r"\textbf{{{}}}", r"$\pm$"))
            for cell, column in zip(cells, columns, strict=True)
        ]
        lines.append(" & ".join([*map(_escape, heads), *texts]) + r" \\")
        before = row.heads
    return "\n".join([*lines, r"\hline", r"\end{tabular}", r"\end{table}"]) + "\n"


def _text(cell: Cell, column: Column, bold: str, plus_minus: str) -> str:
    """ "0.798 ± 0.012 (0.798)": mean, half interval, the paper's."""
    if cell.mean is None:
        text = NOTHING
    else:
        text = f"{cell.mean:.{column.decimals}f}"
        text = bold.format(text) if cell.best else text
        text += "" if cell.half is None else f" {plus_minus} {cell.half:.{column.decimals}f}"
    return text if cell.paper is None else f"{text} ({cell.paper:.{column.decimals}f})"


def _figures(cell: Cell) -> tuple[float | str, ...]:
    mean = "" if cell.mean is None else cell.mean
    low, high = ("", "") if cell.mean is None or cell.half is None else (cell.mean - cell.half, cell.mean + cell.half)
    return mean, low, high, cell.count, "" if cell.paper is None else cell.paper


def _pipe(text: str) -> str:
    return text.replace("|", r"\|")


def _escape(text: str) -> str:
    return "".join(_LATEX.get(sign, sign) for sign in text)


def _escape_dash(text: str) -> str:
    return text.replace(NOTHING, "--")
