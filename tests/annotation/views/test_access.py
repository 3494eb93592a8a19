"""Who gets in: every page of annotation by role, and never anybody without a sign-in."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from annotation.models import Round
from annotation.services.participations import participation_get
from annotation.services.workers import worker_for_user
from tests.factories import closed_round, small_campaign

CLIENT_ID = "9b2f0e0c-5a53-4c0e-9c3e-0d8d2c0f3a11"
ROLES = ("nobody", "bob", "alice", "mallory", "admin")
# Route, method, and the status for: nobody, annotator, owner, other researcher, admin.
ROUTES = [
    ("/", "get", (302, 200, 200, 200, 200)),
    ("/annotate/{slug}/", "get", (302, 200, 200, 200, 200)),
    ("/annotate/{slug}/claim/", "post", (401, 200, 200, 200, 200)),
    ("/annotate/{slug}/consent/", "post", (401, 200, 200, 200, 200)),
    ("/annotate/{slug}/practice/", "post", (401, 200, 200, 200, 200)),
    ("/annotate/{slug}/votes/", "post", (409, 409, 409, 409, 409)),
    ("/annotate/{slug}/heartbeat/", "post", (409, 409, 409, 409, 409)),
    ("/annotate/{slug}/return/", "post", (409, 409, 409, 409, 409)),
    ("/join/{token}/", "get", (200, 200, 200, 200, 200)),
    ("/join/{token}/", "post", (302, 302, 302, 302, 302)),
    ("/join/anything/", "get", (404, 404, 404, 404, 404)),
    ("/join/anything/", "post", (404, 404, 404, 404, 404)),
    ("/campaigns/", "get", (302, 403, 200, 200, 200)),
    ("/campaigns/new/", "get", (302, 403, 200, 200, 200)),
    ("/campaigns/new/", "post", (302, 403, 200, 200, 200)),
    ("/campaigns/{slug}/", "get", (302, 403, 200, 404, 200)),
    ("/campaigns/{slug}/live/", "get", (302, 403, 200, 404, 200)),
    ("/campaigns/{slug}/status/", "post", (302, 403, 302, 404, 302)),
    ("/campaigns/{slug}/settings/", "get", (302, 403, 200, 404, 200)),
    ("/campaigns/{slug}/settings/", "post", (302, 403, 200, 404, 200)),
    ("/campaigns/{slug}/invitation/", "post", (302, 403, 302, 404, 302)),
    ("/campaigns/{slug}/invitation/revoke/", "post", (302, 403, 302, 404, 302)),
    ("/campaigns/{slug}/votes.csv", "get", (302, 403, 200, 404, 200)),
    ("/campaigns/{slug}/votes.jsonl", "get", (302, 403, 200, 404, 200)),
    ("/campaigns/{slug}/votes.parquet", "get", (302, 403, 200, 404, 200)),
    ("/campaigns/{slug}/datasets/", "get", (302, 403, 200, 404, 200)),
    ("/campaigns/{slug}/datasets/", "post", (302, 403, 200, 404, 200)),
    ("/campaigns/{slug}/triplets/csv/", "get", (302, 403, 200, 404, 200)),
    ("/campaigns/{slug}/labels.csv", "get", (302, 403, 200, 404, 200)),
    ("/campaigns/{slug}/quality/", "get", (302, 403, 200, 404, 200)),
    ("/campaigns/{slug}/quality/apply/", "post", (302, 403, 302, 404, 302)),
    ("/campaigns/{slug}/workers/", "get", (302, 403, 200, 404, 200)),
    ("/campaigns/{slug}/workers/{pk}/", "post", (302, 403, 302, 404, 302)),
    ("/campaigns/{slug}/rounds/", "post", (302, 403, 302, 404, 302)),
    ("/campaigns/{slug}/rounds/1/", "get", (302, 403, 200, 404, 200)),
    ("/campaigns/{slug}/rounds/1/open/", "post", (302, 403, 302, 404, 302)),
    ("/campaigns/{slug}/rounds/1/close/", "post", (302, 403, 302, 404, 302)),
]
# What a HIT's ticket lets in, and nothing that a browser sends by itself.
TICKETED = ("/annotate/{slug}/votes/", "/annotate/{slug}/heartbeat/", "/annotate/{slug}/return/")
BODIES = {
    "/annotate/{slug}/votes/": {
        "answers": [{"question": 1, "answer": "left", "response_ms": 900, "client_id": CLIENT_ID}]
    },
    "/annotate/{slug}/practice/": {"answers": []},
}


@pytest.fixture
def clients(bob: Any, alice: Any, mallory: Any, admin: Any) -> dict[str, Client]:
    made = {"nobody": Client()}
    for name, user in (("bob", bob), ("alice", alice), ("mallory", mallory), ("admin", admin)):
        made[name] = Client()
        made[name].force_login(user)
    return made


def send(client: Client, method: str, route: str, round: Round) -> Any:
    """Ask for a page as its own forms and scripts would."""
    campaign = round.campaign
    somebody = campaign.participations.order_by("pk").first()
    address = route.format(slug=campaign.slug, token=campaign.invitation, pk=somebody.pk if somebody else 0)
    if route.startswith("/annotate") and method == "post":
        return client.post(address, BODIES.get(route, {}), content_type="application/json")
    return getattr(client, method)(address)


@pytest.fixture
def invited(open_round: Round, carol: Any) -> Round:
    """A round of a campaign that has an invitation link as well, and a worker."""
    participation_get(campaign=open_round.campaign, worker=worker_for_user(user=carol))
    open_round.campaign.invitation = "token-of-the-campaign"
    open_round.campaign.save()
    return open_round


@pytest.mark.parametrize(("route", "method", "expected"), ROUTES)
def test_each_role_gets_what_it_may(
    route: str, method: str, expected: tuple[int, ...], clients: dict[str, Client], invited: Round
) -> None:
    assert tuple(send(clients[role], method, route, invited).status_code for role in ROLES) == expected


@pytest.mark.parametrize(
    "route", [route for route, method, _ in ROUTES if method == "post" and "anything" not in route]
)
def test_writes_refuse_get_and_posts_without_a_token(route: str, alice: Any, invited: Round) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(alice)
    assert send(strict, "post", route, invited).status_code == (409 if route in TICKETED else 403)
    shown = route in {one for one, method, _ in ROUTES if method == "get"}
    assert send(strict, "get", route, invited).status_code == (200 if shown else 405)


def test_every_address_of_annotation_is_in_the_matrix() -> None:
    """A page that nobody wrote down here is a page whose rights nobody checked."""
    from annotation.urls import urlpatterns

    elsewhere = {
        "stimulus",
        "stimulus-shape",
        "dataset",
        "dataset-file",
        "api-datasets",
        "api-dataset",
        "api-dataset-file",
    }
    fill = {"name": "csv", "slug": "{slug}", "token": "{token}", "number": "1", "pk": "{pk}"}
    listed = {route for route, _, _ in ROUTES}
    for one in urlpatterns:
        route = "/" + re.sub(r"<\w+:(\w+)>", lambda found: fill.get(found[1], found[0]), str(one.pattern))
        assert one.name in elsewhere or route in listed, f"{route} is not in ROUTES"


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
    assert client.get(address).status_code == 404
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
