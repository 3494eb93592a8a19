"""Where files come from: a folder or an archive, behind one small face."""

from __future__ import annotations

import os
import shutil
import tempfile
import zipfile
import zlib
from pathlib import Path
from typing import IO, Protocol, cast

from annotation.formats.errors import FormatError
from annotation.formats.limits import MEBI, Limits
from annotation.formats.stimuli.names import safe_name
from annotation.formats.zips import open_zip

_SPOOL = 64 * MEBI
# What operating systems leave behind; never data.
_CLUTTER = frozenset({"__MACOSX", "Thumbs.db", "desktop.ini"})


class Source(Protocol):
    """Read-only files by relative POSIX name."""

    label: str

    def names(self) -> list[str]:
        """Every file, sorted, without hidden files and the clutter of operating systems."""
        ...

    def has(self, name: str) -> bool:
        """Whether the file exists; raises FormatError where a link leads out."""
        ...

    def size(self, name: str) -> int:
        """Unpacked size in bytes."""
        ...

    def open(self, name: str) -> IO[bytes]:
        """The file as a stream that can seek."""
        ...

    def close(self) -> None:
        """Let go of open files."""
        ...


def is_clutter(name: str) -> bool:
    """Whether any part of the path is hidden or left by an operating system."""
    return any(part.startswith(".") or part in _CLUTTER for part in name.split("/"))


class FolderSource:
    """Files under one folder; a symbolic link may not lead out of it.

    Args:
        root: The folder.
        limits: Bounds to hold.
    """

    def __init__(self, root: Path, limits: Limits) -> None:
        self.label = root.name
        self._root = root
        self._real = root.resolve()
        self._limits = limits

    def names(self) -> list[str]:
        """Every file, sorted; raises FormatError for a link that leads out and for too many files."""
        found: list[str] = []
        for folder, folders, files in os.walk(self._root):
            inside = Path(folder).relative_to(self._root)
            folders[:] = [name for name in folders if not is_clutter(name)]
            for name in folders:
                self._resolve((inside / name).as_posix())
            found += [(inside / name).as_posix() for name in files if not is_clutter(name)]
            if len(found) > self._limits.entries:
                raise FormatError(f"The folder holds over {self._limits.entries:,} files.", file=self.label)
        for name in found:
            self._resolve(name)
        return sorted(found)

    def has(self, name: str) -> bool:
        return os.path.lexists(self._root / name) and self._resolve(name).is_file()

    def size(self, name: str) -> int:
        return self._resolve(name).stat().st_size

    def open(self, name: str) -> IO[bytes]:
        real = self._resolve(name)
        if not real.is_file():
            raise FormatError("This is not a regular file.", file=name)
        return real.open("rb")

    def close(self) -> None:
        """Nothing is held open."""

    def _resolve(self, name: str) -> Path:
        real = (self._root / name).resolve()
        if not real.is_relative_to(self._real):
            raise FormatError("A symbolic link leads out of the folder.", file=name)
        return real


class ZipSource:
    """Files of one archive, read in place: nothing is unpacked to disk.

    Most programs pack the folder itself, so one folder that holds everything counts as the top.

    Args:
        path: The archive.
        limits: Bounds to hold.

    Raises:
        FormatError: For everything that zips.open_zip refuses, and for names that leave the archive.
    """

    def __init__(self, path: Path, limits: Limits) -> None:
        self.label = path.name
        self._limits = limits
        self._archive = open_zip(cast(IO[bytes], path), file=path.name, limits=limits)
        try:
            self._infos = self._index()
        except FormatError:
            self._archive.close()
            raise

    def _index(self) -> dict[str, zipfile.ZipInfo]:
        index: dict[str, zipfile.ZipInfo] = {}
        for info in self._archive.infolist():
            try:
                name = safe_name(info.filename)
            except FormatError as error:
                raise error.at(file=self.label) from error
            if info.is_dir() or is_clutter(name):
                continue
            if name in index:
                raise FormatError(f'The archive holds "{name}" twice.', file=self.label)
            index[name] = info
        tops = {name.split("/", 1)[0] for name in index}
        if len(tops) == 1 and all("/" in name for name in index):
            return {name.split("/", 1)[1]: info for name, info in index.items()}
        return index

    def names(self) -> list[str]:
        return sorted(self._infos)

    def has(self, name: str) -> bool:
        return name in self._infos

    def size(self, name: str) -> int:
        return self._infos[name].file_size

    def open(self, name: str) -> IO[bytes]:
        spool = tempfile.SpooledTemporaryFile(max_size=_SPOOL)  # noqa: SIM115 - handed to the caller, who closes it
        try:
            with self._archive.open(self._infos[name]) as packed:
                shutil.copyfileobj(packed, spool, MEBI)
        except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError) as error:
            spool.close()
            raise FormatError("The archive is damaged here.", file=name) from error
        spool.seek(0)
        return cast(IO[bytes], spool)

    def close(self) -> None:
        self._archive.close()


def read_bytes(source: Source, name: str, *, limit: int) -> bytes:
    """A whole file, at most limit bytes.

    Args:
        source: Where it lies.
        name: Its relative name.
        limit: Largest size in bytes.

    Raises:
        FormatError: If it is larger, or damaged.
    """
    size = source.size(name)
    if size > limit:
        raise FormatError(f"The file is {size:,} bytes; at most {limit:,} are read.", file=name)
    with source.open(name) as stream:
        data = stream.read(limit + 1)
    if len(data) > limit:
        raise FormatError(f"The file grew beyond {limit:,} bytes while it was read.", file=name)
    return data
