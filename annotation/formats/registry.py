"""Formats that a frozen dataset is published in: name -> dotted path, resolved on first use."""

from __future__ import annotations

from importlib import import_module
from typing import BinaryIO, Protocol, cast

from annotation.formats.answers.table import Answers
from annotation.formats.exports.table import TripletTable
from annotation.formats.triplet_blocks import Triplets

EXPORTS = {
    "csv": "annotation.formats.exports.csv_file.CsvExport",
    "jsonl": "annotation.formats.exports.jsonl_file.JsonlExport",
    "parquet": "annotation.formats.exports.parquet_file.ParquetExport",
    "npz": "annotation.formats.exports.npz_file.NpzExport",
    "cblearn": "annotation.formats.exports.cblearn_file.CblearnExport",
}
# What holds less than the triplets with their weights, so that they cannot be read back whole.
LESSER_EXPORTS = {"things": "annotation.formats.exports.things_file.ThingsExport"}
# One row an answer, instead of one a triplet.
ANSWER_EXPORTS = {
    "votes-csv": "annotation.formats.answers.plain.CsvAnswers",
    "votes-jsonl": "annotation.formats.answers.plain.JsonlAnswers",
    "votes-parquet": "annotation.formats.answers.plain.ParquetAnswers",
    "salmon": "annotation.formats.answers.salmon.SalmonAnswers",
    "triplettools": "annotation.formats.answers.triplet_tools.TripletToolsAnswers",
}


class Writer(Protocol):
    """One format of triplets."""

    media_type: str
    extension: str

    def write(self, dataset: Triplets, out: BinaryIO) -> None:
        """Write the triplets to a stream, block by block; the stream stays open.

        Args:
            dataset: What to write; the npz wants a whole FrozenDataset.
            out: Where to.

        Raises:
            FormatError: The format cannot say what these triplets say.
        """
        ...


class Export(Writer, Protocol):
    """One format of triplets that loses nothing of them."""

    def read(self, source: BinaryIO) -> TripletTable:
        """The triplets of a file that write made.

        Args:
            source: The file, able to seek.
        """
        ...


class AnswerWriter(Protocol):
    """One format of answers."""

    media_type: str
    extension: str

    def write(self, answers: Answers, out: BinaryIO) -> None:
        """Write the answers to a stream, block by block; the stream stays open.

        Args:
            answers: What to write.
            out: Where to.
        """
        ...


def load_export(name: str) -> Export:
    """The format of that name.

    Raises:
        KeyError: If there is none.
    """
    return cast(Export, _load(EXPORTS[name]))


def load_writer(name: str) -> Writer:
    """The format of triplets of that name, whether or not it can be read back.

    Raises:
        KeyError: If there is none.
    """
    return cast(Writer, _load({**EXPORTS, **LESSER_EXPORTS}[name]))


def load_answers(name: str) -> AnswerWriter:
    """The format of answers of that name.

    Raises:
        KeyError: If there is none.
    """
    return cast(AnswerWriter, _load(ANSWER_EXPORTS[name]))


def _load(path: str) -> object:
    module, _, attribute = path.rpartition(".")
    made: object = getattr(import_module(module), attribute)()
    return made
