"""Votes of which nobody knows who stood where: no export makes a side up, and no method that needs sides takes them."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest

from annotation.errors import AnnotationError
from annotation.models import Vote
from annotation.selectors.datasets import dataset_export
from annotation.services.consensus import consensus_recount
from annotation.services.vote_imports import VoteImport, votes_import

_ROWS = ["x,y,z,ann", "y,x,z,ann", "y,x,z,ben", "z,y,x,ben"]


@pytest.fixture
def found(alice: Any, tmp_path: Path) -> VoteImport:
    """Four votes by name, none with a side."""
    path = tmp_path / "votes.csv"
    path.write_text("\n".join(["head,winner,loser,worker_id", *_ROWS]) + "\n")
    return votes_import(owner=alice, path=path, new_collection="Letters")


def exported(found: VoteImport, format: str) -> list[dict[str, str]]:
    out = io.BytesIO()
    dataset_export(dataset=found.dataset, format=format, out=out)
    return list(csv.DictReader(io.StringIO(out.getvalue().decode(), newline="")))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("format", "sides"),
    [
        ("votes-csv", ("left",)),
        ("triplettools", ("Left", "Right")),
        ("salmon", ("left", "right", "left_html", "right_html", "left_filename", "right_filename")),
    ],
)
def test_no_export_makes_a_side_up(found: VoteImport, format: str, sides: tuple[str, ...]) -> None:
    rows = exported(found, format)
    assert len(rows) == Vote.objects.count() > 0
    assert {row[side] for row in rows for side in sides} == {""}


@pytest.mark.django_db
@pytest.mark.parametrize("format", ["triplettools", "salmon"])
def test_a_known_side_beside_unknown_ones_is_said(found: VoteImport, format: str) -> None:
    vote = Vote.objects.select_related("question__a", "question__b").order_by("pk")[0]
    Vote.objects.filter(pk=vote.pk).update(left="b")
    columns = ("Left", "Right") if format == "triplettools" else ("left_html", "right_html")
    shown = [tuple(row[one] for one in columns) for row in exported(found, format)]
    assert [one for one in shown if one != ("", "")] == [(vote.question.b.key, vote.question.a.key)]


@pytest.mark.django_db
def test_side_frame_refuses_votes_without_sides_in_one_sentence(found: VoteImport) -> None:
    found.campaign.aggregator = "side-frame"
    found.campaign.save(update_fields=["aggregator"])
    with pytest.raises(AnnotationError) as refused:
        consensus_recount(campaign=found.campaign)
    assert "side-frame needs to know which candidate was shown on the left for every vote" in refused.value.message
