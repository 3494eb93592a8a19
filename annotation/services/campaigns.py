"""Campaigns: made, started, paused, closed."""

from typing import Any

from django.db import IntegrityError, transaction
from django.utils.text import slugify

from accounts.models import User
from annotation.crowd.registry import CHANNELS
from annotation.errors import AnnotationError, WrongState
from annotation.models import Campaign, Collection
from annotation.quality.registry import AGGREGATORS

# Addresses of pages that stand beside the campaigns' own.
RESERVED = {"new"}
_STEPS = {
    Campaign.Status.DRAFT: {Campaign.Status.RUNNING},
    Campaign.Status.RUNNING: {Campaign.Status.PAUSED, Campaign.Status.CLOSED},
    Campaign.Status.PAUSED: {Campaign.Status.RUNNING, Campaign.Status.CLOSED},
    Campaign.Status.CLOSED: set(),
}


def campaign_create(*, owner: User, name: str, collection: Collection, **settings: Any) -> Campaign:
    """Make a draft campaign.

    Args:
        owner: Who runs it.
        name: Its title; the address is made from it.
        collection: Where its stimuli come from.
        settings: Any other field of Campaign.

    Raises:
        AnnotationError: The collection is somebody else's, or channel or aggregator is unknown.
        django.core.exceptions.ValidationError: A field is out of its range.
    """
    if not owner.is_admin and collection.owner_id != owner.pk:
        raise AnnotationError(f"The collection {collection.name!r} belongs to somebody else.")
    campaign = Campaign(owner=owner, name=name, collection=collection, **settings)
    _known("channel", campaign.channel, CHANNELS)
    _known("aggregator", campaign.aggregator, AGGREGATORS)
    base = campaign.slug or slugify(name)[:100] or "campaign"
    for attempt in range(1, 1000):
        campaign.slug = base if attempt == 1 else f"{base}-{attempt}"
        if campaign.slug in RESERVED or Campaign.objects.filter(slug=campaign.slug).exists():
            continue
        campaign.full_clean()
        try:
            with transaction.atomic():
                campaign.save()
        except IntegrityError:  # another request took the address in between
            continue
        return campaign
    raise AnnotationError(f"There are too many campaigns called {name!r}.")


def _known(field: str, value: str, registry: dict[str, str]) -> None:
    if value not in registry:
        raise AnnotationError(f"{field} {value!r} is unknown; there are {', '.join(sorted(registry))}.")


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
