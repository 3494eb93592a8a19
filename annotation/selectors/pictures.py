"""What people see of a stimulus: its picture, or a drawing of its landmarks."""

from dataclasses import dataclass

import numpy as np
from django.core.files.storage import default_storage

from annotation.faces.drawing import face_svg, points_svg
from annotation.faces.schemes import SCHEMES
from annotation.models import Stimulus
from annotation.selectors.features import features_read

MEDIA_TYPES = {".png": "image/png", ".jpg": "image/jpeg", ".webp": "image/webp"}


@dataclass(frozen=True)
class Picture:
    content: bytes
    media_type: str


def picture_read(stimulus: Stimulus) -> Picture:
    """The stimulus as an image file; landmarks and point clouds without a picture are drawn as SVG.

    Raises:
        FileNotFoundError: The picture's file is not in the storage.
        ValueError: The stimulus has neither picture nor features.
    """
    if stimulus.picture:
        with default_storage.open(stimulus.picture, "rb") as file:
            suffix = stimulus.picture[stimulus.picture.rindex(".") :]
            return Picture(file.read(), MEDIA_TYPES[suffix])
    points = features_read([stimulus])
    if points is None:
        raise ValueError(f"Stimulus {stimulus.key} has neither picture nor features.")
    return Picture(_drawing(stimulus, points[0]).encode(), "image/svg+xml")


def _drawing(stimulus: Stimulus, points: "np.ndarray[tuple[int, ...], np.dtype[np.float32]]") -> str:
    scheme = SCHEMES.get(stimulus.collection.landmark_scheme)
    if scheme is not None and points.shape == (scheme.points, 3):
        return face_svg(points, scheme)
    return points_svg(points)
