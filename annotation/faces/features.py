"""What a portrait needs of a face, the same for every scheme: curves in a frame common to all faces.

Frame: the point between the eyes at the origin, the distance between the eyes 1, x right, y **down** as in SVG.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from annotation.faces.curves import resample
from annotation.faces.errors import FaceError
from annotation.faces.geometry import align_faces
from annotation.faces.schemes import LandmarkScheme

Points = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Eye:
    """Both lids, from left to right in the picture, (M, 2) each."""

    upper: Points
    lower: Points


@dataclass(frozen=True, slots=True)
class Brow:
    """Upper and lower edge from the nose outwards, (5, 2) each."""

    upper: Points
    lower: Points


@dataclass(frozen=True, slots=True)
class Features:
    """The curves of one face; left and right are the picture's.

    Attributes:
        eyes: left and right.
        brows: left and right.
        nose_root: (2,) between the eyes.
        nose_base: wing to wing, left to right.
        outer_upper: lip edges from the left to the right corner.
        outer_lower: the lower lip's outer edge.
        inner_upper: the upper edge of the mouth's opening.
        inner_lower: the lower edge of the opening.
        contour: temple, chin, temple; from left to right.
    """

    eyes: tuple[Eye, Eye]
    brows: tuple[Brow, Brow]
    nose_root: Points
    nose_base: Points
    outer_upper: Points
    outer_lower: Points
    inner_upper: Points
    inner_lower: Points
    contour: Points


def features_of(points: npt.NDArray[np.floating], scheme: LandmarkScheme) -> Features:
    """Read a face's curves.

    Args:
        points: (P, 3) in any unit, frontal.
        scheme: the layout of the points.

    Raises:
        FaceError: wrong shape, a value that is not finite, or eyes that coincide.
    """
    if np.ndim(points) != 2:
        raise FaceError(f"One face is needed, shape ({scheme.points}, 3), not {np.shape(points)}.")
    aligned = align_faces(np.asarray(points)[None], scheme)[0].astype(np.float64)
    flat = aligned[:, :2] * [1, -1]
    eyes = _eye(flat, scheme, "right"), _eye(flat, scheme, "left")
    brows = _brow(flat, scheme, "right"), _brow(flat, scheme, "left")
    outer, inner = flat[list(scheme.stroke("outer_lip"))], flat[list(scheme.stroke("inner_lip"))]
    return Features(
        eyes=eyes,
        brows=brows,
        nose_root=_nose_root(flat, scheme),
        nose_base=flat[list(scheme.stroke("nose_base"))],
        outer_upper=outer[:7],
        outer_lower=np.concatenate([outer[:1], outer[:5:-1]]),
        inner_upper=inner[:5],
        inner_lower=np.concatenate([inner[:1], inner[:3:-1]]),
        contour=flat[list(scheme.stroke("contour"))],
    )


def _eye(flat: Points, scheme: LandmarkScheme, side: str) -> Eye:
    """Split the loop corner, upper lid, corner, lower lid and turn both lids from left to right."""
    loop = scheme.stroke(f"{side}_eye")
    lower = scheme.left_lower_lid if side == "left" else scheme.right_lower_lid
    corners = len(loop) - len(lower)
    upper_line, lower_line = flat[list(loop[:corners])], flat[[loop[0], *loop[: corners - 2 : -1]]]
    if upper_line[0, 0] > upper_line[-1, 0]:
        upper_line, lower_line = upper_line[::-1], lower_line[::-1]
    return Eye(upper_line, lower_line)


def _brow(flat: Points, scheme: LandmarkScheme, side: str) -> Brow:
    """Both edges of a brow from the nose outwards; a brow given as one line gets the thickness of a usual one."""
    line = flat[list(scheme.stroke(f"{side}_brow"))]
    if len(line) == 10:
        return Brow(line[:5], line[:4:-1])
    ordered = resample(line if abs(line[0, 0]) < abs(line[-1, 0]) else line[::-1], 5)
    half = np.array([0.04, 0.045, 0.038, 0.028, 0.008])
    along = np.gradient(ordered, axis=0)
    across = np.stack([along[:, 1], -along[:, 0]], axis=1) / np.hypot(*along.T)[:, None]
    across *= np.where(across[:, 1:] > 0, -1, 1)  # towards the forehead
    return Brow(ordered + across * half[:, None], ordered - across * half[:, None])


def _nose_root(flat: Points, scheme: LandmarkScheme) -> Points:
    bridge = scheme.stroke("nose_bridge")
    if bridge:
        root: Points = flat[bridge[0]]
        return root
    middle: Points = flat[[scheme.stroke("left_nose")[0], scheme.stroke("right_nose")[0]]].mean(axis=0)
    return middle
