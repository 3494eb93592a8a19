"""The triplets of a frozen file, read block by block: no more of it is in memory than its stimuli and one block."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from annotation.formats import triplet_blocks
from annotation.formats.errors import FormatError
from annotation.formats.npy import read_array
from annotation.formats.triplet_blocks import COLUMNS, TripletBlock

_TYPES = {
    "triplets": np.int64,
    "weight": np.float32,
    "margin": np.int16,
    "votes_nearer": np.int16,
    "votes_farther": np.int16,
    "rounds": np.int32,
    "triplet_split": np.int8,
    "posterior": np.float32,
}


class FrozenStream:
    """A frozen file that was checked when it was made; here only what is read is looked at.

    Args:
        path: The file.

    Raises:
        FormatError: It is no frozen file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            with zipfile.ZipFile(path) as archive:
                self._names = {name.removesuffix(".npy") for name in archive.namelist()}
                small = {name: self._whole(archive, name) for name in self._names if name not in {*_TYPES, "features"}}
                self.manifest: dict[str, object] = json.loads(small["manifest"].tobytes())
                self.arrays = small
                self.stimuli: NDArray[np.str_] = small["stimuli"]
        except (zipfile.BadZipFile, KeyError, ValueError) as error:
            raise FormatError("This is not a frozen dataset.", file=path.name) from error

    def _whole(self, archive: zipfile.ZipFile, name: str) -> NDArray[Any]:
        info = archive.getinfo(f"{name}.npy")
        with archive.open(info) as member:
            return read_array(member, size=info.file_size, file=f"{self._path.name}#{name}", kinds="fiuU")

    def blocks(self) -> Iterator[TripletBlock]:
        """The triplets in order."""
        names = [*COLUMNS, "posterior"] if "posterior" in self._names else list(COLUMNS)
        with ExitStack() as stack:
            archive = stack.enter_context(zipfile.ZipFile(self._path))
            members = {name: stack.enter_context(archive.open(f"{name}.npy")) for name in names}
            (left,) = {self._rows(name, member) for name, member in members.items()}
            while left:
                count = min(left, triplet_blocks.BLOCK)
                left -= count
                yield TripletBlock(**{name: self._part(name, member, count) for name, member in members.items()})

    def _rows(self, name: str, member: IO[bytes]) -> int:
        """How many rows there are, once the header is read."""
        np.lib.format.read_magic(member)
        shape, _, dtype = np.lib.format.read_array_header_1_0(member)
        if dtype != np.dtype(_TYPES[name]):
            raise FormatError(f"The type is {dtype}.", file=self._path.name, field=name)
        return int(shape[0])

    def _part(self, name: str, member: IO[bytes], count: int) -> NDArray[Any]:
        width = 3 if name == "triplets" else 1
        data = member.read(count * width * np.dtype(_TYPES[name]).itemsize)
        values = np.frombuffer(data, dtype=_TYPES[name])
        return values.reshape(-1, 3) if width == 3 else values
