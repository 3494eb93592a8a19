"""Landmark schemes: which of a face's 83 points is what.

Left and right are the *person's*: the left eye is on the right of the picture. Axes: x to the right of the picture,
y up, z towards the viewer. Lips and contours run from the right of the face (left of the picture) to its left.

* ``bu83``: our own layout in the spirit of the 83 points of paper 000's posed set (Section IV-A): eyes 8 + 8, brows
  10 + 10, nose 12, mouth 20, face contour 15. The demo faces are made in it.
* ``ict83``: the 68 Multi-PIE/iBUG points and 15 more where expressions move the skin; those 15 belong to no stroke.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Stroke:
    """One line of a face: a run of landmarks, drawn in order.

    Attributes:
        name: what it is, such as ``"left_brow"``.
        indices: the landmarks, in drawing order.
        closed: whether the last landmark joins the first.
    """

    name: str
    indices: tuple[int, ...]
    closed: bool = False


@dataclass(frozen=True, slots=True)
class LandmarkScheme:
    """A layout of landmarks.

    Attributes:
        name: the key in ``SCHEMES``.
        title: for people.
        points: number of landmarks P.
        strokes: the lines of the face.
        left_lower_lid: lower-lid points whose mean is the left eye (paper 000, Section V-A).
        right_lower_lid: the same for the right eye.
        left_upper_lid: upper-lid points of the left eye, for the blink rule.
        right_upper_lid: the same for the right eye.
    """

    name: str
    title: str
    points: int
    strokes: tuple[Stroke, ...]
    left_lower_lid: tuple[int, ...]
    right_lower_lid: tuple[int, ...]
    left_upper_lid: tuple[int, ...]
    right_upper_lid: tuple[int, ...]

    def stroke(self, name: str) -> tuple[int, ...]:
        """Return the indices of the stroke called ``name``; empty where the scheme has none."""
        return next((stroke.indices for stroke in self.strokes if stroke.name == name), ())


def _run(first: int, last: int) -> tuple[int, ...]:
    return tuple(range(first, last + 1))


def _mouth(first: int) -> tuple[Stroke, Stroke]:
    """Twelve outer and eight inner lip points, both from the right corner over the upper lip: the iBUG order."""
    outer = Stroke("outer_lip", _run(first, first + 11), closed=True)
    return outer, Stroke("inner_lip", _run(first + 12, first + 19), closed=True)


BU83 = LandmarkScheme(
    name="bu83",
    title="83 points: eyes, brows, nose, mouth, contour",
    points=83,
    strokes=(
        Stroke("left_eye", _run(0, 7), closed=True),  # outer corner, 3 upper, inner corner, 3 lower
        Stroke("right_eye", _run(8, 15), closed=True),
        Stroke("left_brow", _run(16, 25), closed=True),  # 5 upper from the nose outwards, 5 lower back
        Stroke("right_brow", _run(26, 35), closed=True),
        Stroke("left_nose", _run(36, 39)),  # root, bridge, wing top, wing
        Stroke("right_nose", (47, 46, 45, 44)),
        Stroke("nose_base", (44, 43, 42, 41, 40, 39)),  # wing to wing
        *_mouth(48),
        Stroke("contour", _run(68, 82)),
    ),
    left_lower_lid=(5, 6, 7),
    right_lower_lid=(13, 14, 15),
    left_upper_lid=(1, 2, 3),
    right_upper_lid=(9, 10, 11),
)

ICT83 = LandmarkScheme(
    name="ict83",
    title="68 Multi-PIE points and 15 on the cheeks, chin and temples",
    points=83,
    strokes=(
        Stroke("left_eye", _run(42, 47), closed=True),
        Stroke("right_eye", _run(36, 41), closed=True),
        Stroke("left_brow", _run(22, 26)),
        Stroke("right_brow", _run(17, 21)),
        Stroke("nose_bridge", _run(27, 30)),
        Stroke("nose_base", _run(31, 35)),
        *_mouth(48),
        Stroke("contour", _run(0, 16)),
    ),
    left_lower_lid=(46, 47),
    right_lower_lid=(40, 41),
    left_upper_lid=(43, 44),
    right_upper_lid=(37, 38),
)

SCHEMES: dict[str, LandmarkScheme] = {scheme.name: scheme for scheme in (BU83, ICT83)}
