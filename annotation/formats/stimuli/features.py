"""The features of one stimulus, by their address.

An address is a file name, optionally with a part of an array file after a "#":

    face.npy                 the whole array
    faces.npy#12             row 12 (from 0) of the array
    faces.npz                the only array of the archive
    faces.npz#landmarks      the array named landmarks
    faces.npz#landmarks/12   row 12 (from 0) of that array
    face.csv  face.pts  face.obj  face.ply
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable

import numpy as np

from annotation.formats.errors import FormatError
from annotation.formats.limits import Limits
from annotation.formats.npy import Floats, npz_keys, read_npy, read_npz_member
from annotation.formats.stimuli.meshes import Triangles, read_obj_faces
from annotation.formats.stimuli.names import FEATURE_SUFFIXES, POINT_SUFFIXES, safe_name, suffix_of
from annotation.formats.stimuli.ply import read_ply
from annotation.formats.stimuli.ply_faces import read_ply_faces
from annotation.formats.stimuli.sources import Source, read_bytes
from annotation.formats.stimuli.texts import read_csv, read_obj, read_pts

_ADDRESS = re.compile(r"(?P<file>.+?\.np[yz])#(?P<part>.*)", re.IGNORECASE | re.DOTALL)
_READERS: dict[str, Callable[..., Floats]] = {
    ".csv": read_csv,
    ".pts": read_pts,
    ".obj": read_obj,
    ".ply": read_ply,
}
_FACES: dict[str, Callable[..., Triangles | None]] = {".obj": read_obj_faces, ".ply": read_ply_faces}


def split_address(address: str) -> tuple[str, str]:
    """File and part of an address; the part is "" when the whole file is meant.

    Raises:
        FormatError: If the file's name is unsafe or a "#" is followed by nothing.
    """
    match = _ADDRESS.fullmatch(address)
    if match is None:
        return safe_name(address), ""
    if not match["part"]:
        raise FormatError("The address ends in # without saying which part is meant.", file=address)
    return safe_name(match["file"]), match["part"]


def kind_of(address: str) -> str:
    """Kind of stimulus that a feature file without faces holds: points in space, or landmarks."""
    return "points" if suffix_of(split_address(address)[0]) in POINT_SUFFIXES else "landmarks"


class FeatureReader:
    """Reads features by address and keeps array files open to further rows.

    Args:
        source: Where the files lie.
        limits: Bounds to hold.
    """

    def __init__(self, source: Source, limits: Limits) -> None:
        self._source = source
        self._limits = limits
        self._arrays: dict[tuple[str, str], Floats] = {}
        self._keys: dict[str, set[str]] = {}
        self._topologies: dict[bytes, Triangles] = {}
        self._held = 0

    def read(self, address: str) -> Floats:
        """The features at an address, float32, finite, C-contiguous.

        Args:
            address: See the module's docstring.

        Raises:
            FormatError: If the file is missing, not supported, damaged, holds no values, too many, or one that is not
                finite.
        """
        file, part = split_address(address)
        suffix = suffix_of(file)
        if suffix not in FEATURE_SUFFIXES:
            raise FormatError(f"Features come as {', '.join(sorted(FEATURE_SUFFIXES))}.", file=file)
        if not self._source.has(file):
            raise FormatError("The file does not exist.", file=file)
        if suffix in _READERS:
            values = _READERS[suffix](read_bytes(self._source, file, limit=self._text_limit), file=file)
        elif suffix == ".npy":
            values = self._npy(file, part)
        else:
            values = self._npz(file, part)
        return self._checked(values, address)

    def read_mesh(self, address: str) -> tuple[Floats, Triangles | None]:
        """The features at an address, and the triangles between them where it is a file with faces.

        Meshes of one make share their triangles, which are then kept once.

        Args:
            address: See the module's docstring.

        Raises:
            FormatError: For all that read refuses, and for faces that are odd or too many.
        """
        vertices = self.read(address)
        file, _ = split_address(address)
        suffix = suffix_of(file)
        if suffix not in _FACES:
            return vertices, None
        data = read_bytes(self._source, file, limit=self._text_limit)
        triangles = _FACES[suffix](data, vertices=len(vertices), file=file, limits=self._limits)
        return vertices, None if triangles is None else self._shared(triangles, file)

    def _shared(self, triangles: Triangles, file: str) -> Triangles:
        digest = hashlib.sha256(triangles.tobytes()).digest()
        if digest not in self._topologies:
            self._hold(triangles.nbytes, file)
            self._topologies[digest] = triangles
        return self._topologies[digest]

    @property
    def _text_limit(self) -> int:
        """Bytes of a file of points that is read whole: so many values and faces take no more."""
        return min(self._limits.file_bytes, 64 * self._limits.feature_values)

    def _hold(self, size: int, file: str) -> None:
        """Count memory that stays taken."""
        self._held += size
        if self._held > self._limits.feature_bytes:
            raise FormatError(f"The arrays take over {self._limits.feature_bytes:,} bytes of memory.", file=file)

    def _npy(self, file: str, part: str) -> Floats:
        if part and not part.isdecimal():
            raise FormatError(f'"{part}" is not a row number (0, 1, 2, …).', file=file)
        return self._pick(self._array(file, "", keep=bool(part)), part, file)

    def _npz(self, file: str, part: str) -> Floats:
        if file not in self._keys:
            with self._source.open(file) as stream:
                self._keys[file] = npz_keys(stream, file=file, limits=self._limits)
        key, slash, row = part.rpartition("/")
        # np.savez allows "a/1" as a name: a name that exists wins over "row 1 of a".
        if part in self._keys[file] or not slash or not row.isdecimal():
            key, row = part, ""
        return self._pick(self._array(file, key, keep=bool(row)), row, f"{file}#{key}")

    def _array(self, file: str, key: str, *, keep: bool) -> Floats:
        """The array, from memory when rows of it were asked for before."""
        if (file, key) in self._arrays:
            return self._arrays[file, key]
        with self._source.open(file) as stream:
            if suffix_of(file) == ".npy":
                values = read_npy(stream, size=self._source.size(file), file=file, limits=self._limits)
            else:
                values, _ = read_npz_member(stream, key, file=file, limits=self._limits)
        if keep:
            self._hold(values.nbytes, file)
            self._arrays[file, key] = values
        return values

    @staticmethod
    def _pick(values: Floats, row: str, file: str) -> Floats:
        if not row:
            return values
        if values.ndim < 2 or int(row) >= len(values):
            raise FormatError(f"There is no row {row} in an array of shape {values.shape}.", file=file)
        picked: Floats = values[int(row)]
        return picked

    def _checked(self, values: Floats, address: str) -> Floats:
        if values.ndim == 0 or values.size == 0:
            raise FormatError("The features are empty.", file=address)
        if values.size > self._limits.feature_values:
            raise FormatError(
                f"One stimulus has {values.size:,} values; at most {self._limits.feature_values:,} are read. "
                f"To address one row of an array, write #row after the file's name.",
                file=address,
            )
        finite = np.isfinite(values)
        if not finite.all():
            first = f", the first in row {int(np.argwhere(~finite)[0][0])} (from 0)" if values.ndim > 1 else ""
            raise FormatError(f"The features hold a value that is not finite (NaN or infinity){first}.", file=address)
        return values
