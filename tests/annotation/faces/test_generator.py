"""Demo faces: layout, determinism, and expressions that show."""

import numpy as np
import pytest

from annotation.faces.action_units import PROTOTYPES, UNIT_NAMES, unit_fields
from annotation.faces.errors import FaceError
from annotation.faces.generator import EXPRESSIONS, NOISE_CM, GeneratedFaces, generate_faces
from annotation.faces.geometry import align_faces
from annotation.faces.identities import identity_directions
from annotation.faces.mean_face import mean_face
from annotation.faces.schemes import BU83

LEFT_CORNER, RIGHT_CORNER, LIP_UP, LIP_DOWN = 54, 48, 62, 66
INNER_BROWS = [16, 25, 26, 35]
UPPER_LID, LOWER_LID = 2, 6


@pytest.fixture(scope="module")
def faces() -> GeneratedFaces:
    return generate_faces(30, seed=3)


@pytest.fixture(scope="module")
def change(faces: GeneratedFaces) -> np.ndarray:
    """Every face less the same person's neutral one, in distances between the eyes."""
    aligned = align_faces(faces.landmarks, BU83)
    return aligned - aligned[faces.neutral]


def shown(faces: GeneratedFaces, expression: str, level: int = 4) -> np.ndarray:
    return (faces.expression == expression) & (faces.level == level)


def test_a_person_is_a_neutral_face_and_six_expressions_in_four_degrees(faces: GeneratedFaces) -> None:
    assert faces.landmarks.shape == (30 * 25, 83, 3)
    assert faces.landmarks.dtype == np.float32
    expected = ["p002-neutral-0"] + [f"p002-{e}-{k}" for e in EXPRESSIONS[1:] for k in (1, 2, 3, 4)]
    assert faces.ids[25:50].tolist() == expected
    assert len(set(faces.ids)) == len(faces.ids)
    for i, one in enumerate(faces.ids):
        assert one == f"{faces.subjects[i]}-{faces.expression[i]}-{faces.level[i]}"


def test_the_neutral_row_is_the_person_s_own(faces: GeneratedFaces) -> None:
    assert (faces.expression[faces.neutral] == "neutral").all()
    assert (faces.subjects[faces.neutral] == faces.subjects).all()


def test_a_seed_makes_the_same_faces_and_another_seed_others() -> None:
    first, again, other = generate_faces(3, 7), generate_faces(3, 7), generate_faces(3, 8)
    assert (first.landmarks == again.landmarks).all()
    assert (first.landmarks != other.landmarks).any()


def test_adding_people_changes_nobody() -> None:
    few, many = generate_faces(2, 7), generate_faces(6, 7)
    assert np.allclose(few.landmarks, many.landmarks[:50], atol=1e-5)
    assert (few.action_units == many.action_units[:50]).all()
    assert few.ids.tolist() == many.ids[:50].tolist()


def test_people_differ_and_stay_faces(faces: GeneratedFaces) -> None:
    rest = align_faces(faces.landmarks[faces.level == 0], BU83)
    apart = np.linalg.norm(rest[:, None] - rest[None], axis=-1).mean(axis=-1)
    assert apart[np.triu_indices(30, 1)].min() > 0.03
    assert np.abs(rest - rest.mean(axis=0)).max() < 0.4


def test_there_are_at_least_twenty_independent_identity_directions() -> None:
    directions = np.stack([field.ravel() for field in identity_directions().values()])
    assert len(directions) >= 20
    assert np.linalg.matrix_rank(directions, tol=0.02) == len(directions)


def test_action_units_are_absent_when_neutral_and_grow_with_the_degree(faces: GeneratedFaces) -> None:
    assert not faces.action_units[faces.level == 0].any()
    assert faces.action_units.min() >= 0
    assert faces.action_units.max() <= 1.2 + 1e-6
    assert faces.unit_names == UNIT_NAMES
    total = faces.action_units.sum(axis=1)[faces.level > 0].reshape(-1, 6, 4)
    assert (np.diff(total, axis=2) > 0).all()


@pytest.mark.parametrize("expression", list(PROTOTYPES))
def test_everybody_shows_an_expression_s_core(faces: GeneratedFaces, expression: str) -> None:
    units = faces.action_units[shown(faces, expression)]
    for unit in PROTOTYPES[expression].core:
        assert (units[:, UNIT_NAMES.index(unit)] > 0).all()


def test_degrees_move_the_face_more_and_more(faces: GeneratedFaces, change: np.ndarray) -> None:
    size = np.linalg.norm(change, axis=2).mean(axis=1)
    means = [[size[shown(faces, e, k)].mean() for k in (1, 2, 3, 4)] for e in PROTOTYPES]
    assert (np.diff(means, axis=1) > 0).all()
    assert np.min(means) > 2 * NOISE_CM / 6.2


def test_happy_corners_rise_and_sad_ones_fall(faces: GeneratedFaces, change: np.ndarray) -> None:
    corners = change[:, [LEFT_CORNER, RIGHT_CORNER], 1].mean(axis=1)
    assert (corners[shown(faces, "happy")] > 0.04).all()
    assert (corners[shown(faces, "sad")] < -0.05).all()
    width = change[:, LEFT_CORNER, 0] - change[:, RIGHT_CORNER, 0]
    assert (width[shown(faces, "happy")] > 0.1).all()


def test_surprise_opens_mouth_and_eyes_and_lifts_the_brows(faces: GeneratedFaces, change: np.ndarray) -> None:
    rows = shown(faces, "surprise")
    assert ((change[:, LIP_UP, 1] - change[:, LIP_DOWN, 1])[rows] > 0.15).all()
    assert (change[:, INNER_BROWS, 1].mean(axis=1)[rows] > 0.08).all()
    assert ((change[:, UPPER_LID, 1] - change[:, LOWER_LID, 1])[rows] > 0.02).all()


def test_anger_lowers_and_joins_the_brows_and_thins_the_lips(faces: GeneratedFaces, change: np.ndarray) -> None:
    rows = shown(faces, "angry")
    assert (change[:, INNER_BROWS, 1].mean(axis=1)[rows] < -0.05).all()
    assert ((change[:, 16, 0] - change[:, 26, 0])[rows] < -0.04).all()
    thickness = (change[:, 51, 1] - change[:, LIP_UP, 1]) + (change[:, LIP_DOWN, 1] - change[:, 57, 1])
    assert (thickness[rows] < -0.03).all()


def test_disgust_raises_the_nose_s_wings_and_the_upper_lip(faces: GeneratedFaces, change: np.ndarray) -> None:
    rows = shown(faces, "disgust")
    assert (change[:, [39, 44], 1].mean(axis=1)[rows] > 0.02).all()
    assert (change[:, 51, 1][rows] > 0.05).all()


def test_fear_widens_eyes_and_mouth_and_lifts_the_inner_brows(faces: GeneratedFaces, change: np.ndarray) -> None:
    rows = shown(faces, "fear")
    assert ((change[:, UPPER_LID, 1] - change[:, LOWER_LID, 1])[rows] > 0.03).all()
    assert ((change[:, LEFT_CORNER, 0] - change[:, RIGHT_CORNER, 0])[rows] > 0.06).all()
    assert change[:, INNER_BROWS, 1][rows].mean() > 0.03


def test_lips_and_lids_never_cross_beyond_noise(faces: GeneratedFaces) -> None:
    points = faces.landmarks
    for above, below in ((61, 67), (62, 66), (63, 65), (2, 6), (10, 14)):
        assert (points[:, above, 1] - points[:, below, 1]).min() > -4 * NOISE_CM


def test_unit_fields_mirror_each_other() -> None:
    mirror = np.argmin(np.linalg.norm(mean_face()[:, None] - mean_face()[None] * [-1, 1, 1], axis=-1), axis=1)
    left, right = unit_fields()[:, 0], unit_fields()[:, 1]
    assert sorted(mirror) == list(range(83))
    assert np.allclose(right, left[:, mirror] * [-1, 1, 1])


@pytest.mark.parametrize(("people", "seed"), [(0, 0), (3, -1)])
def test_impossible_requests_are_refused(people: int, seed: int) -> None:
    with pytest.raises(FaceError, match="at least 1 person"):
        generate_faces(people, seed)
