"""What every reader of votes gives: one column an array, one entry an answer."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

UNKNOWN = -1
SPLITS = {"train": 0, "validation": 1, "valid": 1, "val": 1, "test": 2}


@dataclass(frozen=True, eq=False)
class VoteRows:
    """V answers about triplets, in the order of the file.

    Attributes:
        items: (N,) names of the stimuli; head, winner and loser are places in it.
        workers: (W,) names of the workers.
        head: (V,) int64, the reference.
        winner: (V,) int64, the candidate that was chosen; either candidate where the worker could not tell.
        loser: (V,) int64, the other candidate.
        worker: (V,) int64, places in workers; −1 where the file does not say.
        side: (V,) int8, 1 where the winner was on the left, 0 where it was on the right, −1 where that is not known.
        response_ms: (V,) float64 as in the file, NaN where it is not known.
        created: (V,) datetime64[us] in UTC, NaT where it is not known.
        split: (V,) int8, 0 train, 1 validation, 2 test, −1 where the file does not say.
        cant_tell: (V,) bool.
        line: (V,) int64, the row of the file that each answer stands in, as an editor counts.
        left_out: Answers of the file that are not here, by reason.
    """

    items: NDArray[np.str_]
    workers: NDArray[np.str_]
    head: NDArray[np.int64]
    winner: NDArray[np.int64]
    loser: NDArray[np.int64]
    worker: NDArray[np.int64]
    side: NDArray[np.int8]
    response_ms: NDArray[np.float64]
    created: NDArray[np.datetime64]
    split: NDArray[np.int8]
    cant_tell: NDArray[np.bool_]
    line: NDArray[np.int64]
    left_out: dict[str, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.head)

    def only(self, kept: NDArray[np.bool_], reason: str) -> VoteRows:
        """The answers that are kept; the others are counted under a reason.

        Args:
            kept: (V,) which.
            reason: Why the others are not.
        """
        columns = ("head", "winner", "loser", "worker", "side", "response_ms", "created", "split", "cant_tell", "line")
        left_out = {**self.left_out, reason: self.left_out.get(reason, 0) + int((~kept).sum())}
        return replace(self, **{name: getattr(self, name)[kept] for name in columns}, left_out=left_out)


def plain_rows(
    items: NDArray[np.str_],
    triplets: NDArray[np.int64],
    *,
    workers: NDArray[np.str_] | None = None,
    worker: NDArray[np.int64] | None = None,
    side: NDArray[np.int8] | None = None,
    response_ms: NDArray[np.float64] | None = None,
    created: NDArray[np.datetime64] | None = None,
    split: NDArray[np.int8] | None = None,
    cant_tell: NDArray[np.bool_] | None = None,
    line: NDArray[np.int64] | None = None,
    left_out: dict[str, int] | None = None,
) -> VoteRows:
    """Rows of which only the triplets are sure.

    Args:
        items: (N,) names of the stimuli.
        triplets: (V, 3) head, winner and loser as places in items.
        workers: (W,) names; none by default.
        worker: (V,) places in workers; unknown by default.
        side: (V,) unknown by default.
        response_ms: (V,) unknown by default.
        created: (V,) unknown by default.
        split: (V,) unknown by default.
        cant_tell: (V,) nobody by default.
        line: (V,) 1, 2, … by default.
        left_out: Nothing by default.
    """
    count = len(triplets)
    head, winner, loser = (np.ascontiguousarray(column) for column in triplets.reshape(-1, 3).T)
    return VoteRows(
        items=items,
        workers=np.zeros(0, dtype=np.str_) if workers is None else workers,
        head=head,
        winner=winner,
        loser=loser,
        worker=np.full(count, UNKNOWN) if worker is None else worker,
        side=np.full(count, UNKNOWN, dtype=np.int8) if side is None else side,
        response_ms=np.full(count, np.nan) if response_ms is None else response_ms,
        created=np.full(count, np.datetime64("NaT", "us")) if created is None else created,
        split=np.full(count, UNKNOWN, dtype=np.int8) if split is None else split,
        cant_tell=np.zeros(count, dtype=np.bool_) if cant_tell is None else cant_tell,
        line=np.arange(1, count + 1) if line is None else line,
        left_out=left_out or {},
    )


def natural_order(names: NDArray[np.str_]) -> NDArray[np.int64]:
    """The order of names: whole numbers by size, then the others by text."""
    numbers = np.array([name.isdecimal() and name.isascii() and len(name) < 19 for name in names.tolist()], dtype=bool)
    values = np.array([int(name) if number else 0 for name, number in zip(names.tolist(), numbers, strict=True)])
    return np.lexsort((names, values.reshape(-1), ~numbers))
