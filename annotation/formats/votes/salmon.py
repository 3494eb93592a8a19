"""Salmon's responses CSV, of today and of 2020.

head, left, right, winner, loser are numbers of targets; times are seconds, −1 where unknown; puid is the participant.
Stimuli are named by their numbers, so that they fit the order of the targets that the experiment was made with. Where
somebody answered twice within the blink of an eye, Salmon may have kept the second answer's winner with the first's
candidates; such answers are left out, and counted.
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
        "worker": ("puid",),
        "seconds": ("response_time",),
        "created": ("datetime_received", "time_received"),
    },
    unshown="answers whose winner was not shown",
)


class SalmonVotes:
    """Salmon's own export."""

    def fits(self, header: list[str]) -> bool:
        """Whether a header is of this format."""
        return {"head", "left", "right", "winner", "puid"} <= set(header)

    def read(self, path: Path, options: dict[str, str]) -> VoteRows:
        """The answers of a file; raises FormatError."""
        return read_named(path, NAMES)
