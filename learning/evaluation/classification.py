"""Accuracy of a linear SVM on the codes (paper 000, section V-B)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# The paper does not say which C it took. Codes are standardised, so that a few powers of ten cover what matters.
C_GRID = (0.001, 0.01, 0.1, 1.0, 10.0)


@dataclass(frozen=True)
class Classification:
    """The outcome of a classification.

    Attributes:
        accuracy: share of test stimuli whose label was found, None where it cannot be measured.
        c: the SVM's C, chosen on the validation stimuli.
        count: number of test stimuli.
        reason: why there is no accuracy, "" where there is one.
    """

    accuracy: float | None
    c: float | None
    count: int
    reason: str = ""


def classify(
    embedding: NDArray[np.float32], labels: NDArray[np.str_], split: NDArray[np.int8], seed: int = 0
) -> Classification:
    """Trains one linear SVM a class against the rest on training codes and tests it on test codes.

    Codes are standardised by the training rows. C is the one with the best accuracy on the validation stimuli, the
    smallest of equals, so that the test stimuli choose nothing. Stimuli without a label stay out.

    Args:
        embedding: (N, D) codes.
        labels: (N,) labels, "" where unknown.
        split: (N,) 0 train, 1 validation, 2 test.
        seed: of the solver.

    Returns:
        The accuracy, or the reason why there is none.
    """
    train, validation, test = ((split == part) & (labels != "") for part in range(3))
    count = int(test.sum())
    if reason := _why_not(labels, train, validation, test):
        return Classification(None, None, count, reason)
    centre, spread = embedding[train].mean(axis=0), embedding[train].std(axis=0)
    codes = (embedding - centre) / np.where(spread > 0, spread, 1)
    best: tuple[float, float, float] | None = None  # validation accuracy, C, test accuracy
    for c in C_GRID:
        found = _predict(codes[train], labels[train], codes, c, seed)
        accuracy = float((found[validation] == labels[validation]).mean())
        if best is None or accuracy > best[0]:
            best = (accuracy, c, float((found[test] == labels[test]).mean()))
    assert best is not None  # noqa: S101 - the grid is not empty
    return Classification(best[2], best[1], count)


def _why_not(
    labels: NDArray[np.str_], train: NDArray[np.bool_], validation: NDArray[np.bool_], test: NDArray[np.bool_]
) -> str:
    for name, part in (("training", train), ("validation", validation), ("test", test)):
        if not part.any():
            return f"No {name} stimulus has a label."
    if len(set(labels[train])) < 2:
        return "All training stimuli have the same label."
    return ""


def _predict(
    codes: NDArray[np.float32], labels: NDArray[np.str_], everything: NDArray[np.float32], c: float, seed: int
) -> NDArray[np.str_]:
    """Returns the label that SVMs trained on ``codes`` give to ``everything``."""
    from sklearn.svm import LinearSVC

    # dual=False: the primal problem is deterministic and quicker with more rows than columns, as here.
    machine = LinearSVC(C=c, dual=False, random_state=seed, max_iter=5000)
    machine.fit(codes, labels)
    found: NDArray[np.str_] = machine.predict(everything)
    return found
