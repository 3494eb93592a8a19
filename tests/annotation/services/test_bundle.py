"""The bundle: what it holds is what the database holds, its checksums are true, and it names nobody."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import zipfile
from typing import Any

import pytest

from annotation.models import Vote
from annotation.selectors.datasets import dataset_load
from annotation.services.datasets import dataset_freeze
from tests.annotation.services.frozen_campaigns import content, with_two_rounds

pytestmark = pytest.mark.django_db


@pytest.fixture
def two_rounds(campaign: Any) -> Any:
    return with_two_rounds(campaign)


def test_the_bundles_checksums_hold_and_it_says_who_was_asked(two_rounds: Any) -> None:
    two_rounds.reward_cents, two_rounds.name = 25, "Two <b>rounds</b>"
    two_rounds.save()
    dataset = dataset_freeze(campaign=two_rounds, licence="CC-BY-4.0")
    archive = zipfile.ZipFile(content(dataset, "bundle"))
    folder = f"small-campaign-dataset-{dataset.pk}/"
    files = {name.removeprefix(folder): archive.read(name) for name in archive.namelist()}
    sums = dict(reversed(line.split("  ")) for line in files.pop("SHA256SUMS").decode().splitlines())
    assert sums == {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    assert files["triplets.csv"] == content(dataset, "csv").read()
    assert files["votes.csv"] == content(dataset, "votes-csv").read()
    assert json.loads(files["manifest.json"]) == dataset.manifest
    stimuli = list(csv.DictReader(io.StringIO(files["stimuli.csv"].decode(), newline="")))
    assert [row["key"] for row in stimuli] == dataset_load(dataset).stimuli.tolist()
    assert {"file", "picture", "path", "sha256"}.isdisjoint(stimuli[0])
    sheet, page = files["datasheet.md"].decode(), files["datasheet.html"].decode()
    votes = Vote.objects.filter(question__campaign=two_rounds)
    people = votes.values("worker").distinct().count()
    for text in (sheet, page):
        assert f"{people} people gave {votes.count()} votes" in text
        assert "CC-BY-4.0" in text
        assert "0.25 USD for each bundle" in text
    assert "<b>" not in page
    metadata = json.loads(files["croissant.json"])
    assert {one["@id"]: one["sha256"] for one in metadata["distribution"]} == {
        name: sums[name] for name in ("triplets.csv", "votes.csv", "stimuli.csv")
    }
    for records in metadata["recordSet"]:
        header = files[f"{records['@id']}.csv"].decode().splitlines()[0].split(",")
        assert [field["source"]["extract"]["column"] for field in records["field"]] == header


def test_no_file_names_a_worker_or_a_place(two_rounds: Any, settings: Any) -> None:
    from annotation.models import Worker

    dataset = dataset_freeze(campaign=two_rounds)
    secret = set(Worker.objects.values_list("external_id", flat=True))
    archive = zipfile.ZipFile(content(dataset, "bundle"))
    for text in [archive.read(name).decode() for name in archive.namelist()]:
        assert not [one for one in secret if f",{one}," in text or f'"{one}"' in text]
        assert str(settings.DATA_DIR) not in text
