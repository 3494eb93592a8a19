"""Which stimuli make a batch: rows of the data, drawn with replacement, never copies of the data.

    uniform    B rows, all alike
    balanced   c classes and n rows of each (paper 001: "classes × samples per class"); with c below the number of
               classes, c different ones, all alike
    labelled   V triplets from labels: an anchor, another row of its class, a row of another class
    judged     V triplets among those that people judged

A draw takes time and memory of its own size, not of the data's. Every random number comes from one CPU generator, so
that its state is all that a checkpoint needs, and a run is the same on any device. Draws of a place in [0, n) are
⌊n·u⌋ with u in double precision, which for n up to 2^32 is uniform to one part in 2^20.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from learning.data.triplets import TripletSet


@dataclass(frozen=True)
class ClassIndex:
    """The rows of each of K classes.

    Attributes:
        names: (K,) classes, sorted; the class of number k is ``names[k]``.
        rows: (R,) rows of the data, one class after the other.
        starts: (K,) where each class begins in ``rows``.
        counts: (K,) rows of each class, at least 1.
    """

    names: tuple[str, ...]
    rows: Tensor
    starts: Tensor
    counts: Tensor

    @classmethod
    def build(cls, labels: NDArray[Any], rows: NDArray[np.int64] | None = None) -> Self:
        """Sorts rows by their labels.

        Args:
            labels: (N,) text or number of each stimulus; the empty text means unknown, and its rows are left out.
            rows: (R,) which rows to take, those of the training split for instance; None takes all.

        Returns:
            The index.

        Raises:
            ValueError: no row has a label.
        """
        labels = np.asarray(labels)
        taken = np.arange(len(labels)) if rows is None else np.asarray(rows, dtype=np.int64)
        if labels.dtype.kind == "U":
            taken = taken[labels[taken] != ""]
        if not len(taken):
            raise ValueError("No stimulus of these has a label, so there are no classes to draw from.")
        names, codes, counts = np.unique(labels[taken], return_inverse=True, return_counts=True)
        order = np.argsort(codes, kind="stable")
        starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
        return cls(
            names=tuple(str(name) for name in names),
            rows=torch.from_numpy(taken[order]),
            starts=torch.from_numpy(starts.astype(np.int64)),
            counts=torch.from_numpy(counts.astype(np.int64)),
        )

    def __len__(self) -> int:
        return len(self.names)

    def codes(self) -> Tensor:
        """Returns the (R,) class numbers of ``rows``."""
        return torch.arange(len(self)).repeat_interleave(self.counts)


@dataclass(frozen=True)
class UniformBatches:
    """Rows, all alike.

    Attributes:
        rows: (R,) rows to draw from.
        size: B.
    """

    rows: Tensor
    size: int

    def __post_init__(self) -> None:
        _require(size=self.size, rows=len(self.rows))

    def draw(self, generator: torch.Generator) -> Tensor:
        """Returns (B,) rows."""
        return self.rows[torch.randint(len(self.rows), (self.size,), generator=generator)]


@dataclass(frozen=True)
class BalancedBatches:
    """The same number of rows of every class.

    Attributes:
        index: the classes.
        samples: n, rows of each class.
        classes: c, classes in a batch; None or more than there are means all.
    """

    index: ClassIndex
    samples: int
    classes: int | None = None

    def __post_init__(self) -> None:
        _require(samples=self.samples, classes=1 if self.classes is None else self.classes)

    @property
    def size(self) -> int:
        """B = c·n."""
        return self.samples * min(len(self.index), self.classes or len(self.index))

    def draw(self, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Draws classes, then rows of each.

        Args:
            generator: on the CPU.

        Returns:
            (B,) rows, one class after the other, and (B,) numbers of their classes.
        """
        index = self.index
        number = torch.arange(len(index))
        if self.classes is not None and self.classes < len(index):
            number = torch.randperm(len(index), generator=generator)[: self.classes]
        labels = number.repeat_interleave(self.samples)
        places = _places(index.counts[labels], generator)
        return index.rows[index.starts[labels] + places], labels


@dataclass(frozen=True)
class LabelledTriplets:
    """Triplets (anchor, positive, negative) from labels.

    Attributes:
        index: the classes, at least two, one of which has two rows or more.
        size: V.
        balanced: whether an anchor's class is drawn first, all alike, and not each row with the same chance.
    """

    index: ClassIndex
    size: int
    balanced: bool = False

    def __post_init__(self) -> None:
        _require(size=self.size)
        if len(self.index) < 2 or int(self.index.counts.max()) < 2:
            raise ValueError("Triplets from labels need two classes, one of them with two stimuli.")

    def draw(self, generator: torch.Generator) -> Tensor:
        """Draws anchors from the classes of two rows or more, a positive ≠ anchor and a negative for each.

        Args:
            generator: on the CPU.

        Returns:
            (V, 3) rows: anchor, positive, negative.
        """
        index, (usable, chances) = self.index, self._anchors()
        if self.balanced:
            number = usable[torch.randint(len(usable), (self.size,), generator=generator)]
        else:
            drawn = _places(chances[-1].expand(self.size), generator)
            number = usable[torch.searchsorted(chances, drawn, right=True)]
        start, count = index.starts[number], index.counts[number]
        anchor = _places(count, generator)
        positive = _places(count - 1, generator)
        positive += positive >= anchor  # all of the class but the anchor
        negative = _places(len(index.rows) - count, generator)
        negative += torch.where(negative >= start, count, 0)  # all rows but the class
        return index.rows[torch.stack([start + anchor, start + positive, negative], 1)]

    def _anchors(self) -> tuple[Tensor, Tensor]:
        """Returns the classes that have a pair, and the running totals of their rows."""
        usable = torch.nonzero(self.index.counts > 1)[:, 0]
        return usable, self.index.counts[usable].cumsum(0)


@dataclass(frozen=True)
class JudgedTriplets:
    """Triplets (anchor, nearer, farther) that people judged.

    Attributes:
        triplets: (T, 3) rows.
        weights: (T,) their weights.
        size: V.
    """

    triplets: Tensor
    weights: Tensor
    size: int

    @classmethod
    def build(cls, triplets: TripletSet, size: int, weights: NDArray[np.float32] | None = None) -> Self:
        """Takes the triplets whose weight is above 0.

        Args:
            triplets: the judgements, those of the training split for instance.
            size: V.
            weights: (T,) see ``learning.data.weights``; None takes the set's own.

        Returns:
            The batches.

        Raises:
            ValueError: no triplet has a weight above 0.
        """
        weight = triplets.weights if weights is None else weights
        used = weight > 0
        if not used.any():
            raise ValueError("No triplet has a weight above 0, so there is nothing to draw.")
        return cls(torch.from_numpy(triplets.triplets[used]), torch.from_numpy(weight[used]), size)

    def __post_init__(self) -> None:
        _require(size=self.size, triplets=len(self.triplets))

    def draw(self, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Returns (V, 3) rows and (V,) weights; all triplets have the same chance, whatever their weights."""
        chosen = torch.randint(len(self.triplets), (self.size,), generator=generator)
        return self.triplets[chosen], self.weights[chosen]


def _places(counts: Tensor, generator: torch.Generator) -> Tensor:
    """Returns one place in [0, n) for each n of ``counts``."""
    return (torch.rand(counts.shape, dtype=torch.float64, generator=generator) * counts).long()


def _require(**numbers: int) -> None:
    for name, number in numbers.items():
        if number < 1:
            raise ValueError(f"A batch cannot be drawn with {name} = {number}; it must be 1 or more.")
