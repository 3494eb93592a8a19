"""One embedding's figures as JSON."""

from __future__ import annotations

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
