"""Facial action units as displacement fields on the mean face, and the six expressions made of them.

Numbers and names follow the Facial Action Coding System; each field is the motion at full strength (about FACS level D
to E) in centimetres. The expressions are EMFACS-style prototypes: a core that everybody shows, and units that some
people add.
"""

from dataclasses import dataclass, field
from functools import cache

import numpy as np

from annotation.faces.mean_face import Array, Push, push_fields

ACTION_UNITS: dict[str, tuple[Push, ...]] = {
    "AU1": (Push("brow", (1.1, 1.9), 1.45, (0.12, 1.15, 0.1)), Push("upper_lid", (2.2, 0.6), 0.9, (0, 0.12, 0))),
    "AU2": (Push("brow", (4.8, 2.1), 1.9, (0.05, 1.05, 0)), Push("upper_lid", (4.1, 0.6), 0.9, (0, 0.08, 0))),
    "AU4": (
        Push("brow", (1.3, 1.9), 1.7, (-0.45, -0.85, 0.15)),
        Push("brow", (4.6, 2.1), 1.6, (-0.2, -0.3, 0)),
        Push("upper_lid", (2.2, 0.6), 1.0, (0, -0.1, 0)),
    ),
    "AU5": (Push("upper_lid", (3.15, 0.8), 1.3, (0, 0.45, 0)),),
    "AU6": (
        Push("lower_lid", (3.1, -0.5), 1.4, (0, 0.3, 0.05)),
        Push("upper_lid", (4.0, 0.6), 0.9, (0, -0.16, 0)),
        Push("contour", (6.9, -3.2), 1.8, (0.15, 0.1, 0.1)),
        Push("brow", (5.2, 1.9), 1.0, (0, -0.15, 0)),
    ),
    "AU7": (
        Push("lower_lid", (3.1, -0.5), 1.5, (0, 0.28, 0)),
        Push("upper_lid", (3.15, 0.8), 1.4, (0, -0.2, 0)),
    ),
    "AU9": (
        Push("nose", (1.5, -3.3), 1.1, (0.18, 0.55, 0.1)),
        Push("nose", (0.7, 0.1), 0.8, (-0.12, -0.25, 0.1)),
        Push("brow", (1.3, 1.8), 1.3, (-0.25, -0.45, 0.1)),
        Push("upper_lip", (1.2, -5.7), 1.3, (0.05, 0.3, 0.1)),
        Push("lower_lid", (2.6, -0.5), 1.2, (0, 0.25, 0)),
    ),
    "AU10": (
        Push("upper_lip", (1.2, -5.7), 1.3, (0.05, 0.42, 0.15)),
        Push("nose", (1.6, -3.5), 0.8, (0.15, 0.2, 0)),
    ),
    "AU12": (
        Push("mouth", (2.5, -6.2), 0.95, (0.85, 1.0, -0.45)),
        Push("mouth", (1.2, -6.3), 0.9, (0.25, 0.1, -0.15)),
        Push("nose", (1.7, -3.5), 0.7, (0.15, 0.08, 0)),
        Push("contour", (6.2, -5.2), 1.7, (0.3, 0.2, 0.1)),
    ),
    "AU14": (Push("mouth", (2.5, -6.2), 0.8, (0.3, 0.02, -0.35)),),
    "AU15": (
        Push("mouth", (2.5, -6.2), 0.9, (0.02, -0.85, -0.1)),
        Push("mouth", (1.5, -6.4), 0.8, (0, -0.12, 0)),
    ),
    "AU16": (Push("lower_lip", (0.9, -6.9), 1.2, (0.03, -0.5, 0.1)),),
    "AU17": (
        Push("lower_lip", (0, -7.0), 1.3, (0, 0.42, 0.3)),
        Push("upper_lip", (0, -5.8), 1.3, (0, 0.2, 0.1)),
        Push("jaw", (0, -10.3), 2.2, (0, 0.4, 0.2)),
    ),
    "AU20": (
        Push("mouth", (2.5, -6.2), 1.2, (0.8, -0.5, -0.5)),
        Push("contour", (5.3, -7.3), 1.6, (0.2, 0, 0)),
    ),
    "AU23": (
        Push("mouth", (2.5, -6.2), 1.1, (-0.38, 0, 0.15)),
        Push("upper_edge", (0, -5.6), 1.8, (0, -0.24, 0)),
        Push("lower_edge", (0, -7.2), 1.8, (0, 0.36, 0)),
    ),
    "AU24": (
        Push("upper_edge", (0, -5.6), 1.9, (0, -0.26, -0.1)),
        Push("lower_edge", (0, -7.2), 1.9, (0, 0.42, -0.1)),
    ),
    "AU25": (
        Push("upper_lip", (0, -6.0), 1.6, (0, 0.16, 0)),
        Push("lower_lip", (0, -6.6), 1.6, (0, -0.5, 0)),
    ),
    "AU26": (
        Push("lower_lip", (0, -6.8), 2.1, (0, -1.15, -0.15)),
        Push("mouth", (2.5, -6.2), 0.9, (-0.12, -0.3, 0)),
        Push("jaw", (0, -10.2), 4.2, (0, -1.1, -0.3)),
    ),
    "AU27": (
        Push("lower_lip", (0, -6.8), 2.1, (0, -2.4, -0.4)),
        Push("upper_lip", (0, -5.8), 1.6, (0, 0.15, 0)),
        Push("mouth", (2.5, -6.2), 0.9, (-0.3, -1.05, 0.1)),
        Push("jaw", (0, -10.2), 4.4, (0, -1.9, -0.6)),
    ),
}

UNIT_NAMES: tuple[str, ...] = tuple(ACTION_UNITS)


@dataclass(frozen=True, slots=True)
class Prototype:
    """An expression as action units at full degree.

    Attributes:
        core: unit -> strength, shown by everybody.
        optional: unit -> strength, each shown by a person with the probability ``OPTIONAL_SHARE``.
    """

    core: dict[str, float]
    optional: dict[str, float] = field(default_factory=dict)


OPTIONAL_SHARE = 0.4

PROTOTYPES: dict[str, Prototype] = {
    "angry": Prototype({"AU4": 1.1, "AU7": 0.75, "AU23": 0.75, "AU24": 0.45}, {"AU5": 0.4, "AU17": 0.6, "AU9": 0.25}),
    "disgust": Prototype({"AU9": 1.0, "AU10": 0.95, "AU7": 0.45}, {"AU4": 0.35, "AU15": 0.4, "AU17": 0.5, "AU16": 0.6}),
    "fear": Prototype(
        {"AU1": 1.0, "AU2": 0.45, "AU4": 0.5, "AU5": 1.0, "AU20": 0.95, "AU25": 0.75}, {"AU26": 0.5, "AU16": 0.5}
    ),
    "happy": Prototype({"AU12": 1.05, "AU6": 0.85}, {"AU25": 0.9, "AU26": 0.45, "AU10": 0.25}),
    "sad": Prototype({"AU1": 0.95, "AU4": 0.45, "AU15": 0.95}, {"AU17": 0.65, "AU7": 0.35, "AU20": 0.2}),
    "surprise": Prototype({"AU1": 1.0, "AU2": 1.0, "AU5": 0.8, "AU27": 0.75, "AU25": 0.4}, {"AU26": 0.35}),
}


@cache
def unit_fields() -> Array:
    """Displacements of every unit's left and right side at strength 1, (U, 2, 83, 3) in centimetres, read-only."""
    fields = np.stack([push_fields(pushes) for pushes in ACTION_UNITS.values()])
    fields.setflags(write=False)
    return fields


@cache
def prototype_tables() -> tuple[Array, Array]:
    """The prototypes' core and optional strengths, each (6, U) in the order of ``PROTOTYPES`` and ``UNIT_NAMES``."""
    core, optional = np.zeros((2, len(PROTOTYPES), len(UNIT_NAMES)))
    for row, prototype in enumerate(PROTOTYPES.values()):
        for table, strengths in ((core, prototype.core), (optional, prototype.optional)):
            for unit, strength in strengths.items():
                table[row, UNIT_NAMES.index(unit)] = strength
    return core, optional
