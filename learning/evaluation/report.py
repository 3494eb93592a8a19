"""One embedding's figures as JSON, and several embeddings' figures as the tables of paper 000."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from learning.data.stimuli import TrainingData
from learning.data.triplets import SPLITS
from learning.evaluation.classification import classify
from learning.evaluation.triplets import satisfaction


def evaluate_embedding(embedding: NDArray[np.float32], data: TrainingData, label: str | None) -> dict[str, Any]:
    """Evaluates codes by their triplets and, where there are labels, by classification.

    Args:
        embedding: (N, D) codes of all stimuli of ``data``.
        data: stimuli, labels and triplets.
        label: which label to classify; None = none.

    Returns:
        {"dim", "accuracy", "svm_c", "accuracy_count", "accuracy_reason", "triplets": {"train": {"satisfied", "count",
        "by_margin"}, "validation": ..., "test": ...}}.

    Raises:
        ValueError: one code a stimulus is not what was given, or the data has no such label.
    """
    if embedding.ndim != 2 or len(embedding) != len(data):
        raise ValueError(f"There are {len(data)} stimuli, but codes of shape {embedding.shape}.")
    report: dict[str, Any] = {"dim": int(embedding.shape[1])}
    report |= {"accuracy": None, "svm_c": None, "accuracy_count": 0, "accuracy_reason": "No label was named."}
    if label is not None:
        if label not in data.labels:
            raise ValueError(f"The data has no label {label!r}; it has {', '.join(sorted(data.labels)) or 'none'}.")
        found = classify(embedding, data.labels[label], data.split)
        report |= {"accuracy": found.accuracy, "svm_c": found.c}
        report |= {"accuracy_count": found.count, "accuracy_reason": found.reason}
    report["triplets"] = {
        name: satisfaction(embedding, data.triplets.of_split(split)) for split, name in enumerate(SPLITS)
    }
    return report


@dataclass(frozen=True)
class Table:
    """A table to show: the first column is text, the others are numbers or None."""

    header: list[str]
    rows: list[list[Any]]

    def markdown(self) -> str:
        """Returns the table in Markdown; shares with three decimals, "–" where there is no number."""
        lines = [self.header, ["---", *["---:"] * (len(self.header) - 1)]]
        lines += [[_cell(value) for value in row] for row in self.rows]
        return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(value: Any) -> str:
    if value is None:
        return "–"
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def table_two(rows: Sequence[Mapping[str, Any]]) -> Table:
    """Makes a table in the layout of Table II: test accuracy and satisfied test triplets.

    Args:
        rows: what ``evaluate_embedding`` returns, each with a "name".

    Returns:
        The table.
    """
    header = ["Dimensionality reduction", "Dim", "Accuracy", "Triplets"]
    return Table(
        header, [[row["name"], row["dim"], row["accuracy"], row["triplets"]["test"]["satisfied"]] for row in rows]
    )


def table_three(rows: Sequence[Mapping[str, Any]]) -> Table:
    """Makes a table in the layout of Table III: satisfied test triplets for each vote margin.

    Args:
        rows: what ``evaluate_embedding`` returns, each with a "name".

    Returns:
        The table; a column for each margin that occurs, from the largest down.
    """
    margins = [row["triplets"]["test"]["by_margin"] for row in rows]
    levels = sorted({level for by_margin in margins for level in by_margin}, key=int, reverse=True)
    body = [
        [row["name"], row["dim"], row["accuracy"], *(by_margin.get(level, {}).get("satisfied") for level in levels)]
        for row, by_margin in zip(rows, margins, strict=True)
    ]
    return Table(["Dimensionality reduction", "Dim", "Accuracy", *(f"Triplets {level}" for level in levels)], body)
