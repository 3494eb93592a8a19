"""The one way in: a folder, an archive or a manifest becomes a checked batch, or one sentence says why not."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np

from annotation.formats.errors import FormatError
from annotation.formats.limits import Limits
from annotation.formats.npy import Floats
from annotation.formats.stimuli.batch import StimulusBatch, StimulusRow, content_sha256
from annotation.formats.stimuli.entries import Entry, check_entries, check_text, scan
from annotation.formats.stimuli.features import FeatureReader, kind_of
from annotation.formats.stimuli.manifest import read_manifest
from annotation.formats.stimuli.meshes import Triangles
from annotation.formats.stimuli.names import safe_name
from annotation.formats.stimuli.pictures import PictureSource, check_picture
from annotation.formats.stimuli.sources import FolderSource, Source, ZipSource, read_bytes
from annotation.formats.stimuli.texts import read_text

MANIFESTS = ("manifest.csv", "manifest.jsonl")
_DEFAULTS = Limits()
_Read = TypeVar("_Read")


def read_stimuli(path: Path, *, limits: Limits = _DEFAULTS) -> StimulusBatch:
    """Read and check every stimulus; either all are good or nothing is returned.

    A folder or archive with manifest.csv or manifest.jsonl at its top is read by it; without one every supported file
    becomes a stimulus (see entries.scan). A path to a .csv or .jsonl file is a manifest whose files lie beside it.

    Args:
        path: A folder, a .zip, or a manifest.
        limits: Bounds to hold.

    Raises:
        FormatError: For the first thing that is wrong, naming file, row and field.
    """
    source, manifest = _open(path, limits)
    try:
        entries, ignored = _entries(source, manifest, limits)
        check_entries(entries, limits)
        rows, features = _load(entries, source, limits)
    except BaseException:
        source.close()
        raise
    return StimulusBatch(rows=rows, features=features, ignored=ignored, _source=source)


def _open(path: Path, limits: Limits) -> tuple[Source, str]:
    """Where the files lie and the name of the manifest, or ""."""
    if path.is_dir():
        source: Source = FolderSource(path, limits)
    elif not path.is_file():
        raise FormatError("There is no such file or folder.", file=str(path))
    elif path.suffix.lower() == ".zip":
        source = ZipSource(path, limits)
    elif path.suffix.lower() in (".csv", ".jsonl"):
        return FolderSource(path.parent, limits), path.name
    else:
        raise FormatError("Stimuli come as a folder, a .zip, or a manifest (.csv or .jsonl).", file=path.name)
    found = [name for name in MANIFESTS if source.has(name)]
    if len(found) > 1:
        source.close()
        raise FormatError(f"There are two manifests, {' and '.join(found)}; keep one.", file=source.label)
    return source, found[0] if found else ""


def _entries(source: Source, manifest: str, limits: Limits) -> tuple[list[Entry], list[str]]:
    if manifest:
        data = read_bytes(source, manifest, limit=limits.manifest_bytes)
        return read_manifest(data, file=manifest, limits=limits), []
    entries, ignored = scan(source.names())
    if not entries:
        raise FormatError("There is no picture, no feature file, no text and no manifest here.", file=source.label)
    return entries, ignored


def _load(entries: list[Entry], source: Source, limits: Limits) -> tuple[list[StimulusRow], Floats | None]:
    """Open every file that is asked for."""
    reader = FeatureReader(source, limits)
    wanted = sum(1 for entry in entries if entry.features)
    features: Floats | None = None
    rows: list[StimulusRow] = []
    filled = 0
    for entry in entries:
        picture = _picture(entry, source, limits)
        values: Floats | None = None
        triangles: Triangles | None = None
        if entry.features:
            values, triangles = _features(entry, reader)
            if features is None:
                features = _reserve(entry, wanted, values.shape, limits)
            if values.shape != features.shape[1:]:
                raise entry.error(
                    "features",
                    f"The features have the shape {values.shape} where those before have {features.shape[1:]}.",
                )
            features[filled] = values
            filled += 1
        text = _text(entry, source, limits)
        rows.append(_row(entry, picture, text, values, triangles, filled - 1))
    return rows, features


def _row(
    entry: Entry, picture: PictureSource | None, text: str, values: Floats | None, triangles: Triangles | None, at: int
) -> StimulusRow:
    kind = entry.kind or _kind(entry, text, triangles)
    return StimulusRow(
        key=entry.key,
        kind=kind,
        picture=picture,
        feature_row=None if values is None else at,
        subject=entry.subject,
        neutral=entry.neutral,
        split=entry.split,
        labels=entry.labels,
        sha256=content_sha256(kind, picture, values, text=text, triangles=triangles),
        source=entry.source,
        text=text,
        triangles=triangles,
    )


def _kind(entry: Entry, text: str, triangles: Triangles | None) -> str:
    """The kind of a stimulus that names none: what it has decides."""
    if text:
        return "text"
    if triangles is not None:
        return "mesh"
    return kind_of(entry.features) if entry.features else "image"


def _text(entry: Entry, source: Source, limits: Limits) -> str:
    """What people read, from the manifest or from a file of its own."""
    if not entry.text_file:
        return entry.text
    size = source.size(entry.text_file)
    if size > 4 * limits.text_chars + 3:  # no character takes more than 4 bytes, and a byte-order mark takes 3
        raise FormatError(
            f"The text is {size:,} bytes; at most {limits.text_chars:,} characters are read.", file=entry.text_file
        )
    text = read_text(read_bytes(source, entry.text_file, limit=size), file=entry.text_file)
    check_text(entry, text, limits)
    return text


def _picture(entry: Entry, source: Source, limits: Limits) -> PictureSource | None:
    if not entry.picture:
        return None
    try:
        return check_picture(source, safe_name(entry.picture), limits)
    except FormatError as error:
        raise _from(entry, error, "picture") from error


def _features(entry: Entry, reader: FeatureReader) -> tuple[Floats, Triangles | None]:
    """The features, and the triangles of a mesh; a kind that is no mesh leaves a file's faces unread."""
    if entry.text or entry.text_file or entry.kind not in ("", "mesh"):
        return _guarded(entry, reader.read), None
    values, triangles = _guarded(entry, reader.read_mesh)
    if entry.kind == "mesh" and triangles is None:
        raise entry.error("kind", "A stimulus of kind mesh needs faces, and this file has none.")
    return values, triangles


def _guarded(entry: Entry, read: Callable[[str], _Read]) -> _Read:
    try:
        return read(entry.features)
    except FormatError as error:
        raise _from(entry, error, "features") from error


def _from(entry: Entry, error: FormatError, field: str) -> FormatError:
    """A file's complaint, led back to the row of the manifest that names it."""
    if entry.file:
        return error.at(file=entry.file, row=entry.row, field=field)
    if field == "features" and entry.features.lower().endswith(".csv") and "/" not in entry.features:
        hint = f"{error.message} (If this file is a manifest, give its path or name it manifest.csv.)"
        return FormatError(hint, file=error.file, row=error.row, field=error.field)
    return error


def _reserve(entry: Entry, wanted: int, shape: tuple[int, ...], limits: Limits) -> Floats:
    size = 4 * wanted * math.prod(shape)
    if size > limits.feature_bytes:
        raise entry.error(
            "features", f"All features would take {size:,} bytes; at most {limits.feature_bytes:,} are read."
        )
    return np.empty((wanted, *shape), dtype=np.float32)
