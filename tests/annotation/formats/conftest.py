from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from annotation.formats.errors import FormatError

Bytes = Callable[..., bytes]


@pytest.fixture
def picture() -> Bytes:
    """Bytes of a small picture: picture("PNG", (4, 3), colour=…, **save options)."""

    def make(kind: str = "PNG", size: tuple[int, int] = (4, 3), *, colour: int = 90, **options: Any) -> bytes:
        out = io.BytesIO()
        pixels = np.full((size[1], size[0], 3), colour, dtype=np.uint8)
        pixels[0, 0] = (250, 10, 10)
        Image.fromarray(pixels).save(out, format=kind, **options)
        return out.getvalue()

    return make


@pytest.fixture
def npy() -> Callable[[Any], bytes]:
    def make(values: Any, *, allow_pickle: bool = False) -> bytes:
        out = io.BytesIO()
        np.save(out, values, allow_pickle=allow_pickle)
        return out.getvalue()

    return make


@pytest.fixture
def folder(tmp_path: Path) -> Callable[[dict[str, bytes | str]], Path]:
    """A folder with the given files."""

    def make(files: dict[str, bytes | str]) -> Path:
        root = tmp_path / "faces"
        root.mkdir(exist_ok=True)
        for name, content in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        return root

    return make


@pytest.fixture
def archive(tmp_path: Path) -> Callable[..., Path]:
    """A zip with the given entries; names may be ZipInfo."""

    def make(files: dict[Any, bytes | str] | list[tuple[Any, bytes | str]], method: int = zipfile.ZIP_STORED) -> Path:
        path = tmp_path / "faces.zip"
        with zipfile.ZipFile(path, "w", method) as out:
            for name, content in files.items() if isinstance(files, dict) else files:
                out.writestr(name, content)
        return path

    return make


@pytest.fixture
def refused() -> Callable[..., FormatError]:
    """Runs a call, expects its refusal and gives it back."""

    def run(match: str, call: Callable[..., Any], *args: Any, **options: Any) -> FormatError:
        with pytest.raises(FormatError, match=match) as caught:
            call(*args, **options)
        return caught.value

    return run
