"""Alignment, poses, neutrals and lids, against formulas written out by hand."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotation.faces.errors import FaceError
from annotation.faces.generator import generate_faces
from annotation.faces.geometry import align_faces, choose_neutrals, eye_opening, rotation_from_euler
from annotation.faces.schemes import BU83, ICT83, SCHEMES, LandmarkScheme

POSED = Path(__file__).parents[4] / "shared" / "data" / "ict83_bu3dfe_like" / "ict83.npz"
both_schemes = pytest.mark.parametrize("scheme", list(SCHEMES.values()), ids=list(SCHEMES))


def some_faces(n: int = 5, points: int = 83, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, points, 3)) * 7 + 3


def eyes(face: np.ndarray, scheme: LandmarkScheme) -> tuple[np.ndarray, np.ndarray]:
    """Both eyes by a plain loop over the lower lids."""
    left, right = (sum(face[i] for i in lid) / len(lid) for lid in (scheme.left_lower_lid, scheme.right_lower_lid))
    return left, right


@both_schemes
def test_alignment_puts_the_eyes_one_apart_around_the_origin(scheme: LandmarkScheme) -> None:
    for face in align_faces(some_faces(), scheme):
        left, right = eyes(face, scheme)
        assert np.allclose((left + right) / 2, 0, atol=1e-5)
        assert np.isclose(np.linalg.norm(left - right), 1, atol=1e-5)


@both_schemes
def test_alignment_equals_the_formula_face_by_face(scheme: LandmarkScheme) -> None:
    faces = some_faces()
    turns = rotation_from_euler(np.linspace(-0.4, 0.5, 5), 0.2, -0.1)
    for face, turn, got in zip(faces, turns, align_faces(faces, scheme, turns), strict=True):
        left, right = eyes(face, scheme)
        expected = [turn.T @ (point - (left + right) / 2) / np.linalg.norm(left - right) for point in face]
        assert np.allclose(got, expected, atol=1e-5)


@settings(max_examples=30, deadline=None)
@given(st.floats(-1, 1), st.floats(-1, 1), st.floats(-1, 1), st.floats(0.1, 50), st.floats(-100, 100))
def test_pose_place_and_unit_of_a_face_do_not_matter(
    yaw: float, pitch: float, roll: float, scale: float, x: float
) -> None:
    faces = some_faces(2)
    turn = np.stack([rotation_from_euler(yaw, pitch, roll)] * 2)
    posed = scale * faces @ np.swapaxes(turn, 1, 2) + [x, 0, -x]
    assert np.allclose(align_faces(posed, BU83, turn), align_faces(faces, BU83), atol=1e-4)


def test_poses_turn_the_nose_where_the_names_say() -> None:
    nose, top, quarter = np.array([0, 0, 1]), np.array([0, 1, 0]), np.pi / 2
    assert np.allclose(rotation_from_euler(quarter, 0, 0) @ nose, [1, 0, 0])  # to the right of the picture
    assert np.allclose(rotation_from_euler(0, quarter, 0) @ nose, [0, -1, 0])  # down
    assert np.allclose(rotation_from_euler(0, 0, quarter) @ top, [-1, 0, 0])  # counter-clockwise


def test_euler_angles_multiply_as_documented() -> None:
    whole = rotation_from_euler(0.3, -0.2, 0.7)
    parts = rotation_from_euler(0.3, 0, 0) @ rotation_from_euler(0, -0.2, 0) @ rotation_from_euler(0, 0, 0.7)
    assert np.allclose(whole, parts)
    assert np.allclose(whole @ whole.T, np.eye(3))
    assert np.isclose(np.linalg.det(whole), 1)


def test_coinciding_eyes_are_refused_with_their_row() -> None:
    faces = some_faces(3)
    faces[1, BU83.left_lower_lid] = faces[1, BU83.right_lower_lid]
    with pytest.raises(FaceError, match="row 1: the two eyes coincide"):
        align_faces(faces, BU83)


def test_values_that_are_not_finite_are_refused_with_their_row() -> None:
    faces = some_faces(3)
    faces[2, 40, 1] = np.nan
    with pytest.raises(FaceError, match="row 2: a coordinate is not a finite number"):
        align_faces(faces, BU83)


def test_wrong_shapes_and_poses_are_refused() -> None:
    with pytest.raises(FaceError, match=r"needs points of shape \(N, 83, 3\), not \(2, 68, 3\)"):
        align_faces(some_faces(2, points=68), ICT83)
    with pytest.raises(FaceError, match="2 faces need rotations"):
        align_faces(some_faces(2), BU83, np.eye(3)[None])
    mirrored = np.stack([np.eye(3), np.diag([1.0, 1.0, -1.0])])
    with pytest.raises(FaceError, match="row 1: the pose is not a rotation"):
        align_faces(some_faces(2), BU83, mirrored)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans()), min_size=1, max_size=25), st.integers(0, 1000))
def test_neutrals_are_the_medoids_of_a_naive_loop(rows: list[tuple[str, bool]], seed: int) -> None:
    subjects, absent = [row[0] for row in rows], [row[1] for row in rows]
    faces = some_faces(len(rows), points=4, seed=seed)
    expected = {}
    for person in sorted(set(subjects)):
        own = [i for i in range(len(rows)) if subjects[i] == person and absent[i]]
        sums = {i: sum(float(np.linalg.norm(faces[i] - faces[j])) for j in own) for i in own}
        if own:
            expected[person] = sums
    got = choose_neutrals(faces, np.array(subjects), np.array(absent))
    assert got.keys() == expected.keys()
    assert all(np.isclose(sums[got[person]], min(sums.values())) for person, sums in expected.items())


def test_nobody_without_a_neutral_frame_gets_one() -> None:
    faces = some_faces(3)
    assert choose_neutrals(faces, np.array(["a", "a", "b"]), np.array([False, True, False])) == {"a": 1}
    assert choose_neutrals(faces, np.array(["a", "a", "b"]), np.zeros(3, dtype=bool)) == {}


@both_schemes
def test_eye_opening_is_the_distance_of_the_lids_means(scheme: LandmarkScheme) -> None:
    faces = some_faces(4)
    lids = ((scheme.left_upper_lid, scheme.left_lower_lid), (scheme.right_upper_lid, scheme.right_lower_lid))
    for face, got in zip(faces, eye_opening(faces, scheme), strict=True):
        one = [np.linalg.norm(face[list(up)].mean(axis=0) - face[list(low)].mean(axis=0)) for up, low in lids]
        assert np.isclose(got, np.mean(one))


def test_closed_eyes_open_less_than_surprised_ones() -> None:
    faces = generate_faces(4)
    opening = eye_opening(align_faces(faces.landmarks, BU83), BU83)
    surprised, neutral = opening[(faces.expression == "surprise") & (faces.level == 4)], opening[faces.level == 0]
    assert (surprised > neutral).all()


@both_schemes
def test_strokes_and_lids_are_points_of_the_scheme(scheme: LandmarkScheme) -> None:
    for stroke in scheme.strokes:
        assert set(stroke.indices) <= set(range(scheme.points))
    for side in ("left", "right"):
        eye = scheme.stroke(f"{side}_eye")
        assert set(getattr(scheme, f"{side}_lower_lid")) | set(getattr(scheme, f"{side}_upper_lid")) < set(eye)
    assert not set(scheme.left_lower_lid) & set(scheme.left_upper_lid)


def test_bu83_names_every_point() -> None:
    sizes = {stroke.name: len(stroke.indices) for stroke in BU83.strokes}
    assert set().union(*(stroke.indices for stroke in BU83.strokes)) == set(range(83))
    assert (sizes["left_eye"], sizes["left_brow"], sizes["outer_lip"] + sizes["inner_lip"], sizes["contour"]) == (
        8,
        10,
        20,
        15,
    )


@pytest.mark.shared
@pytest.mark.skipif(not POSED.exists(), reason="the posed set is not beside this checkout")
def test_the_posed_set_s_own_preprocessing_is_reproduced() -> None:
    with np.load(POSED, allow_pickle=False) as data:
        points, expected = data["x_cm"], data["x"]
    got = align_faces(points, ICT83).reshape(len(points), -1)
    assert np.abs(got - expected).max() < 2e-6
