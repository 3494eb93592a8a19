"""Identity directions of the demo faces: smooth ways in which one resting face differs from another.

Each direction is a displacement field (83, 3) in centimetres for one standard deviation; a person is
mean + Σ_k a_k · direction_k with a_k ~ N(0, 1) cut at ±``CUT``.
"""

from functools import cache

import numpy as np

from annotation.faces.mean_face import PARTS, Array, Push, mean_face, push_fields

# Further out, two rare features can meet and the face stops looking like a person.
CUT = 2.0


def _grow(part: str, x: float, y: float, about: tuple[float, float] | None = None) -> Array:
    """Stretch a part by the shares x and y about a point; by default each side's half about its own centre."""
    face, field = mean_face(), np.zeros((83, 3))
    for side in (1, -1):
        rows = [i for i in PARTS[part] if side * face[i, 0] > 0 or (side == 1 and face[i, 0] == 0)]
        centre = np.array([side * about[0], about[1]]) if about else face[rows, :2].mean(axis=0)
        field[rows, :2] = (face[rows, :2] - centre) * [x, y]
    return field


def _shift(part: str, x: float = 0.0, y: float = 0.0, z: float = 0.0) -> Array:
    """Move a part; x outwards on both sides."""
    face, field = mean_face(), np.zeros((83, 3))
    rows = list(PARTS[part])
    field[rows] = np.stack([np.sign(face[rows, 0]) * x, np.full(len(rows), y), np.full(len(rows), z)], axis=1)
    return field


def _both(*pushes: Push) -> Array:
    field: Array = push_fields(pushes).sum(axis=0)
    return field


def _brow_slant() -> Array:
    """Inner ends down, outer ends up."""
    face, field = mean_face(), np.zeros((83, 3))
    rows = list(PARTS["brow"])
    field[rows, 1] = 0.055 * (np.abs(face[rows, 0]) - 3.4)
    return field


def _jaw_ramp(amount: float) -> Array:
    """Widen the contour the more, the lower it is, but for the chin's middle."""
    face, field = mean_face(), np.zeros((83, 3))
    rows = list(PARTS["contour"])
    ramp = np.clip(-face[rows, 1] / 7.0, 0, 1)
    field[rows, 0] = np.sign(face[rows, 0]) * amount * ramp
    return field


@cache
def identity_directions() -> dict[str, Array]:
    """Return the directions by name, each (83, 3) in centimetres for one standard deviation."""
    mouth, nose_root = (0.0, -6.2), (0.0, 0.1)
    return {
        "face_width": _grow("contour", 0.035, 0.0, (0.0, -4.0)),
        "face_length": _both(Push("jaw", (0, -10.3), 3.8, (0, -0.45, 0))) + _shift("mouth", y=-0.12),
        "jaw_width": _jaw_ramp(0.24),
        "jaw_angle": _both(Push("contour", (5.8, -6.6), 1.4, (0.28, -0.15, 0))),
        "chin_width": _both(Push("contour", (2.5, -9.8), 1.3, (0.34, 0, 0))),
        "chin_point": _both(Push("contour", (0, -10.3), 1.8, (0, -0.22, 0.1))),
        "chin_forward": _both(Push("contour", (0, -10.3), 2.5, (0, 0, 0.45))),
        "cheekbones": _both(Push("contour", (7.0, -2.0), 1.8, (0.22, 0, 0.1))),
        "eye_size": _grow("eye", 0.06, 0.08),
        "eye_roundness": _grow("eye", -0.03, 0.11),
        "eye_spacing": _shift("eye", x=0.13) + _shift("brow", x=0.1),
        "eye_slant": _both(Push("eye", (4.6, 0.1), 1.0, (0, 0.17, 0)), Push("eye", (1.6, -0.1), 0.9, (0, -0.06, 0))),
        "eye_depth": _shift("eye", z=-0.25),
        "lid_rest": _both(Push("upper_lid", (3.15, 0.8), 1.3, (0, 0.07, 0))),
        "brow_height": _shift("brow", y=0.17),
        "brow_thickness": _shift("brow_top", y=0.09),
        "brow_arch": _both(Push("brow", (3.9, 2.4), 1.1, (0, 0.16, 0))),
        "brow_slant": _brow_slant(),
        "brow_length": _both(Push("brow", (5.5, 1.8), 1.2, (0.2, -0.08, 0))),
        "nose_length": _grow("nose", 0.0, 0.055, nose_root),
        "nose_width": _grow("nose", 0.075, 0.0, nose_root),
        "nose_bridge": _both(Push("nose", (0.8, -0.8), 1.1, (0.1, 0, 0.15))),
        "nose_forward": _both(Push("nose", (1.0, -3.4), 1.5, (0, 0, 0.35))),
        "nose_upturned": _both(Push("nose", (0.3, -4.0), 0.9, (0, 0.16, 0.1))),
        "mouth_width": _grow("mouth", 0.065, 0.0, mouth),
        "mouth_height": _shift("mouth", y=0.17),
        "upper_lip_fullness": _both(Push("upper_edge", (0.6, -5.5), 1.2, (0, 0.1, 0.08))),
        "lower_lip_fullness": _both(Push("lower_edge", (0.6, -7.2), 1.3, (0, -0.15, 0.08))),
        "cupids_bow": _both(Push("upper_edge", (0.7, -5.4), 0.45, (0.03, 0.08, 0))),
        "mouth_corners": _both(Push("mouth", (2.5, -6.2), 0.8, (0, 0.08, 0))),
    }
