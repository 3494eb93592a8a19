"""The stimuli that imported votes are about: those of a collection, or texts made on the fly."""

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from annotation.errors import ImportRefused
from annotation.formats.votes.items import MOST_KEY, Item, plain_item
from annotation.formats.votes.rows import VoteRows
from annotation.models import Collection, Stimulus

_BATCH = 1000


def items_find(
    *, collection: Collection, rows: VoteRows, items: Sequence[Item] | None
) -> tuple[NDArray[np.int64], NDArray[np.int8]]:
    """Primary keys and splits of the stimuli that the votes name, in the order of rows.items.

    Args:
        collection: Whose stimuli they are.
        rows: The votes.
        items: What the votes' names stand for; the stimuli's keys where it is not given.

    Raises:
        ImportRefused: A name stands for no stimulus; the sentence says in which row.
    """
    known = {key: (pk, split) for key, pk, split in collection.stimuli.values_list("key", "pk", "split")}
    key_of = {one.item: one.key for one in items or ()}
    found = []
    for place, name in enumerate(rows.items.tolist()):
        stimulus = known.get(key_of.get(name, "") if items is not None else name)
        if stimulus is None and not _named(rows, place).any():
            stimulus = (0, 0)  # a number that no vote uses, such as a gap in an array's
        if stimulus is None:
            row = int(rows.line[np.argmax(_named(rows, place))])
            raise ImportRefused(f"Row {row}: there is no stimulus {name!r} in the collection {collection.name!r}.")
        found.append(stimulus)
    keys, splits = np.array(found, dtype=np.int64).reshape(-1, 2).T
    return keys, splits.astype(np.int8)


def _named(rows: VoteRows, place: int) -> NDArray[np.bool_]:
    named: NDArray[np.bool_] = (rows.head == place) | (rows.winner == place) | (rows.loser == place)
    return named


def items_make(*, collection: Collection, rows: VoteRows, items: Sequence[Item] | None) -> int:
    """Fill a new collection with texts, one for each stimulus; returns how many.

    Args:
        collection: An empty one.
        rows: The votes, whose names are taken where no items are given.
        items: What the names stand for.

    Raises:
        ImportRefused: A name is too long or holds a zero character.
    """
    made = [plain_item(name) for name in rows.items.tolist()] if items is None else list(items)
    for one in made:
        if not one.key or len(one.key) > MOST_KEY or "\0" in one.key + one.text:
            raise ImportRefused(
                f"{one.key[:40]!r} is no name of a stimulus: 1 to {MOST_KEY} characters, none of them zero."
            )
    Stimulus.objects.bulk_create(
        (
            Stimulus(
                collection=collection,
                key=one.key,
                kind=Stimulus.Kind.TEXT,
                sha256=hashlib.sha256(one.text.encode()).hexdigest(),
                subject=one.subject,
                split=one.split,
                labels=one.labels,
                text=one.text,
            )
            for one in made
        ),
        batch_size=_BATCH,
    )
    return len(made)


def mixed_refuse(*, rows: VoteRows, splits: NDArray[np.int8], leave_out: bool) -> VoteRows:
    """The votes whose three stimuli are of one split.

    Args:
        rows: The votes.
        splits: (N,) splits of the stimuli.
        leave_out: Whether the others are left out and counted; they are refused otherwise.

    Raises:
        ImportRefused: Three stimuli are of different splits.
    """
    head, winner, loser = (splits[column] for column in (rows.head, rows.winner, rows.loser))
    same = (head == winner) & (head == loser)
    if same.all():
        return rows
    if not leave_out:
        raise ImportRefused(
            f"Row {int(rows.line[np.argmin(same)])}: the triplet mixes stimuli of different splits; a model would be "
            f"tested on what it saw. {int((~same).sum()):,} answers do; they can be left out."
        )
    return rows.only(same, "triplets across splits")
