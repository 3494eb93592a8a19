"""The rows that every export of answers shares: one answer each, in blocks of Arrow columns.

`round` is the number of the round whose HIT was being answered, `hit` the HIT's number in it and `assignment` the
worker's turn at it; `question` is its id in the campaign, of `kind` triplet or label. `probe` is gold, attention or
repeat where the answer is no vote. `reference`, `a` and `b` are keys of stimuli, `worker` is a pseudonym. `left` is the
candidate shown on the left (a or b; empty for a label or where nobody knows), `choice` is a, b, the number of the label
from 0, or x for "can't tell", `label` is the label as it was shown, `expected` the right choice where it is known.
`response_ms` runs from the pictures' appearance to the answer on the browser's clock; `server_ms` from the answer
before this one in the same assignment on the server's clock (null for the first, 0 for those that came in one post).
`created` is when the server had it. `slot` is the slot that the vote fills, or filled. `counted` says whether it is a
vote that counts, `reason` why not.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

import numpy as np

ANSWER_COLUMNS = (
    *("round", "hit", "assignment", "question", "kind", "probe", "reference", "a", "b", "worker", "left", "choice"),
    *("label", "expected", "response_ms", "server_ms", "created", "slot", "counted", "reason"),
)
_INTEGERS = {"round", "hit", "assignment", "question", "response_ms", "server_ms", "slot"}


class Answers(Protocol):
    """Where an export takes its answers from."""

    stimuli: list[str]  # keys, in the order of the datasets' rows
    test: list[bool]  # whether each stimulus is of the test split
    samplers: dict[int, str]  # how each round was chosen: random, adaptive or uncertainty

    def blocks(self) -> Iterator[Any]:
        """Tables of `answer_schema`, in the order of assignments and of arrival."""
        ...


def answer_schema() -> Any:
    """The columns' types."""
    import pyarrow as pa

    kinds = dict.fromkeys(_INTEGERS, pa.int64()) | {"created": pa.timestamp("us", "UTC"), "counted": pa.bool_()}
    return pa.schema([pa.field(name, kinds.get(name, pa.string())) for name in ANSWER_COLUMNS])


def triplet_votes(table: Any) -> dict[str, Any]:
    """The votes of a block that count and say which candidate is nearer, as NumPy columns.

    Beside the table's own columns: head, winner, loser, on_left and on_right, keys of stimuli. on_left and on_right are
    empty where nobody knows the sides.
    """
    import pyarrow.compute as pc

    told = pc.and_(pc.equal(table["kind"], "triplet"), pc.is_in(table["choice"], value_set=_ab()))
    votes = table.filter(pc.and_(told, table["counted"]))
    columns = {name: np.array(votes[name].to_pylist(), dtype=object) for name in ("reference", "a", "b", "worker")}
    chose_b = np.array(pc.equal(votes["choice"], "b").to_pylist(), dtype=bool)
    left = np.array(votes["left"].to_pylist(), dtype=object)
    sides = [left == "a", left == "b"]
    return columns | {
        "head": columns["reference"],
        "winner": np.where(chose_b, columns["b"], columns["a"]),
        "loser": np.where(chose_b, columns["a"], columns["b"]),
        "on_left": np.select(sides, [columns["a"], columns["b"]], default=""),
        "on_right": np.select(sides, [columns["b"], columns["a"]], default=""),
        "response_ms": votes["response_ms"].to_numpy(),
        "created": votes["created"].cast("int64").to_numpy(),
        "round": votes["round"].to_numpy(),
    }


def _ab() -> Any:
    import pyarrow as pa

    return pa.array(["a", "b"])
