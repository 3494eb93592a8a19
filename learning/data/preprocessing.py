"""From a dataset's raw features to rows that a network can read (paper 000, section V-A)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from learning.data.source import mean_of

_PIECE = 4096  # rows read at a time, where features lie in a file
PREPROCESSINGS = ("face", "none")


def prepare(
    raw: NDArray[np.float32], preprocess: str, scheme: str, labels: Mapping[str, Sequence[str]] | None = None
) -> NDArray[np.float32]:
    """Aligns faces, or leaves features as they are, and flattens them.

    Args:
        raw: (N, P, 3) landmarks for "face"; (N, ...) of any shape for "none".
        preprocess: "face" = centred between the eyes, inter-eye distance 1; "none".
        scheme: name of the landmark scheme, for "face".
        labels: column -> N texts; "yaw", "pitch" and "roll" in degrees turn faces to the neutral pose.

    Returns:
        (N, F) features, not yet centred by the training mean.

    Raises:
        ValueError: an unknown preprocessing or scheme, landmarks of the wrong shape, a value that is not finite.
    """
    if preprocess not in PREPROCESSINGS:
        raise ValueError(f"Preprocessing must be 'face' or 'none', not {preprocess!r}.")
    raw = np.asarray(raw, dtype=np.float32)
    points = align(raw, scheme, labels or {}) if preprocess == "face" else raw
    rows = points.reshape(len(points), -1)
    for start in range(0, len(rows), _PIECE):
        finite = np.isfinite(rows[start : start + _PIECE]).all(axis=1)
        if not finite.all():
            row = start + int(finite.argmin())
            raise ValueError(f"The features of stimulus {row} hold a value that is not a finite number.")
    return np.ascontiguousarray(rows, dtype=np.float32)


def align(points: NDArray[np.float32], scheme: str, labels: Mapping[str, Sequence[str]]) -> NDArray[np.float32]:
    """Aligns landmarks by a named scheme.

    Args:
        points: (N, P, 3) landmarks.
        scheme: a name in ``annotation.faces.schemes.SCHEMES``.
        labels: as in ``prepare``.

    Returns:
        (N, P, 3) landmarks, centred between the eyes, in units of the inter-eye distance.

    Raises:
        ValueError: an unknown scheme or landmarks of the wrong shape.
    """
    # Imported here, so that data without faces needs nothing of the annotation side.
    from annotation.faces.geometry import align_faces
    from annotation.faces.pose import label_rotations
    from annotation.faces.schemes import SCHEMES

    if points.ndim != 3 or points.shape[2] != 3:
        raise ValueError(f"Faces must be landmarks of shape (N, P, 3), not {points.shape}.")
    if scheme not in SCHEMES:
        raise ValueError(
            f"Faces need a landmark scheme to be aligned by, one of {', '.join(sorted(SCHEMES))}, but the dataset "
            f"names {scheme!r}; train with the preprocessing 'none' instead."
        )
    aligned: NDArray[np.float32] = align_faces(points, SCHEMES[scheme], label_rotations(labels, len(points)))
    return aligned


def training_mean(features: NDArray[np.float32], split: NDArray[np.int8]) -> NDArray[np.float32]:
    """Returns the (F,) mean of the training rows.

    Args:
        features: (N, F) features.
        split: (N,) 0 for training rows.

    Raises:
        ValueError: no row is for training.
    """
    train = np.flatnonzero(split == 0)
    if not len(train):
        raise ValueError("No stimulus is in the training split.")
    return mean_of(features, train)
