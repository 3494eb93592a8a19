"""Odd-one-out triples as THINGS, SPoSE and VICE read them: N × 3 rows of stimuli from 0, the odd one last.

A triplet says which of two is more like a third; an odd-one-out says that a pair is more alike than either is with the
odd one. So i, j, k with k odd is the same as the two triplets (i: j before k) and (j: i before k), and a dataset has
this form where each of its triplets has that mirror.
"""

from __future__ import annotations

from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from annotation.formats.errors import FormatError
from annotation.formats.triplet_blocks import Triplets, whole


class ThingsExport:
    """Text, three numbers a line; weights, splits and rounds are not in it."""

    media_type = "text/plain; charset=utf-8"
    extension = ".things.txt"

    def write(self, dataset: Triplets, out: BinaryIO) -> None:
        """Write the pairs and their odd ones, in the order in which each was first asked.

        Args:
            dataset: What to write.
            out: Where to.

        Raises:
            FormatError: A triplet has no mirror.
        """
        triplets = whole(dataset).triplets
        pair = np.sort(triplets[:, :2], axis=1)
        odd_one_out = np.column_stack([pair, triplets[:, 2]])
        rows, first, counts = np.unique(odd_one_out, axis=0, return_index=True, return_counts=True)
        if len(rows) and (counts != 2).any():
            self._refuse(dataset, triplets[int(first[counts != 2].min())])
        ordered = odd_one_out[np.sort(first)]
        out.write("".join(f"{i} {j} {k}\n" for i, j, k in ordered.tolist()).encode())

    def _refuse(self, dataset: Triplets, triplet: NDArray[np.int64]) -> None:
        anchor, nearer, farther = (str(dataset.stimuli[row]) for row in triplet)
        raise FormatError(
            f'These are not odd-one-out judgements: "{anchor}" is nearer to "{nearer}" than to "{farther}", but '
            f'whether "{nearer}" is nearer to "{anchor}" than to "{farther}" is not known.'
        )
