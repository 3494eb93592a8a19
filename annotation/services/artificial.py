"""Datasets of triplets that labels decide, without a vote (paper 000, IV-B, "Artificial triplets")."""

import numpy as np

from annotation.errors import AnnotationError
from annotation.models import Campaign, Dataset, Split
from annotation.sampling.artificial import artificial_triplets
from annotation.services.datasets import dataset_from_triplets

# The paper's numbers for training, validation and test.
COUNTS = {Split.TRAIN: 8000, Split.VALIDATION: 1000, Split.TEST: 1000}


def dataset_from_labels(
    *,
    campaign: Campaign,
    label: str,
    level: str,
    neutral: str,
    counts: dict[Split, int] | None = None,
    seed: int = 0,
) -> Dataset:
    """Freeze triplets made from labels by the paper's three rules, each split for itself.

    Args:
        campaign: Whose dataset it is.
        label: The label that names the class, such as "expression".
        level: The label that holds the degree, a whole number.
        neutral: The class that is neutral.
        counts: Triplets of each split; the paper's 8,000 / 1,000 / 1,000 by default.
        seed: Of the draw.

    Raises:
        AnnotationError: A stimulus lacks a label, a degree is no number, or the rules allow fewer triplets.
    """
    triplets: list[tuple[str, str, str]] = []
    for split, count in (counts or COUNTS).items():
        stimuli = list(campaign.collection.stimuli.filter(split=split).order_by("pk"))
        if not stimuli or not count:
            continue
        classes, levels = [], []
        for stimulus in stimuli:
            classes.append(str(stimulus.labels.get(label, "")))
            try:
                levels.append(int(stimulus.labels[level]))
            except (KeyError, ValueError):
                raise AnnotationError(f'Stimulus {stimulus.key!r} has no whole number as "{level}".') from None
        rows = artificial_triplets(
            np.array(classes), np.array(levels), neutral=neutral, count=count, seed=seed + split.value
        )
        triplets += [(stimuli[r].key, stimuli[p].key, stimuli[n].key) for r, p, n in rows.tolist()]
    return dataset_from_triplets(campaign=campaign, triplets=triplets, source=f"labels {label} and {level}, by rules")
