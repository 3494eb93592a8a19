"""What formats with a column for each thing have in common: their columns go by other names, and that is all.

The two candidates come as winner and loser, or as left and right with the answer; where a file has all of these, they
must agree.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from annotation.formats.errors import FormatError
from annotation.formats.votes.arrow import codes, header_of, numbers_of, read_columns, shared_codes
from annotation.formats.votes.rows import SPLITS, UNKNOWN, VoteRows, natural_order, plain_rows
from annotation.formats.votes.times import moments_of

Codes = NDArray[np.int64]
_STIMULI = ("head", "winner", "loser", "left", "right")


@dataclass(frozen=True)
class Names:
    """How a format calls its columns; the first alias that a file has is taken.

    Attributes:
        aliases: Aliases by head, winner, loser, left, right, worker, ms, seconds, created and split.
        unshown: What is said of answers whose winner is neither left nor right, where the format is known to hold
            some; they are left out. Empty: such a file is refused.
    """

    aliases: Mapping[str, tuple[str, ...]]
    unshown: str = ""

    def of(self, header: list[str]) -> dict[str, str]:
        """The file's own names by role."""
        found = {role: next((one for one in names if one in header), "") for role, names in self.aliases.items()}
        return {role: name for role, name in found.items() if name}

    def fits(self, header: list[str]) -> bool:
        """Whether the header names enough columns."""
        found = self.of(header).keys()
        return "head" in found and ({"winner", "loser"} <= found or {"winner", "left", "right"} <= found)


def read_named(path: Path, names: Names) -> VoteRows:
    """The answers of a file whose columns go by these names.

    Args:
        path: The file.
        names: Its format's columns.

    Raises:
        FormatError: A column is missing or a cell is wrong; the sentence names row and column.
    """
    header = header_of(path)
    found = names.of(header)
    if not names.fits(header):
        need = [role for role in ("head", "winner", "loser") if role not in found]
        wanted = " and ".join(f"{role} ({', '.join(names.aliases[role])})" for role in need) or "left and right"
        raise FormatError(f"The header has no column for {wanted}.", file=path.name, row=1)
    texts = [name for role, name in found.items() if role not in ("ms", "seconds")]
    numbers = [found[role] for role in ("ms", "seconds") if role in found]
    columns = read_columns(path, texts=list(dict.fromkeys(texts)), numbers=numbers)
    return _rows(path.name, found, columns, names.unshown)


def _rows(file: str, found: Mapping[str, str], columns: Mapping[str, Any], unshown: str) -> VoteRows:
    stimuli = {role: columns[found[role]] for role in _STIMULI if role in found}
    items, place = shared_codes(stimuli, natural_order)
    for role in ("head", "winner"):
        _complete(place[role], file, found[role])
    head, winner = place["head"], place["winner"]
    shown = _shown(place, "" if unshown else file, found)
    loser, side = _loser_and_side(place, shown, file, found)
    when = found.get("created", "")
    workers, worker = codes(columns[found["worker"]]) if "worker" in found else (None, None)
    rows = plain_rows(
        items,
        np.column_stack([head, winner, loser]),
        workers=workers,
        worker=worker,
        side=side,
        response_ms=_response_ms(found, columns),
        created=moments_of(columns[when], file=file, field=when) if when else None,
        split=splits_of(columns[found["split"]]) if "split" in found else None,
        line=np.arange(2, len(head) + 2),
    )
    return rows if shown.all() else rows.only(shown, unshown)


def _complete(values: Codes, file: str, field: str) -> None:
    if (values == UNKNOWN).any():
        raise FormatError("The cell is empty.", file=file, row=int(np.argmax(values == UNKNOWN)) + 2, field=field)


def _shown(place: Mapping[str, Codes], file: str, found: Mapping[str, str]) -> NDArray[np.bool_]:
    """Whether the winner is one of left and right, as far as these are known; refused where it is not and file is."""
    winner = place["winner"]
    if "left" not in place or "right" not in place:
        return np.ones(len(winner), dtype=np.bool_)
    left, right = place["left"], place["right"]
    shown: NDArray[np.bool_] = (left == UNKNOWN) | (right == UNKNOWN) | (winner == left) | (winner == right)
    if file and not shown.all():
        row = int(np.argmin(shown)) + 2
        raise FormatError("The answer is neither left nor right.", file=file, row=row, field=found["winner"])
    return shown


def _loser_and_side(
    place: Mapping[str, Codes], shown: NDArray[np.bool_], file: str, found: Mapping[str, str]
) -> tuple[Codes, NDArray[np.int8]]:
    """The candidate that was not chosen, and whether the other was on the left; they must not contradict each other."""
    winner = place["winner"]
    if "left" not in place or "right" not in place:
        _complete(place["loser"], file, found["loser"])
        return place["loser"], np.full(len(winner), UNKNOWN, dtype=np.int8)
    left, right = place["left"], place["right"]
    known = (left != UNKNOWN) & (right != UNKNOWN) & shown
    other = np.where(winner == left, right, left)
    loser = place.get("loser", other)
    loser = np.where(known & (loser == UNKNOWN), other, loser)
    _complete(loser, file, found.get("loser", found["left"]))
    wrong = known & (loser != other)
    if wrong.any():
        row = int(np.argmax(wrong)) + 2
        sentence = "The loser is not the other one of left and right."
        raise FormatError(sentence, file=file, row=row, field=found.get("loser", ""))
    side = np.where(known & (left != right), winner == left, UNKNOWN)
    return loser, side.astype(np.int8)


def _response_ms(found: Mapping[str, str], columns: Mapping[str, Any]) -> NDArray[np.float64] | None:
    if "ms" in found:
        return numbers_of(columns[found["ms"]])
    if "seconds" in found:
        seconds = numbers_of(columns[found["seconds"]])
        # Salmon writes −1 where it does not know the time.
        return np.where(seconds == -1, np.nan, seconds * 1000)
    return None


def splits_of(column: Any) -> NDArray[np.int8]:
    """Splits by their names; what is no split's name is unknown.

    Args:
        column: An arrow column of texts.
    """
    texts, places = codes(column)
    meaning = np.array([SPLITS.get(text.lower(), UNKNOWN) for text in texts.tolist()] + [UNKNOWN], dtype=np.int8)
    return meaning[places]
