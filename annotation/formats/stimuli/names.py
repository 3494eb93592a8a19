"""Names of files that came from outside: kept inside their folder."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from annotation.formats.errors import FormatError

PICTURE_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".webp"})
LANDMARK_SUFFIXES = frozenset({".npy", ".npz", ".csv", ".pts"})
POINT_SUFFIXES = frozenset({".obj", ".ply"})
TEXT_SUFFIXES = frozenset({".txt"})
FEATURE_SUFFIXES = LANDMARK_SUFFIXES | POINT_SUFFIXES
# Pictures that people will try: refusing them aloud beats leaving them out in silence.
REFUSED_PICTURES = {
    ".svg": "SVG is refused because it can carry scripts and draws differently on every screen; export it as PNG.",
    **dict.fromkeys(
        (".gif", ".bmp", ".tif", ".tiff", ".heic", ".heif", ".avif"),
        "This kind of picture is not supported; convert it to PNG, JPEG or WebP.",
    ),
}

# Texts about a data set that lie beside it, and are no part of it.
ABOUT = frozenset({"authors", "changelog", "citation", "copying", "license", "licence", "notice", "readme"})

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_CONTROL_IN_TEXT = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_DRIVE = re.compile(r"[A-Za-z]:")


def has_control(text: str) -> bool:
    """Whether text holds a control character, which no name or label needs and some databases refuse."""
    return _CONTROL.search(text) is not None


def has_control_in_text(text: str) -> bool:
    """As has_control, for a text that people read: line breaks and tabs belong there."""
    return _CONTROL_IN_TEXT.search(text) is not None


def safe_name(name: str) -> str:
    """The name as a relative POSIX path without "." parts; back-slashes count as separators.

    Raises:
        FormatError: If the name is empty, absolute, holds a drive letter, "..", or a control character.
    """
    tidy = name.replace("\\", "/")
    if has_control(tidy):
        raise FormatError("The file name holds a control character.", file=repr(name))
    if tidy.startswith("/") or _DRIVE.match(tidy):
        raise FormatError("The path is absolute; paths must be relative to their folder.", file=name)
    parts = PurePosixPath(tidy).parts
    if ".." in parts:
        raise FormatError('The path holds ".." and could lead out of its folder.', file=name)
    if not parts:
        raise FormatError("The file name is empty.", file=name)
    return "/".join(parts)


def suffix_of(name: str) -> str:
    """Extension in lower case, with its dot."""
    return PurePosixPath(name).suffix.lower()


def stem_of(name: str) -> str:
    """The path without its extension: the id of a stimulus when no manifest gives one."""
    return str(PurePosixPath(name).with_suffix(""))
