"""Files of the site, named by their content: the same bytes are kept once and never change under a name.

Below services and selectors, because both need it; the storage is a local folder or, in production, an object store.
"""

import hashlib
import tempfile
from pathlib import Path
from typing import BinaryIO

from django.core.files import File
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

_CHUNK = 1 << 20


def file_sha256(file: BinaryIO) -> str:
    """Hash a file from its current position to its end, in constant memory."""
    digest = hashlib.sha256()
    while chunk := file.read(_CHUNK):
        digest.update(chunk)
    return digest.hexdigest()


def content_store(*, folder: str, content: bytes, suffix: str) -> tuple[str, str]:
    """Keep bytes under a name made of their hash. Returns the name in the storage and the hash."""
    sha256 = hashlib.sha256(content).hexdigest()
    name = f"{folder}/{sha256[:2]}/{sha256}{suffix}"
    if not default_storage.exists(name):
        default_storage.save(name, ContentFile(content))
    return name, sha256


def path_store(*, folder: str, path: Path, suffix: str) -> tuple[str, str]:
    """Keep a local file under a name made of its hash, without reading it into memory."""
    with path.open("rb") as file:
        sha256 = file_sha256(file)
        name = f"{folder}/{sha256[:2]}/{sha256}{suffix}"
        if not default_storage.exists(name):
            file.seek(0)
            default_storage.save(name, File(file))
    return name, sha256


class LocalCopy:
    """A stored file as a local path: the file itself where the storage is a folder, else a copy in a temporary one."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    def __enter__(self) -> Path:
        try:
            return Path(default_storage.path(self.name))
        except NotImplementedError:  # a remote storage
            self._folder = tempfile.TemporaryDirectory(prefix="semblance-")
            path = Path(self._folder.name) / Path(self.name).name
            with default_storage.open(self.name, "rb") as source, path.open("wb") as target:
                while chunk := source.read(_CHUNK):
                    target.write(chunk)
            return path

    def __exit__(self, *exc: object) -> None:
        if self._folder is not None:
            self._folder.cleanup()
