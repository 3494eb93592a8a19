"""Columns that the database packs into words, beside the same query's own rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from django.db.models import CharField, IntegerField, Value
from django.db.models.functions import Cast

from annotation.models import Consensus, Question, Stimulus
from annotation.selectors.packed_rows import Code, Real, Whole, columns_read
from annotation.selectors.places import Places
from tests.annotation.services.frozen_campaigns import with_two_rounds

pytestmark = pytest.mark.django_db


@pytest.fixture
def counted_rounds(campaign: Any) -> None:
    with_two_rounds(campaign)


COLUMNS = {
    "pk": Whole(2**40),
    "question__a": Whole(2**40),
    "question__split": Whole(2),
    "votes_a": Whole(2**15 - 1),
    "winner": Code(("b", "a", "")),
    "weight": Real(),
    "posterior": Real(nullable=True),
}


def test_what_is_read_is_what_the_rows_say(counted_rounds: None) -> None:
    rows = Consensus.objects.order_by()
    Consensus.objects.filter(pk__in=[one.pk for one in rows[:3]]).update(posterior=None)
    Consensus.objects.filter(pk__in=[one.pk for one in rows[3:6]]).update(weight=0.1 + 1e-9, posterior=1 / 3)
    got = columns_read(rows.values_list(*COLUMNS), COLUMNS)
    order = np.argsort(got["pk"])
    expected = list(rows.order_by("pk").values_list(*COLUMNS))
    assert len(expected) > 20
    for place, name in enumerate(COLUMNS):
        column = [row[place] for row in expected]
        if name == "winner":
            assert [("b", "a", "")[at] for at in got[name][order]] == column
        elif isinstance(COLUMNS[name], Real):
            values = np.array([np.nan if cell is None else cell for cell in column])
            np.testing.assert_allclose(got[name][order], values, rtol=1e-14)
            np.testing.assert_array_equal(got[name][order].astype(np.float32), values.astype(np.float32))
        else:
            assert got[name][order].tolist() == column


def test_no_row_is_an_empty_column(counted_rounds: None) -> None:
    for rows in (Consensus.objects.none(), Consensus.objects.filter(pk=0)):
        got = columns_read(rows.values_list(*COLUMNS), COLUMNS)
        assert {name: (len(column), column.dtype.kind) for name, column in got.items()} == {
            name: (0, "f" if isinstance(kind, Real) else "i") for name, kind in COLUMNS.items()
        }


def test_null_and_unknown_texts_are_refused(counted_rounds: None) -> None:
    rows = Question.objects.order_by().annotate(none=Value(None, output_field=IntegerField()))
    for field, column in (("none", Whole(9)), ("split", Code(("a", "b")))):
        with pytest.raises(ValueError, match="NULL or an unknown text"):
            columns_read(
                rows.annotate(text=Cast(field, CharField())).values_list("text" if isinstance(column, Code) else field),
                {field: column},
            )


def test_places_are_those_of_the_keys() -> None:
    places = Places([3, 5, 9])
    assert places.of(np.array([[9, 3], [5, 5]])).tolist() == [[2, 0], [1, 1]]
    assert places.highest == 9
    assert Places([3, 5], [70, 50]).of(np.array([5, 3])).tolist() == [50, 70]
    assert Places([]).of(np.zeros(0, dtype=np.int64)).tolist() == []
    for strange in (0, 4, 10, -1):
        with pytest.raises(KeyError):
            places.of(np.array([3, strange]))


@pytest.mark.parametrize("block", [1, 7, 100_000])
def test_ranges_hold_every_row_once(counted_rounds: None, block: int) -> None:
    from annotation.selectors.ahead import ranges

    rows = Stimulus.objects.all()
    found = [pk for start, end in ranges(rows, block=block) for pk in range(start, end) if rows.filter(pk=pk).exists()]
    assert found == sorted(rows.values_list("pk", flat=True))
    assert list(ranges(rows.none(), block=block)) == []
