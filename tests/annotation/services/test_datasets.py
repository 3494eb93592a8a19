"""Datasets: any selection, frozen once; the same bytes by page, API and command, whole or in parts."""

from __future__ import annotations

import csv
import hashlib
import io
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from accounts.tokens import token_create
from annotation.errors import AnnotationError, NothingToFreeze
from annotation.formats.exports.table import TripletTable
from annotation.formats.frozen import FrozenDataset
from annotation.formats.registry import ANSWER_EXPORTS, EXPORTS, load_export, load_writer
from annotation.formats.triplet_blocks import whole
from annotation.models import Consensus, Dataset, DatasetFile, Question, Vote
from annotation.selectors.datasets import FORMATS, dataset_load, dataset_stream
from annotation.selectors.triplets import CampaignTriplets, Selection
from annotation.services.dataset_files import dataset_file_get
from annotation.services.datasets import dataset_freeze, dataset_from_triplets
from tests.annotation.services.frozen_campaigns import content, with_two_rounds

pytestmark = pytest.mark.django_db


@pytest.fixture
def two_rounds(campaign: Any) -> Any:
    return with_two_rounds(campaign)


def naive(campaign: Any, *, rounds: set[int], splits: set[int], least: int) -> set[tuple[Any, ...]]:
    """The triplets of a selection, counted vote by vote."""
    found = set()
    for question in Question.objects.filter(campaign=campaign, kind="triplet").select_related("reference", "a", "b"):
        votes = Counter(Vote.objects.filter(question=question).values_list("choice", flat=True))
        lead = votes["a"] - votes["b"]
        if not lead or abs(lead) < least or question.round.number not in rounds or question.split not in splits:
            continue
        near, far = (question.a, question.b) if lead > 0 else (question.b, question.a)
        counts = (max(votes["a"], votes["b"]), min(votes["a"], votes["b"]))
        found.add((question.reference.key, near.key, far.key, abs(lead), *counts, question.round.number))
    return found


def rows(table: TripletTable) -> list[tuple[Any, ...]]:
    names = ("anchor", "nearer", "farther", "margin", "votes_nearer", "votes_farther", "round")
    return list(zip(*(getattr(table, name).tolist() for name in names), strict=True))


@pytest.mark.parametrize(
    ("selection", "rounds", "splits", "least"),
    [
        (Selection(), {1, 2}, {0, 1, 2}, 1),
        (Selection(rounds=(2,)), {2}, {0, 1, 2}, 1),
        (Selection(splits=(1, 2)), {1, 2}, {1, 2}, 1),
        (Selection(rounds=(1,), splits=(0,), min_margin=3), {1}, {0}, 3),
    ],
)
def test_a_selection_holds_what_counting_by_hand_gives(
    two_rounds: Any, selection: Selection, rounds: set[int], splits: set[int], least: int
) -> None:
    dataset = dataset_freeze(campaign=two_rounds, selection=selection, licence="CC0-1.0")
    table = TripletTable.of(dataset_load(dataset))
    expected = naive(two_rounds, rounds=rounds, splits=splits, least=least)
    assert set(rows(table)) == expected
    assert len(table.anchor) == len(expected) == dataset.triplets
    asked = Question.objects.filter(campaign=two_rounds, round__number__in=rounds, split__in=splits).count()
    assert asked == dataset.triplets + sum(dataset.manifest["left_out"].values())
    assert dataset.manifest["votes"] == sum(row[4] + row[5] for row in expected)
    assert dataset.manifest["rounds"] == sorted({row[6] for row in expected})
    assert (dataset.manifest["format_version"], dataset.manifest["licence"]) == (2, "CC0-1.0")
    assert dataset.manifest["selection"] == selection.named()


def test_posteriors_are_those_of_the_consensus(two_rounds: Any) -> None:
    frozen = dataset_load(dataset_freeze(campaign=two_rounds))
    held = Consensus.objects.filter(tally__current=True).exclude(winner="").order_by("question")
    said = list(held.values_list("posterior", flat=True))
    if None in said:
        assert frozen.posterior is None
    else:
        assert frozen.posterior is not None
        np.testing.assert_array_equal(frozen.posterior, np.array(said, dtype=np.float32))


def test_what_makes_no_sense_is_refused_and_nothing_is_frozen(two_rounds: Any) -> None:
    before = Dataset.objects.count()
    with pytest.raises(AnnotationError, match="Round 9 of Small campaign is not closed"):
        dataset_freeze(campaign=two_rounds, selection=Selection(rounds=(1, 9)))
    with pytest.raises(AnnotationError, match="not counted by 'side-frame/raw'; there is margin/raw"):
        dataset_freeze(campaign=two_rounds, selection=Selection(method="side-frame/raw"))
    with pytest.raises(NothingToFreeze):
        dataset_freeze(campaign=two_rounds, selection=Selection(min_margin=6))
    assert Dataset.objects.count() == before


def test_the_same_triplets_under_the_same_licence_are_one_dataset(two_rounds: Any) -> None:
    first = dataset_freeze(campaign=two_rounds, selection=Selection(min_margin=3), licence="CC-BY-4.0")
    again = dataset_freeze(campaign=two_rounds, selection=Selection(min_margin=2), licence="CC-BY-4.0")
    assert again == first, "with five votes no margin is 2"
    other = dataset_freeze(campaign=two_rounds, selection=Selection(min_margin=3), licence="CC0-1.0")
    assert other != first
    assert (other.content_sha256, other.licence) == (first.content_sha256, "CC0-1.0")


def test_the_command_freezes_and_says_what_is_wrong(two_rounds: Any, capsys: Any) -> None:
    slug = two_rounds.slug
    call_command("freeze_dataset", slug, "--rounds", "2", "--splits", "train", "--min-margin", "3", "--licence", "CC0")
    dataset = Dataset.objects.first()
    assert dataset is not None
    assert (
        f"Dataset {dataset.pk}: {dataset.triplets} triplets, sha256 {dataset.content_sha256}" in capsys.readouterr().out
    )
    assert dataset.manifest["selection"] == {"rounds": [2], "splits": ["train"], "min_margin": 3}
    with pytest.raises(CommandError, match="Round 7"):
        call_command("freeze_dataset", slug, "--rounds", "7")


def test_a_file_of_version_1_is_read_as_what_it_is(two_rounds: Any, tmp_path: Path) -> None:
    frozen = dataset_load(dataset_freeze(campaign=two_rounds))
    fields = {name: getattr(frozen, name) for name in FrozenDataset.__dataclass_fields__ if name != "posterior"}
    old = FrozenDataset.build(**{**fields, "manifest": {**frozen.manifest, "format_version": 1}})
    old.save(tmp_path / "old.npz")
    back = FrozenDataset.load(tmp_path / "old.npz")
    assert (back.manifest, back.posterior) == (old.manifest, None)
    assert back.manifest["format_version"] == 1
    np.testing.assert_array_equal(back.triplets, frozen.triplets)


@pytest.mark.parametrize("size", [7, 1 << 16])
def test_reading_by_blocks_gives_the_dataset(two_rounds: Any, monkeypatch: Any, size: int) -> None:
    from annotation.formats import triplet_blocks
    from annotation.selectors import ahead, triplets

    monkeypatch.setattr(triplet_blocks, "BLOCK", size)
    dataset = dataset_freeze(campaign=two_rounds)
    frozen = dataset_load(dataset)
    with dataset_stream(dataset) as stream:
        read = whole(stream)
        assert list(stream.stimuli) == list(frozen.stimuli)
    monkeypatch.setattr(ahead.ranges, "__kwdefaults__", {"block": size})
    monkeypatch.setattr(triplets, "_CLOSE", size)
    live = whole(CampaignTriplets(two_rounds))
    for name in triplet_blocks.COLUMNS:
        np.testing.assert_array_equal(getattr(read, name), getattr(frozen, name))
        np.testing.assert_array_equal(getattr(live, name), getattr(frozen, name))


def test_every_export_gives_the_same_triplets_back(two_rounds: Any) -> None:
    dataset = dataset_freeze(campaign=two_rounds)
    expected = TripletTable.of(dataset_load(dataset))
    for name in EXPORTS:
        table = load_export(name).read(content(dataset, name))
        for column in TripletTable.__dataclass_fields__:
            np.testing.assert_array_equal(getattr(table, column), getattr(expected, column), err_msg=name)


def majority(votes: list[tuple[str, str, str]]) -> set[tuple[str, str, str]]:
    """(head, winner, loser) votes as the triplets that most of them say."""
    leads = Counter(votes)
    return {(h, w, l) for (h, w, l), n in leads.items() if n > leads[h, l, w]}  # noqa: E741


@pytest.mark.parametrize("name", ["salmon", "triplettools"])
def test_votes_for_other_tools_say_the_same_triplets_and_who_voted(two_rounds: Any, name: str) -> None:
    dataset = dataset_freeze(campaign=two_rounds)
    found = list(csv.DictReader(io.TextIOWrapper(content(dataset, name), "utf-8", newline="")))
    frozen = dataset_load(dataset)
    keys = frozen.stimuli.tolist()
    votes = [tuple(keys[int(row[role])] for role in ("head", "winner", "loser")) for row in found]
    expected = {tuple(keys[place] for place in triplet) for triplet in frozen.triplets.tolist()}
    assert majority(votes) == expected  # type: ignore[arg-type]
    given = Vote.objects.filter(question__campaign=two_rounds).select_related(
        "question__reference", "question__a", "question__b", "worker"
    )
    assert len(found) == given.count()
    left, right, worker, time = (
        ("left_html", "right_html", "puid", "response_time")
        if name == "salmon"
        else ("Left", "Right", "worker_id", "rt")
    )
    said = Counter((row[left], row[right], row[worker], float(row[time])) for row in found)
    scale = 1000 if name == "salmon" else 1
    assert said == Counter(
        (
            getattr(vote.question, vote.left).key,
            getattr(vote.question, "b" if vote.left == "a" else "a").key,
            vote.worker.pseudonym,
            vote.response_ms / scale,
        )
        for vote in given
    )


def test_cblearn_repeats_each_triplet_by_its_margin(two_rounds: Any) -> None:
    dataset = dataset_freeze(campaign=two_rounds)
    frozen = dataset_load(dataset)
    arrays = np.load(content(dataset, "cblearn"), allow_pickle=False)
    times = Counter(map(tuple, arrays["list_order"].tolist()))
    assert times == {
        tuple(triplet): margin for triplet, margin in zip(frozen.triplets.tolist(), frozen.margin.tolist(), strict=True)
    }
    np.testing.assert_array_equal(arrays["answers"], frozen.margin)


def test_odd_one_outs_are_written_where_every_triplet_has_its_mirror(campaign: Any, client: Client, alice: Any) -> None:
    keys = list(campaign.collection.stimuli.filter(split=0).order_by("pk").values_list("key", flat=True)[:5])
    a, b, c, d, e = keys
    whole_pairs = [(a, b, c), (b, a, c), (e, d, a), (d, e, a)]
    dataset = dataset_from_triplets(campaign=campaign, triplets=whole_pairs, source="test")
    triples = [tuple(map(int, line.split())) for line in content(dataset, "things").read().decode().splitlines()]
    names = dataset_load(dataset).stimuli.tolist()
    assert [(*sorted((names[i], names[j])), names[k]) for i, j, k in triples] == [
        (*sorted((a, b)), c),
        (*sorted((d, e)), a),
    ]
    broken = dataset_from_triplets(campaign=campaign, triplets=whole_pairs[:3], source="test")
    with pytest.raises(AnnotationError, match="not odd-one-out judgements"):
        dataset_file_get(dataset=broken, format="things")
    client.force_login(alice)
    assert client.get(f"/datasets/{broken.pk}/things/").status_code == 302
    assert "not odd-one-out" in client.get(f"/datasets/{broken.pk}/").content.decode()
    with pytest.raises(AnnotationError, match="made without votes"):
        dataset_file_get(dataset=broken, format="salmon")


@pytest.fixture
def bearer(alice: Any, two_rounds: Any) -> dict[str, str]:
    return {"Authorization": f"Bearer {token_create(user=alice, days=1)[1]}"}


def test_page_api_and_command_give_the_same_bytes(
    two_rounds: Any, alice: Any, client: Client, bearer: dict[str, str], tmp_path: Path
) -> None:
    dataset = dataset_freeze(campaign=two_rounds)
    client.force_login(alice)
    for name in [name for name in FORMATS if name != "things"]:
        call_command("export_dataset", str(dataset.pk), "--format", name, "--output", str(tmp_path / "file"))
        data = (tmp_path / "file").read_bytes()
        by_api = Client().get(f"/api/v1/datasets/{dataset.pk}/files/{name}/", headers=bearer)
        by_page = client.get(f"/datasets/{dataset.pk}/{name}/")
        assert b"".join(by_api.streaming_content) == b"".join(by_page.streaming_content) == data, name
        assert by_page["ETag"] == by_api["ETag"] == f'"{hashlib.sha256(data).hexdigest()}"'
        assert by_page["Content-Length"] == str(len(data))
        assert by_page["Content-Disposition"].startswith('attachment; filename="small-campaign-dataset-')
        DatasetFile.objects.all().delete()
        assert content(dataset, name).read() == data, "and made anew it is the same again"


def test_salmon_and_triplet_tools_are_among_the_answers() -> None:
    assert set(FORMATS) == {*EXPORTS, "things", *ANSWER_EXPORTS, "bundle"}
    assert load_writer("things").extension == ".things.txt"
