"""What is asked for before any file is opened: one entry a stimulus, from a manifest or from names alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from annotation.formats.errors import FormatError
from annotation.formats.limits import Limits
from annotation.formats.stimuli.names import (
    ABOUT,
    FEATURE_SUFFIXES,
    PICTURE_SUFFIXES,
    POINT_SUFFIXES,
    REFUSED_PICTURES,
    TEXT_SUFFIXES,
    has_control,
    has_control_in_text,
    stem_of,
    suffix_of,
)

SPLITS = ("train", "validation", "test")
KINDS = ("image", "landmarks", "points", "mesh", "text")
FIELDS = ("id", "picture", "text", "features", "subject", "neutral", "split", "kind")


@dataclass(frozen=True)
class Entry:
    """One stimulus as asked for.

    Attributes:
        key: Its id.
        picture: File name, or "".
        text: What people read, or "".
        text_file: Name of the file that holds the text, or "".
        features: Address (see features.py), or "".
        subject: Subject, or "".
        neutral: Key of the neutral stimulus, or "".
        split: One of SPLITS, or "".
        kind: One of KINDS, or "" to derive it.
        labels: Every other column that is not empty.
        file: Manifest that asks for it, or "" when names alone do.
        row: Row of the manifest, or None.
    """

    key: str
    picture: str = ""
    text: str = ""
    text_file: str = ""
    features: str = ""
    subject: str = ""
    neutral: str = ""
    split: str = ""
    kind: str = ""
    labels: dict[str, str] = field(default_factory=dict)
    file: str = ""
    row: int | None = None

    @property
    def source(self) -> str:
        """Where the entry came from, for people."""
        return f"{self.file} row {self.row}" if self.file else self.picture or self.text_file or self.features

    def error(self, name: str, message: str) -> FormatError:
        """A complaint about one field of this entry.

        Args:
            name: The field.
            message: What is wrong.
        """
        if self.file:
            return FormatError(message, file=self.file, row=self.row, field=name)
        return FormatError(message, file=self.source, field=name)


def scan(names: Iterable[str]) -> tuple[list[Entry], list[str]]:
    """Entries from file names alone, and the names that are left out.

    The id is the relative path without its extension; a picture or a text and a feature file of one id are one
    stimulus. Folder names are part of the id and mean nothing else. Texts are stimuli only where nothing but texts and
    their features is: beside pictures or meshes, a .txt is a note about them.

    Args:
        names: Relative names of the files.

    Raises:
        FormatError: If two files of one role share an id, or a picture is of a refused kind.
    """
    parts: dict[str, dict[str, str]] = {}
    ignored: list[str] = []
    for name in names:
        suffix = suffix_of(name)
        if suffix in REFUSED_PICTURES:
            raise FormatError(REFUSED_PICTURES[suffix], file=name)
        role = _role(name)
        if not role:
            ignored.append(name)
            continue
        files = parts.setdefault(stem_of(name), {})
        if role in files:
            raise FormatError(f'"{files[role]}" already gives the {role} of the id "{stem_of(name)}".', file=name)
        files[role] = name
    if any("text" not in files for files in parts.values()):
        ignored = sorted(ignored + [files.pop("text") for files in parts.values() if "text" in files])
    entries = [
        Entry(key, files.get("picture", ""), text_file=files.get("text", ""), features=files.get("features", ""))
        for key, files in parts.items()
        if files
    ]
    return entries, ignored


def _role(name: str) -> str:
    """What a file is of its stimulus: its picture, its text, its features, or nothing."""
    suffix = suffix_of(name)
    if suffix in PICTURE_SUFFIXES:
        return "picture"
    if suffix in TEXT_SUFFIXES and stem_of(name).rpartition("/")[2].lower() not in ABOUT:
        return "text"
    return "features" if suffix in FEATURE_SUFFIXES else ""


def check_entries(entries: list[Entry], limits: Limits) -> None:
    """Everything about entries that can be known without opening a file.

    Args:
        entries: All entries of one import.
        limits: Bounds to hold.

    Raises:
        FormatError: For the first entry that is wrong.
    """
    by_key: dict[str, Entry] = {}
    for entry in entries:
        _check_texts(entry, limits)
        _check_files(entry)
        if entry.key in by_key:
            raise entry.error("id", f'The id "{entry.key}" was used before, in {by_key[entry.key].source}.')
        by_key[entry.key] = entry
    for entry in entries:
        _check_neutral(entry, by_key)


def _check_texts(entry: Entry, limits: Limits) -> None:
    if not entry.key:
        raise entry.error("id", "The id is empty.")
    texts = {name: getattr(entry, "key" if name == "id" else name) for name in FIELDS if name != "text"} | entry.labels
    for name, text in texts.items():
        if len(text) > limits.cell_chars:
            raise entry.error(name, f"The text has {len(text):,} characters; at most {limits.cell_chars:,} are read.")
        if has_control(text):
            raise entry.error(name, "The text holds a control character.")
    if entry.text:
        check_text(entry, entry.text, limits)
    if entry.split and entry.split not in SPLITS:
        raise entry.error("split", f'"{entry.split}" is not one of {", ".join(SPLITS)}.')
    if entry.kind and entry.kind not in KINDS:
        raise entry.error("kind", f'"{entry.kind}" is not one of {", ".join(KINDS)}.')


def check_text(entry: Entry, text: str, limits: Limits) -> None:
    """A text that people will read.

    Args:
        entry: Whose text it is.
        text: The text.
        limits: Bounds to hold.

    Raises:
        FormatError: If it is empty, too long, or holds characters that are no text.
    """
    if not text:
        raise entry.error("text", "The text is empty.")
    if len(text) > limits.text_chars:
        raise entry.error("text", f"The text has {len(text):,} characters; at most {limits.text_chars:,} are read.")
    if has_control_in_text(text):
        raise entry.error("text", "The text holds a control character.")


def _check_files(entry: Entry) -> None:
    has_text = bool(entry.text or entry.text_file)
    if not entry.picture and not has_text and not entry.features:
        raise entry.error("picture", "The stimulus has neither a picture nor features nor a text.")
    if has_text and entry.picture:
        raise entry.error("text", "People see a picture or read a text; this stimulus has both.")
    if has_text and entry.kind not in ("", "text"):
        raise entry.error("kind", f"A stimulus with a text is of kind text, not {entry.kind}.")
    if entry.kind == "text" and not has_text:
        raise entry.error("kind", "A stimulus of kind text needs a text.")
    if entry.kind == "image" and not entry.picture:
        raise entry.error("kind", "A stimulus of kind image needs a picture.")
    if entry.kind == "mesh" and suffix_of(entry.features) not in POINT_SUFFIXES:
        raise entry.error("kind", "A stimulus of kind mesh needs an .obj or .ply file in its features.")
    if entry.kind in ("landmarks", "points") and not entry.features:
        raise entry.error("kind", f"A stimulus of kind {entry.kind} needs features.")
    suffix = suffix_of(entry.picture)
    if entry.picture and suffix not in PICTURE_SUFFIXES:
        raise entry.error("picture", REFUSED_PICTURES.get(suffix, "Pictures come as PNG, JPEG or WebP."))


def _check_neutral(entry: Entry, by_key: dict[str, Entry]) -> None:
    if not entry.neutral:
        return
    neutral = by_key.get(entry.neutral)
    if neutral is None:
        raise entry.error("neutral", f'There is no stimulus with the id "{entry.neutral}".')
    if not entry.subject:
        raise entry.error("neutral", "A neutral stimulus belongs to a subject, and this row names none.")
    if neutral.subject != entry.subject:
        raise entry.error(
            "neutral", f'"{entry.neutral}" belongs to the subject "{neutral.subject}", not to "{entry.subject}".'
        )
    if neutral.neutral not in ("", neutral.key):
        raise entry.error("neutral", f'"{entry.neutral}" is not neutral: it names "{neutral.neutral}" as its neutral.')
