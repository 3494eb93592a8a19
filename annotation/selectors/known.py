"""What is known of stimuli without asking anybody: measures in which alike is near, and their own labels."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from annotation.errors import AnnotationError
from annotation.models import Campaign, Stimulus
from annotation.sampling.gold import Known
from annotation.selectors.faces import is_unit
from annotation.selectors.features import features_read

# Easy cases are looked for among so many stimuli of a split, and so many numbers of their features in memory.
_MOST_STIMULI, _MOST_NUMBERS = 4000, 20_000_000


def known_of(campaign: Campaign, split: int, rng: np.random.Generator) -> tuple[NDArray[np.int64], Known]:
    """The primary keys of a split's stimuli (of a random part of them, where there are many) and what is known of them.

    Faces are compared by their action units where they are labelled with them; else by their features, each against
    its person's neutral face where everybody has one; else by their features as they are. The label is the campaign's.

    Raises:
        AnnotationError: An action unit is no number.
    """
    shape = campaign.collection.feature_shape or [1]
    most = max(min(_MOST_STIMULI, _MOST_NUMBERS // max(int(np.prod(shape)), 1)), 3)
    keys = np.array(
        list(campaign.collection.stimuli.filter(split=split).order_by("pk").values_list("pk", flat=True)),
        dtype=np.int64,
    )
    if len(keys) > most:
        keys = np.sort(rng.choice(keys, most, replace=False))
    rows = Stimulus.objects.filter(pk__in=keys.tolist()).select_related("neutral").order_by("pk")
    stimuli = list(rows)
    labels = np.array([str(one.labels.get(campaign.label, "")) for one in stimuli]) if campaign.label else None
    return keys, Known(
        size=len(stimuli),
        vectors=_vectors(stimuli),
        labels=labels if labels is not None and (labels != "").any() else None,
    )


def _vectors(stimuli: Sequence[Stimulus]) -> NDArray[np.float64] | None:
    units = sorted({name for stimulus in stimuli for name in stimulus.labels if is_unit(name)})
    if units:
        return np.array([[_amount(stimulus, name) for name in units] for stimulus in stimuli], dtype=np.float64)
    features = features_read(stimuli)
    if features is None:
        return None
    neutrals = [stimulus.neutral for stimulus in stimuli]
    rest = features_read([one for one in neutrals if one is not None]) if all(neutrals) else None
    shown = features.astype(np.float64) - (0 if rest is None else rest)
    return shown.reshape(len(stimuli), -1)


def _amount(stimulus: Stimulus, name: str) -> float:
    try:
        return float(stimulus.labels.get(name) or 0)
    except (TypeError, ValueError):
        raise AnnotationError(f"The label {name} of {stimulus.key!r} is no number.") from None


def own_choices(campaign: Campaign) -> dict[int, str]:
    """By primary key of a stimulus, the number of the campaign's choice that its own label names.

    The label is the campaign's, where that holds its choices, else the one that holds them most often.
    """
    number = {choice.strip().casefold(): str(at) for at, choice in enumerate(campaign.choices)}
    found: dict[str, dict[int, str]] = {}
    counted = Counter[str]()
    for key, labels in campaign.collection.stimuli.order_by("pk").values_list("pk", "labels").iterator():
        for name, value in labels.items():
            if (choice := number.get(str(value).strip().casefold())) is not None:
                found.setdefault(name, {})[key] = choice
                counted[name] += 1
    if campaign.label in found:
        return found[campaign.label]
    return found[min(counted, key=lambda name: (-counted[name], name))] if counted else {}
