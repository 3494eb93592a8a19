"""Portraits: well-formed, safe under a strict policy, one frame for all, and showing what the landmarks show."""

import re
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from annotation.faces.curves import number, resample, smooth
from annotation.faces.drawing import face_svg, points_svg
from annotation.faces.errors import FaceError
from annotation.faces.features import features_of
from annotation.faces.generator import EXPRESSIONS, generate_faces
from annotation.faces.schemes import BU83, ICT83

SVG = "{http://www.w3.org/2000/svg}"
FACES = generate_faces(3, seed=1)


def row(name: str) -> np.ndarray:
    return FACES.landmarks[FACES.ids.tolist().index(name)]


def as_ict(face: np.ndarray) -> np.ndarray:
    """The same face with the points that the ict83 scheme has: enough for its strokes."""
    out = np.zeros((83, 3))
    out[0:17] = resample3(face[68:83], 17)
    out[17:22], out[22:27] = face[[30, 29, 28, 27, 26]], face[16:21]
    out[27:31] = np.linspace(face[[36, 47]].mean(axis=0), face[[41, 42]].mean(axis=0), 4)
    out[31:36] = resample3(face[[44, 43, 42, 41, 40, 39]], 5)
    out[[36, 37, 38, 39, 40, 41]] = face[[8, 9, 11, 12, 13, 15]]
    out[[42, 43, 44, 45, 46, 47]] = face[[4, 3, 1, 0, 7, 5]]
    out[48:68] = face[48:68]
    return out


def resample3(points: np.ndarray, count: int) -> np.ndarray:
    at = np.linspace(0, len(points) - 1, count)
    return np.stack([np.interp(at, np.arange(len(points)), points[:, axis]) for axis in range(3)], axis=1)


@pytest.mark.parametrize("expression", EXPRESSIONS)
@pytest.mark.parametrize("scheme", [BU83, ICT83], ids=["bu83", "ict83"])
def test_every_expression_becomes_well_formed_safe_svg(expression: str, scheme) -> None:
    face = row(f"p001-{expression}-{0 if expression == 'neutral' else 4}")
    text = face_svg(face if scheme is BU83 else as_ict(face), scheme, size=200, title="a face")
    root = ET.fromstring(text)
    assert (root.tag, root.get("width"), root.get("height")) == (f"{SVG}svg", "200", "200")
    assert "nan" not in text
    assert "inf" not in text
    for element in root.iter():
        assert element.tag.removeprefix(SVG) not in {"script", "style", "foreignObject", "image", "a"}
        for name, value in element.attrib.items():
            assert name != "style"
            assert not name.startswith("on")
            assert "://" not in value
    for used in re.findall(r"url\(#([^)]+)\)", text):
        assert text.count(f'id="{used}"') == 1


def test_a_title_is_escaped() -> None:
    for text in (
        face_svg(row("p001-happy-4"), BU83, title='</title><script>alert("1")</script>'),
        points_svg(np.eye(3), title="</title><script>"),
    ):
        assert "<script" not in text
        assert ET.fromstring(text).find(f"{SVG}title").text.startswith("</title><script>")


def test_the_same_face_is_the_same_picture() -> None:
    assert face_svg(row("p001-sad-2"), BU83) == face_svg(row("p001-sad-2").copy(), BU83)


def test_pictures_on_one_page_do_not_share_ids() -> None:
    ids = [set(re.findall(r'id="([^"]+)"', face_svg(face, BU83))) for face in FACES.landmarks[:10]]
    assert sum(len(one) for one in ids) == len(set().union(*ids))


def test_unit_and_place_of_the_landmarks_do_not_matter() -> None:
    """Ids are of the points, everything else of the face."""
    face = row("p002-fear-3").astype(np.float64)
    plain, moved = (re.sub(r"f[0-9a-f]{10}", "key", face_svg(f, BU83)) for f in (face, 10 * face + [3, -4, 5]))
    numbers = [np.array([float(x) for x in re.findall(r"-?\d+\.?\d*", text)]) for text in (plain, moved)]
    assert np.abs(numbers[0][9:] - numbers[1][9:]).max() < 0.02


def irises(text: str) -> np.ndarray:
    circles = [c for c in ET.fromstring(text).iter(f"{SVG}circle") if c.get("stroke")]
    return np.array([[float(c.get("cx")), float(c.get("cy")), float(c.get("r"))] for c in circles])


def test_every_face_has_the_same_frame() -> None:
    """Eyes of every person and expression are drawn in one size and about one place."""
    eyes = np.stack([irises(face_svg(face, BU83)) for face in FACES.landmarks])
    assert eyes.shape[1:] == (2, 3)
    assert len(set(eyes[:, :, 2].ravel())) == 1
    assert np.ptp(eyes[:, :, :2], axis=0).max() < 12


def test_teeth_show_only_in_an_open_mouth() -> None:
    teeth = "#faf7f2"
    assert teeth in face_svg(row("p001-surprise-4"), BU83)
    assert teeth not in face_svg(row("p001-neutral-0"), BU83)


def test_curves_of_a_face_run_from_left_to_right_in_one_frame() -> None:
    for scheme, face in ((BU83, row("p003-happy-3")), (ICT83, as_ict(row("p003-happy-3")))):
        features = features_of(face, scheme)
        left, right = features.eyes
        assert left.upper[-1, 0] < 0 < right.upper[0, 0]
        for eye in features.eyes:
            assert (eye.upper[0] == eye.lower[0]).all()
            assert (eye.upper[-1] == eye.lower[-1]).all()
            assert (np.diff(eye.upper[:, 0]) > 0).all()
            assert eye.upper[1:-1, 1].mean() < eye.lower[1:-1, 1].mean()  # y runs down
        for brow in features.brows:
            assert brow.upper.shape == brow.lower.shape == (5, 2)
            assert (brow.upper[:, 1] < brow.lower[:, 1]).all()
        assert (features.outer_upper[0] == features.outer_lower[0]).all()
        assert (features.outer_upper[-1] == features.outer_lower[-1]).all()
        assert features.contour[0, 0] < 0 < features.contour[-1, 0]


@pytest.mark.parametrize(("shape", "says"), [((68, 3), "83, 3"), ((2, 83, 3), "One face is needed")])
def test_points_of_another_shape_are_refused(shape: tuple[int, ...], says: str) -> None:
    with pytest.raises(FaceError, match=says):
        face_svg(np.ones(shape), BU83)


@pytest.mark.parametrize("columns", [2, 3])
def test_points_without_a_scheme_become_dots_within_the_frame(columns: int) -> None:
    cloud = np.random.default_rng(0).normal(size=(50, columns)) * 40 + 7
    circles = list(ET.fromstring(points_svg(cloud)).iter(f"{SVG}circle"))
    assert len(circles) == 50
    places = np.array([[float(c.get("cx")), float(c.get("cy"))] for c in circles])
    assert places.min() >= 0
    assert places.max() <= 320
    assert (len({c.get("fill") for c in circles}) > 1) == (columns == 3)


def test_near_points_are_drawn_last_and_larger() -> None:
    circles = list(ET.fromstring(points_svg(np.array([[0, 0, 9.0], [1, 1, 0.0]]))).iter(f"{SVG}circle"))
    assert float(circles[0].get("r")) < float(circles[1].get("r"))


def test_one_point_and_flat_points_can_be_drawn() -> None:
    assert points_svg(np.zeros((1, 3))).count("<circle") == 1
    assert points_svg(np.ones((4, 2))).count("<circle") == 4


@pytest.mark.parametrize("cloud", [np.zeros((3, 4)), np.zeros((0, 3)), np.array([[0.0, np.inf]])])
def test_bad_points_are_refused(cloud: np.ndarray) -> None:
    with pytest.raises(FaceError):
        points_svg(cloud)


def test_a_smooth_path_passes_through_its_points() -> None:
    points = np.array([[0, 0], [10, 5], [12, 30], [40, 31.0]])
    ends = re.findall(r"(?:M|C(?:\S+ \S+ ){2})(\S+) (-?[\d.]+)", smooth(points))
    assert np.allclose(np.array(ends, dtype=float), points)


def test_resampling_keeps_ends_and_spacing() -> None:
    out = resample(np.array([[0, 0], [3, 0], [3, 4.0]]), 8)
    assert np.allclose(out[[0, -1]], [[0, 0], [3, 4]])
    assert np.allclose(np.hypot(*np.diff(out, axis=0).T), 1)


@pytest.mark.parametrize(("value", "text"), [(1.0, "1"), (-0.001, "0"), (0.126, "0.13"), (-2.5, "-2.5")])
def test_numbers_are_short(value: float, text: str) -> None:
    assert number(value) == text
