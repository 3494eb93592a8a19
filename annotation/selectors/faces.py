"""What is known of faces in a collection: their landmarks in the neutral pose, and the action units that they show."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from annotation.errors import AnnotationError
from annotation.faces.geometry import align_faces
from annotation.faces.pose import label_rotations
from annotation.faces.schemes import SCHEMES, LandmarkScheme
from annotation.models import Collection, Stimulus
from annotation.selectors.features import features_read

_UNIT = re.compile(r"AU\d+[A-Z]?", re.IGNORECASE)


def scheme_of(collection: Collection) -> LandmarkScheme:
    """The collection's landmark scheme.

    Raises:
        AnnotationError: It has none.
    """
    if collection.landmark_scheme not in SCHEMES:
        raise AnnotationError(f"The collection {collection.name!r} has no landmark scheme, so its faces are unknown.")
    return SCHEMES[collection.landmark_scheme]


def faces_aligned(collection: Collection, stimuli: Sequence[Stimulus]) -> NDArray[np.float32]:
    """(N, P, 3) landmarks as in paper 000, V-A: turned by the labelled pose, centred and scaled by the eyes.

    Raises:
        AnnotationError: No scheme, stimuli without landmarks, or faces that cannot be aligned.
    """
    points = features_read(stimuli)
    if points is None:
        raise AnnotationError(f"Not every stimulus of {collection.name!r} has landmarks.")
    names = {name for stimulus in stimuli for name in stimulus.labels}
    labels = {name: [str(stimulus.labels.get(name, "")) for stimulus in stimuli] for name in names}
    return align_faces(points, scheme_of(collection), label_rotations(labels, len(stimuli)))


def units_present(labels: Mapping[str, Any]) -> frozenset[str] | None:
    """The action units that a stimulus's labels mark as present (above 0); None where none is annotated."""
    units = {name: str(value) for name, value in labels.items() if is_unit(name) and str(value) != ""}
    if not units:
        return None
    return frozenset(name for name, value in units.items() if _amount(name, value) > 0)


def is_unit(name: str) -> bool:
    """Whether a label is a facial action unit: AU1, AU12, au06 and so on."""
    return _UNIT.fullmatch(name) is not None


def _amount(name: str, value: str) -> float:
    try:
        return float(value)
    except ValueError:
        raise AnnotationError(f"The label {name} says {value!r}, which is no number.") from None
