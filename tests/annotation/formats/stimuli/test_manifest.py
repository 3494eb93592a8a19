from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.formats.limits import Limits
from annotation.formats.stimuli import read_stimuli
from annotation.formats.stimuli.manifest import read_manifest

LIMITS = Limits()


@pytest.fixture
def manifest(folder, picture, npy) -> Callable[..., Path]:
    """A manifest beside a.png, b.png, and faces.npz with a (4, 2, 3) array."""

    def make(text: str | bytes, name: str = "faces.csv") -> Path:
        root = folder({"a.png": picture(), "b.png": picture(colour=7), name: text})
        np.savez(root / "faces.npz", landmarks=np.arange(24.0).reshape(4, 2, 3), other=np.ones(3))
        return root / name

    return make


def test_every_column_is_read(manifest) -> None:
    text = (
        "id,Picture,features,subject,neutral,split,kind,expression,label:AU01\n"
        "n,a.png,faces.npz#landmarks/3,ann,n,train,,neutral,0\n"
        's,,faces.npz#landmarks/0,ann,n,validation,points,"happy, wide",\n'
        "p,.\\b.png,,bob,,,,,\n"
    )
    batch = read_stimuli(manifest(text))
    first, second, third = batch.rows
    assert (first.key, first.kind, first.subject, first.neutral, first.split) == ("n", "landmarks", "ann", "n", "train")
    assert first.labels == {"expression": "neutral", "AU01": "0"}
    assert first.source == "faces.csv row 2"
    assert (first.picture_width, first.picture_height, first.picture_type) == (4, 3, "image/png")
    assert (second.kind, second.neutral, second.labels) == ("points", "n", {"expression": "happy, wide"})
    assert (third.kind, third.feature_row, third.labels) == ("image", None, {})
    assert batch.features is not None
    np.testing.assert_array_equal(batch.features, np.arange(24.0).reshape(4, 2, 3)[[3, 0]])


def test_csv_and_jsonl_say_the_same(manifest) -> None:
    rows = [{"id": 1, "picture": "a.png", "smile": True, "AU": 0.5, "none": None}, {"id": 2, "picture": "b.png"}]
    lines = manifest("\n".join(map(json.dumps, rows)), "faces.jsonl")
    cells = manifest("﻿id,picture,smile,AU,none\r\n1,a.png,true,0.5,\r\n\r\n2,b.png,,,\r\n")
    got, expected = read_stimuli(lines).rows, read_stimuli(cells).rows
    assert [(row.key, row.labels, row.sha256) for row in got] == [(row.key, row.labels, row.sha256) for row in expected]
    assert [row.source for row in got] == ["faces.jsonl row 1", "faces.jsonl row 2"]
    assert [row.source for row in expected] == ["faces.csv row 2", "faces.csv row 4"]  # as a spreadsheet counts


@pytest.mark.parametrize(
    ("body", "row", "field", "why"),
    [
        ("x,a.png,ann,,tset", 2, "split", '"tset" is not one of train, validation, test'),
        ("x,a.png,,,\nx,b.png,,,", 3, "id", 'id "x" was used before, in faces.csv row 2'),
        (",a.png,,,", 2, "id", "id is empty"),
        ("x,c.png,,,", 2, "picture", "c.png: The file does not exist"),
        ("x,a.png,ann,y,", 2, "neutral", 'no stimulus with the id "y"'),
        ("x,a.png,ann,y,\ny,b.png,bob,,", 2, "neutral", 'belongs to the subject "bob", not to "ann"'),
        ("x,a.png,,y,\ny,b.png,,,", 2, "neutral", "this row names none"),
        ("x,a.png,ann,y,\ny,b.png,ann,x,", 2, "neutral", '"y" is not neutral'),
        ("x,,,,", 2, "picture", "neither a picture nor features"),
        ("x,a.png,,", 2, "", "4 cells where the header has 5"),
        ("x,a.svg,,,", 2, "picture", "SVG is refused"),
        ("x,a.txt,,,", 2, "picture", "PNG, JPEG or WebP"),
        ("x,../a.png,,,", 2, "picture", r'holds "\.\."'),
        ("x,/etc/a.png,,,", 2, "picture", "absolute"),
        ("x,C:\\a.png,,,", 2, "picture", "absolute"),
        ("x,a.png,a\x01nn,,", 2, "subject", "control character"),
        (f"x,a.png,{'n' * 1001},,", 2, "subject", "1,001 characters"),
        ('x,"a.png,,,', 2, "", "not valid CSV"),
    ],
)
def test_a_bad_row_is_named(manifest, refused, body: str, row: int, field: str, why: str) -> None:
    error = refused(why, read_stimuli, manifest(f"id,picture,subject,neutral,split\n{body}\n"))
    assert (error.file, error.row, error.field) == ("faces.csv", row, field)


def test_kind_must_be_known(manifest, refused) -> None:
    error = refused('"pictures" is not one of image', read_stimuli, manifest("id,picture,kind\nx,a.png,pictures\n"))
    assert error.field == "kind"


def test_kind_must_fit_what_is_given(manifest, refused) -> None:
    refused("kind image needs a picture", read_stimuli, manifest("id,features,kind\nx,faces.npz#other,image\n"))
    refused("kind points needs features", read_stimuli, manifest("id,picture,kind\nx,a.png,points\n"))


@pytest.mark.parametrize(
    ("header", "why"),
    [
        ("key,picture", 'no column "id"'),
        ("id;picture", "Separate the columns by commas"),
        ("id,picture,", "Column 3 has no name"),
        ("id,picture,ID", "named twice"),
        ("id,happy,label:happy", "named twice"),
        ("id,label:", "Column 2 has no name"),
    ],
)
def test_a_bad_header_is_refused(manifest, refused, header: str, why: str) -> None:
    error = refused(why, read_stimuli, manifest(f"{header}\n"))
    assert (error.file, error.row) == ("faces.csv", 1)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("[1]", "not a JSON object"),
        ("{", "not valid JSON"),
        ('{"id": NaN}', "not valid JSON"),
        ("[" * 100_000, "not valid JSON"),
        ('{"id": "1", "id": "2"}', "named twice"),
        ('{"id": ["1"]}', "neither text nor a number"),
        ('{"id": "\\ud800"}', "neither text nor a number"),
        ('{"id": "a\\u0000b", "picture": "a.png"}', "control character"),
    ],
)
def test_a_bad_line_is_refused(manifest, refused, line: str, why: str) -> None:
    error = refused(why, read_stimuli, manifest('{"id": 0, "picture": "b.png"}\n' + line, "faces.jsonl"))
    assert (error.file, error.row) == ("faces.jsonl", 2)


def test_a_manifest_that_is_not_utf8_is_refused_at_its_row(manifest, refused) -> None:
    error = refused("not UTF-8", read_stimuli, manifest("id,picture\nx,a.png\nJosé,b.png\n".encode("latin-1")))
    assert error.row == 3


def test_an_empty_manifest_is_refused(manifest, refused) -> None:
    refused("no stimuli", read_stimuli, manifest("id,picture\n"))
    refused("no stimuli", read_stimuli, manifest("", "faces.jsonl"))


def test_limits_of_a_manifest_hold(manifest, refused) -> None:
    path = manifest("id,picture\nx,a.png\ny,b.png\n")
    refused("over 1 rows", read_stimuli, path, limits=Limits(entries=1))
    refused("2 columns; at most 1", read_stimuli, path, limits=Limits(columns=1))
    refused("at most 10 are read", read_stimuli, path, limits=Limits(manifest_bytes=10))


def test_a_manifest_does_not_lead_out_through_a_link(manifest, tmp_path, picture, refused) -> None:
    path = manifest("id,picture\nx,out/secret.png\n")
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "secret.png").write_bytes(picture())
    (path.parent / "out").symlink_to(tmp_path / "secrets")
    error = refused("symbolic link leads out", read_stimuli, path)
    assert (error.row, error.field) == (2, "picture")


@given(
    st.lists(
        st.tuples(*[st.text(st.characters(exclude_categories=("Cc", "Cs")), max_size=8)] * 2), min_size=1, max_size=6
    )
)
def test_any_text_comes_back_from_both_kinds_of_manifest(cells: list[tuple[str, str]]) -> None:
    import csv
    import io

    out = io.StringIO(newline="")
    csv.writer(out).writerows([("id", "mood"), *[(f"i{name}", mood) for name, mood in cells]])
    rows = [{"id": f"i{name}", "mood": mood} for name, mood in cells]
    lines = "\n".join(json.dumps(row) for row in rows)
    expected = [(row["id"].strip(), {"mood": row["mood"].strip()} if row["mood"].strip() else {}) for row in rows]
    for data, file in ((out.getvalue(), "m.csv"), (lines, "m.jsonl")):
        entries = read_manifest(data.encode(), file=file, limits=LIMITS)
        assert [(entry.key, entry.labels) for entry in entries] == expected
