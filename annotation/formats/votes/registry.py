"""Formats that votes come in: name -> dotted path, resolved on first use; and which of them a file is."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Protocol, cast

from annotation.formats.errors import FormatError
from annotation.formats.votes.arrow import header_of
from annotation.formats.votes.rows import VoteRows

# In the order in which a header is held against them: the more a format's columns say, the earlier it is asked.
VOTE_FORMATS = {
    "semblance": "annotation.formats.votes.semblance.SemblanceVotes",
    "mturk": "annotation.formats.votes.mturk.MturkVotes",
    "salmon": "annotation.formats.votes.salmon.SalmonVotes",
    "canonical": "annotation.formats.votes.canonical.CanonicalVotes",
    "things": "annotation.formats.votes.things.ThingsVotes",
    "next": "annotation.formats.votes.next_csv.NextVotes",
    "triplettools": "annotation.formats.votes.triplettools.TripletToolsVotes",
    "cblearn": "annotation.formats.votes.cblearn.CblearnVotes",
}
# Endings that say it all. Three columns in a .txt or .npy may be triplets or odd-one-out, so these must be told.
_ENDINGS = {".npz": "cblearn", ".jsonl": "semblance", ".ndjson": "semblance", ".json": "next"}
_AMBIGUOUS = (".txt", ".npy")


class VoteReader(Protocol):
    """One format."""

    def fits(self, header: list[str]) -> bool:
        """Whether a CSV file with this header is of the format.

        Args:
            header: Names of the columns.
        """
        ...

    def read(self, path: Path, options: dict[str, str]) -> VoteRows:
        """The answers of a file.

        Args:
            path: The file.
            options: What the format has to be told; most need nothing.

        Raises:
            FormatError: Something is wrong; the sentence names file, row and field.
        """
        ...


def load_reader(name: str) -> VoteReader:
    """The format of that name.

    Raises:
        KeyError: If there is none.
    """
    module, _, attribute = VOTE_FORMATS[name].rpartition(".")
    return cast(VoteReader, getattr(import_module(module), attribute)())


def format_of(path: Path) -> str:
    """The name of the format that a file is in, by its ending and its header.

    Raises:
        FormatError: It is of none, or its ending does not say which.
    """
    ending = path.suffix.lower()
    if ending in _ENDINGS:
        return _ENDINGS[ending]
    if ending in _AMBIGUOUS:
        raise FormatError("Three numbers may be triplets or odd-one-out; say which format it is.", file=path.name)
    header = header_of(path)
    found = next((name for name in VOTE_FORMATS if load_reader(name).fits(header)), None)
    if found is None:
        known = ", ".join(sorted(VOTE_FORMATS))
        raise FormatError(f"The header is of none of the formats {known}.", file=path.name, row=1)
    return found


def read_votes(path: Path, *, format: str = "", options: dict[str, str] | None = None) -> VoteRows:
    """The answers of a file.

    Args:
        path: The file.
        format: A name in VOTE_FORMATS; found out where it is empty.
        options: What the format has to be told.

    Raises:
        FormatError: Something is wrong; the sentence names file, row and field.
    """
    if not path.is_file():
        raise FormatError("There is no such file.", file=str(path))
    name = format or format_of(path)
    if name not in VOTE_FORMATS:
        raise FormatError(f"There is no format {name!r}; there are {', '.join(sorted(VOTE_FORMATS))}.")
    if options and name != "mturk":
        raise FormatError(f"The format {name} takes no names of columns.", file=path.name)
    rows = load_reader(name).read(path, options or {})
    if len(rows) == 0:
        raise FormatError("The file holds no votes on triplets.", file=path.name)
    return rows
