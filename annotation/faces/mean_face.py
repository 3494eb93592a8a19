"""The mean face of the demo: 83 points drawn by hand in the ``bu83`` layout, and soft displacement fields on it.

Unit: about centimetres (the eyes are 6.2 apart). Origin: about between the eyes. Axes: x to the right of
the picture, y up, z towards the viewer. Only the person's left half (x ≥ 0) is written down; the right one mirrors it.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

_EYE = ((4.8, 0.14, -1.35), (4.2, 0.62, -0.8), (3.15, 0.84, -0.4), (2.15, 0.55, -0.5),
        (1.5, -0.12, -0.7), (2.15, -0.48, -0.55), (3.1, -0.62, -0.5), (4.1, -0.42, -0.85))  # fmt: skip
_BROW = ((1.25, 2.1, 0.7), (2.3, 2.5, 0.5), (3.5, 2.7, 0.1), (4.6, 2.5, -0.5), (5.55, 1.85, -1.4),
         (5.5, 1.7, -1.4), (4.55, 2.08, -0.4), (3.45, 2.22, 0.2), (2.3, 1.98, 0.6), (1.3, 1.5, 0.8))  # fmt: skip
_NOSE = ((0.7, 0.1, 0.6), (0.8, -1.4, 1.5), (1.3, -2.8, 1.9), (1.72, -3.45, 1.3), (1.0, -3.9, 1.7), (0.35, -4.05, 2.0))
_CORNER, _INNER_CORNER = (2.5, -6.2, 0.9), (2.25, -6.21, 1.0)
_UPPER_LIP, _UPPER_MIDDLE = ((1.6, -5.78, 1.6), (0.62, -5.46, 2.1)), (0.0, -5.6, 2.15)
_LOWER_LIP, _LOWER_MIDDLE = ((1.72, -6.8, 1.5), (0.85, -7.15, 1.8)), (0.0, -7.25, 1.9)
_INNER_UPPER, _INNER_UPPER_MIDDLE = (1.1, -6.18, 1.75), (0.0, -6.2, 1.95)
_INNER_LOWER, _INNER_LOWER_MIDDLE = (1.1, -6.23, 1.72), (0.0, -6.26, 1.9)
_CONTOUR = ((7.15, 0.6, -5.5), (7.1, -1.4, -5.2), (6.85, -3.4, -4.7), (6.3, -5.4, -3.8),
            (5.3, -7.3, -2.6), (3.85, -8.9, -1.0), (2.05, -10.0, 0.4))  # fmt: skip
_CHIN = (0.0, -10.35, 1.0)

# Which landmarks a field may move.
PARTS: dict[str, tuple[int, ...]] = {
    "all": tuple(range(83)),
    "eye": tuple(range(16)),
    "upper_lid": (1, 2, 3, 9, 10, 11),
    "lower_lid": (5, 6, 7, 13, 14, 15),
    "brow": tuple(range(16, 36)),
    "brow_top": (*range(16, 21), *range(26, 31)),
    "nose": tuple(range(36, 48)),
    "mouth": tuple(range(48, 68)),
    "upper_lip": (*range(49, 54), 61, 62, 63),
    "lower_lip": (*range(55, 60), 65, 66, 67),
    "upper_edge": tuple(range(49, 54)),
    "lower_edge": tuple(range(55, 60)),
    "contour": tuple(range(68, 83)),
    "jaw": tuple(range(70, 81)),
}

# Upper and lower points that must not cross: inner lips and lids. (above, below)
UPPER_OF_PAIR = np.array([61, 62, 63, 1, 2, 3, 9, 10, 11])
LOWER_OF_PAIR = np.array([67, 66, 65, 7, 6, 5, 15, 14, 13])


def _mirror(point: tuple[float, float, float]) -> tuple[float, float, float]:
    return (-point[0], point[1], point[2])


def _over(half: tuple[tuple[float, float, float], ...], middle: tuple[float, float, float]) -> list[tuple[float, ...]]:
    """The mirrored half, the middle, the half back: from the person's right to the left."""
    return [*map(_mirror, half), middle, *reversed(half)]


@cache
def mean_face() -> Array:
    """Return the mean face, (83, 3), read-only."""
    upper = [_mirror(_CORNER), *_over(_UPPER_LIP, _UPPER_MIDDLE), _CORNER]
    lower = reversed(_over(_LOWER_LIP, _LOWER_MIDDLE))
    inner_upper = [_mirror(_INNER_UPPER), _INNER_UPPER_MIDDLE, _INNER_UPPER]
    inner_lower = [_INNER_LOWER, _INNER_LOWER_MIDDLE, _mirror(_INNER_LOWER)]
    points = [
        *_EYE, *map(_mirror, _EYE),
        *_BROW, *map(_mirror, _BROW),
        *_NOSE, *map(_mirror, reversed(_NOSE)),
        *upper, *lower,
        _mirror(_INNER_CORNER), *inner_upper, _INNER_CORNER, *inner_lower,
        *_over(_CONTOUR, _CHIN),
    ]  # fmt: skip
    face = np.array(points)
    face.setflags(write=False)
    return face


@dataclass(frozen=True, slots=True)
class Push:
    """A soft push: points of ``part`` move by ``move`` · exp(−‖p − at‖² / 2·radius²), distances in the picture's plane.

    Written for the person's left half and mirrored; a push at x = 0 acts once and straight.
    """

    part: str
    at: tuple[float, float]
    radius: float
    move: tuple[float, float, float]


def push_fields(pushes: tuple[Push, ...]) -> Array:
    """Return the displacements of the left and the right side, (2, 83, 3); a push at x = 0 is halved between them."""
    fields = np.zeros((2, 83, 3))
    for push in pushes:
        if push.at[0] == 0:
            fields += _one(push, 1) / 2
        else:
            fields[0] += _one(push, 1)
            fields[1] += _one(push, -1)
    return fields


def _one(push: Push, side: int) -> Array:
    face = mean_face()
    offset = face[:, :2] - np.array([side * push.at[0], push.at[1]])
    weight = np.zeros(83)
    part = list(PARTS[push.part])
    weight[part] = np.exp(-(offset[part] ** 2).sum(axis=1) / (2 * push.radius**2))
    move = np.array(push.move) * [side, 1, 1]
    field: Array = weight[:, None] * move
    return field
