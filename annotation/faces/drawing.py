"""Faces as vector portraits that a person can judge, and loose landmarks as dots.

Every portrait has the same frame (the point between the eyes fixed, the distance between the eyes one length) and the
same skin, hair and light, so that two pictures differ in the landmarks and in nothing else. Only presentation
attributes: the pictures live under a strict content security policy, inline or as files.
"""

import hashlib
from html import escape

import numpy as np
import numpy.typing as npt

from annotation.faces.curves import number, tag
from annotation.faces.errors import FaceError
from annotation.faces.features import features_of
from annotation.faces.palette import BACKGROUND, VIEW
from annotation.faces.portrait import portrait
from annotation.faces.schemes import LandmarkScheme

DOT_NEAR, DOT_FAR = (38, 84, 124), (176, 196, 214)


def face_svg(points: npt.NDArray[np.floating], scheme: LandmarkScheme, *, size: int = 320, title: str = "") -> str:
    """Draw one face.

    Args:
        points: (P, 3) landmarks in any unit, in neutral pose.
        scheme: their layout.
        size: width and height in pixels; the drawing scales.
        title: read out by screen readers and shown on hover; escaped here.

    Returns:
        A complete ``<svg>`` element.

    Raises:
        FaceError: the points cannot be a face of this scheme.
    """
    face = np.asarray(points)
    features = features_of(face, scheme)
    # Ids are global where pictures are inlined in one page, so each picture has its own.
    unique = hashlib.sha256(np.ascontiguousarray(face, dtype=np.float64).tobytes()).hexdigest()[:10]
    return svg_frame(portrait(features, f"f{unique}"), size, title)


def points_svg(points: npt.NDArray[np.floating], *, size: int = 320, title: str = "") -> str:
    """Draw landmarks without a scheme as dots, framed by themselves; with a z, near points are darker and larger.

    Args:
        points: (P, 2) or (P, 3), x right, y up, z towards the viewer.
        size: width and height in pixels.
        title: escaped here.

    Returns:
        A complete ``<svg>`` element.

    Raises:
        FaceError: wrong shape or a value that is not finite.
    """
    cloud = np.asarray(points, dtype=np.float64)
    if cloud.ndim != 2 or cloud.shape[1] not in (2, 3) or not len(cloud):
        raise FaceError(f"Points must have the shape (P, 2) or (P, 3), not {cloud.shape}.")
    if not np.isfinite(cloud).all():
        raise FaceError(f"Point {int(np.argmin(np.isfinite(cloud).all(axis=1)))} is not finite.")
    low, high = cloud.min(axis=0), cloud.max(axis=0)
    extent = float((high - low)[:2].max()) or 1.0
    at = (cloud[:, :2] - (low + high)[:2] / 2) / extent * [1, -1] * VIEW * 0.84 + VIEW / 2
    depth = _depth(cloud)
    radius = VIEW * np.clip(0.16 / np.sqrt(len(cloud)), 0.004, 0.014) * (0.75 + 0.5 * depth)
    dots = [
        tag("circle", cx=float(at[i, 0]), cy=float(at[i, 1]), r=float(radius[i]), fill=_shade(float(depth[i])))
        for i in np.argsort(depth, kind="stable")
    ]
    return svg_frame("".join(dots), size, title)


def _depth(cloud: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """0 (far) to 1 (near); 1 everywhere for flat points."""
    if cloud.shape[1] == 2 or not np.ptp(cloud[:, 2]):
        return np.ones(len(cloud))
    depth: npt.NDArray[np.float64] = (cloud[:, 2] - cloud[:, 2].min()) / np.ptp(cloud[:, 2])
    return depth


def _shade(depth: float) -> str:
    mixed = [round(far + (near - far) * depth) for near, far in zip(DOT_NEAR, DOT_FAR, strict=True)]
    return "#{:02x}{:02x}{:02x}".format(*mixed)


def svg_frame(drawing: str, size: int, title: str) -> str:
    """A drawing in its frame: square, on the ground that all of them share.

    Args:
        drawing: elements in the drawing's own coordinates, VIEW wide and high.
        size: width and height in pixels.
        title: read out by screen readers and shown on hover; escaped here.
    """
    label = f"<title>{escape(title)}</title>" if title else ""
    background = tag("rect", width=VIEW, height=VIEW, fill=BACKGROUND)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{int(size)}" height="{int(size)}" '
        f'viewBox="0 0 {number(VIEW)} {number(VIEW)}" role="img">{label}{background}{drawing}</svg>'
    )
