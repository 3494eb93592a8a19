"""Invitation links: who they let in, how often, and until when."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from annotation.errors import AnnotationError, WrongState
from annotation.models import Campaign, Participation, Worker
from annotation.services.campaign_settings import campaign_change
from annotation.services.invitations import invitation_accept, invitation_renew, invitation_revoke
from tests.factories import small_campaign


@pytest.fixture
def guests(campaign: Campaign) -> Campaign:
    return campaign_change(campaign=campaign, access=Campaign.Access.GUESTS)


def test_a_campaign_for_invited_people_has_a_link_from_the_start(alice: Any, collection: Any) -> None:
    made = small_campaign(owner=alice, collection=collection, access="invited")
    assert len(made.invitation) >= 32
    assert small_campaign(owner=alice, collection=collection).invitation == ""


def test_two_campaigns_never_share_a_link(guests: Campaign, alice: Any, collection: Any) -> None:
    other = small_campaign(owner=alice, collection=collection, name="Other")
    other.invitation = guests.invitation
    with pytest.raises(IntegrityError), transaction.atomic():
        other.save()


def test_a_renewed_link_is_another_one_and_a_revoked_one_is_none(guests: Campaign) -> None:
    before = guests.invitation
    assert invitation_renew(campaign=guests) not in ("", before)
    invitation_revoke(campaign=guests)
    guests.refresh_from_db()
    assert guests.invitation == ""


def test_saving_the_settings_does_not_bring_a_revoked_link_back(guests: Campaign) -> None:
    invitation_revoke(campaign=guests)
    assert campaign_change(campaign=guests, thanks="Thank you").invitation == ""


def test_joining_twice_changes_nothing(guests: Campaign, bob: Any) -> None:
    first = invitation_accept(campaign=guests, user=bob)
    assert invitation_accept(campaign=guests, user=bob) == first
    guest = invitation_accept(campaign=guests)
    assert invitation_accept(campaign=guests, guest=guest.worker) == guest
    assert Participation.objects.count() == Worker.objects.count() == 2


def test_a_guest_is_a_pseudonym_and_nothing_else(guests: Campaign) -> None:
    workers = [invitation_accept(campaign=guests).worker for _ in range(2)]
    assert {one.channel for one in workers} == {"guest"}
    assert {one.user for one in workers} == {None}
    assert len({one.pseudonym for one in workers} | {one.external_id for one in workers}) == 4


@pytest.mark.parametrize("access", ["members", "invited"])
def test_without_an_account_nobody_gets_into_a_campaign_that_asks_for_one(campaign: Campaign, access: str) -> None:
    campaign_change(campaign=campaign, access=access)
    campaign.refresh_from_db()
    with pytest.raises(AnnotationError, match="Sign in"):
        invitation_accept(campaign=campaign)
    assert not Worker.objects.exists()


def test_nobody_joins_a_campaign_that_is_over(guests: Campaign, bob: Any) -> None:
    guests.status = Campaign.Status.CLOSED
    with pytest.raises(WrongState, match="over"):
        invitation_accept(campaign=guests, user=bob)


def test_who_joined_sees_the_campaign_and_others_do_not(campaign: Campaign, open_round: Any, bob: Any, carol: Any):
    invited = campaign_change(campaign=campaign, access="invited")
    invitation_accept(campaign=invited, user=bob)
    assert list(Campaign.objects.open_to(bob)) == [invited]
    assert not Campaign.objects.open_to(carol).exists()
    invitation_revoke(campaign=invited)
    assert Campaign.objects.open_to(bob).exists()
