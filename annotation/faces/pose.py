"""Head poses given as labels: columns `yaw`, `pitch` and `roll` in degrees (paper 000, V-A: "pose estimates given")."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from annotation.faces.errors import FaceError
from annotation.faces.geometry import rotation_from_euler

ANGLES = ("yaw", "pitch", "roll")


def label_rotations(labels: Mapping[str, Sequence[str]], n: int) -> npt.NDArray[np.float64] | None:
    """Head rotations from labels.

    Args:
        labels: column -> N texts; a missing angle (an empty text) is 0.
        n: N, the number of faces.

    Returns:
        (N, 3, 3) rotations from the neutral to the observed pose, or None where no angle is labelled at all.

    Raises:
        FaceError: an angle that is no finite number; the message names the row and the column.
    """
    if not any(name in labels for name in ANGLES):
        return None
    degrees = np.zeros((3, n))
    for axis, name in enumerate(ANGLES):
        for row, text in enumerate(labels.get(name, ())):
            degrees[axis, row] = _angle(str(text), row, name)
    return rotation_from_euler(*np.deg2rad(degrees))


def _angle(text: str, row: int, name: str) -> float:
    if text == "":
        return 0.0
    try:
        value = float(text)
    except ValueError:
        value = np.nan
    if not np.isfinite(value):
        raise FaceError(f'Face {row}, label "{name}": {text!r} is not an angle in degrees.')
    return value
