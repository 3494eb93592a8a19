"""Following an invitation link: what it shows, whom it lets in, and what a guest gets to see."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from annotation.models import Assignment, Campaign, Participation, Round, Vote, Worker
from annotation.views.voter import GUEST_KEY
from tests.factories import small_campaign


@pytest.fixture
def link(open_round: Round) -> str:
    campaign = open_round.campaign
    campaign.access, campaign.invitation = Campaign.Access.GUESTS, "a-token-that-nobody-guesses"
    campaign.save()
    return f"/join/{campaign.invitation}/"


def joined(client: Client, link: str) -> Worker:
    response = client.post(link)
    assert response.status_code == 302
    return Worker.objects.get(pk=max(client.session[GUEST_KEY].values()))


def test_the_page_says_what_is_asked_and_what_is_paid(client: Client, link: str, open_round: Round) -> None:
    Campaign.objects.update(reward_cents=80, currency="EUR", hit_size=20)
    page = client.get(link)
    shown = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.content.decode()))
    for text in (open_round.campaign.name, open_round.campaign.prompt, "20 questions", "2 minutes", "0.80 EUR"):
        assert text in shown
    assert not Worker.objects.exists(), "looking at the page makes nobody"


def test_the_link_leaks_nowhere(client: Client, link: str) -> None:
    page = client.get(link)
    assert page["Referrer-Policy"] == "strict-origin"
    assert "no-store" in page["Cache-Control"]
    assert "noindex" in page["X-Robots-Tag"]
    landed = client.post(link, follow=True)
    assert "a-token-that-nobody-guesses" not in landed.content.decode()


def test_unknown_dead_and_draft_links_are_all_alike(client: Client, link: str, alice: Any, collection: Any) -> None:
    from annotation.services.campaigns import campaign_create

    draft = campaign_create(owner=alice, collection=collection, name="Draft", access="guests")
    Campaign.objects.filter(slug="small-campaign").update(invitation="")
    answers = [client.get(one) for one in (link, f"/join/{draft.invitation}/", "/join/x/", "/join/none/")]
    assert [one.status_code for one in answers] == [404] * 4
    assert len({re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", one.content.decode()) for one in answers}) == 1


def test_a_guest_answers_and_stays_the_same_worker(client: Client, link: str, open_round: Round) -> None:
    worker = joined(client, link)
    assert joined(client, link) == worker
    assert Worker.objects.count() == Participation.objects.count() == 1
    place = f"/annotate/{open_round.campaign.slug}/"
    claimed = client.post(f"{place}claim/", {}, content_type="application/json").json()
    item = claimed["items"][0]
    answer = {
        "question": item["question"],
        "place": item["place"],
        "answer": "left",
        "response_ms": 900,
        "client_id": "9b2f0e0c-5a53-4c0e-9c3e-0d8d2c0f3a11",
    }
    body = {"ticket": claimed["ticket"], "submit": False, "answers": [answer]}
    client.post(f"{place}votes/", body, content_type="application/json")
    assert Vote.objects.get().worker == worker
    assert Assignment.objects.get().worker == worker
    assert client.get(item["left"]["url"]).status_code == 200


def test_two_browsers_are_two_guests(link: str) -> None:
    assert joined(Client(), link) != joined(Client(), link)


def test_one_browser_is_one_guest_in_every_campaign(
    client: Client, link: str, alice: Any, collection: Any, open_round: Round
) -> None:
    other = small_campaign(owner=alice, collection=collection, name="Other", access="guests")
    first = joined(client, link)
    assert joined(client, f"/join/{other.invitation}/") == first
    assert Worker.objects.count() == 1
    assert set(client.session[GUEST_KEY]) == {str(open_round.campaign_id), str(other.pk)}


def test_a_guest_sees_nothing_else_of_the_site(client: Client, link: str, open_round: Round) -> None:
    joined(client, link)
    for address in ("/", "/campaigns/", f"/campaigns/{open_round.campaign.slug}/", "/admin/"):
        assert client.get(address).status_code == 302
        assert "login" in client.get(address)["Location"]


def test_a_guest_of_one_campaign_is_a_stranger_to_another(
    client: Client, link: str, alice: Any, collection: Any
) -> None:
    joined(client, link)
    for access, status in (("members", 302), ("invited", 404), ("guests", 404)):
        other = small_campaign(owner=alice, collection=collection, name=f"For {access}", access=access)
        assert client.get(f"/annotate/{other.slug}/").status_code == status


def test_guests_go_when_the_campaign_wants_none_any_more(client: Client, link: str, open_round: Round) -> None:
    joined(client, link)
    Campaign.objects.update(access=Campaign.Access.INVITED)
    assert client.get(f"/annotate/{open_round.campaign.slug}/").status_code == 404


def test_who_has_no_account_is_asked_to_sign_in_where_one_is_needed(client: Client, link: str, bob: Any) -> None:
    Campaign.objects.update(access=Campaign.Access.INVITED)
    assert "Sign in and begin" in client.get(link).content.decode()
    assert client.post(link)["Location"] == f"/accounts/login/?next={link}"
    assert not Worker.objects.exists()
    client.force_login(bob)
    client.post(link)
    assert Participation.objects.get().worker.user == bob


def test_who_was_not_invited_finds_nothing(client: Client, link: str, bob: Any, open_round: Round) -> None:
    Campaign.objects.update(access=Campaign.Access.INVITED)
    client.force_login(bob)
    place = f"/annotate/{open_round.campaign.slug}/"
    assert client.get(place).status_code == 404
    client.post(link)
    assert client.get(place).status_code == 200


def test_a_campaign_that_is_over_says_so_and_lets_nobody_in(client: Client, link: str, bob: Any) -> None:
    Campaign.objects.update(status=Campaign.Status.CLOSED)
    client.force_login(bob)
    assert "is over" in client.get(link).content.decode()
    assert client.post(link).status_code == 200
    assert not Participation.objects.exists()


def test_the_owner_makes_renews_and_revokes_the_link(client: Client, alice: Any, campaign: Campaign) -> None:
    client.force_login(alice)
    place = f"/campaigns/{campaign.slug}/"
    client.post(f"{place}invitation/")
    campaign.refresh_from_db()
    first = campaign.invitation
    assert f"http://testserver/join/{first}/" in client.get(place).content.decode()
    client.post(f"{place}invitation/")
    assert Client().get(f"/join/{first}/").status_code == 404
    client.post(f"{place}invitation/revoke/")
    campaign.refresh_from_db()
    assert campaign.invitation == ""


def test_a_strange_post_joins_nobody(link: str) -> None:
    assert Client(enforce_csrf_checks=True).post(link).status_code == 403
    assert not Worker.objects.exists()
