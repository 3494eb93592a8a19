"""All answers with all that is known of each, as CSV, JSON lines and Parquet."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from annotation.formats.answers.table import ANSWER_COLUMNS, Answers, answer_schema
from annotation.formats.exports.arrow_text import csv_header, csv_lines, json_lines


class CsvAnswers:
    """A header and one row an answer; no cell starts a formula."""

    media_type = "text/csv; charset=utf-8"
    extension = "-votes.csv"

    def write(self, answers: Answers, out: BinaryIO) -> None:
        """Write all answers, block by block.

        Args:
            answers: What to write.
            out: Where to.
        """
        for piece in self.pieces(answers):
            out.write(piece)

    def pieces(self, answers: Answers) -> Iterator[bytes]:
        """The same, a block at a time, for whoever sends it on."""
        yield csv_header(ANSWER_COLUMNS)
        yield from map(csv_lines, answers.blocks())


class JsonlAnswers:
    """One object a line, in UTF-8."""

    media_type = "application/jsonl; charset=utf-8"
    extension = "-votes.jsonl"

    def write(self, answers: Answers, out: BinaryIO) -> None:
        """Write all answers, block by block.

        Args:
            answers: What to write.
            out: Where to.
        """
        for piece in self.pieces(answers):
            out.write(piece)

    def pieces(self, answers: Answers) -> Iterator[bytes]:
        """The same, a block at a time, for whoever sends it on."""
        return map(json_lines, answers.blocks())


class ParquetAnswers:
    """One row group a block."""

    media_type = "application/vnd.apache.parquet"
    extension = "-votes.parquet"

    def write(self, answers: Answers, out: BinaryIO) -> None:
        """Write all answers, block by block.

        Args:
            answers: What to write.
            out: Where to.
        """
        import pyarrow.parquet as pq

        with pq.ParquetWriter(out, answer_schema(), compression="zstd") as writer:
            for table in answers.blocks():
                writer.write_table(table)
