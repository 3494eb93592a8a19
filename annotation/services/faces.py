"""What paper 000 does with faces before it asks about them: one neutral per person, a subset worth asking about."""

import numpy as np
from django.db import transaction
from numpy.typing import NDArray

from annotation.errors import AnnotationError
from annotation.faces.geometry import choose_neutrals, eye_opening
from annotation.models import Collection, Stimulus
from annotation.sampling.subset import expressive_subset
from annotation.selectors.faces import faces_aligned, scheme_of, units_present

_BATCH = 1000


def neutrals_choose(*, collection: Collection) -> int:
    """Give each person without a neutral stimulus one (paper 000, V-A); returns how many people got theirs.

    Among the frames whose action units are all annotated as absent, the one nearest to the others is taken.

    Raises:
        AnnotationError: The stimuli are not faces of a known scheme.
    """
    stimuli = list(collection.stimuli.order_by("pk"))
    settled = {stimulus.subject for stimulus in stimuli if stimulus.neutral_id is not None}
    open_ones = [one for one in stimuli if one.subject and one.subject not in settled]
    if not open_ones:
        return 0
    absent = np.array([units_present(one.labels) == frozenset() for one in open_ones])
    chosen = choose_neutrals(faces_aligned(collection, open_ones), np.array([one.subject for one in open_ones]), absent)
    for one in open_ones:
        if one.subject in chosen:
            one.neutral_id = open_ones[chosen[one.subject]].pk
    with transaction.atomic():
        Stimulus.objects.bulk_update(
            [one for one in open_ones if one.neutral_id is not None], ["neutral"], batch_size=_BATCH
        )
    return len(chosen)


def subset_rows(*, collection: Collection) -> NDArray[np.int64]:
    """Primary keys of one stimulus for each person and distinct set of action units, blinks removed (IV-B).

    Raises:
        AnnotationError: The stimuli are not faces of a known scheme, or have no action units.
    """
    stimuli = list(collection.stimuli.order_by("pk"))
    units = [units_present(one.labels) for one in stimuli]
    rows = [row for row, present in enumerate(units) if present is not None]
    if not rows:
        raise AnnotationError(f"No stimulus of {collection.name!r} is labelled with action units (AU1, AU2, …).")
    kept = [stimuli[row] for row in rows]
    chosen = expressive_subset(
        np.array([one.subject for one in kept]),
        [units[row] or frozenset() for row in rows],
        eye_opening(faces_aligned(collection, kept), scheme_of(collection)),
    )
    return np.array([kept[row].pk for row in chosen], dtype=np.int64)
