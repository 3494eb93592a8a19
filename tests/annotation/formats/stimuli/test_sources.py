from __future__ import annotations

from pathlib import Path

import pytest

from annotation.formats.limits import Limits
from annotation.formats.stimuli.metadata import strip_metadata
from annotation.formats.stimuli.names import safe_name
from annotation.formats.stimuli.sources import FolderSource, read_bytes


def test_what_is_no_file_is_never_opened(tmp_path: Path, refused) -> None:
    (tmp_path / "sub").mkdir()
    refused("not a regular file", FolderSource(tmp_path, Limits()).open, "sub")


def test_a_file_that_grows_while_it_is_read_is_refused(tmp_path: Path, refused, monkeypatch) -> None:
    (tmp_path / "a").write_bytes(b"12345")
    source = FolderSource(tmp_path, Limits())
    assert read_bytes(source, "a", limit=5) == b"12345"
    monkeypatch.setattr(source, "size", lambda _: 4)
    refused("grew beyond 4 bytes", read_bytes, source, "a", limit=4)


@pytest.mark.parametrize("name", ["", ".", "./", ".\\"])
def test_a_name_of_nothing_is_refused(refused, name: str) -> None:
    refused("name is empty", safe_name, name)


@pytest.mark.parametrize(
    ("kind", "data", "why"),
    [
        ("image/png", b"GIF89a" + bytes(60), "no PNG signature"),
        ("image/jpeg", b"GIF89a\xff\xd9", "no JPEG signature"),
        ("image/webp", b"GIF89a" + bytes(60), "no WebP signature"),
        ("image/webp", b"RIFF\x04\x00\x00\x00WAVE", "no WebP signature"),
        ("image/jpeg", b"\xff\xd8\x00\xd9\x00\x02\xff\xd9", "without a marker"),
        ("image/jpeg", b"\xff\xd8\xff\xe1\x00\x01\xff\xd9", "cut short"),
        ("image/jpeg", b"\xff\xd8\xff\xe1\x00\x99\xff\xd9", "cut short"),
        ("image/jpeg", b"\xff\xd8\xff\xdb\x00\x02", "cut short"),
        ("image/webp", b"RIFF\xff\x00\x00\x00WEBP", "cut short"),
        ("image/webp", b"RIFF\x0e\x00\x00\x00WEBPVP8 \x09\x00\x00\x00xx", "cut short"),
    ],
)
def test_a_file_without_the_structure_of_its_type_is_not_cut(kind: str, data: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        strip_metadata(data, kind)
