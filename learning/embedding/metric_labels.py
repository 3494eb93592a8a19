"""Labels as classes: which column they come from, their numbers, and the class that the nearest codes vote for."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import one_hot

from learning.data.stimuli import TrainingData

_CHUNK = 512  # codes classified at a time


def nearest_vote(references: Tensor, labels: Tensor, queries: Tensor, neighbours: int, n_classes: int) -> Tensor:
    """Classifies codes by the most frequent class among the nearest references; of equals, the lowest number.

    Args:
        references: (R, D) codes of known class.
        labels: (R,) their classes.
        queries: (Q, D) codes.
        neighbours: K; no more than R are asked.
        n_classes: C.

    Returns:
        (Q,) classes.
    """
    found = []
    for part in torch.split(queries, _CHUNK):
        nearest = torch.cdist(part, references).topk(min(neighbours, len(references)), largest=False).indices
        found.append(one_hot(labels[nearest], n_classes).sum(1).argmax(1))
    return torch.cat(found)


def label_column(data: TrainingData, name: str) -> NDArray[np.str_]:
    """Finds the labels that classes come from.

    Args:
        data: the stimuli.
        name: of the column; "" = the only one with labels.

    Returns:
        (N,) labels, "" where unknown.

    Raises:
        ValueError: there is no such column, no label at all, or more than one column and no name.
    """
    known = sorted(column for column, values in data.labels.items() if (values[data.split == 0] != "").any())
    if not known:
        raise ValueError("This model learns from labels, but no training stimulus has one.")
    if name and name not in known:
        raise ValueError(f"No training stimulus has a label {name!r}; there are labels {', '.join(known)}.")
    if not name and len(known) > 1:
        raise ValueError(f"The stimuli have the labels {', '.join(known)}; say in the setting 'label' which to learn.")
    column = data.labels[name or known[0]]
    if len(set(column[data.split == 0]) - {""}) < 2:
        raise ValueError(f"All training stimuli have the same {name or known[0]!r}, so there is nothing to tell apart.")
    return column


def class_numbers(labels: NDArray[np.str_], names: tuple[str, ...]) -> Tensor:
    """Returns the (N,) places of labels in the sorted ``names``, -1 for others."""
    known = np.array(names)
    places = np.searchsorted(known, labels).clip(max=len(known) - 1)
    return torch.from_numpy(np.where(known[places] == labels, places, -1).astype(np.int64))


def spread(rows: NDArray[np.int64], most: int) -> NDArray[np.int64]:
    """Returns at most ``most`` of the rows, evenly spread."""
    return rows[np.linspace(0, len(rows) - 1, min(len(rows), most)).round().astype(np.int64)]
