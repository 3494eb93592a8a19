"""Who answers: a signed-in person, or a guest whom an invitation link let in."""

from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404

from annotation.models import Campaign, Participation, Worker
from annotation.services.workers import worker_for_user

# In the session of a guest: the primary key of their worker, by the campaign's.
GUEST_KEY = "guest_workers"


def campaign_for(request: HttpRequest, slug: str) -> tuple[Campaign, Worker | None]:
    """A campaign and who this person is in it; None for somebody who must sign in first.

    Closed campaigns are let through: their page still explains itself.

    Raises:
        Http404: There is no such campaign, it is a draft of somebody else's, or this person was not invited.
    """
    campaign = get_object_or_404(Campaign, slug=slug)
    user = request.user
    if not user.is_authenticated:
        guest = guest_of(request, campaign)
        if guest is None and campaign.access != Campaign.Access.MEMBERS:
            raise Http404
        return campaign, guest
    runs_it = campaign.owner_id == user.pk or user.is_admin
    if campaign.status == Campaign.Status.DRAFT and not runs_it:
        raise Http404
    worker = worker_for_user(user=user)
    if campaign.access == Campaign.Access.MEMBERS or runs_it:
        return campaign, worker
    if not Participation.objects.filter(campaign=campaign, worker=worker).exists():
        raise Http404
    return campaign, worker


def guest_of(request: HttpRequest, campaign: Campaign) -> Worker | None:
    """The guest that this browser is in a campaign, if the campaign still lets guests in."""
    if campaign.access != Campaign.Access.GUESTS:
        return None
    key = request.session.get(GUEST_KEY, {}).get(str(campaign.pk))
    return None if key is None else Worker.objects.filter(pk=key, channel="guest").first()


def guest_here(request: HttpRequest) -> Worker | None:
    """The guest that this browser is in any campaign: one browser is one guest, however many links it follows."""
    keys = list(request.session.get(GUEST_KEY, {}).values())
    return Worker.objects.filter(pk__in=keys, channel="guest").order_by("pk").first()
