"""Curves as SVG path data: smooth lines through points."""

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

Points = npt.NDArray[np.float64]  # (M, 2), pixels, y down


def number(value: float) -> str:
    """Two decimals without trailing zeros: 1/100 of a pixel is finer than any screen."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def pair(point: npt.ArrayLike) -> str:
    """``x y`` of a point."""
    x, y = np.asarray(point, dtype=np.float64)
    return f"{number(float(x))} {number(float(y))}"


def move(point: npt.ArrayLike) -> str:
    """Start a path at a point."""
    return f"M{pair(point)}"


def line(*points: npt.ArrayLike) -> str:
    """Straight on through the points."""
    return "".join(f"L{pair(point)}" for point in points)


def cubic(first: npt.ArrayLike, second: npt.ArrayLike, end: npt.ArrayLike) -> str:
    """One cubic Bézier to ``end``."""
    return f"C{pair(first)} {pair(second)} {pair(end)}"


def spline(points: Points) -> str:
    """Catmull-Rom through ``points`` as cubic Béziers; the path must stand at the first point already.

    Tangents are (next − previous) / 6 of each inner point, cut to a third of the segment so that uneven spacing cannot
    loop; an end point's tangent leads to its neighbour.
    """
    steps = np.diff(points, axis=0)
    tangent = np.zeros_like(points)
    tangent[1:-1] = (points[2:] - points[:-2]) / 6
    tangent[0], tangent[-1] = steps[0] / 4, steps[-1] / 4
    out = []
    for i, step in enumerate(steps):
        limit = np.hypot(*step) * 0.4
        out.append(
            cubic(points[i] + _cut(tangent[i], limit), points[i + 1] - _cut(tangent[i + 1], limit), points[i + 1])
        )
    return "".join(out)


def smooth(points: Points) -> str:
    """An open smooth path through the points."""
    return move(points[0]) + spline(points)


def lens(upper: Points, lower: Points) -> str:
    """A closed shape between two curves that share their direction: along ``upper``, back along ``lower``."""
    back = lower[::-1]
    return smooth(upper) + line(back[0]) + spline(back) + "Z"


def resample(points: Points, count: int) -> Points:
    """``count`` points at equal arc length along a polyline."""
    length = np.concatenate([[0.0], np.hypot(*np.diff(points, axis=0).T).cumsum()])
    at = np.linspace(0, length[-1], count)
    return np.stack([np.interp(at, length, points[:, 0]), np.interp(at, length, points[:, 1])], axis=1)


def tag(name: str, children: Iterable[str] = (), **attributes: str | float) -> str:
    """One SVG element of presentation attributes; ``_`` in a name stands for ``-``. Values are ours, never a user's."""
    spelled = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{value if isinstance(value, str) else number(value)}"'
        for key, value in attributes.items()
    )
    inner = "".join(children)
    return f"<{name}{spelled}>{inner}</{name}>" if inner else f"<{name}{spelled}/>"


def path(d: str, **attributes: str | float) -> str:
    """A ``<path>``; strokes have round ends."""
    if "stroke" in attributes:
        attributes = {"fill": "none", "stroke_linecap": "round", "stroke_linejoin": "round", **attributes}
    return tag("path", (), d=d, **attributes)


def stacked(parts: Sequence[str]) -> str:
    """Join what was drawn; empty pieces are left out."""
    return "".join(part for part in parts if part)


def _cut(vector: Points, limit: float) -> Points:
    length = float(np.hypot(*vector))
    return vector if length <= limit else vector * (limit / length)
