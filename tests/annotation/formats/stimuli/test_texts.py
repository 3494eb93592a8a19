"""Texts that people read: from files, and from a manifest."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.formats.limits import Limits
from annotation.formats.stimuli import read_stimuli
from annotation.formats.stimuli.batch import content_sha256
from annotation.formats.stimuli.texts import plain, read_text


def texts(path: Path, **options) -> dict[str, str]:
    with read_stimuli(path, **options) as batch:
        assert {row.kind for row in batch.rows} == {"text"}
        return {row.key: row.text for row in batch.rows}


def test_a_folder_and_an_archive_of_texts(folder, archive) -> None:
    files = {"a.txt": "Hello,\r\nworld \n", "deep/b.TXT": "\ufeffGrüße", "README.txt": "About.", "license.txt": "MIT"}
    expected = {"a": "Hello,\nworld", "deep/b": "Grüße"}
    assert texts(folder(files)) == expected
    assert texts(archive(files)) == expected


def test_a_text_with_features_of_its_name_is_one_stimulus(folder, npy) -> None:
    batch = read_stimuli(folder({"a.txt": "Hello", "a.npy": npy(np.arange(4)), "b.txt": "x", "b.npy": npy(np.ones(4))}))
    assert [(row.key, row.kind, row.text, row.feature_row) for row in batch.rows] == [
        ("a", "text", "Hello", 0),
        ("b", "text", "x", 1),
    ]


@pytest.mark.parametrize("other", ["photo.png", "face.obj"])
def test_beside_pictures_and_meshes_a_text_is_a_note(folder, picture, other: str) -> None:
    content = picture() if other.endswith("png") else "v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n"
    batch = read_stimuli(folder({other: content, "notes.txt": "n", "deep/more.txt": "m"}))
    assert [row.key for row in batch.rows] == [other.partition(".")[0]]
    assert batch.ignored == ["deep/more.txt", "notes.txt"]


def test_a_manifest_gives_texts_with_labels(folder) -> None:
    manifest = 'id,text,mood\na,"Two\nlines, one ""text""",glad\nb,Hi,sad\n'
    batch = read_stimuli(folder({"manifest.csv": manifest}))
    assert [(row.kind, row.text, row.labels) for row in batch.rows] == [
        ("text", 'Two\nlines, one "text"', {"mood": "glad"}),
        ("text", "Hi", {"mood": "sad"}),
    ]
    lines = "\n".join(
        json.dumps(one) for one in ({"id": "a", "Text": "Two\r\nlines", "kind": "text"}, {"id": "b", "text": 7})
    )
    (folder({"m.jsonl": lines}) / "manifest.csv").unlink()
    assert texts(folder({}) / "m.jsonl") == {"a": "Two\nlines", "b": "7"}


@pytest.mark.parametrize(
    ("row", "field", "why"),
    [
        ("x,,,", "picture", "neither a picture nor features nor a text"),
        ("x,Hello,a.png,", "text", "has both"),
        ("x,Hello,,points", "kind", "with a text is of kind text, not points"),
        ("x,,a.png,text", "kind", "needs a text"),
        ("x,a\x07b,,", "text", "control character"),
        (f"x,{'n' * 10_001},,", "text", "10,001 characters; at most 10,000"),
    ],
)
def test_a_bad_row_is_named(folder, picture, refused, row: str, field: str, why: str) -> None:
    root = folder({"a.png": picture(), "manifest.csv": f"id,text,picture,kind\n{row}\n"})
    error = refused(why, read_stimuli, root)
    assert (error.file, error.row, error.field) == ("manifest.csv", 2, field)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "The text is empty"),
        (b" \n\t\n", "The text is empty"),
        ("ä".encode() * 10_001, "10,001 characters; at most 10,000"),
        (b"n" * 40_004, "40,004 bytes; at most 10,000 characters"),
        (b"good\n\xff\xfe", "not UTF-8"),
        (b"a\0b", "control character"),
        (b"a\x1b[31mb", "control character"),
    ],
)
def test_a_bad_file_is_named(folder, refused, content: bytes, why: str) -> None:
    error = refused(why, read_stimuli, folder({"good.txt": "x", "bad.txt": content}))
    assert error.file == "bad.txt"


def test_the_limit_counts_characters_and_not_bytes(folder) -> None:
    assert len(texts(folder({"a.txt": "𝄞" * 10_000}))["a"]) == 10_000
    assert texts(folder({"a.txt": "12345"}), limits=Limits(text_chars=5)) == {"a": "12345"}


def test_the_digest_is_of_the_words_and_old_digests_stand() -> None:
    assert content_sha256("text", None, None, text="a") != content_sha256("text", None, None, text="b")
    # As it was before there were texts and meshes: what is in collections must be known again.
    points = np.arange(6, dtype=np.float32).reshape(2, 3)
    assert content_sha256("points", None, points) == "94c5ad527fe6cdd890ae1718068dabe9bd0af0737ffb1c848c7a8b1dcf855a43"


def test_the_same_words_are_the_same_stimulus_however_lines_end(folder) -> None:
    batch = read_stimuli(folder({"a.txt": "x\r\ny\r\n", "b.txt": "x\ny", "c.txt": "x\ry\n"}))
    assert len({row.sha256 for row in batch.rows}) == 1


@given(st.text())
def test_plain_is_stable_and_reading_gives_it(text: str) -> None:
    once = plain(text)
    assert plain(once) == once
    assert "\r" not in once
    try:
        data = text.encode()
    except UnicodeEncodeError:  # half a surrogate pair is no UTF-8
        return
    assert read_text(data, file="f") == plain(text.removeprefix("\ufeff"))
