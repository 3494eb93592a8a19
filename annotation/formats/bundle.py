"""A .zip of files that are written one after the other in constant memory, with their checksums at the end."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Callable
from typing import BinaryIO, cast

from annotation.formats.frozen_file import plain_member

SUMS = "SHA256SUMS"


class _Counted:
    """A stream that hashes and counts what goes through it."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self.digest = hashlib.sha256()
        self.size = 0

    def write(self, data: bytes) -> int:
        self.digest.update(data)
        self.size += len(data)
        return self._out.write(data)


class Bundle:
    """A bundle that is being written.

    Args:
        out: Where to; need not seek.
        folder: The folder in which everything is unpacked.
    """

    def __init__(self, out: BinaryIO, folder: str) -> None:
        self._zip = zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=3)
        self._folder = folder
        self.sums: dict[str, str] = {}
        self.sizes: dict[str, int] = {}

    def add(self, name: str, write: Callable[[BinaryIO], None]) -> None:
        """Write one file; the same content gives the same bytes of the bundle.

        Args:
            name: Of the file.
            write: Writes it to a stream that does not seek.
        """
        with self._zip.open(plain_member(f"{self._folder}/{name}"), "w", force_zip64=True) as member:
            counted = _Counted(cast(BinaryIO, member))
            write(cast(BinaryIO, counted))
        self.sums[name], self.sizes[name] = counted.digest.hexdigest(), counted.size

    def add_text(self, name: str, text: str) -> None:
        """Write a small file."""
        self.add(name, lambda out: cast(None, out.write(text.encode())))

    def close(self) -> None:
        """Write the checksums, as `sha256sum --check` reads them, and the end of the archive."""
        self.add_text(SUMS, "".join(f"{sha256}  {name}\n" for name, sha256 in sorted(self.sums.items())))
        self._zip.close()
