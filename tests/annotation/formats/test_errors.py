from __future__ import annotations

import pytest

from annotation.formats.errors import FormatError


@pytest.mark.parametrize(
    ("where", "sentence"),
    [
        ({"file": "faces.csv", "row": 7, "field": "split"}, 'faces.csv, row 7, field "split": Wrong.'),
        ({"file": "faces.csv"}, "faces.csv: Wrong."),
        ({"field": "id"}, 'field "id": Wrong.'),
        ({"row": 0}, "row 0: Wrong."),
        ({}, "Wrong."),
    ],
)
def test_an_error_is_one_sentence_that_says_where(where: dict[str, object], sentence: str) -> None:
    assert str(FormatError("Wrong.", **where)) == sentence  # type: ignore[arg-type]


def test_an_error_seen_from_a_manifest_keeps_the_inner_place() -> None:
    outer = FormatError("Wrong.", file="a.png").at(file="m.csv", row=3, field="picture")
    assert str(outer) == 'm.csv, row 3, field "picture": a.png: Wrong.'
    assert (outer.file, outer.row, outer.field) == ("m.csv", 3, "picture")
