"""The renderer beside naive loops, and what its pictures must show."""

import numpy as np
import pytest

from benchmarks import rendered_faces
from benchmarks.face_points import corner_weights, inside
from benchmarks.rendered_faces import closed, contact_sheet, render_person, splat


def test_the_nearest_point_stays_in_its_cell():
    rng = np.random.default_rng(0)
    cell = rng.integers(0, 30, 400).astype(np.int32)
    depth = (rng.permutation(400) / 40).astype(np.float32)
    shade = rng.random(400).astype(np.float32)
    grid = splat(cell, depth, shade, 32)
    for place in range(32):
        here = [point for point in range(400) if cell[point] == place]
        nearest = shade[max(here, key=lambda point: depth[point])] if here else -1
        assert grid[place] == nearest


def test_gaps_between_points_are_filled_and_the_background_is_not():
    grid = np.array([[-1, -1, -1, -1], [0.2, -1, 0.4, -1], [-1, -1, -1, -1]], np.float32)
    assert closed(grid) == pytest.approx(np.array([[-1, -1, -1, -1], [0.2, 0.3, 0.4, -1], [-1, -1, -1, -1]]))
    assert closed(grid.T.copy()) == pytest.approx(closed(grid).T)


def test_points_of_a_quad_are_the_bilinear_ones():
    weights = corner_weights(3)
    for row, u, v in ((0, 1 / 6, 1 / 6), (1, 1 / 2, 1 / 6), (5, 5 / 6, 1 / 2)):
        expected = [(1 - u) * (1 - v), u * (1 - v), u * v, (1 - u) * v]
        assert weights[row] == pytest.approx(expected, abs=1e-6)


def test_a_point_is_inside_its_polygon():
    corner = np.array([[0, 0], [4, 0], [4, 4], [2, 2], [0, 4]], np.float32)  # a square with a notch from above
    points = np.array([[1, 1], [3.5, 3], [2, 3], [5, 1], [-1, 1], [2, 1.9]], np.float32)
    assert inside(points, corner).tolist() == [1, 1, 0, 0, 0, 1]


def test_a_contact_sheet_holds_the_pictures_in_rows(tmp_path):
    from PIL import Image

    images = np.arange(3, dtype=np.uint8)[:, None, None, None] * 100 + np.zeros((3, 1, 4, 4), np.uint8)
    contact_sheet(images, 2, tmp_path / "sheet.png", zoom=1)
    sheet = np.asarray(Image.open(tmp_path / "sheet.png"))
    assert sheet.shape == (8, 8)
    assert [sheet[0, 0], sheet[0, 4], sheet[4, 0], sheet[4, 4]] == [0, 100, 200, 0]


@pytest.mark.shared
def test_pictures_follow_from_the_seed_alone_and_are_kept(shared_data, tmp_path):
    faces = rendered_faces.rendered_faces(tmp_path, people=2, each=4, seed=3, processes=1)
    drawn, columns = render_person(1, 4, 3)
    assert faces.images.shape == (8, 1, 64, 64)
    assert np.array_equal(faces.images[4:, 0], drawn)
    assert np.array_equal(faces.expression[4:], columns["expression"])
    assert faces.person.tolist() == [0] * 4 + [1] * 4
    assert not np.array_equal(render_person(1, 4, 4)[0], drawn)
    kept = (tmp_path / "faces-v1-2x4-seed3.npy").stat().st_mtime_ns
    rendered_faces.rendered_faces(tmp_path, people=2, each=4, seed=3, processes=1)
    assert (tmp_path / "faces-v1-2x4-seed3.npy").stat().st_mtime_ns == kept


@pytest.mark.shared
def test_an_open_mouth_is_dark_and_lies_in_the_face(shared_data):
    model = rendered_faces._points()
    weights = np.zeros((2, 53), np.float32)
    weights[1, model.jaw_index] = 1
    vertices, shift = model.vertices(np.zeros(100, np.float32), weights)
    look = model.look(np.random.default_rng(0))
    pictures = []
    for row in (0, 1):
        points = model.points(vertices[row], shift, weights[row], look, np.zeros(2))
        pictures.append(rendered_faces._picture(*points, np.zeros(3, np.float32), np.random.default_rng(1)).astype(int))
    darker = np.argwhere(pictures[0] - pictures[1] > 60)
    assert len(darker) > 20
    below, middle = darker.mean(axis=0)
    assert 36 < below < 54
    assert 26 < middle < 38


@pytest.mark.shared
def test_people_of_one_split_are_never_in_another(shared_data):
    split = {person: int(render_person(person, 1, 0)[1]["split"][0]) for person in (0, 79, 80, 89, 90, 99, 179, 190)}
    assert split == {0: 0, 79: 0, 80: 1, 89: 1, 90: 2, 99: 2, 179: 0, 190: 2}
