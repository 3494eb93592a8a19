"""Votes as Salmon's /responses?json=false writes them: one row a vote that counts and says which candidate is nearer.

head, left, right, winner and loser are targets, rows of the stimuli from 0; *_html and *_filename are their keys.
Times are in seconds, network_latency is not measured (0), and score is −9999, Salmon's mark of a query that no score
chose. puid is the worker's pseudonym. Left and right are empty where nobody knows the sides.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, BinaryIO

from annotation.formats.answers.table import Answers, triplet_votes
from annotation.formats.exports.arrow_text import csv_header, csv_lines

_ROLES = ("left", "right", "head", "winner", "loser")
COLUMNS = (
    *("head", "left", "right", "winner", "sampler", "score", "puid", "response_time", "network_latency"),
    *("time_received", "loser", *(f"{role}_html" for role in _ROLES), *(f"{role}_filename" for role in _ROLES)),
    *("time_received_since_start", "datetime_received", "start_time", "puid_num_responses", "num_responses"),
)
_NO_SCORE = -9999.0
_TEXTS = {"sampler", "puid", *(f"{role}_{kind}" for role in _ROLES for kind in ("html", "filename"))}
_COUNTS = {"head", "left", "right", "winner", "loser", "puid_num_responses", "num_responses"}


class SalmonAnswers:
    """CSV with the columns of Salmon 1.0; keys are guarded against spreadsheets."""

    media_type = "text/csv; charset=utf-8"
    extension = "-salmon.csv"

    def write(self, answers: Answers, out: BinaryIO) -> None:
        """Write the votes, block by block.

        Args:
            answers: What to write.
            out: Where to.
        """
        out.write(csv_header(COLUMNS))
        row_of = {key: row for row, key in enumerate(answers.stimuli)}
        seen, total, start = Counter[str](), 0, None
        for table in answers.blocks():
            votes = triplet_votes(table)
            if not len(votes["head"]):
                continue
            start = int(votes["created"][0]) if start is None else start
            columns = _places(votes, row_of) | _times(votes, start)
            columns["puid_num_responses"] = []
            for worker in columns["puid"]:
                seen[worker] += 1
                columns["puid_num_responses"].append(seen[worker])
            columns["sampler"] = [answers.samplers.get(number, "random") for number in votes["round"].tolist()]
            columns["num_responses"] = list(range(total + 1, total + len(votes["head"]) + 1))
            total += len(votes["head"])
            out.write(csv_lines(_table(columns)))


def _places(votes: dict[str, Any], row_of: dict[str, int]) -> dict[str, list[Any]]:
    keys = {role: votes[{"left": "on_left", "right": "on_right"}.get(role, role)].tolist() for role in _ROLES}
    columns: dict[str, list[Any]] = {"puid": votes["worker"].tolist()}
    for role, names in keys.items():
        columns |= {role: [row_of.get(name) for name in names], f"{role}_html": names, f"{role}_filename": names}
    return columns


def _times(votes: dict[str, Any], start: int) -> dict[str, list[Any]]:
    created = votes["created"]
    return {
        "score": [_NO_SCORE] * len(created),
        "response_time": (votes["response_ms"] / 1000).tolist(),
        "network_latency": [0.0] * len(created),
        "time_received": (created / 1e6).tolist(),
        "time_received_since_start": ((created - start) / 1e6).tolist(),
        "datetime_received": created.astype("datetime64[us]").tolist(),
        "start_time": [start / 1e6] * len(created),
    }


def _table(columns: dict[str, list[Any]]) -> Any:
    import pyarrow as pa

    def kind(name: str) -> Any:
        if name == "datetime_received":
            return pa.timestamp("us", "UTC")
        return pa.string() if name in _TEXTS else pa.int64() if name in _COUNTS else pa.float64()

    return pa.table({name: pa.array(columns[name], kind(name)) for name in COLUMNS})
