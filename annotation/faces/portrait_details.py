"""Brows, eyes, nose and mouth of the portrait, in pixels of the drawing."""

import numpy as np

from annotation.faces.curves import Points, cubic, lens, line, move, path, smooth, spline, stacked, tag
from annotation.faces.features import Brow, Eye, Features
from annotation.faces.palette import (
    BROW,
    CREASE,
    IRIS,
    IRIS_EDGE,
    LASH,
    LIP_LINE,
    LIP_LOWER,
    LIP_UPPER,
    MOUTH,
    PUPIL,
    SCALE,
    SKIN_DARK,
    SKIN_LIGHT,
    TEETH,
    TONGUE,
    WHITE,
    by,
)

IRIS_RADIUS = 0.112 * SCALE  # 13 to 14 mm across, a little more than life, at 62 mm between the pupils
LASH_WEIGHT = 0.03 * SCALE
TEETH_DEPTH = 0.13 * SCALE
OPEN = 0.035 * SCALE  # a mouth parted less than this shows no teeth


def brow(one: Brow) -> str:
    """A filled, tapered brow, round at the nose and pointed at the temple."""
    inner = (one.upper[0] + one.lower[0]) / 2
    outward = np.sign(one.upper[-1, 0] - inner[0])
    cap = inner - by(outward * 0.03, 0)
    tip = (one.upper[-1] + one.lower[-1]) / 2 + by(outward * 0.03, 0.01)
    d = smooth(np.vstack([cap, one.upper, tip])) + spline(np.vstack([tip, one.lower[::-1], cap])) + "Z"
    return path(d, fill=BROW)


def eye(one: Eye, key: str) -> str:
    """White, iris and pupil within the lids; lashes, lower lid and crease over them."""
    opening = lens(one.upper, one.lower)
    corners = (one.upper[0] + one.upper[-1]) / 2
    x, y = float(corners[0]), float(corners[1] - 0.016 * SCALE)  # fixed in the skull: lids move over it
    clip = tag("clipPath", [path(opening)], id=key)
    arc = np.sin(np.linspace(0, np.pi, len(one.upper)))[:, None]
    ball = tag(
        "g",
        [
            path(opening, fill=WHITE),
            tag("circle", cx=x, cy=y, r=IRIS_RADIUS, fill=IRIS, stroke=IRIS_EDGE, stroke_width=1.6),
            tag("circle", cx=x, cy=y, r=0.45 * IRIS_RADIUS, fill=PUPIL),
            tag("circle", cx=x + 0.34 * IRIS_RADIUS, cy=y - 0.36 * IRIS_RADIUS, r=0.19 * IRIS_RADIUS, fill="#fff"),
            path(smooth(one.upper), stroke="#5b4a55", stroke_width=5, stroke_opacity="0.22"),
        ],
        clip_path=f"url(#{key})",
    )
    lash = lens(one.upper - arc * [0, LASH_WEIGHT] - [0, 0.3], one.upper + by(0, 0.007))
    crease = one.upper[:] - by(0, 0.062) - arc * [0, 0.02 * SCALE]
    return stacked(
        [
            path(lens(crease, one.upper), fill=SKIN_DARK, fill_opacity="0.28"),
            path(smooth(crease), stroke=CREASE, stroke_width=1.1, stroke_opacity="0.6"),
            clip,
            ball,
            path(smooth(one.lower), stroke=CREASE, stroke_width=1.2, stroke_opacity="0.75"),
            path(lash, fill=LASH, stroke=LASH, stroke_width=0.8),
        ]
    )


def nose(face: Features) -> str:
    """Bridge in shadow on one side, wings, nostrils, a light on the tip."""
    base, root = face.nose_base, face.nose_root
    middle = base[1:-1].mean(axis=0)
    left, right = base[0], base[-1]
    top = np.array([root[0] - 0.1 * SCALE, root[1] - 0.02 * SCALE])
    turn = np.array([left[0] + 0.3 * (middle[0] - left[0]), left[1] - 0.17 * SCALE])
    bridge = move(top) + cubic(top + by(0.04, 0.2), turn - by(-0.03, 0.18), turn)
    shade = bridge + cubic(turn + by(0.1, -0.02), top + by(0.09, 0.3), top) + "Z"
    parts = [path(shade, fill=SKIN_DARK, fill_opacity="0.4")]
    tip = middle - by(0, 0.15)
    light = {"fill": SKIN_LIGHT, "fill_opacity": "0.75"}
    parts.append(tag("ellipse", cx=float(tip[0]), cy=float(tip[1]), rx=0.085 * SCALE, ry=0.07 * SCALE, **light))
    for wing, side in ((left, -1), (right, 1)):
        inner = middle + by(side * 0.055, -0.01)
        start = wing + by(-side * 0.03, -0.15)
        curl = move(start) + cubic(
            wing + by(side * 0.055, -0.09),
            wing + by(side * 0.03, 0.06),
            _lerp(wing, inner, 0.4),
        )
        parts.append(path(curl, stroke=CREASE, stroke_width=1.7, stroke_opacity="0.8"))
        hole = _lerp(wing, inner, 0.62) - by(0, 0.012)
        size = float(np.clip(0.28 * abs(wing[0] - inner[0]), 2.4, 6))
        spot = {"fill": "#6b3a2a", "fill_opacity": "0.85"}
        lean = f"rotate({-12 * side} {hole[0]:.1f} {hole[1]:.1f})"
        parts.append(
            tag("ellipse", cx=float(hole[0]), cy=float(hole[1]), rx=size, ry=0.026 * SCALE, transform=lean, **spot)
        )
    under = move(_lerp(left, middle, 0.75)) + cubic(
        middle + by(-0.04, 0.03), middle + by(0.04, 0.03), _lerp(right, middle, 0.75)
    )
    return stacked([*parts, path(under, stroke=CREASE, stroke_width=1.5, stroke_opacity="0.65")])


def mouth(face: Features, key: str) -> str:
    """The opening with teeth and tongue, lips over it, the line where they meet."""
    upper, lower = face.inner_upper, face.inner_lower
    gap = float((lower - upper)[1:-1, 1].max())
    hollow = lens(upper, lower)
    parts = []
    if gap > OPEN:
        parts += [tag("clipPath", [path(hollow)], id=key), path(hollow, fill=MOUTH)]
        parts.append(tag("g", [_tongue(lower, gap), _teeth(upper)], clip_path=f"url(#{key})"))
    seam = smooth((upper + lower) / 2) if gap <= OPEN else smooth(upper)
    outer = face.outer_lower
    shine = outer[2:-2] * 0.45 + _match(lower, len(outer))[2:-2] * 0.55
    under = outer[2:-2] + by(0, 0.07)
    return stacked(
        [
            path(smooth(under), stroke=SKIN_DARK, stroke_width=3, stroke_opacity="0.55"),
            *parts,
            path(lens(face.outer_upper, upper), fill=LIP_UPPER),
            path(lens(lower, outer), fill=LIP_LOWER),
            path(smooth(shine), stroke="#e7a79c", stroke_width=2.4, stroke_opacity="0.6"),
            path(seam, stroke=LIP_LINE, stroke_width=1.9 if gap <= OPEN else 1.1),
            *(
                path(move(out) + line(inside), stroke=LIP_LINE, stroke_width=1.9)
                for out, inside in ((face.outer_upper[0], upper[0]), (face.outer_upper[-1], upper[-1]))
            ),
        ]
    )


def folds(face: Features) -> str:
    """The folds from the nose to the mouth: deeper, the higher the corners of the mouth are pulled."""
    corners = (face.outer_upper[0], face.outer_upper[-1])
    centre = face.inner_upper[1:-1, 1].mean()
    out = []
    for wing, corner, side in ((face.nose_base[0], corners[0], -1), (face.nose_base[-1], corners[1], 1)):
        pulled = float(np.clip((centre - corner[1]) / (0.14 * SCALE), 0, 1))
        start = wing + by(side * 0.09, -0.04)
        end = corner + by(side * 0.17, (0.02 + 0.12 * pulled))
        bend = _lerp(start, end, 0.62) + by(side * 0.11, -0.09)
        d = move(start) + cubic(_lerp(start, bend, 0.55), bend, end)
        out.append(path(d, stroke=CREASE, stroke_width=1.6, stroke_opacity=f"{0.14 + 0.3 * pulled:.2f}"))
    return stacked(out)


def frown(face: Features) -> str:
    """Two upright lines between brows that are drawn together."""
    left, right = ((one.upper[0] + one.lower[0]) / 2 for one in face.brows)
    drawn = float(np.clip((0.36 * SCALE - (right[0] - left[0])) / (0.12 * SCALE), 0, 1))
    if drawn < 0.05:
        return ""
    out = []
    for inner, side in ((left, 1), (right, -1)):
        top = inner + by(side * 0.075, -0.1)
        end = inner + by(side * 0.065, 0.12)
        d = move(top) + cubic(top + by(side * 0.02, 0.07), end - by(-side * 0.02, 0.07), end)
        out.append(path(d, stroke=CREASE, stroke_width=1.6, stroke_opacity=f"{0.75 * drawn:.2f}"))
    return stacked(out)


def _teeth(upper: Points) -> str:
    """Upper teeth hang from the upper lip's edge."""
    arc = np.sin(np.linspace(0, np.pi, len(upper)))[:, None] ** 0.5
    return path(lens(upper - [0, 2], upper + arc * [0, TEETH_DEPTH]), fill=TEETH)


def _tongue(lower: Points, gap: float) -> str:
    if gap < 0.22 * SCALE:
        return ""
    middle, half = lower[len(lower) // 2], (lower[-1, 0] - lower[0, 0]) / 2
    return tag(
        "ellipse", cx=float(middle[0]), cy=float(middle[1] + 0.02 * SCALE), rx=0.6 * half, ry=0.34 * gap, fill=TONGUE
    )


def _match(points: Points, count: int) -> Points:
    """The same curve with ``count`` points by index, to blend it with another."""
    at, old = np.linspace(0, len(points) - 1, count), np.arange(len(points))
    return np.stack([np.interp(at, old, points[:, 0]), np.interp(at, old, points[:, 1])], axis=1)


def _lerp(start: Points, end: Points, share: float) -> Points:
    between: Points = start + (end - start) * share
    return between
