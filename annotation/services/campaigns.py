"""Campaigns: made, started, paused, closed."""

from typing import Any

from django.db import IntegrityError, transaction
from django.utils.text import slugify

from accounts.models import User
from annotation.errors import AnnotationError, WrongState
from annotation.models import Campaign, Collection, Round
from annotation.services.campaign_settings import campaign_check
from annotation.services.golds import probes_prepare
from annotation.services.invitations import invitation_make
from annotation.services.rounds import round_open

# Addresses of pages that stand beside the campaigns' own.
RESERVED = {"new"}
_STEPS = {
    Campaign.Status.DRAFT: {Campaign.Status.RUNNING},
    Campaign.Status.RUNNING: {Campaign.Status.PAUSED, Campaign.Status.CLOSED},
    Campaign.Status.PAUSED: {Campaign.Status.RUNNING, Campaign.Status.CLOSED},
    Campaign.Status.CLOSED: set(),
}


def campaign_create(*, owner: User, name: str, collection: Collection, **settings: Any) -> Campaign:
    """Make a draft campaign, with the questions whose answer is known that its plan needs.

    Args:
        owner: Who runs it.
        name: Its title; the address is made from it.
        collection: Where its stimuli come from.
        settings: Any other field of Campaign.

    Raises:
        AnnotationError: The collection is somebody else's, or a field makes no sense; the sentence names it.
    """
    if not owner.is_admin and collection.owner_id != owner.pk:
        raise AnnotationError(f"The collection {collection.name!r} belongs to somebody else.")
    campaign = Campaign(owner=owner, name=name, collection=collection, **settings)
    invitation_make(campaign=campaign)
    base = campaign.slug or slugify(name)[:100] or "campaign"
    for attempt in range(1, 1000):
        campaign.slug = base if attempt == 1 else f"{base}-{attempt}"
        if campaign.slug in RESERVED or Campaign.objects.filter(slug=campaign.slug).exists():
            continue
        campaign_check(campaign)
        try:
            with transaction.atomic():
                campaign.save()
                # Before any round is proposed: what is known beforehand is not asked.
                probes_prepare(campaign=campaign)
        except IntegrityError:  # another request took the address in between
            continue
        return campaign
    raise AnnotationError(f"There are too many campaigns called {name!r}.")


def campaign_status_set(*, campaign: Campaign, status: str) -> Campaign:
    """Move a campaign along draft → running ⇄ paused → closed.

    Raises:
        WrongState: The step does not exist, or somebody else made one first.
    """
    target = Campaign.Status(status)
    if target not in _STEPS[Campaign.Status(campaign.status)]:
        raise WrongState(f"A {campaign.get_status_display().lower()} campaign cannot become {target.label.lower()}.")
    moved = Campaign.objects.filter(pk=campaign.pk, status=campaign.status).update(status=target)
    if not moved:
        raise WrongState("Somebody else has just changed this campaign; look again.")
    campaign.status = target
    return campaign


def campaign_start(*, campaign: Campaign) -> Round | None:
    """Start a draft: get the questions ready whose answers are known, and open the first round that was proposed.

    Returns:
        The round, or None where none was proposed.

    Raises:
        WrongState: It is not a draft any more.
        AnnotationError: The probes that it plans can not be made.
    """
    if campaign.status != Campaign.Status.DRAFT:
        raise WrongState(f"A {campaign.get_status_display().lower()} campaign is not a draft any more.")
    with transaction.atomic():
        started = campaign_status_set(campaign=Campaign.objects.get(pk=campaign.pk), status=Campaign.Status.RUNNING)
        probes_prepare(campaign=started)
        proposed = started.rounds.filter(status=Round.Status.PROPOSED).order_by("number").first()
        if proposed is not None:
            round_open(round=proposed)
    campaign.status = started.status
    return proposed
