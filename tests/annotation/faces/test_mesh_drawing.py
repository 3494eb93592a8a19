"""Meshes as drawings: framed, from back to front, never too heavy."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from annotation.faces.errors import FaceError
from annotation.faces.mesh_drawing import MOST_TRIANGLES, mesh_svg
from annotation.faces.palette import VIEW

CUBE = np.array([[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)], dtype=np.float32)
QUADS = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
SIDES = np.array([t for a, b, c, d in QUADS for t in ((a, b, c), (a, c, d))])


def paths(svg: str) -> list[ElementTree.Element]:
    return [one for one in ElementTree.fromstring(svg).iter() if one.tag.endswith("path")]


def grid(side: int) -> tuple[np.ndarray, np.ndarray]:
    """A hilly field of 2 · (side − 1)² triangles."""
    x, y = np.meshgrid(np.linspace(-1, 1, side), np.linspace(-1, 1, side))
    places = np.stack([x, y, 0.3 * np.sin(3 * x) * np.cos(4 * y)], axis=-1).reshape(-1, 3)
    corner = (np.arange(side - 1)[:, None] * side + np.arange(side - 1)).reshape(-1)
    below = [
        np.stack([corner, corner + 1, corner + side], 1),
        np.stack([corner + 1, corner + side + 1, corner + side], 1),
    ]
    return places, np.concatenate(below)


def coordinates(svg: str) -> np.ndarray:
    return np.array([float(one) for path in paths(svg) for one in re.findall(r"-?[\d.]+", path.get("d", ""))])


def test_every_triangle_is_drawn_inside_the_frame_the_nearest_last() -> None:
    svg = mesh_svg(CUBE * 1000 - 77, SIDES)
    assert len(paths(svg)) == 12
    assert 0 < coordinates(svg).min() < coordinates(svg).max() < VIEW
    # A small triangle before a large one, in whichever order the file has them.
    near, far = [[0, 0, 1], [0.2, 0, 1], [0, 0.2, 1]], [[-1, -1, 0], [1, -1, 0], [0, 1, 0]]
    for order in ([0, 1, 2, 3, 4, 5], [3, 4, 5, 0, 1, 2]):
        drawn = paths(mesh_svg(np.array(near + far), np.array(order).reshape(2, 3)))
        sizes = [np.ptp([float(one) for one in re.findall(r"-?[\d.]+", path.get("d", ""))]) for path in drawn]
        assert sizes[0] > sizes[1]


def test_the_sides_of_a_cube_are_told_apart_and_a_field_is_smooth() -> None:
    seen = {path.get("fill") for path in paths(mesh_svg(CUBE, SIDES))}
    assert 3 <= len(seen) <= 6  # a colour for each side, not for each triangle
    assert len({path.get("fill") for path in paths(mesh_svg(*grid(20)))}) > 8


def test_a_heavy_mesh_is_drawn_coarser() -> None:
    places, triangles = grid(300)
    svg = mesh_svg(places, triangles)
    assert 300 < len(paths(svg)) <= MOST_TRIANGLES
    assert len(svg) < 400_000
    light = mesh_svg(*grid(20))
    np.testing.assert_allclose(np.ptp(coordinates(svg)), np.ptp(coordinates(light)), rtol=0.08)


@given(
    hnp.arrays(np.float32, (6, 3), elements=st.floats(-(2.0**60), 2.0**60, width=32)),
    hnp.arrays(np.uint32, (5, 3), elements=st.integers(0, 5)),
)
def test_any_mesh_is_drawn_flat_and_degenerate_ones_too(places: np.ndarray, triangles: np.ndarray) -> None:
    at = coordinates(mesh_svg(places, triangles))
    assert np.isfinite(at).all()
    assert ((at >= 0) & (at <= VIEW)).all()


@pytest.mark.parametrize(
    ("places", "triangles"),
    [
        (np.zeros((3, 2)), np.array([[0, 1, 2]])),
        (np.full((3, 3), np.nan), np.array([[0, 1, 2]])),
        (np.zeros((3, 3)), np.zeros((0, 3), dtype=int)),
        (np.zeros((3, 3)), np.array([0, 1, 2])),
    ],
)
def test_what_is_no_mesh_is_refused(places: np.ndarray, triangles: np.ndarray) -> None:
    with pytest.raises(FaceError, match="A mesh needs"):
        mesh_svg(places, triangles)
