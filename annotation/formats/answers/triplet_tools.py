"""Votes as tripletTools reads them: one row a vote that counts and says which candidate is nearer.

head, winner and loser are rows of the stimuli from 0; Center, Left, Right and Answer are their keys. rt is in
milliseconds; sampleAlg is random, adaptive or uncertainty by how the round was chosen; sampleSet is train or test.
Left and Right are empty where nobody knows the sides: so the key of the loser stands in a column of its own, alternate.
"""

from __future__ import annotations

from typing import Any, BinaryIO

from annotation.formats.answers.table import Answers, triplet_votes
from annotation.formats.exports.arrow_text import csv_header, csv_lines

COLUMNS = (
    *("head", "winner", "loser", "worker_id", "rt", "Center", "Left", "Right", "Answer", "sampleAlg", "sampleSet"),
    "alternate",
)


class TripletToolsAnswers:
    """CSV with a header; keys are guarded against spreadsheets."""

    media_type = "text/csv; charset=utf-8"
    extension = "-triplettools.csv"

    def write(self, answers: Answers, out: BinaryIO) -> None:
        """Write the votes, block by block.

        Args:
            answers: What to write.
            out: Where to.
        """
        out.write(csv_header(COLUMNS))
        row_of = {key: row for row, key in enumerate(answers.stimuli)}
        for table in answers.blocks():
            out.write(csv_lines(self._table(triplet_votes(table), row_of, answers)))

    def _table(self, votes: dict[str, Any], row_of: dict[str, int], answers: Answers) -> Any:
        import pyarrow as pa

        heads = votes["head"].tolist()
        columns: dict[str, list[Any]] = {
            name: [row_of[key] for key in votes[name].tolist()] for name in ("head", "winner", "loser")
        }
        columns |= {
            "worker_id": votes["worker"].tolist(),
            "rt": votes["response_ms"].tolist(),
            "Center": heads,
            "Left": votes["on_left"].tolist(),
            "Right": votes["on_right"].tolist(),
            "Answer": votes["winner"].tolist(),
            "sampleAlg": [answers.samplers.get(number, "random") for number in votes["round"].tolist()],
            "alternate": votes["loser"].tolist(),
            "sampleSet": ["test" if answers.test[row] else "train" for row in columns["head"]],
        }
        texts = set(COLUMNS) - {"head", "winner", "loser", "rt"}
        kinds = {name: pa.string() if name in texts else pa.int64() for name in COLUMNS}
        return pa.table({name: pa.array(columns[name], kinds[name]) for name in COLUMNS})
