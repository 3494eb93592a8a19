"""Which rows a file of votes becomes: questions, slots, checks and repeats, numbered all at once."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from annotation.errors import ImportRefused
from annotation.formats.votes.rows import UNKNOWN, VoteRows
from annotation.models import Split
from annotation.services.answers import MAX_RESPONSE_MS

Ints = NDArray[np.int64]
# Two candidates and a reference are numbered together in 63 bits.
_MOST_STIMULI = 1_500_000
# Places, slots and votes wanted are small integers.
SMALL = 32_767


@dataclass(frozen=True, eq=False)
class Plan:
    """V answers on Q asked questions and C checks.

    Attributes:
        triplets: (Q + C, 3) primary keys of reference, a and b, where a < b; questions that are asked come first.
        asked: Q.
        split: (Q + C,) int8.
        wanted: (Q,) votes that count.
        question: (V,) places in triplets.
        worker: (V,) places in workers.
        workers: Names of the workers, those made up for unknown ones at the end.
        choice: (V,) a, b or x; left: (V,) a, b or nothing.
        response_ms: (V,) what is stored.
        slot: (V,) 0, 1, … within each question in the order of the file; −1 where it does not count.
        repeated: (V,) bool, whether its worker had answered the question before.
        counts: What the report says, by name.
    """

    triplets: Ints
    asked: int
    split: NDArray[np.int8]
    wanted: Ints
    question: Ints
    worker: Ints
    workers: list[str]
    choice: NDArray[np.str_]
    left: NDArray[np.str_]
    response_ms: Ints
    slot: Ints
    repeated: NDArray[np.bool_]
    counts: dict[str, int]

    @property
    def votes(self) -> Ints:
        """Places of the answers that count, question by question."""
        counted = np.flatnonzero(self.slot >= 0)
        return counted[np.lexsort((self.slot[counted], self.question[counted]))]

    @property
    def on_checks(self) -> NDArray[np.bool_]:
        """(V,) whether the answer is on a check."""
        return self.question >= self.asked


def plan_make(rows: VoteRows, keys: Ints, splits: NDArray[np.int8]) -> Plan:
    """Number everything.

    Args:
        rows: The answers.
        keys: (N,) primary keys of the stimuli, in the order of rows.items.
        splits: (N,) their splits.

    Raises:
        ImportRefused: A triplet names its two candidates alike, or there are too many of something.
    """
    if len(keys) > _MOST_STIMULI:
        raise ImportRefused(f"There are {len(keys):,} stimuli; an import takes {_MOST_STIMULI:,} at most.")
    alike = rows.winner == rows.loser
    if alike.any():
        line = int(rows.line[np.argmax(alike)])
        raise ImportRefused(f"Row {line}: the two candidates are the same stimulus.")
    order = np.argsort(keys)
    rank = np.empty(len(keys), dtype=np.int64)
    rank[order] = np.arange(len(keys))
    head, winner, loser = rank[rows.head], rank[rows.winner], rank[rows.loser]
    a, b = np.minimum(winner, loser), np.maximum(winner, loser)
    check = (head == a) | (head == b)
    # Checks are numbered after all that is asked.
    numbers, question = np.unique(_code(check.astype(np.int64), head, a, b, len(keys)), return_inverse=True)
    is_check, places = _decode(numbers, len(keys))
    triplets = keys[order][places]
    asked = int((is_check == 0).sum())
    workers, worker, unknown = _workers(rows, question)
    slot, repeated = _slots(question, worker, len(workers), check)
    wanted = np.bincount(question[slot >= 0], minlength=asked)[:asked]
    if len(wanted) and wanted.max() > SMALL:
        raise ImportRefused(f"A question has {wanted.max():,} votes; an import takes {SMALL:,} at most.")
    choice = np.where(rows.cant_tell, "x", np.where(winner == a, "a", "b"))
    # The winner is a where its rank is the smaller one, also where nobody could tell.
    left = np.where(rows.side == UNKNOWN, "", np.where((rows.side == 1) == (winner == a), "a", "b"))
    response_ms, dirt = _response_ms(rows.response_ms)
    split, mixed = _splits(rows, question, len(numbers), splits[order][places])
    counts = {
        "answers": len(rows),
        "votes": int((slot >= 0).sum()),
        "questions": asked,
        "checks": int(check.sum()),
        "check_questions": len(numbers) - asked,
        "repeated": int(repeated.sum()),
        "cant_tell": int((rows.cant_tell & ~check).sum()),
        "unknown_side": int((rows.side == UNKNOWN).sum()),
        "unknown_worker": unknown,
        "both_splits": mixed,
        **dirt,
    }
    return Plan(
        triplets=triplets,
        asked=asked,
        split=split,
        wanted=wanted,
        question=question.astype(np.int64),
        worker=worker,
        workers=workers,
        choice=choice,
        left=left,
        response_ms=response_ms,
        slot=slot,
        repeated=repeated,
        counts=counts,
    )


def _code(check: Ints, head: Ints, a: Ints, b: Ints, size: int) -> Ints:
    return ((check * size + head) * size + a) * size + b


def _decode(numbers: Ints, size: int) -> tuple[Ints, Ints]:
    """Whether each is a check, and its (…, 3) places."""
    rest, b = np.divmod(numbers, size)
    rest, a = np.divmod(rest, size)
    check, head = np.divmod(rest, size)
    return check, np.column_stack([head, a, b])


def _workers(rows: VoteRows, question: Ints) -> tuple[list[str], Ints, int]:
    """Names and numbers; where the file does not say who answered, the k-th answer to a question is of a person k."""
    nameless = np.flatnonzero(rows.worker == UNKNOWN)
    if not len(nameless):
        return rows.workers.tolist(), rows.worker, 0
    place = _rank_within(question[nameless])
    worker = rows.worker.copy()
    worker[nameless] = len(rows.workers) + place
    return [*rows.workers.tolist(), *(f"unknown {k + 1}" for k in range(int(place.max()) + 1))], worker, len(nameless)


def _rank_within(groups: Ints) -> Ints:
    """0, 1, … within each group, in the order given."""
    order = np.argsort(groups, kind="stable")
    ordered = groups[order]
    first = np.concatenate([[True], ordered[1:] != ordered[:-1]])
    start = np.maximum.accumulate(np.where(first, np.arange(len(groups)), 0))
    rank = np.empty(len(groups), dtype=np.int64)
    rank[order] = np.arange(len(groups)) - start
    return rank


def _slots(question: Ints, worker: Ints, workers: int, check: NDArray[np.bool_]) -> tuple[Ints, NDArray[np.bool_]]:
    """The slot of each answer, −1 where it is none; and who had answered the same question before."""
    repeated = np.ones(len(question), dtype=np.bool_)
    repeated[np.unique(question * workers + worker, return_index=True)[1]] = False
    slot = np.full(len(question), UNKNOWN, dtype=np.int64)
    counted = np.flatnonzero(~repeated & ~check)
    slot[counted] = _rank_within(question[counted])
    return slot, repeated


def _response_ms(given: NDArray[np.float64]) -> tuple[Ints, dict[str, int]]:
    """What is stored: whole milliseconds from 0 to a day; 0 where the file does not say or its clock ran backwards."""
    unknown, negative, long = ~np.isfinite(given), given < 0, given > MAX_RESPONSE_MS
    stored = np.where(unknown, 0, given).clip(0, MAX_RESPONSE_MS).round().astype(np.int64)
    return stored, {
        "unknown_times": int(unknown.sum()),
        "negative_times": int(negative.sum()),
        "long_times": int((long & ~unknown).sum()),
    }


def _splits(rows: VoteRows, question: Ints, count: int, of_stimuli: NDArray[np.int8]) -> tuple[NDArray[np.int8], int]:
    """The split of each question: its stimuli's where that is not train, else the file's.

    A question that the file has in several splits is of the first: what was trained on is no test.
    """
    known = rows.split != UNKNOWN
    lowest = np.full(count, 127, dtype=np.int8)
    highest = np.full(count, UNKNOWN, dtype=np.int8)
    np.minimum.at(lowest, question[known], rows.split[known])
    np.maximum.at(highest, question[known], rows.split[known])
    given = np.where(highest == UNKNOWN, 0, lowest).astype(np.int8)
    shared = of_stimuli[:, 0]
    split = np.where(shared == Split.TRAIN, given, shared).astype(np.int8)
    return split, int(((highest != UNKNOWN) & (lowest != highest)).sum())
