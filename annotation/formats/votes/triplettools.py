"""tripletTools' CSV: head,winner,loser,worker_id,rt,Center,Left,Right,Answer,sampleAlg,sampleSet; and older names.

Center, Left, Right and Answer hold the stimuli's names and the sides, so they are read where they are; else the numbers
head, winner and loser. rt is in milliseconds. sampleSet is train or test.
"""

from __future__ import annotations

from pathlib import Path

from annotation.formats.votes.arrow import header_of
from annotation.formats.votes.named import Names, read_named
from annotation.formats.votes.rows import VoteRows

_SHARED: dict[str, tuple[str, ...]] = {
    "worker": (
        "worker_id",
        "sessionID",
        "puid",
        "Participant.ID",
        "Participant ID",
        "participant_id",
        "sub_id",
        "pid",
    ),
    "ms": ("rt", "RT", "response_ms"),
    "created": ("Timestamp", "timestamp"),
    "split": ("sampleSet", "TrnTest", "trial_type"),
}
NAMED = Names(
    {
        "head": ("Center", "Target", "center", "target"),
        "winner": ("Answer", "answer", "primary", "Primary"),
        "loser": ("alternate", "Alternate"),
        "left": ("Left", "Option1", "left"),
        "right": ("Right", "Option2", "right"),
        **_SHARED,
    }
)
NUMBERED = Names({"head": ("head",), "winner": ("winner",), "loser": ("loser",), **_SHARED})


class TripletToolsVotes:
    """One row an answer."""

    def fits(self, header: list[str]) -> bool:
        """Whether a header is of this format."""
        return NAMED.fits(header) or NUMBERED.fits(header)

    def read(self, path: Path, options: dict[str, str]) -> VoteRows:
        """The answers of a file; raises FormatError."""
        return read_named(path, NAMED if NAMED.fits(header_of(path)) else NUMBERED)
