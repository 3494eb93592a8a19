"""The one way in: a folder, an archive or a manifest becomes a checked batch, or one sentence says why not."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from annotation.formats.errors import FormatError
from annotation.formats.limits import Limits
from annotation.formats.npy import Floats
from annotation.formats.stimuli.batch import StimulusBatch, StimulusRow, content_sha256
from annotation.formats.stimuli.entries import Entry, check_entries, scan
from annotation.formats.stimuli.features import FeatureReader, kind_of
from annotation.formats.stimuli.manifest import read_manifest
from annotation.formats.stimuli.names import safe_name
from annotation.formats.stimuli.pictures import PictureSource, check_picture
from annotation.formats.stimuli.sources import FolderSource, Source, ZipSource, read_bytes

MANIFESTS = ("manifest.csv", "manifest.jsonl")
_DEFAULTS = Limits()


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
        raise FormatError("There is no picture, no feature file and no manifest here.", file=source.label)
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
        if entry.features:
            values = _features(entry, reader)
            if features is None:
                features = _reserve(entry, wanted, values.shape, limits)
            if values.shape != features.shape[1:]:
                raise entry.error(
                    "features",
                    f"The features have the shape {values.shape} where those before have {features.shape[1:]}.",
                )
            features[filled] = values
            filled += 1
        rows.append(_row(entry, picture, values, filled - 1))
    return rows, features


def _row(entry: Entry, picture: PictureSource | None, values: Floats | None, at: int) -> StimulusRow:
    kind = entry.kind or (kind_of(entry.features) if entry.features else "image")
    return StimulusRow(
        key=entry.key,
        kind=kind,
        picture=picture,
        feature_row=None if values is None else at,
        subject=entry.subject,
        neutral=entry.neutral,
        split=entry.split,
        labels=entry.labels,
        sha256=content_sha256(kind, picture, values),
        source=entry.source,
    )


def _picture(entry: Entry, source: Source, limits: Limits) -> PictureSource | None:
    if not entry.picture:
        return None
    try:
        return check_picture(source, safe_name(entry.picture), limits)
    except FormatError as error:
        raise _from(entry, error, "picture") from error


def _features(entry: Entry, reader: FeatureReader) -> Floats:
    try:
        return reader.read(entry.features)
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
