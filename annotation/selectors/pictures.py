"""What people see of a stimulus: its picture, or a drawing of its text, mesh or landmarks."""

from dataclasses import dataclass

import numpy as np
from django.core.files.storage import default_storage
from numpy.typing import NDArray

from annotation.faces.drawing import face_svg, points_svg
from annotation.faces.mesh_drawing import mesh_svg
from annotation.faces.schemes import SCHEMES
from annotation.faces.text_card import text_svg
from annotation.models import Stimulus
from annotation.selectors.features import features_read
from annotation.selectors.shapes import mesh_read

MEDIA_TYPES = {".png": "image/png", ".jpg": "image/jpeg", ".webp": "image/webp"}


@dataclass(frozen=True)
class Picture:
    content: bytes
    media_type: str


def picture_read(stimulus: Stimulus) -> Picture:
    """The stimulus as an image file; texts, and meshes and points without a picture, are drawn as SVG.

    Raises:
        FileNotFoundError: The picture's or the mesh's file is not in the storage.
        ValueError: The stimulus has nothing that can be drawn.
    """
    if stimulus.picture:
        with default_storage.open(stimulus.picture, "rb") as file:
            suffix = stimulus.picture[stimulus.picture.rindex(".") :]
            return Picture(file.read(), MEDIA_TYPES[suffix])
    return Picture(_drawing(stimulus).encode(), "image/svg+xml")


def _drawing(stimulus: Stimulus) -> str:
    if stimulus.kind == Stimulus.Kind.TEXT:
        return text_svg(stimulus.text)
    if stimulus.mesh:
        return mesh_svg(*mesh_read(stimulus))
    features = features_read([stimulus])
    if features is None:
        raise ValueError(f"Stimulus {stimulus.key} has neither picture nor features.")
    return _points_drawing(stimulus, features[0])


def _points_drawing(stimulus: Stimulus, points: NDArray[np.float32]) -> str:
    scheme = SCHEMES.get(stimulus.collection.landmark_scheme)
    if scheme is not None and points.shape == (scheme.points, 3):
        return face_svg(points, scheme)
    return points_svg(points)
