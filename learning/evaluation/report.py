"""One embedding's figures as JSON: satisfied triplets, classification, retrieval, clusters, verification.

Everything is measured on test stimuli, which no model has seen. Intervals resample people where people are known. Above
stated sizes a part is drawn by the seed, and "sampled" says so.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from learning.data.stimuli import TrainingData
from learning.data.triplets import SPLITS
from learning.evaluation.bootstrap import groups_of
from learning.evaluation.classification import classify
from learning.evaluation.clustering import cluster
from learning.evaluation.knn import K, classify_by_neighbours
from learning.evaluation.retrieval import KS, retrieve
from learning.evaluation.triplets import satisfaction
from learning.evaluation.verification import make_pairs, verify

TRAINED = 20_000  # labelled training stimuli that the SVM and the neighbours learn from
TESTED = 2_000  # labelled test stimuli that are classified by neighbours, and that query
SEARCHED = 20_000  # labelled test stimuli that are searched
CLUSTERED = 5_000  # labelled test stimuli that are clustered
MOST_CLASSES = 200  # a label with more values names single stimuli rather than classes
MANY_CLASSES = f"The label has more than {MOST_CLASSES} values, so it names no classes."


def evaluate_embedding(
    embedding: NDArray[np.float32], data: TrainingData, label: str | None, seed: int = 0
) -> dict[str, Any]:
    """Evaluates codes by their triplets and, where there are labels or persons, by those.

    Args:
        embedding: (N, D) codes of all stimuli of ``data``.
        data: stimuli, labels, persons and triplets.
        label: which label to classify; None = none.
        seed: of all that is drawn.

    Returns:
        {"dim", "accuracy", "svm_c", "accuracy_count", "accuracy_reason", "triplets": {"train": {"satisfied", "low",
        "high", "count", "by_margin"}, "validation": ..., "test": ...}, "metrics": {"knn": {"k", "accuracy",
        "precision", "recall", "f1", "count"}, "auc": {"mean", "by_class"}, "nmi", "f1", "recall@1", "acc@1", ...,
        "verification": {"accuracy", "auc", "count", "folds"}, "resampled", "sampled", "reasons"}}. Each figure of
        "metrics" is {"value", "low", "high"}; one that cannot be measured is absent, and "reasons" says why. "sampled"
        is name -> [used, available].

    Raises:
        ValueError: one code a stimulus is not what was given, or the data has no such label.
    """
    if embedding.ndim != 2 or len(embedding) != len(data):
        raise ValueError(f"There are {len(data)} stimuli, but codes of shape {embedding.shape}.")
    if label is not None and label not in data.labels:
        raise ValueError(f"The data has no label {label!r}; it has {', '.join(sorted(data.labels)) or 'none'}.")
    measured = _Measured(embedding, data, None if label is None else data.labels[label], seed)
    report = {"dim": int(embedding.shape[1])} | measured.accuracy()
    report["triplets"] = {
        name: satisfaction(embedding, data.triplets.of_split(split), subjects=data.subjects, seed=seed)
        for split, name in enumerate(SPLITS)
    }
    return report | {"metrics": measured.metrics()}


class _Measured:
    """The measures of one embedding, each on at most so many stimuli."""

    def __init__(
        self, embedding: NDArray[np.float32], data: TrainingData, labels: NDArray[np.str_] | None, seed: int
    ) -> None:
        self.z, self.split, self.subjects, self.seed = embedding, data.split, data.subjects, seed
        self.labels = np.full(len(data), "") if labels is None else labels
        self.no_label = labels is None
        self.groups = groups_of(data.subjects)
        self.sampled: dict[str, list[int]] = {}
        self.reasons: dict[str, str] = {}

    def accuracy(self) -> dict[str, Any]:
        """Accuracy of the SVM."""
        if self.no_label:
            return {"accuracy": None, "svm_c": None, "accuracy_count": 0, "accuracy_reason": "No label was named."}
        train = self._labelled(0)
        if len(set(self.labels[train])) > MOST_CLASSES:
            return {"accuracy": None, "svm_c": None, "accuracy_count": 0, "accuracy_reason": MANY_CLASSES}
        used = self._draw("svm", train, TRAINED)
        labels = self.labels
        if len(used) < len(train):
            labels = np.where(self.split == 0, "", labels)
            labels[used] = self.labels[used]
        found = classify(self.z, labels, self.split)
        return {
            "accuracy": found.accuracy,
            "svm_c": found.c,
            "accuracy_count": found.count,
            "accuracy_reason": found.reason,
        }

    def metrics(self) -> dict[str, Any]:
        """All other figures."""
        metrics: dict[str, Any] = {}
        if self._classes():
            for part in (self._neighbours, self._clusters, self._retrieval):
                metrics |= part()
        metrics |= self._verification()
        resampled = "stimulus" if self.groups is None else "person"
        return metrics | {"resampled": resampled, "sampled": self.sampled, "reasons": self.reasons}

    def _classes(self) -> bool:
        """Whether the label names classes of test stimuli."""
        reason = ""
        test = set(self.labels[self._labelled(2)])
        if self.no_label:
            reason = "No label was named."
        elif not test:
            reason = "No test stimulus has a label."
        elif max(len(test), len(set(self.labels[self._labelled(0)]))) > MOST_CLASSES:
            reason = MANY_CLASSES
        if reason:
            self.reasons |= dict.fromkeys(("knn", "clusters", "retrieval"), reason)
        return not reason

    def _neighbours(self) -> dict[str, Any]:
        train = self._draw("knn_train", self._labelled(0), TRAINED)
        test = self._draw("knn", self._labelled(2), TESTED)
        if not len(train):
            self.reasons["knn"] = "No training stimulus has a label."
            return {}
        found = classify_by_neighbours(
            self.z[train],
            self.labels[train],
            self.z[test],
            self.labels[test],
            groups=self._groups(test),
            seed=self.seed,
        )
        by_class = {name: area.as_dict() for name, area in found.areas.by_class.items()}
        k = min(K, len(train))
        return {"knn": {"k": k} | found.scores.as_dict(), "auc": {"mean": found.areas.mean, "by_class": by_class}}

    def _clusters(self) -> dict[str, Any]:
        test = self._draw("clusters", self._labelled(2), CLUSTERED)
        if len(set(self.labels[test])) < 2:
            self.reasons["clusters"] = "All test stimuli have the same label."
            return {}
        found = cluster(self.z[test], self.labels[test], groups=self._groups(test), seed=self.seed)
        return {"nmi": found.nmi.as_dict(), "f1": found.f1.as_dict()}

    def _retrieval(self) -> dict[str, Any]:
        test = self._draw("searched", self._labelled(2), SEARCHED)
        queries = self._draw("queries", np.arange(len(test)), TESTED)
        found = retrieve(
            self.z[test], self.labels[test], KS, queries=queries, groups=self._groups(test), seed=self.seed
        )
        if not found.count:
            self.reasons["retrieval"] = "Only one test stimulus has a label."
        recall = {f"recall@{k}": figure.as_dict() for k, figure in found.recall.items()}
        return recall | {f"acc@{k}": figure.as_dict() for k, figure in found.accuracy.items()}

    def _verification(self) -> dict[str, Any]:
        test = np.flatnonzero(self.split == 2)
        pairs = make_pairs(self.subjects[test], seed=self.seed)
        if pairs is None:
            self.reasons["verification"] = "There are too few test people to verify, fewer than four with two stimuli."
            return {}
        found = verify(self.z[test], pairs, self.seed)
        figures = {"accuracy": found.accuracy.as_dict(), "auc": found.auc.as_dict()}
        return {"verification": figures | {"count": found.count, "folds": len(found.thresholds)}}

    def _labelled(self, split: int) -> NDArray[np.int64]:
        return np.flatnonzero((self.split == split) & (self.labels != ""))

    def _groups(self, rows: NDArray[np.int64]) -> NDArray[np.str_] | None:
        return None if self.groups is None else self.groups[rows]

    def _draw(self, name: str, rows: NDArray[np.int64], most: int) -> NDArray[np.int64]:
        """Returns the rows, or ``most`` of them in their order, and remembers that."""
        if len(rows) <= most:
            return rows
        self.sampled[name] = [most, len(rows)]
        return np.sort(np.random.default_rng(self.seed).choice(rows, most, replace=False))
