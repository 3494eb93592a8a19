"""A plain CSV: head, winner, loser, left, right, worker_id, response_ms, trial_type, timestamp.

Blank cells are unknown; other columns, such as response_id and sampler, are not read.
"""

from __future__ import annotations

from pathlib import Path

from annotation.formats.votes.named import Names, read_named
from annotation.formats.votes.rows import VoteRows

NAMES = Names(
    {
        "head": ("head",),
        "winner": ("winner",),
        "loser": ("loser",),
        "left": ("left",),
        "right": ("right",),
        "worker": ("worker_id",),
        "ms": ("response_ms",),
        "created": ("timestamp",),
        "split": ("trial_type",),
    }
)


class CanonicalVotes:
    """One row an answer, every stimulus by its name."""

    def fits(self, header: list[str]) -> bool:
        """Whether a header is of this format."""
        return {"head", "winner", "loser", "response_ms"} <= set(header)

    def read(self, path: Path, options: dict[str, str]) -> VoteRows:
        """The answers of a file; raises FormatError."""
        return read_named(path, NAMES)
