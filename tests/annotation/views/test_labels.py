"""What researchers see of labels: counts and winners a stimulus, agreement over all of them."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import pytest
from django.test import Client

from annotation.models import Campaign, Question, Round, Vote
from annotation.selectors.label_agreement import label_agreement
from annotation.services.proposals import round_propose_balanced
from annotation.services.rounds import round_close, round_finish, round_open
from tests.factories import simulate, small_campaign

LABELS = ["neutral", "happy", "sad", "angry"]


@pytest.fixture
def researcher(client: Client, alice: Any) -> Client:
    client.force_login(alice)
    return client


def answered(alice: Any, collection: Any, kind: str) -> Round:
    campaign = small_campaign(
        owner=alice, collection=collection, name=f"With {kind}", kind=kind, choices=LABELS, cant_tell=True
    )
    round = round_open(round=round_propose_balanced(campaign=campaign, per_stimulus=3))
    simulate(round)
    unsure = Vote.objects.filter(question__round=round, question__kind="label").order_by("?").values("pk")[:20]
    Vote.objects.filter(pk__in=list(unsure.values_list("pk", flat=True))).update(choice="x")
    return round


def text(content: bytes) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", content.decode()))


def margin_of(question: Question) -> int:
    counts = Counter(question.votes.exclude(choice="x").values_list("choice", flat=True))
    first, second, *_ = [*sorted(counts.values(), reverse=True), 0, 0]
    return first - second


@pytest.mark.parametrize("kind", ["label", "both"])
def test_the_question_browser_shows_and_filters_labels(
    researcher: Client, alice: Any, collection: Any, kind: str
) -> None:
    round = answered(alice, collection, kind)
    address = f"/campaigns/{round.campaign.slug}/rounds/1/"
    cards = [card for page in (1, 2, 3, 4) for card in researcher.get(address, {"page": page}).context["cards"]]
    shown = {card.question.pk: card for card in cards}
    margins = Counter()
    for question in round.questions.all():
        margins[margin_of(question)] += 1
        card = shown[question.pk]
        assert card.margin == margin_of(question)
        assert card.votes == question.votes.exclude(choice="x").count()
        assert card.unsure == question.votes.filter(choice="x").count()
        names = LABELS if question.kind == "label" else [question.a.key, question.b.key]
        assert [option.name for option in card.options] == names
        assert [option.votes for option in card.options] == [
            question.votes.filter(choice=choice).count() for choice in ("0123" if question.kind == "label" else "ab")
        ]
        assert sum(option.winner for option in card.options) == (1 if card.margin else 0)
    assert len(margins) > 2
    for margin, count in margins.items():
        assert f" {count} question" in text(researcher.get(address, {"margin": margin}).content)
    assert "can’t tell" in "".join(text(researcher.get(address, {"page": page}).content) for page in (1, 2, 3, 4))


def test_weights_appear_when_the_round_is_counted(researcher: Client, alice: Any, collection: Any) -> None:
    round = answered(alice, collection, "both")
    address = f"/campaigns/{round.campaign.slug}/rounds/1/"
    assert {card.weight for card in researcher.get(address).context["cards"]} == {None}
    round_finish(round=round_close(round=round))
    cards = researcher.get(address).context["cards"]
    assert {card.is_label for card in cards} == {True, False}
    assert all(card.weight is not None for card in cards)


def test_the_label_table_adds_up(researcher: Client, alice: Any, collection: Any) -> None:
    round = answered(alice, collection, "label")
    campaign = round.campaign
    address = f"/campaigns/{campaign.slug}/"
    assert "its labels are counted here" in text(researcher.get(address).content)
    round_finish(round=round_close(round=round))
    table = label_agreement(campaign)
    assert table is not None
    votes = Counter(Vote.objects.filter(question__round=round).values_list("choice", flat=True))
    assert table.votes == tuple(votes[choice] for choice in "0123")
    assert table.cant_tell == votes["x"] == 20
    *parts, whole = table.rows
    assert whole.total == sum(whole.won) + whole.level == round.questions.count() == sum(row.total for row in parts)
    shares = []
    for question in round.questions.all():
        counts = Counter(question.votes.exclude(choice="x").values_list("choice", flat=True))
        shares.append(max(counts.values()) / sum(counts.values()))
    assert whole.agreement == pytest.approx(sum(shares) / len(shares))
    page = text(researcher.get(address).content)
    assert f"{100 * whole.agreement:.1f} %" in page
    assert "Questions by margin" not in page, "there is no triplet to agree on"


def test_a_label_that_nobody_could_tell_is_no_stimulus_with_a_label(alice: Any, collection: Any) -> None:
    round = answered(alice, collection, "label")
    lost = round.questions.first()
    lost.votes.update(choice="x")
    round_finish(round=round_close(round=round))
    table = label_agreement(round.campaign)
    assert table is not None
    assert table.rows[-1].total == round.questions.count() - 1


def test_a_campaign_for_labels_is_a_card_with_one_picture(researcher: Client, alice: Any, collection: Any) -> None:
    campaign = small_campaign(owner=alice, collection=collection, kind="label", choices=LABELS)
    round_open(round=round_propose_balanced(campaign=campaign))
    page = researcher.get("/").content.decode()
    assert page.count('class="single"') == 2, "once to answer, once to look after"
    assert campaign.label_prompt in page


def test_the_next_round_of_labels_asks_for_those_that_have_none(
    researcher: Client, alice: Any, collection: Any
) -> None:
    campaign = small_campaign(owner=alice, collection=collection, kind="label", choices=LABELS)
    address = f"/campaigns/{campaign.slug}/rounds/"
    researcher.post(address, {})
    assert campaign.rounds.get().questions.count() == collection.stimuli.count()
    response = researcher.post(address, {}, follow=True)
    assert "Round 2" not in text(response.content)
    assert Campaign.objects.get(pk=campaign.pk).rounds.count() == 1
