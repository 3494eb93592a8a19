"""The rows that every export shares: one triplet each, named by the ids of its stimuli."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from annotation.formats.errors import FormatError
from annotation.formats.frozen import SPLITS, FrozenDataset

BLOCK = 65_536
COLUMNS = ("anchor", "nearer", "farther", "weight", "margin", "votes_nearer", "votes_farther", "split", "round")
TEXTS = ("anchor", "nearer", "farther", "split")


@dataclass(frozen=True, eq=False)
class TripletTable:
    """The triplets of an exported file.

    Attributes:
        anchor: (T,) str ids.
        nearer: (T,) str ids.
        farther: (T,) str ids.
        weight: (T,) float32.
        margin: (T,) int16.
        votes_nearer: (T,) int16.
        votes_farther: (T,) int16.
        split: (T,) str, train, validation or test.
        round: (T,) int32.
    """

    anchor: NDArray[np.str_]
    nearer: NDArray[np.str_]
    farther: NDArray[np.str_]
    weight: NDArray[np.float32]
    margin: NDArray[np.int16]
    votes_nearer: NDArray[np.int16]
    votes_farther: NDArray[np.int16]
    split: NDArray[np.str_]
    round: NDArray[np.int32]

    @classmethod
    def of(cls, dataset: FrozenDataset) -> TripletTable:
        """The table of a dataset in memory."""
        anchor, nearer, farther = (dataset.stimuli[column] for column in dataset.triplets.T)
        return cls(
            anchor=anchor,
            nearer=nearer,
            farther=farther,
            weight=dataset.weight,
            margin=dataset.margin,
            votes_nearer=dataset.votes_nearer,
            votes_farther=dataset.votes_farther,
            split=np.array(SPLITS)[dataset.triplet_split],
            round=dataset.rounds,
        )

    @classmethod
    def parse(cls, rows: Iterator[tuple[int, Mapping[str, object]]], *, file: str) -> TripletTable:
        """The table of rows that were read from a file.

        Args:
            rows: Row number and cells by column; numbers may still be text.
            file: Name of the file, for messages.

        Raises:
            FormatError: If a column is missing, a number is not one, or a split is unknown.
        """
        columns: dict[str, list[object]] = {name: [] for name in COLUMNS}
        for row, cells in rows:
            for name in COLUMNS:
                try:
                    columns[name].append(_PARSERS[name](cells[name]))
                except (KeyError, TypeError, ValueError) as error:
                    raise FormatError("The value is missing or wrong.", file=file, row=row, field=name) from error
        return cls(**{name: np.array(values, dtype=_TYPES[name]) for name, values in columns.items()})


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value


def _split(value: object) -> str:
    if value not in SPLITS:
        raise ValueError(value)
    return str(value)


def _integer(bits: int) -> Callable[[object], int]:
    def parse(value: object) -> int:
        number = int(_text(value)) if isinstance(value, str) else value
        if type(number) is not int or not -(1 << (bits - 1)) <= number < 1 << (bits - 1):
            raise ValueError(value)
        return number

    return parse


def _float(value: object) -> float:
    number = float(value) if isinstance(value, str | int | float) else float("nan")
    if not np.isfinite(number):
        raise ValueError(value)
    return number


_PARSERS: dict[str, Callable[[object], object]] = {
    **dict.fromkeys(("anchor", "nearer", "farther"), _text),
    "weight": _float,
    **dict.fromkeys(("margin", "votes_nearer", "votes_farther"), _integer(16)),
    "split": _split,
    "round": _integer(32),
}
_TYPES: dict[str, type] = {
    **dict.fromkeys(TEXTS, np.str_),
    "weight": np.float32,
    **dict.fromkeys(("margin", "votes_nearer", "votes_farther"), np.int16),
    "round": np.int32,
}


def blocks(dataset: FrozenDataset) -> Iterator[slice]:
    """Consecutive slices of the triplets, BLOCK rows each."""
    for start in range(0, len(dataset.triplets), BLOCK):
        yield slice(start, start + BLOCK)


def block_columns(dataset: FrozenDataset, ids: list[str], part: slice) -> tuple[list[str] | list[int], ...]:
    """One block as columns of plain Python values in the order of COLUMNS; weights as their shortest exact text.

    Args:
        dataset: Whose triplets.
        ids: Text to write for each stimulus.
        part: Slice of the triplets.
    """
    anchor, nearer, farther = ([ids[row] for row in column.tolist()] for column in dataset.triplets[part].T)
    return (
        anchor,
        nearer,
        farther,
        dataset.weight[part].astype(np.str_).tolist(),
        dataset.margin[part].tolist(),
        dataset.votes_nearer[part].tolist(),
        dataset.votes_farther[part].tolist(),
        [SPLITS[split] for split in dataset.triplet_split[part].tolist()],
        dataset.rounds[part].tolist(),
    )
