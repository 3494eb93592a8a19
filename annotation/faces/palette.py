"""The portrait's frame and colours: one set for all faces, so that nothing but the landmarks differs."""

import numpy as np
import numpy.typing as npt

VIEW = 320.0  # width and height of the drawing's own coordinates
SCALE = 70.0  # the distance between the eyes in them
CENTRE = np.array([160.0, 141.0])  # the point between the eyes

BACKGROUND = "#edf1f5"
SKIN, SKIN_LIGHT, SKIN_DARK, CREASE = "#ecbd99", "#f7d7ba", "#d39a76", "#9a6146"
BLUSH = "#e08d74"
HAIR, HAIR_LIGHT, BROW = "#41322c", "#64503f", "#4b382f"
WHITE, IRIS, IRIS_EDGE, PUPIL, LASH = "#fcfbf9", "#7596a8", "#3c5362", "#191616", "#33251f"
LIP_UPPER, LIP_LOWER, LIP_LINE = "#b9675e", "#cd7f75", "#84403a"
MOUTH, TONGUE, TEETH = "#4e1c20", "#b65d5f", "#faf7f2"
SHIRT, SHIRT_DARK = "#7d9ab1", "#6785a0"
# Meshes: clay in one light. Cards with a text: the plate that pictures lie on, and the page's ink.
CLAY_DARK, CLAY_LIGHT = (74, 66, 62), (242, 226, 208)
CARD, INK = "#f6f5f1", "#1a1c1e"


def by(x: float, y: float) -> npt.NDArray[np.float64]:
    """A step of x and y distances between the eyes, in pixels."""
    step: npt.NDArray[np.float64] = np.array([x, y]) * SCALE
    return step
