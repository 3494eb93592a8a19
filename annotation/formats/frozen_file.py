"""A frozen dataset as one reproducible .npz file, and back."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from annotation.formats.digest import content_digest
from annotation.formats.errors import FormatError
from annotation.formats.limits import Limits
from annotation.formats.npy import read_array
from annotation.formats.zips import open_zip

if TYPE_CHECKING:
    from annotation.formats.frozen import FrozenDataset

# The oldest time that a zip can hold: the same for every file, so that equal datasets are equal files.
_EPOCH = (1980, 1, 1, 0, 0, 0)
_MANIFEST = "manifest"
# The file is not compressed (checked below), so its own size is the bound.
_LIMITS = Limits(total_bytes=1 << 62, file_bytes=1 << 62)
_PLAIN_FILE = 0o100644 << 16
_UNIX = 3
_FIELDS = (
    *("stimuli", "subjects", "neutral", "split", "triplets", "weight", "margin"),
    *("votes_nearer", "votes_farther", "rounds", "triplet_split"),
)
_OPTIONAL = {"features", "posterior"}


def write(dataset: FrozenDataset, out: BinaryIO) -> None:
    """Write the .npz to a stream, array after array.

    Args:
        dataset: What to write.
        out: Where to; need not seek, but only seekable streams give the very bytes of save.
    """
    write_arrays(dataset.arrays(), dataset.manifest, out)


def write_arrays(arrays: Mapping[str, NDArray[Any]], manifest: Mapping[str, object], out: BinaryIO) -> None:
    """Write arrays and a manifest as an .npz whose bytes depend on nothing else.

    Args:
        arrays: The arrays by name.
        manifest: A JSON object.
        out: Where to.
    """
    text = json.dumps(manifest, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    every = {**arrays, _MANIFEST: np.frombuffer(text.encode(), dtype=np.uint8)}
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(every):
            with archive.open(plain_member(f"{name}.npy"), "w", force_zip64=True) as member:
                np.lib.format.write_array(member, every[name], version=(1, 0), allow_pickle=False)


def plain_member(name: str) -> zipfile.ZipInfo:
    """A file of a zip, with the same time and rights on every machine."""
    info = zipfile.ZipInfo(name, date_time=_EPOCH)
    info.external_attr = _PLAIN_FILE
    info.create_system = _UNIX
    return info


def save(dataset: FrozenDataset, path: Path) -> None:
    """Write the file beside its place and move it there.

    Args:
        dataset: What to write.
        path: Where to.
    """
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with draft.open("xb") as out:
            write(dataset, out)
            out.flush()
            os.fsync(out.fileno())
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def load(source: Path | BinaryIO) -> FrozenDataset:
    """Read, check and compare with the hash of the manifest.

    Args:
        source: The file, or a stream that can seek.

    Raises:
        FormatError: If it is no such file, was changed, or its content is wrong.
    """
    file = source.name if isinstance(source, Path) else "dataset.npz"
    opened = source.open("rb") if isinstance(source, Path) else contextlib.nullcontext(source)
    with opened as stream:
        arrays = read_arrays(stream, file)
    try:
        return _rebuild(arrays)
    except FormatError as error:
        raise FormatError(error.message, file=file, row=error.row, field=error.field) from error


def read_arrays(stream: BinaryIO, file: str) -> dict[str, NDArray[Any]]:
    """Every array of the file, none larger than the file itself."""
    with open_zip(stream, file=file, limits=_LIMITS) as archive:
        arrays: dict[str, NDArray[Any]] = {}
        for info in archive.infolist():
            if info.compress_type != zipfile.ZIP_STORED:
                raise FormatError("The file is compressed; a frozen dataset never is.", file=file)
            name = info.filename.removesuffix(".npy")
            try:
                with archive.open(info) as member:
                    arrays[name] = read_array(member, size=info.file_size, file=f"{file}#{name}", kinds="fiuU")
            except zipfile.BadZipFile as error:
                raise FormatError("The file is damaged.", file=file, field=name) from error
        return arrays


def _manifest(arrays: dict[str, NDArray[Any]]) -> dict[str, object]:
    from annotation.formats.frozen import FORMAT, VERSIONS

    try:
        manifest = json.loads(arrays.pop(_MANIFEST).tobytes().decode())
    except (KeyError, ValueError) as error:
        raise FormatError("The manifest is missing or not JSON.", field=_MANIFEST) from error
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise FormatError("This is not the manifest of a frozen dataset.", field=_MANIFEST)
    if manifest.get("format_version") not in VERSIONS:
        raise FormatError(f"Version {manifest.get('format_version')} of the format is not known.", field=_MANIFEST)
    return manifest


def _rebuild(arrays: dict[str, NDArray[Any]]) -> FrozenDataset:
    from annotation.formats.frozen import FrozenDataset

    manifest = _manifest(arrays)
    digest = content_digest(arrays)
    if manifest.get("content_sha256") != digest:
        raise FormatError(
            f"The content was changed: its SHA-256 is {digest}, the manifest says {manifest.get('content_sha256')}.",
            field="content_sha256",
        )
    missing = [name for name in (*_FIELDS, "label_names") if name not in arrays]
    if missing:
        raise FormatError(f"The file lacks {', '.join(missing)}.")
    names = arrays["label_names"].tolist()
    known = {*_FIELDS, *_OPTIONAL, "label_names", *(f"label_{at}" for at in range(len(names)))}
    if unknown := sorted(arrays.keys() ^ (known - (_OPTIONAL - arrays.keys()))):
        raise FormatError(f"The file should not hold, or lacks, {', '.join(unknown)}.")
    return FrozenDataset.build(
        **{name: arrays[name] for name in _FIELDS},
        labels={name: arrays[f"label_{at}"] for at, name in enumerate(names)},
        features=arrays.get("features"),
        posterior=arrays.get("posterior"),
        manifest=manifest,
    )
