"""Formats that a frozen dataset is published in: name -> dotted path, resolved on first use."""

from __future__ import annotations

from importlib import import_module
from typing import BinaryIO, Protocol, cast

from annotation.formats.exports.table import TripletTable
from annotation.formats.frozen import FrozenDataset

EXPORTS = {
    "csv": "annotation.formats.exports.csv_file.CsvExport",
    "jsonl": "annotation.formats.exports.jsonl_file.JsonlExport",
    "parquet": "annotation.formats.exports.parquet_file.ParquetExport",
    "npz": "annotation.formats.exports.npz_file.NpzExport",
}


class Export(Protocol):
    """One format."""

    media_type: str
    extension: str

    def write(self, dataset: FrozenDataset, out: BinaryIO) -> None:
        """Write the dataset to a stream, block by block; the stream stays open.

        Args:
            dataset: What to write.
            out: Where to.
        """
        ...

    def read(self, source: BinaryIO) -> TripletTable:
        """The triplets of a file that write made.

        Args:
            source: The file, able to seek.
        """
        ...


def load_export(name: str) -> Export:
    """The format of that name.

    Raises:
        KeyError: If there is none.
    """
    module, _, attribute = EXPORTS[name].rpartition(".")
    return cast(Export, getattr(import_module(module), attribute)())
