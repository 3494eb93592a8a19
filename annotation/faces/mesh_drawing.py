"""Meshes as vector drawings: triangles from back to front, in one light, a little turned so that depth shows."""

import numpy as np
import numpy.typing as npt

from annotation.faces.curves import number, tag
from annotation.faces.drawing import svg_frame
from annotation.faces.errors import FaceError
from annotation.faces.geometry import rotation_from_euler
from annotation.faces.palette import CLAY_DARK, CLAY_LIGHT, VIEW

YAW, PITCH = 18.0, 8.0  # degrees; where the turntable of the voting page starts, too
MOST_TRIANGLES = 2500  # more would make the drawing heavier than a photograph
_GRID = 48  # cells along each side at first: their triples still fit a whole number
_LIGHT = np.array([-0.42, 0.62, 0.66]) / np.linalg.norm([-0.42, 0.62, 0.66])
_STEPS = 48
_ROUND = 0.9

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]


def mesh_svg(
    vertices: npt.NDArray[np.floating], triangles: npt.NDArray[np.integer], *, size: int = 320, title: str = ""
) -> str:
    """Draw one mesh, framed by itself; a mesh with too many triangles is drawn coarser.

    Args:
        vertices: (n, 3), x right, y up, z towards the viewer.
        triangles: (m, 3) vertices of each, from 0.
        size: width and height in pixels.
        title: escaped by svg_frame.

    Returns:
        A complete ``<svg>`` element.

    Raises:
        FaceError: wrong shape, a value that is not finite, or no triangle.
    """
    places = np.asarray(vertices, dtype=np.float64)
    corners = np.asarray(triangles, dtype=np.int64)
    if places.ndim != 2 or places.shape[1] != 3 or not np.isfinite(places).all():
        raise FaceError("A mesh needs finite vertices of the shape (n, 3).")
    if corners.ndim != 2 or corners.shape[1] != 3 or not len(corners):
        raise FaceError("A mesh needs triangles of the shape (m, 3).")
    places, corners = _coarse(_framed(places), corners)
    shade = _shade(places, corners)
    at = places[:, :2] * [1, -1] * VIEW * 0.43 + VIEW / 2
    order = np.argsort(places[corners, 2].mean(axis=1), kind="stable")
    return svg_frame("".join(_triangle(at[corners[one]], _colour(float(shade[one]))) for one in order), size, title)


def _framed(places: Floats) -> Floats:
    """Turned, and moved and scaled into −1 … 1."""
    turned = places @ rotation_from_euler(*np.deg2rad([YAW, PITCH, 0.0])).T
    low, high = turned.min(axis=0), turned.max(axis=0)
    framed: Floats = (turned - (low + high) / 2) / (float((high - low).max()) / 2 or 1.0)
    return framed


def _coarse(places: Floats, corners: Rows) -> tuple[Floats, Rows]:
    """The mesh with few enough triangles: vertices that share a cell of a grid become one, in ever larger cells."""
    size = _GRID
    while len(corners) > MOST_TRIANGLES and size >= 2:
        cells = np.clip(np.floor((places + 1) / 2 * size), 0, size - 1).astype(np.int64)
        _, cell = np.unique((cells[:, 0] * size + cells[:, 1]) * size + cells[:, 2], return_inverse=True)
        count = np.bincount(cell)
        places = np.stack([np.bincount(cell, weights=places[:, axis]) / count for axis in range(3)], axis=1)
        corners = cell[corners]
        a, b, c = np.sort(corners, axis=1).T
        _, first = np.unique((a * len(count) + b) * len(count) + c, return_index=True)
        whole = (a != b) & (b != c)
        corners = corners[np.sort(first[whole[first]])]
        size = size * 4 // 5
    return places, corners


def _shade(places: Floats, corners: Rows) -> Floats:
    """0 (dark) to 1 (light) of each triangle, by the mean normal around its corners; both sides are lit alike.

    Where triangles meet at such angles that they are meant to be seen, as those of a cube, each has its own normal.
    """
    a, b, c = (places[corners[:, corner]] for corner in range(3))
    flat = np.cross(b - a, c - a)  # as long as the triangle is large, so that large ones weigh more below
    flat[flat[:, 2] < 0] *= -1
    around = np.zeros_like(places)
    for corner in range(3):
        np.add.at(around, corners[:, corner], flat)
    normal, facet = _unit(_unit(around)[corners].mean(axis=1)), _unit(flat)
    if (normal * facet).sum(axis=1).mean() < _ROUND:
        normal = facet
    key = np.clip(normal @ _LIGHT, 0, 1)
    fill = np.clip(normal @ np.array([0.75, -0.1, 0.65]), 0, 1)
    light: Floats = np.clip(0.16 + 0.72 * key + 0.2 * fill, 0, 1)
    return light


def _unit(vectors: Floats) -> Floats:
    unit: Floats = vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12)
    return unit


def _colour(shade: float) -> str:
    step = round(shade * _STEPS) / _STEPS
    mixed = [round(dark + (light - dark) * step) for dark, light in zip(CLAY_DARK, CLAY_LIGHT, strict=True)]
    return "#{:02x}{:02x}{:02x}".format(*mixed)


def _triangle(points: Floats, colour: str) -> str:
    """A filled triangle; the thin line of its own colour closes the seam to its neighbours."""
    d = "M" + "L".join(f"{number(round(float(x), 1))} {number(round(float(y), 1))}" for x, y in points) + "Z"
    return tag("path", d=d, fill=colour, stroke=colour, stroke_width=0.7, stroke_linejoin="round")
