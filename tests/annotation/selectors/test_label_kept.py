"""Labels that enough people agree on are kept, as in paper 000, IV-C; the others are dropped for a reason."""

from __future__ import annotations

import csv
import io
from collections import Counter
from typing import Any

import pytest
from django.test import Client

from annotation.models import Campaign, Split, Vote
from annotation.selectors.label_agreement import label_agreement
from annotation.services.campaign_settings import campaign_change
from annotation.services.proposals import round_propose_balanced
from annotation.services.rounds import round_close, round_finish, round_open
from tests.factories import simulate, small_campaign

pytestmark = pytest.mark.django_db

LABELS = ["negative", "neutral", "positive"]
# By stimulus in turn: what five people say.
SAID = ("00000", "00122", "0012x", "0011x", "000xx", "22221", "012xx", "22xxx", "11112", "xxxxx")


@pytest.fixture
def labelled(alice: Any, collection: Any) -> Campaign:
    campaign = small_campaign(owner=alice, collection=collection, kind="label", choices=LABELS, cant_tell=True)
    round = round_open(round=round_propose_balanced(campaign=campaign))
    simulate(round)
    for place, question in enumerate(round.questions.order_by("pk")):
        for vote, choice in zip(question.votes.order_by("slot"), SAID[place % len(SAID)], strict=True):
            Vote.objects.filter(pk=vote.pk).update(choice=choice)
    round_finish(round=round_close(round=round))
    return campaign


def by_hand(votes: list[str], threshold: int) -> str:
    """The label kept, or why there is none."""
    told = Counter(choice for choice in votes if choice != "x")
    enough = [label for label, count in told.items() if count >= threshold]
    first = [label for label in enough if told[label] == max(told[one] for one in enough)]
    if len(first) == 1:
        return first[0]
    if enough:
        return "level"
    return "few" if told.total() < threshold else "split"


@pytest.mark.parametrize("threshold", [None, 1, 2, 3, 4, 5])
def test_the_table_says_what_is_kept_and_why_not(labelled: Campaign, threshold: int | None) -> None:
    campaign = campaign_change(campaign=labelled, label_threshold=threshold)
    table = label_agreement(campaign)
    assert table is not None
    assert table.threshold == (threshold or 3)
    for row, split in zip(table.rows, [*Split.values, None], strict=True):
        questions = campaign.questions.filter(role="asked")
        if split is not None:
            questions = questions.filter(split=split)
        found = Counter[str]()
        for question in questions:
            votes = list(question.votes.values_list("choice", flat=True))
            if set(votes) - {"x"}:
                found[by_hand(votes, table.threshold)] += 1
        assert row.kept == tuple(found[str(label)] for label in range(3))
        assert (row.dropped_few, row.dropped_split, row.dropped_level) == (found["few"], found["split"], found["level"])
        assert sum(row.kept) + row.dropped_few + row.dropped_split + row.dropped_level == row.total


def test_another_threshold_counts_no_vote_again(labelled: Campaign) -> None:
    tallies = list(labelled.tallies.values_list("pk", "counted"))
    campaign_change(campaign=labelled, label_threshold=4)
    assert list(labelled.tallies.values_list("pk", "counted")) == tallies


def test_the_page_and_the_file_say_so(client: Client, alice: Any, labelled: Campaign) -> None:
    client.force_login(alice)
    page = client.get(f"/campaigns/{labelled.slug}/").content.decode()
    table = label_agreement(labelled)
    assert table is not None
    whole = table.rows[-1]
    assert "Labels that at least 3 people chose are kept" in page
    cells = [*whole.kept, sum(whole.kept), whole.dropped_few, whole.dropped_split, whole.dropped_level]
    assert "".join(f'<td class="right">{cell}</td>' for cell in cells) in page
    file = b"".join(client.get(f"/campaigns/{labelled.slug}/labels.csv")).decode()  # type: ignore[call-overload]
    rows = list(csv.DictReader(io.StringIO(file.lstrip("\ufeff"))))
    assert Counter(row["kept"] for row in rows if row["kept"]) == dict(zip(LABELS, whole.kept, strict=True))
    for row in rows:
        counts = {label: int(row[f"votes: {label}"]) for label in LABELS}
        assert row["kept"] == next((label for label in LABELS if counts[label] >= 3), "")
