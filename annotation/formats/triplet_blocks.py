"""Weighted triplets some ten thousand at a time: what every export writes, wherever the triplets come from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

BLOCK = 65_536
COLUMNS = ("triplets", "weight", "margin", "votes_nearer", "votes_farther", "rounds", "triplet_split")


@dataclass(frozen=True, eq=False)
class TripletBlock:
    """Some triplets in the order of the dataset.

    Attributes:
        triplets: (n, 3) int64 rows of stimuli: anchor, nearer, farther.
        weight: (n,) float32.
        margin: (n,) int16.
        votes_nearer: (n,) int16.
        votes_farther: (n,) int16.
        rounds: (n,) int32.
        triplet_split: (n,) int8.
        posterior: (n,) float32, or None.
    """

    triplets: NDArray[np.int64]
    weight: NDArray[np.float32]
    margin: NDArray[np.int16]
    votes_nearer: NDArray[np.int16]
    votes_farther: NDArray[np.int16]
    rounds: NDArray[np.int32]
    triplet_split: NDArray[np.int8]
    posterior: NDArray[np.float32] | None = None


class Triplets(Protocol):
    """Where an export takes its triplets from: a dataset in memory, its file, or the database."""

    @property
    def stimuli(self) -> NDArray[np.str_]:
        """(N,) ids."""
        ...

    @property
    def manifest(self) -> dict[str, object]:
        """What is known of where the triplets come from."""
        ...

    def blocks(self) -> Iterator[TripletBlock]:
        """The triplets in order; each call begins anew."""
        ...


def triplet_blocks(
    columns: Mapping[str, NDArray[Any]], posterior: NDArray[np.float32] | None
) -> Iterator[TripletBlock]:
    """Consecutive pieces of whole arrays, BLOCK rows each.

    Args:
        columns: The arrays called COLUMNS.
        posterior: That array, if there is one.
    """
    for start in range(0, len(columns["triplets"]), BLOCK):
        part = slice(start, start + BLOCK)
        fields = {name: columns[name][part] for name in COLUMNS}
        yield TripletBlock(**fields, posterior=None if posterior is None else posterior[part])


def whole(source: Triplets) -> TripletBlock:
    """All triplets as one block."""
    return join(list(source.blocks()))


def join(found: Sequence[TripletBlock]) -> TripletBlock:
    """Blocks as one."""
    empty = TripletBlock(
        triplets=np.zeros((0, 3), dtype=np.int64),
        weight=np.zeros(0, dtype=np.float32),
        margin=np.zeros(0, dtype=np.int16),
        votes_nearer=np.zeros(0, dtype=np.int16),
        votes_farther=np.zeros(0, dtype=np.int16),
        rounds=np.zeros(0, dtype=np.int32),
        triplet_split=np.zeros(0, dtype=np.int8),
    )
    columns = {name: np.concatenate([getattr(one, name) for one in [empty, *found]]) for name in COLUMNS}
    posteriors = [one.posterior for one in found if one.posterior is not None]
    both = np.concatenate(posteriors) if found and len(posteriors) == len(found) else None
    return TripletBlock(**columns, posterior=both)
