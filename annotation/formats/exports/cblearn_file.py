"""Triplets as the arrays that cblearn's estimators take.

cblearn knows no weights. `list_order` therefore repeats each triplet as often as its margin says (once at least), and
`queries` with `answers` say the same as cblearn's list-count form, which it unrolls by itself. What is needed to read
the triplets back exactly stands beside them.
"""

from __future__ import annotations

from typing import BinaryIO

import numpy as np

from annotation.formats import checks, frozen_file
from annotation.formats.errors import FormatError
from annotation.formats.exports.table import TripletTable
from annotation.formats.frozen import SPLITS
from annotation.formats.triplet_blocks import Triplets, whole

_FILE = "cblearn.npz"
_NEEDED = ("stimuli", "queries", "weight", "margin", "votes_nearer", "votes_farther", "split", "round")


class CblearnExport:
    """An .npz: `list_order` (M, 3), `queries` (T, 3), `answers` (T,), `stimuli`, and the columns of the table."""

    media_type = "application/x-npz"
    extension = ".cblearn.npz"

    def write(self, dataset: Triplets, out: BinaryIO) -> None:
        """Write all triplets.

        Args:
            dataset: What to write.
            out: Where to.
        """
        rows = whole(dataset)
        times = np.maximum(rows.margin.astype(np.int64), 1)
        arrays = {
            "stimuli": dataset.stimuli,
            "list_order": np.repeat(rows.triplets, times, axis=0).astype(np.int32),
            "queries": rows.triplets.astype(np.int32),
            "answers": times.astype(np.int32),
            "weight": rows.weight,
            "margin": rows.margin,
            "votes_nearer": rows.votes_nearer,
            "votes_farther": rows.votes_farther,
            "split": rows.triplet_split,
            "round": rows.rounds,
        }
        frozen_file.write_arrays(arrays, dataset.manifest, out)

    def read(self, source: BinaryIO) -> TripletTable:
        """The triplets of such a file.

        Args:
            source: The file, able to seek.

        Raises:
            FormatError: If it is not such a file.
        """
        arrays = frozen_file.read_arrays(source, _FILE)
        if missing := [name for name in _NEEDED if name not in arrays]:
            raise FormatError(f"The file lacks {', '.join(missing)}.", file=_FILE)
        stimuli = checks.strings("stimuli", arrays["stimuli"], None)
        rows = checks.triplet_rows(arrays["queries"], len(stimuli))
        split = checks.integers("split", arrays["split"], len(rows), np.int8, low=0, high=2)
        anchor, nearer, farther = (stimuli[column] for column in rows.T)
        return TripletTable(
            anchor=anchor,
            nearer=nearer,
            farther=farther,
            weight=checks.floats("weight", arrays["weight"], len(rows), vector=True),
            margin=checks.integers("margin", arrays["margin"], len(rows), np.int16),
            votes_nearer=checks.integers("votes_nearer", arrays["votes_nearer"], len(rows), np.int16),
            votes_farther=checks.integers("votes_farther", arrays["votes_farther"], len(rows), np.int16),
            split=np.array(SPLITS)[split],
            round=checks.integers("round", arrays["round"], len(rows), np.int32),
        )
