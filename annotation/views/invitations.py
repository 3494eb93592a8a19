"""Invitation links: the page that one leads to, and the buttons by which a researcher makes and revokes it."""

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.models import User
from accounts.permissions import researcher_required
from annotation.errors import AnnotationError
from annotation.models import Campaign, Participation, Worker
from annotation.services.invitations import invitation_accept, invitation_renew, invitation_revoke
from annotation.views.doorway import campaign_or_404, refuse
from annotation.views.voter import GUEST_KEY, guest_here, guest_of
from annotation.views.wording import bundle_minutes, money_text

# A guest has nothing but this browser to come back by.
_GUEST_SECONDS = 180 * 24 * 3600


@require_http_methods(["GET", "HEAD", "POST"])
@login_not_required
@never_cache
def join(request: HttpRequest, token: str) -> HttpResponse:
    """What a link invites to; its button lets in."""
    campaigns = Campaign.objects.exclude(status=Campaign.Status.DRAFT).exclude(invitation="")
    campaign = get_object_or_404(campaigns, invitation=token)
    user = request.user if request.user.is_authenticated else None
    if request.method == "POST":
        if user is None and campaign.access != Campaign.Access.GUESTS:
            return redirect_to_login(request.get_full_path())
        try:
            _enter(request, campaign, user)
        except AnnotationError as refused:
            refuse(request, refused)
        else:
            return redirect("annotation:vote", campaign.slug)
    context = {
        "campaign": campaign,
        "minutes": bundle_minutes(campaign.hit_size),
        "reward": money_text(campaign.reward_cents, campaign.currency) if campaign.paid else "",
        "inside": _is_inside(request, campaign, user),
        "must_sign_in": user is None and campaign.access != Campaign.Access.GUESTS,
        "as_guest": user is None,
    }
    response = render(request, "annotation/join.html", context)
    # The address is the key: it goes to nobody, not even to the next page of this site.
    response["Referrer-Policy"] = "strict-origin"
    response["X-Robots-Tag"] = "noindex"
    return response


def _enter(request: HttpRequest, campaign: Campaign, user: User | None) -> None:
    if user is not None:
        invitation_accept(campaign=campaign, user=user)
        return
    participation = invitation_accept(campaign=campaign, guest=guest_here(request))
    known = request.session.get(GUEST_KEY, {})
    request.session[GUEST_KEY] = {**known, str(campaign.pk): participation.worker_id}
    request.session.set_expiry(_GUEST_SECONDS)


def _is_inside(request: HttpRequest, campaign: Campaign, user: User | None) -> bool:
    workers = Worker.objects.filter(user=user) if user is not None else [guest_of(request, campaign)]
    return Participation.objects.filter(campaign=campaign, worker__in=[one for one in workers if one]).exists()


@require_POST
@researcher_required
def invitation_renewed(request: HttpRequest, slug: str) -> HttpResponse:
    campaign = campaign_or_404(request, slug)
    first = not campaign.invitation
    invitation_renew(campaign=campaign)
    messages.success(request, "The link is made." if first else "There is a new link; the old one is dead.")
    return redirect("annotation:campaign", slug)


@require_POST
@researcher_required
def invitation_revoked(request: HttpRequest, slug: str) -> HttpResponse:
    campaign = campaign_or_404(request, slug)
    invitation_revoke(campaign=campaign)
    messages.success(request, "The link is dead. Who came in by it stays in.")
    return redirect("annotation:campaign", slug)
