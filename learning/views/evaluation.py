"""A run's evaluation in the form that its page draws: figures with their intervals, by name."""

from dataclasses import dataclass
from typing import Any

from learning.views.figures import share

_SPLITS = ("train", "validation", "test")
# Keys of the report, what they are called, and what they say; in the order of the page.
_MEASURES = (
    ("knn/accuracy", "kNN accuracy", "label of most of the {k} nearest training stimuli"),
    ("knn/precision", "kNN precision", "mean over the classes"),
    ("knn/recall", "kNN recall", "mean over the classes"),
    ("knn/f1", "kNN F1", "of mean precision and mean recall"),
    ("nmi", "NMI", "of k-means clusters and the labels"),
    ("f1", "Cluster F1", "of pairs that share cluster and label"),
    ("recall@1", "Recall@1", "the nearest has the label"),
    ("recall@5", "Recall@5", "one of the five nearest has it"),
    ("acc@5", "Acc@5", "share of the five nearest that have it"),
    ("acc@20", "Acc@20", "share of the twenty nearest that have it"),
    ("verification/accuracy", "Same person", "pairs told apart by distance"),
    ("verification/auc", "Same person, AUC", "over all thresholds"),
)


@dataclass(frozen=True)
class Figure:
    """A share with its 95 % interval; "" where there is none."""

    text: str
    interval: str = ""


@dataclass(frozen=True)
class Measure:
    name: str
    about: str
    figure: Figure


@dataclass(frozen=True)
class SatisfiedRow:
    """Triplets satisfied in one part of the data."""

    split: str
    count: str
    total: Figure
    by_margin: list[Figure]


@dataclass(frozen=True)
class EvaluationFigure:
    """What the page shows; ``notes`` say what was drawn, what resampled, and what could not be measured."""

    accuracy: str
    accuracy_note: str
    dim: int
    levels: list[str]
    rows: list[SatisfiedRow]
    measures: list[Measure]
    notes: list[str]


def evaluation_figure(metrics: dict[str, Any]) -> EvaluationFigure:
    triplets: dict[str, Any] = metrics.get("triplets", {})
    levels = sorted({level for part in triplets.values() for level in part.get("by_margin", {})}, key=int, reverse=True)
    counted = metrics.get("accuracy_count") or 0
    more: dict[str, Any] = metrics.get("metrics", {})  # runs before this version have none
    return EvaluationFigure(
        accuracy=share(metrics.get("accuracy")),
        accuracy_note=metrics.get("accuracy_reason") or f"linear SVM on {counted:,} test stimuli",
        dim=metrics["dim"],
        levels=levels,
        rows=[_satisfied(name, triplets[name], levels) for name in _SPLITS if name in triplets],
        measures=list(_measures(more)),
        notes=_notes(more),
    )


def _satisfied(name: str, part: dict[str, Any], levels: list[str]) -> SatisfiedRow:
    cells = part.get("by_margin", {})
    return SatisfiedRow(
        split=name.capitalize(),
        count=f"{part.get('count', 0):,}",
        total=_figure(part, "satisfied"),
        by_margin=[_figure(cells.get(level, {}), "satisfied") for level in levels],
    )


def _figure(cell: dict[str, Any], value: str = "value") -> Figure:
    low, high = cell.get("low"), cell.get("high")
    known = low is not None and high is not None
    return Figure(share(cell.get(value)), f"{share(low)} to {share(high)}" if known else "")


def _measures(metrics: dict[str, Any]) -> list[Measure]:
    found = []
    for path, name, about in _MEASURES:
        group, _, key = path.rpartition("/")
        cell = (metrics.get(group, {}) if group else metrics).get(key)
        if cell is not None:
            found.append(Measure(name, about.format(k=metrics.get("knn", {}).get("k", "")), _figure(cell)))
    return found


def _notes(metrics: dict[str, Any]) -> list[str]:
    notes = []
    if metrics:
        notes.append(f"Intervals are of 95 %, by drawing each {metrics.get('resampled', 'stimulus')} anew.")
    for name, (used, available) in metrics.get("sampled", {}).items():
        notes.append(f"{name.replace('_', ' ').capitalize()}: {used:,} of {available:,} stimuli, drawn by the seed.")
    return [*notes, *dict.fromkeys(metrics.get("reasons", {}).values())]
