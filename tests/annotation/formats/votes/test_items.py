"""What the names in a file of votes stand for."""

import pytest

from annotation.formats.errors import FormatError
from annotation.formats.votes.items import Item, read_items


def test_every_column_has_its_meaning(tmp_path):
    path = tmp_path / "items.csv"
    path.write_text(
        "\ufeffitem_id,name,text,subject,split,mood\n0,anna,Anna smiles,A,test,happy\n1,,,,,\n", encoding="utf-8"
    )
    assert read_items(path) == [
        Item("0", "anna", "Anna smiles", "A", 2, {"mood": "happy"}),
        Item("1", "1", "1"),
    ]


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("colour\nred\n", "The header must name each column once"),
        ("id,id\n1,2\n", "The header must name each column once"),
        ("id,name\n1\n", "row 2: The row has 1 cells where the header has 2."),
        ("id,name\n1,x\n1,y\n", 'row 3, field "id": "1" occurs twice.'),
        ("id,name\n1,x\n2,x\n", 'row 3, field "name": "x" occurs twice.'),
        ("id,split\n1,later\n", 'row 2, field "split": "later" is no split'),
        ("id,name\n,x\n", 'row 2, field "id"'),
    ],
)
def test_what_is_wrong_is_named_with_its_row(text, where, tmp_path):
    path = tmp_path / "items.csv"
    path.write_text(text)
    with pytest.raises(FormatError) as refused:
        read_items(path)
    assert where in str(refused.value)
