"""How votes are counted, chosen on the settings page."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from annotation.models import Campaign
from annotation.quality.registry import AGGREGATORS, LABEL_AGGREGATORS, WEIGHTINGS
from annotation.selectors.agreement import consensus_of
from annotation.selectors.label_agreement import label_consensus_of
from annotation.services.campaigns import campaign_status_set
from annotation.views.forms import SettingsForm
from annotation.views.methods import LABEL_METHODS, METHODS
from annotation.views.methods import WEIGHTINGS as WEIGHTS
from tests.annotation.views.test_settings import sent
from tests.factories import closed_round, small_campaign

pytestmark = pytest.mark.django_db


@pytest.fixture
def closed(alice: Any, collection: Any, client: Client) -> Campaign:
    client.force_login(alice)
    campaign = small_campaign(owner=alice, collection=collection, kind="both")
    closed_round(campaign)
    return campaign_status_set(campaign=campaign, status="closed")


def test_every_method_that_there_is_can_be_chosen() -> None:
    assert {name for name, _ in METHODS} == set(AGGREGATORS)
    assert {name for name, _ in LABEL_METHODS} == set(LABEL_AGGREGATORS)
    assert {str(name) for name, _ in WEIGHTS} == set(WEIGHTINGS) == set(Campaign.Weighting.values)


def test_a_choice_counts_anew_even_when_the_campaign_is_over(client: Client, closed: Campaign) -> None:
    address = f"/campaigns/{closed.slug}/settings/"
    page = client.get(address)
    assert all(way.name in page.content.decode() and way.says in page.content.decode() for _, way in METHODS)
    changes = {
        "aggregator": "side-frame", "weighting": "calibrated", "label_aggregator": "dawid-skene", "label_threshold": 4
    }  # fmt: skip
    response = client.post(address, sent(SettingsForm(campaign=closed), **changes))
    assert response.status_code == 302
    closed.refresh_from_db()
    assert {name: getattr(closed, name) for name in changes} == changes
    sizes = {kind: closed.questions.filter(kind=kind, role="asked").count() for kind in ("triplet", "label")}
    assert consensus_of(closed).filter(method="side-frame/calibrated").count() == sizes["triplet"]
    assert label_consensus_of(closed).filter(method="dawid-skene/calibrated").count() == sizes["label"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"aggregator": "magic"}, "aggregator"),
        ({"weighting": ""}, "weighting"),
        ({"label_aggregator": "side-frame"}, "label_aggregator"),
        ({"label_threshold": "6"}, "label_threshold"),
        ({"label_threshold": "0"}, "label_threshold"),
    ],
)
def test_what_makes_no_sense_is_said_beside_its_field(
    client: Client, closed: Campaign, changes: dict[str, str], field: str
) -> None:
    Campaign.objects.update(status="running")
    closed.refresh_from_db()
    before = Campaign.objects.values().get()
    response = client.post(f"/campaigns/{closed.slug}/settings/", sent(SettingsForm(campaign=closed), **changes))
    assert set(response.context["form"].errors) == {field}
    assert b"<details open>" in response.content
    assert Campaign.objects.values().get() == before


def test_votes_that_a_method_cannot_use_change_nothing(client: Client, closed: Campaign) -> None:
    closed.questions.filter(kind="triplet", role="asked").first().votes.update(left="")
    address = f"/campaigns/{closed.slug}/settings/"
    response = client.post(address, sent(SettingsForm(campaign=closed), aggregator="side-frame", name="Other"))
    assert "which candidate was shown on the left" in response.content.decode()
    closed.refresh_from_db()
    assert (closed.aggregator, closed.name) == ("margin", "Small campaign")


def test_others_cannot_choose(client: Client, closed: Campaign, mallory: Any) -> None:
    client.force_login(mallory)
    address = f"/campaigns/{closed.slug}/settings/"
    assert client.post(address, {"aggregator": "one-coin"}).status_code == 404
    closed.refresh_from_db()
    assert closed.aggregator == "margin"
