"""Rows go in quickly; every constraint holds for them all the same, and is there afterwards."""

from uuid import uuid4

import numpy as np
import pytest
from django.db import IntegrityError, transaction

from annotation.models import Vote
from annotation.services import import_plan
from annotation.services.vote_imports import votes_import
from tests.annotation.services.test_vote_imports import EVERY, crowd, write

pytestmark = pytest.mark.django_db


def of_tables():
    """Constraints and indexes of the tables that are filled, by name."""
    from django.db import connection

    with connection.cursor() as cursor:
        if connection.vendor != "postgresql":
            cursor.execute("SELECT name, sql FROM sqlite_master WHERE tbl_name LIKE 'annotation_%' ORDER BY name")
            return cursor.fetchall()
        cursor.execute(
            "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conname LIKE 'annotation_%' "
            "UNION ALL SELECT indexname, indexdef FROM pg_indexes WHERE tablename LIKE 'annotation_%' ORDER BY 1, 2"
        )
        return cursor.fetchall()


def test_every_constraint_is_there_afterwards_and_holds(alice, tmp_path):
    before = of_tables()
    path = write(tmp_path / "crowd.csv", crowd(answers=60))
    votes_import(owner=alice, path=path, new_collection="One", name="Into empty tables")
    votes_import(owner=alice, path=path, new_collection="Two", name="Beside what is there")
    assert of_tables() == before
    vote = Vote.objects.order_by("pk").first()
    with pytest.raises(IntegrityError), transaction.atomic():
        Vote.objects.create(**{**vote.as_given(), "client_id": uuid4(), "slot": 30_000})


def test_rows_that_break_a_constraint_are_refused_though_they_go_in_quickly(alice, tmp_path, monkeypatch):
    monkeypatch.setattr(import_plan, "_rank_within", lambda groups: np.zeros(len(groups), dtype=np.int64))
    path = write(tmp_path / "v.csv", [[0, 1, 2, "", "", worker, "", "", ""] for worker in ("u", "v")])
    with pytest.raises(IntegrityError), transaction.atomic():
        votes_import(owner=alice, path=path, new_collection="Three")
    assert [model.objects.count() for model in EVERY] == [0] * len(EVERY)
