"""Table I of paper 000: how strongly people agreed, by part of the data.

Rows are Train, Validation, Test and Whole data set; columns are the margins that occur (5, 3, 1 with five votes each),
0 for ties where there are any, and totals. Beside it stands the percent agreement: the mean, over answered questions,
of the majority's share of the votes, (n + m) / 2n for n votes with margin m (1, .8 and .6 for 5, 3 and 1 of five).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_ROWS = (("Train", 0), ("Validation", 1), ("Test", 2))
_WHOLE = "Whole data set"


@dataclass(frozen=True)
class AgreementRow:
    """One part of the data.

    Attributes:
        subset: Train, Validation, Test or Whole data set.
        counts: Questions at each of the table's levels.
        total: Questions with votes: the sum of counts.
        unanswered: Questions without votes.
        agreement: Mean share of the majority in [0.5, 1], or None without votes or without their numbers.
    """

    subset: str
    counts: tuple[int, ...]
    total: int
    unanswered: int
    agreement: float | None


@dataclass(frozen=True)
class AgreementTable:
    """The table.

    Attributes:
        levels: Margins that occur, from the largest; 0, a tie, comes last.
        rows: Train, Validation, Test, Whole data set.
    """

    levels: tuple[int, ...]
    rows: tuple[AgreementRow, ...]

    def header(self) -> list[str]:
        """Column titles."""
        levels = ["tie" if level == 0 else str(level) for level in self.levels]
        unanswered = ["Unanswered"] if any(row.unanswered for row in self.rows) else []
        return ["Data subset", *levels, "Total", *unanswered, "Agreement"]

    def to_rows(self) -> list[dict[str, str | int | float | None]]:
        """One dictionary a row, by column title."""
        titles = self.header()
        unanswered = "Unanswered" in titles
        rows: list[dict[str, str | int | float | None]] = []
        for row in self.rows:
            cells: list[str | int | float | None] = [row.subset, *row.counts, row.total]
            cells += [row.unanswered] if unanswered else []
            rows.append(dict(zip(titles, [*cells, row.agreement], strict=True)))
        return rows

    def to_markdown(self) -> str:
        """The table as Markdown; counts with thousands separators as in the paper."""
        titles = self.header()
        lines = [titles, ["---", *["---:"] * (len(titles) - 1)]]
        lines += [[_shown(cell) for cell in row.values()] for row in self.to_rows()]
        return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def _shown(cell: str | int | float | None) -> str:
    if cell is None:
        return "–"
    if isinstance(cell, float):
        return f"{100 * cell:.1f} %"
    return f"{cell:,}" if isinstance(cell, int) else cell


def agreement_table(
    margin: NDArray[np.int64],
    split: NDArray[np.int8],
    winner: NDArray[np.int8],
    *,
    votes: NDArray[np.int64] | None = None,
) -> AgreementTable:
    """Count questions by margin and part of the data.

    Args:
        margin: (Q,) |votes_a − votes_b|.
        split: (Q,) 0 train, 1 validation, 2 test.
        winner: (Q,) 0 or 1, −1 exactly where the margin is 0.
        votes: (Q,) votes given. Without them a question without votes counts as a tie and there is no percent
            agreement.

    Raises:
        ValueError: If lengths differ, a split is unknown, or margin, winner and votes contradict each other.
    """
    margin, split, winner = np.asarray(margin), np.asarray(split), np.asarray(winner)
    given = None if votes is None else np.asarray(votes)
    _check(margin, split, winner, given)
    answered = np.ones(len(margin), dtype=np.bool_) if given is None else given > 0
    levels = tuple(int(level) for level in np.unique(margin[answered])[::-1])
    parts = [(name, split == code) for name, code in _ROWS] + [(_WHOLE, np.ones(len(margin), dtype=np.bool_))]
    rows = tuple(_row(name, part, margin, answered, given, levels) for name, part in parts)
    return AgreementTable(levels=levels, rows=rows)


def _row(
    name: str,
    part: NDArray[np.bool_],
    margin: NDArray[np.int64],
    answered: NDArray[np.bool_],
    votes: NDArray[np.int64] | None,
    levels: tuple[int, ...],
) -> AgreementRow:
    kept = part & answered
    counts = tuple(int(np.count_nonzero(margin[kept] == level)) for level in levels)
    agreement: float | None = None
    if votes is not None and kept.any():
        agreement = float(np.mean((votes[kept] + margin[kept]) / (2 * votes[kept])))
    unanswered = int(np.count_nonzero(part & ~answered))
    return AgreementRow(name, counts, int(np.count_nonzero(kept)), unanswered, agreement)


def _check(
    margin: NDArray[np.int64], split: NDArray[np.int8], winner: NDArray[np.int8], votes: NDArray[np.int64] | None
) -> None:
    """Refuse what no votes can have given."""
    lengths = {len(values) for values in (margin, split, winner, votes) if values is not None}
    if len(lengths) != 1:
        raise ValueError("margin, split, winner and votes must have one value a question each.")
    if not np.isin(split, (0, 1, 2)).all():
        raise ValueError("split must be 0 (train), 1 (validation) or 2 (test).")
    if (margin < 0).any() or ((winner < 0) != (margin == 0)).any():
        raise ValueError("winner must be −1 exactly where the margin is 0, and no margin is negative.")
    if votes is not None and ((votes < margin) | ((votes - margin) % 2 != 0)).any():
        raise ValueError("A margin cannot exceed the votes given, and both are odd or both even.")
