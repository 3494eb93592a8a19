"""NEXT: the flat CSV of its dashboard (Participant ID,Timestamp,Center,Left,Right,Answer,Alg Label), or its JSON.

In the JSON an answer is ``q`` = [winner, loser, center] with the sides in ``target_indices`` and the time in seconds.
An algorithm called Test drew the hold-out, so its answers are of the test split.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from annotation.formats.errors import FormatError
from annotation.formats.votes.named import Names, read_named
from annotation.formats.votes.rows import UNKNOWN, VoteRows, natural_order, plain_rows

NAMES = Names(
    {
        "head": ("Center",),
        "winner": ("Answer",),
        "left": ("Left",),
        "right": ("Right",),
        "worker": ("Participant ID", "Participant.ID"),
        "seconds": ("Response Time (s)", "Response Time"),
        "created": ("Timestamp",),
        "split": ("Alg Label", "Alg.Label"),
        "loser": ("Loser",),
    }
)
_MOST_BYTES = 1 << 30


class NextVotes:
    """NEXT's two ways to write answers."""

    def fits(self, header: list[str]) -> bool:
        """Whether a header is of this format."""
        own = {"Alg Label", "Alg.Label", "Participant ID", "Participant.ID"}
        return NAMES.fits(header) and bool(own & set(header))

    def read(self, path: Path, options: dict[str, str]) -> VoteRows:
        """The answers of a file; raises FormatError."""
        return _read_json(path) if path.suffix.lower() == ".json" else read_named(path, NAMES)


def _read_json(path: Path) -> VoteRows:
    if path.stat().st_size > _MOST_BYTES:
        raise FormatError(f"The file is larger than {_MOST_BYTES >> 30} GiB.", file=path.name)
    try:
        people = json.loads(path.read_bytes())["participant_responses"]
        answers = [(str(who), answer) for who, found in people.items() for answer in found]
        rows = [_answer(answer) for _, answer in answers]
    except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise FormatError(f"This is no JSON of NEXT's participant_responses ({error}).", file=path.name) from error
    names = np.array([row[0] for row in rows], dtype=np.str_).reshape(-1, 3)
    items, triplets = np.unique(names, return_inverse=True)
    order = natural_order(items)
    place = np.argsort(order)
    workers, worker = np.unique(np.array([who for who, _ in answers], dtype=np.str_), return_inverse=True)
    return plain_rows(
        items[order],
        place[triplets.reshape(-1, 3)],
        workers=workers,
        worker=worker.astype(np.int64),
        side=np.array([row[1] for row in rows], dtype=np.int8),
        response_ms=np.array([row[2] for row in rows], dtype=np.float64) * 1000,
        created=np.array([row[3] for row in rows], dtype="datetime64[us]"),
        split=_splits([row[4] for row in rows]),
    )


def _splits(labels: list[str]) -> NDArray[np.int8]:
    return np.array([2 if label.lower() == "test" else UNKNOWN for label in labels], dtype=np.int8)


def _answer(answer: dict[str, Any]) -> tuple[tuple[str, str, str], int, float, datetime | None, str]:
    winner, loser, center = (str(one) for one in answer["q"])
    side = UNKNOWN
    for target in answer.get("target_indices", []):
        name = str(target.get("index", target.get("target_id")))
        if target.get("label") == "left" and name in (winner, loser):
            side = int(name == winner)
    seconds = answer.get("response_time")
    made = answer.get("timestamp_query_generated")
    moment = datetime.fromisoformat(made) if made else None
    if moment is not None and moment.tzinfo:
        moment = moment.astimezone(UTC).replace(tzinfo=None)
    label = str(answer.get("alg_label", ""))
    return (center, winner, loser), side, float("nan") if seconds is None else float(seconds), moment, label
