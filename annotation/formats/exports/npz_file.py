"""The frozen file itself: all arrays, with features and labels."""

from __future__ import annotations

from typing import BinaryIO

from annotation.formats import frozen_file
from annotation.formats.exports.table import TripletTable
from annotation.formats.frozen import FrozenDataset


class NpzExport:
    """What FrozenDataset.save writes."""

    media_type = "application/x-npz"
    extension = ".npz"

    def write(self, dataset: FrozenDataset, out: BinaryIO) -> None:
        """Write the frozen file, array after array.

        Args:
            dataset: What to write.
            out: Where to.
        """
        frozen_file.write(dataset, out)

    def read(self, source: BinaryIO) -> TripletTable:
        """The triplets of such a file.

        Args:
            source: The file, able to seek.

        Raises:
            FormatError: If it is not such a file, or was changed.
        """
        return TripletTable.of(FrozenDataset.load(source))
