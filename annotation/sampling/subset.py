"""Which stimuli of a long recording to ask about: paper 000, Section IV-B, "Triplet collection".

One stimulus for each distinct set of action units that a person shows, without the frames in which the eyes blink.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from annotation.sampling.errors import DesignImpossible

BLINK_FRACTION = 0.6  # of the person's usual opening; narrowed eyes (AU6, AU7) keep about 0.7 of it


def expressive_subset(
    subjects: npt.NDArray[np.str_],
    action_units: Sequence[frozenset[str]],
    eye_opening: npt.NDArray[np.floating] | None = None,
    blink_fraction: float = BLINK_FRACTION,
) -> npt.NDArray[np.int64]:
    """Choose one row for each person and distinct set of action units.

    A row is a blink when its lids are nearer than ``blink_fraction`` × the median opening of its person. A set that a
    person shows only while blinking is left out.

    Args:
        subjects: (N,) person of each row.
        action_units: N sets of the units present; the empty set (a neutral face) is a set like others.
        eye_opening: (N,) distance between the lids; None keeps all rows.
        blink_fraction: in [0, 1].

    Returns:
        (M,) int64 rows in ascending order: of each person and set, the first.

    Raises:
        DesignImpossible: lengths that differ, an opening that is not finite, a fraction outside [0, 1].
    """
    names = np.asarray(subjects)
    if len(names) != len(action_units):
        raise DesignImpossible(f"{len(names)} subjects and {len(action_units)} sets of action units do not match.")
    if not 0 <= blink_fraction <= 1:
        raise DesignImpossible(f"The blink fraction must be between 0 and 1, not {blink_fraction}.")
    awake = np.ones(len(names), dtype=bool) if eye_opening is None else ~blinks(names, eye_opening, blink_fraction)
    first: dict[tuple[str, frozenset[str]], int] = {}
    for row in np.flatnonzero(awake).tolist():
        first.setdefault((str(names[row]), action_units[row]), row)
    return np.array(sorted(first.values()), dtype=np.int64)


def blinks(
    subjects: npt.NDArray[np.str_], eye_opening: npt.NDArray[np.floating], blink_fraction: float = BLINK_FRACTION
) -> npt.NDArray[np.bool_]:
    """True where a person's lids are nearer than ``blink_fraction`` × that person's median opening, (N,).

    Args:
        subjects: (N,) person of each row.
        eye_opening: (N,) distance between the lids.
        blink_fraction: in [0, 1].

    Raises:
        DesignImpossible: lengths that differ or an opening that is not finite.
    """
    names, opening = np.asarray(subjects), np.asarray(eye_opening, dtype=np.float64)
    if opening.shape != names.shape:
        raise DesignImpossible(f"{len(names)} subjects and eye openings of shape {opening.shape} do not match.")
    if not np.isfinite(opening).all():
        raise DesignImpossible(f"The eye opening of row {int(np.argmin(np.isfinite(opening)))} is not a finite number.")
    people, who = np.unique(names, return_inverse=True)
    order = np.argsort(who, kind="stable")
    groups = np.split(opening[order], np.cumsum(np.bincount(who, minlength=len(people)))[:-1]) if len(people) else []
    usual = np.array([np.median(group) for group in groups])
    closed: npt.NDArray[np.bool_] = opening < blink_fraction * usual[who]
    return closed
