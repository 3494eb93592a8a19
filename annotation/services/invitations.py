"""Invitation links: made, renewed, revoked, and followed by people with and without an account."""

import secrets

from django.db import transaction
from django.utils.translation import gettext

from accounts.models import User
from annotation.errors import AnnotationError, WrongState
from annotation.models import Campaign, Participation, Worker
from annotation.services.participations import participation_get
from annotation.services.workers import guest_make, worker_for_user

_BYTES = 24


def invitation_make(*, campaign: Campaign) -> None:
    """Give a campaign that is for invited people a secret, where it has none; it is not saved by this."""
    if campaign.access != Campaign.Access.MEMBERS and not campaign.invitation:
        campaign.invitation = secrets.token_urlsafe(_BYTES)


def invitation_renew(*, campaign: Campaign) -> str:
    """Make a new link; the old one leads nowhere from now on. Who came in by it stays in."""
    campaign.invitation = secrets.token_urlsafe(_BYTES)
    campaign.save(update_fields=["invitation"])
    return campaign.invitation


def invitation_revoke(*, campaign: Campaign) -> None:
    """Let nobody else in. Who came in stays in."""
    campaign.invitation = ""
    campaign.save(update_fields=["invitation"])


def invitation_accept(*, campaign: Campaign, user: User | None = None, guest: Worker | None = None) -> Participation:
    """Let somebody who has the link into the campaign; once more changes nothing.

    Args:
        campaign: What the link leads to.
        user: Who is signed in, if anybody is.
        guest: The guest that this browser is already, if it is one and nobody is signed in.

    Raises:
        WrongState: The campaign is over.
        AnnotationError: It lets nobody in without an account.
    """
    if campaign.status == Campaign.Status.CLOSED:
        raise WrongState(gettext("This campaign is over."))
    if user is None and campaign.access != Campaign.Access.GUESTS:
        raise AnnotationError(gettext("Sign in to take part."))
    with transaction.atomic():
        worker = worker_for_user(user=user) if user is not None else guest or guest_make()
        return participation_get(campaign=campaign, worker=worker)
