"""The rows that every export shares: one triplet each, named by the ids of its stimuli."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from annotation.formats.errors import FormatError
from annotation.formats.frozen import SPLITS
from annotation.formats.triplet_blocks import Triplets, whole

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
    def of(cls, source: Triplets) -> TripletTable:
        """The table of triplets in memory."""
        rows = whole(source)
        anchor, nearer, farther = (source.stimuli[column] for column in rows.triplets.T)
        return cls(
            anchor=anchor,
            nearer=nearer,
            farther=farther,
            weight=rows.weight,
            margin=rows.margin,
            votes_nearer=rows.votes_nearer,
            votes_farther=rows.votes_farther,
            split=np.array(SPLITS)[rows.triplet_split],
            round=rows.rounds,
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
