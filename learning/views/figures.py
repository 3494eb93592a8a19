"""Runs and their figures in the form that the templates draw."""

from collections.abc import Sequence
from dataclasses import dataclass

from annotation.views.doorway import percent
from learning.models import Run
from learning.registry import EMBEDDINGS, LABELS, PAPER_000, SHORT_LABELS
from learning.selectors import ComparisonRow

_SCORES = {
    "elbo": "Validation ELBO",
    "accuracy": "Validation accuracy",
    "satisfied": "Validation triplets satisfied",
}


@dataclass(frozen=True)
class RunRow:
    """A run in a list."""

    run: Run
    name: str
    percent: str
    eta: str
    best: str
    score: str  # what `best` is of


def run_row(run: Run) -> RunRow:
    return RunRow(
        run=run,
        name=SHORT_LABELS.get(run.model, run.model),
        percent=percent(share_done(run)),
        eta=duration(run.progress.get("eta_s")) if run.status == Run.Status.RUNNING else "",
        best=_best(run),
        score=_SCORES[score_name(run)],
    )


def score_name(run: Run) -> str:
    """Which figure of the validation chose the model, as the trainer's history tells."""
    history = run.progress.get("history") or []
    validation = (history[-1]["validation"] if history else None) or {}
    return next((name for name in _SCORES if name in validation), "elbo")


def _best(run: Run) -> str:
    if run.best_value is None:
        return ""
    return f"{run.best_value:,.1f}" if score_name(run) == "elbo" else share(run.best_value)


def share_done(run: Run) -> float:
    """How much of a run's iterations is done, from 0 to 1."""
    if run.status == Run.Status.DONE:
        return 1.0
    total = run.progress.get("total") or 0
    return min(run.progress.get("iteration", 0) / total, 0.999) if total else 0.0


def duration(seconds: float | None) -> str:
    """Seconds as a person says them."""
    if seconds is None:
        return ""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    if seconds < 5400:
        return f"{round(seconds / 60)} min"
    return f"{seconds / 3600:.1f} h"


@dataclass(frozen=True)
class Cell:
    """A figure of a table, and whether it is the best of its column."""

    text: str
    best: bool = False


@dataclass(frozen=True)
class Line:
    """One row of the comparison; without a run where the model was not trained on this data."""

    name: str
    title: str
    run: Run | None
    dim: str
    cells: list[Cell]


@dataclass(frozen=True)
class Comparison:
    """The layout of paper 000's Tables II and III: accuracy, triplets in all and by margin, of the test people."""

    levels: list[int]
    lines: list[Line]


def comparison(rows: Sequence[ComparisonRow]) -> Comparison | None:
    """None while nothing is trained."""
    if not rows:
        return None
    levels = sorted({level for row in rows for level in row.by_margin}, reverse=True)
    values = {row.run.model: [row.accuracy, row.satisfied, *(row.by_margin.get(n) for n in levels)] for row in rows}
    best = [max((v for v in column if v is not None), default=None) for column in zip(*values.values(), strict=True)]
    by_model = {row.run.model: row for row in rows}
    shown = [model for model in EMBEDDINGS if model in by_model or model in PAPER_000]
    return Comparison(levels, [_line(model, by_model.get(model), values.get(model), best) for model in shown])


def _line(model: str, row: ComparisonRow | None, values: list[float | None] | None, best: list[float | None]) -> Line:
    if row is None or values is None:
        return Line(SHORT_LABELS[model], LABELS[model], None, "", [Cell("–") for _ in best])
    cells = [Cell(share(one), one is not None and one == top) for one, top in zip(values, best, strict=True)]
    return Line(row.name, LABELS[model], row.run, str(row.dim), cells)


def share(value: float | None) -> str:
    """A share with three decimals, as in the paper's tables."""
    return "–" if value is None else f"{value:.3f}"
