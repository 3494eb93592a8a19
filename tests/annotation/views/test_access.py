"""Who gets in: every page of annotation by role, and never anybody without a sign-in."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from annotation.models import Round
from tests.factories import closed_round, small_campaign

ROLES = ("nobody", "bob", "alice", "mallory", "admin")
# Route, method, and the status for: nobody, annotator, owner, other researcher, admin.
ROUTES = [
    ("/", "get", (302, 200, 200, 200, 200)),
    ("/annotate/{slug}/", "get", (302, 200, 200, 200, 200)),
    ("/annotate/{slug}/claim/", "post", (302, 200, 200, 200, 200)),
    ("/annotate/{slug}/votes/", "post", (302, 400, 400, 400, 400)),
    ("/annotate/{slug}/return/", "post", (302, 400, 400, 400, 400)),
    ("/campaigns/", "get", (302, 403, 200, 200, 200)),
    ("/campaigns/new/", "get", (302, 403, 200, 200, 200)),
    ("/campaigns/new/", "post", (302, 403, 200, 200, 200)),
    ("/campaigns/{slug}/", "get", (302, 403, 200, 404, 200)),
    ("/campaigns/{slug}/live/", "get", (302, 403, 200, 404, 200)),
    ("/campaigns/{slug}/status/", "post", (302, 403, 302, 404, 302)),
    ("/campaigns/{slug}/rounds/", "post", (302, 403, 302, 404, 302)),
    ("/campaigns/{slug}/rounds/1/", "get", (302, 403, 200, 404, 200)),
    ("/campaigns/{slug}/rounds/1/open/", "post", (302, 403, 302, 404, 302)),
    ("/campaigns/{slug}/rounds/1/close/", "post", (302, 403, 302, 404, 302)),
]


@pytest.fixture
def clients(bob: Any, alice: Any, mallory: Any, admin: Any) -> dict[str, Client]:
    made = {"nobody": Client()}
    for name, user in (("bob", bob), ("alice", alice), ("mallory", mallory), ("admin", admin)):
        made[name] = Client()
        made[name].force_login(user)
    return made


@pytest.mark.parametrize(("route", "method", "expected"), ROUTES)
def test_each_role_gets_what_it_may(
    route: str, method: str, expected: tuple[int, ...], clients: dict[str, Client], open_round: Round
) -> None:
    address = route.format(slug=open_round.campaign.slug)
    found = tuple(getattr(clients[role], method)(address).status_code for role in ROLES)
    assert found == expected


@pytest.mark.parametrize("route", [route for route, method, _ in ROUTES if method == "post"])
def test_writes_refuse_get_and_posts_without_a_token(route: str, alice: Any, open_round: Round) -> None:
    address = route.format(slug=open_round.campaign.slug)
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(alice)
    assert strict.post(address).status_code == 403
    assert strict.get(address).status_code == (200 if address == "/campaigns/new/" else 405)


def test_nobody_is_sent_to_the_sign_in_page_and_back(client: Client, open_round: Round) -> None:
    address = reverse("annotation:vote", args=[open_round.campaign.slug])
    assert client.get(address)["Location"] == f"{reverse('accounts:login')}?next={address}"


def test_a_draft_is_answered_by_its_owner_alone(alice: Any, bob: Any, collection: Any, client: Client) -> None:
    from annotation.services.campaigns import campaign_create

    draft = campaign_create(owner=alice, collection=collection, name="Draft")
    client.force_login(bob)
    assert client.get(f"/annotate/{draft.slug}/").status_code == 404
    client.force_login(alice)
    assert client.get(f"/annotate/{draft.slug}/").status_code == 200


def test_only_the_owner_and_admins_download_a_dataset(
    campaign: Any, alice: Any, bob: Any, mallory: Any, admin: Any, client: Client
) -> None:
    _, dataset = closed_round(campaign)
    expected = {alice: 200, admin: 200, mallory: 404, bob: 403}
    for user, status in expected.items():
        client.force_login(user)
        response = client.get(f"/datasets/{dataset.pk}/csv/")
        assert response.status_code == status
        if status == 200:
            assert b"".join(response.streaming_content)  # the response's file is closed at its end


def test_pictures_are_for_owners_and_while_they_are_asked_about(
    alice: Any, bob: Any, mallory: Any, admin: Any, open_round: Round, client: Client
) -> None:
    from annotation.services.campaigns import campaign_status_set
    from annotation.views.doorway import picture_url

    stimulus = open_round.questions.first().reference
    address = picture_url(stimulus)
    assert client.get(address).status_code == 302
    for user in (alice, bob, mallory, admin):
        client.force_login(user)
        assert client.get(address).status_code == 200
    campaign_status_set(campaign=open_round.campaign, status="paused")
    for user, status in ((alice, 200), (admin, 200), (bob, 404), (mallory, 404)):
        client.force_login(user)
        assert client.get(address).status_code == status


def test_another_collections_open_campaign_opens_no_picture(
    alice: Any, bob: Any, collection: Any, tmp_path: Any, client: Client
) -> None:
    """Bob may see what is asked about, and nothing of a collection beside it."""
    from annotation.services.proposals import round_propose_balanced
    from annotation.services.rounds import round_open
    from annotation.views.doorway import picture_url
    from tests.factories import small_collection

    other = small_collection(owner=alice, folder=tmp_path, name="Other")
    round_open(round=round_propose_balanced(campaign=small_campaign(owner=alice, collection=other), per_stimulus=3))
    client.force_login(bob)
    assert client.get(picture_url(other.stimuli.first())).status_code == 200
    assert client.get(picture_url(collection.stimuli.first())).status_code == 404
