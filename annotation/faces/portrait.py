"""The portrait: from a face's curves to SVG shapes, back to front.

This file holds head, hair, neck and light; ``portrait_details`` holds brows, eyes, nose and mouth. The skull's outline
is estimated from the temples, which expressions do not move.
"""

from dataclasses import replace

import numpy as np

from annotation.faces.curves import Points, cubic, line, move, path, spline, stacked, tag
from annotation.faces.features import Brow, Eye, Features
from annotation.faces.palette import (
    BLUSH,
    CENTRE,
    HAIR,
    HAIR_LIGHT,
    SCALE,
    SHIRT,
    SHIRT_DARK,
    SKIN,
    SKIN_DARK,
    SKIN_LIGHT,
    VIEW,
)
from annotation.faces.portrait_details import brow, eye, folds, frown, mouth, nose

# In distances between the eyes, y down from the point between them.
HAIR_TOP, HAIRLINE, SKULL_TOP = -1.68, -1.1, -1.5


def portrait(face: Features, key: str) -> str:
    """Return the shapes of one face; ``key`` starts every id in it."""
    drawn = _to_pixels(face)
    head = _head_path(drawn)
    return stacked(
        [
            _definitions(key),
            _neck(key, head),
            _ears(drawn),
            path(head, fill=f"url(#{key}s)"),
            _cheeks(drawn, key),
            _hair(drawn, key),
            folds(drawn),
            nose(drawn),
            *(eye(one, f"{key}e{i}") for i, one in enumerate(drawn.eyes)),
            *(brow(one) for one in drawn.brows),
            frown(drawn),
            mouth(drawn, f"{key}m"),
        ]
    )


def _to_pixels(face: Features) -> Features:
    """The same curves in pixels of the drawing."""

    def at(points: Points) -> Points:
        pixels: Points = points * SCALE + CENTRE
        return pixels

    flat = {name: at(getattr(face, name)) for name in Features.__slots__ if name not in ("eyes", "brows")}
    left_eye, right_eye = (Eye(at(one.upper), at(one.lower)) for one in face.eyes)
    left_brow, right_brow = (Brow(at(one.upper), at(one.lower)) for one in face.brows)
    return replace(face, eyes=(left_eye, right_eye), brows=(left_brow, right_brow), **flat)


def _point(x: float, y: float) -> Points:
    """A place of the frame, in pixels."""
    spot: Points = np.array([x, y]) * SCALE + CENTRE
    return spot


def _definitions(key: str) -> str:
    """Light from above: the skin's gradient, the same place in every picture; hair and blush."""
    x, y = CENTRE
    skin = tag(
        "radialGradient",
        [
            tag("stop", offset="0", stop_color=SKIN_LIGHT),
            tag("stop", offset="0.62", stop_color=SKIN),
            tag("stop", offset="1", stop_color=SKIN_DARK),
        ],
        id=f"{key}s",
        gradientUnits="userSpaceOnUse",
        cx=float(x),
        cy=float(y + 0.15 * SCALE),
        r=1.95 * SCALE,
    )
    hair = tag(
        "linearGradient",
        [tag("stop", offset="0", stop_color=HAIR_LIGHT), tag("stop", offset="0.75", stop_color=HAIR)],
        id=f"{key}h",
        x1="0",
        y1="0",
        x2="0.25",
        y2="1",
    )
    blush = tag(
        "radialGradient",
        [
            tag("stop", offset="0", stop_color=BLUSH, stop_opacity="0.34"),
            tag("stop", offset="1", stop_color=BLUSH, stop_opacity="0"),
        ],
        id=f"{key}b",
    )
    return tag("defs", [skin, hair, blush])


def _head_path(face: Features) -> str:
    """The contour from temple to temple, closed over the skull."""
    left, right = face.contour[0], face.contour[-1]
    top = _point(0, SKULL_TOP)
    top[0] = (left[0] + right[0]) / 2
    across, lift = np.array([0.31 * (right[0] - left[0]), 0.0]), np.array([0.0, 0.6 * (right[1] - top[1])])
    return (
        move(left)
        + spline(face.contour)
        + cubic(right - lift, top + across, top)
        + cubic(top - across, left - lift, left)
        + "Z"
    )


def _hair(face: Features, key: str) -> str:
    """A short cap with a side parting: outline over the skull, hairline across the forehead."""
    left, right = face.contour[0], face.contour[-1]
    middle, half = (left[0] + right[0]) / 2, (right[0] - left[0]) / 2
    u = half / 1.15  # hair grows with the head

    def at(x: float, y: float) -> Points:
        return np.array([middle + x * u, _point(0, y)[1]])

    burn_left, burn_right = at(-1.19, 0.02), at(1.19, 0.02)
    cap = (
        move(burn_left)
        + cubic(at(-1.36, -0.75), at(-1.12, HAIR_TOP), at(-0.1, HAIR_TOP))
        + cubic(at(1.1, HAIR_TOP - 0.02), at(1.36, -0.75), burn_right)
        + line(at(1.1, -0.02))
        + cubic(at(1.12, -0.45), at(1.1, -0.72), at(0.9, -0.9))
        + cubic(at(0.6, HAIRLINE - 0.02), at(0.0, HAIRLINE - 0.02), at(-0.42, HAIRLINE - 0.2))
        + cubic(at(-0.6, HAIRLINE + 0.02), at(-0.86, HAIRLINE + 0.08), at(-0.94, -0.82))
        + cubic(at(-1.08, -0.62), at(-1.12, -0.4), at(-1.1, -0.02))
        + "Z"
    )
    strand = move(at(-0.42, HAIRLINE - 0.2)) + cubic(
        at(-0.1, HAIRLINE - 0.36), at(0.5, HAIRLINE - 0.36), at(0.95, -1.0)
    )
    return path(cap, fill=f"url(#{key}h)") + path(strand, stroke=HAIR_LIGHT, stroke_width=2, stroke_opacity="0.5")


def _neck(key: str, head: str) -> str:
    """Neck and shoulders in one place for all, and the shadow of this chin on the neck."""
    bottom = (VIEW - CENTRE[1]) / SCALE
    neck = (
        move(_point(-0.66, 0.9))
        + cubic(_point(-0.62, 1.6), _point(-0.66, 1.95), _point(-0.95, 2.12))
        + line(_point(-0.95, bottom), _point(0.95, bottom), _point(0.95, 2.12))
        + cubic(_point(0.66, 1.95), _point(0.62, 1.6), _point(0.66, 0.9))
        + "Z"
    )
    shirt = (
        move(_point(-2.0, bottom))
        + cubic(_point(-1.9, 2.35), _point(-1.45, 2.2), _point(-0.86, 2.06))
        + cubic(_point(-0.6, 2.42), _point(0.6, 2.42), _point(0.86, 2.06))
        + cubic(_point(1.45, 2.2), _point(1.9, 2.35), _point(2.0, bottom))
        + "Z"
    )
    collar = move(_point(-0.86, 2.06)) + cubic(_point(-0.6, 2.42), _point(0.6, 2.42), _point(0.86, 2.06))
    clip = tag("clipPath", [path(neck)], id=f"{key}n")
    shadow = tag(
        "g",
        [path(head, fill=SKIN_DARK, fill_opacity="0.75", transform=f"translate(0 {0.16 * SCALE:.1f})")],
        clip_path=f"url(#{key}n)",
    )
    return stacked(
        [
            clip,
            path(neck, fill=SKIN),
            shadow,
            path(shirt, fill=SHIRT),
            path(collar, stroke=SHIRT_DARK, stroke_width=3.5),
        ]
    )


def _ears(face: Features) -> str:
    """An ear beside each temple, a little below the eyes."""
    out = []
    for end, side in ((face.contour[0], -1), (face.contour[-1], 1)):
        x, y = float(end[0] + side * 0.03 * SCALE), float(CENTRE[1] + 0.2 * SCALE)
        lean = f"rotate({-9 * side} {x:.1f} {y:.1f})"
        out.append(
            tag("ellipse", cx=x, cy=y, rx=0.14 * SCALE, ry=0.29 * SCALE, fill=SKIN, transform=lean)
            + tag(
                "ellipse",
                cx=x + side * 0.02 * SCALE,
                cy=y,
                rx=0.07 * SCALE,
                ry=0.18 * SCALE,
                fill=SKIN_DARK,
                fill_opacity="0.55",
                transform=lean,
            )
        )
    return stacked(out)


def _cheeks(face: Features, key: str) -> str:
    """Blush below the eyes; it rises with the corners of the mouth."""
    out = []
    for one, corner, outer in ((face.eyes[0], face.outer_upper[0], 0), (face.eyes[1], face.outer_upper[-1], -1)):
        x, y = float(one.lower[outer, 0]), float(0.52 * one.lower[:, 1].mean() + 0.48 * corner[1])
        out.append(tag("ellipse", cx=x, cy=y, rx=0.36 * SCALE, ry=0.27 * SCALE, fill=f"url(#{key}b)"))
    return stacked(out)
