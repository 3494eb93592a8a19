"""The workers of a campaign: what they did, what the rules make of it, and what a person decides."""

from collections.abc import Callable

from django.contrib import messages
from django.db.models import Case, Count, IntegerField, QuerySet, Value, When
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from accounts.models import User
from accounts.permissions import researcher_required, signed_in
from annotation.errors import AnnotationError
from annotation.models import Campaign, Participation
from annotation.quality.conduct import DEFAULTS
from annotation.services.conduct import (
    rejection_confirm,
    rejection_decline,
    worker_exclude,
    worker_pause,
    worker_reinstate,
)
from annotation.views.doorway import campaign_or_404, page_of, refuse
from annotation.views.worker_cards import worker_cards

_PAGE = 12
_Standing = Participation.Standing
_PROPOSED = "rejection"
# What a person has to look at comes first.
_ORDER = {_Standing.PAUSED: 1, _Standing.EXCLUDED: 2, _Standing.DOWNWEIGHTED: 3, _Standing.GOOD: 4}


@require_safe
@researcher_required
def workers(request: HttpRequest, slug: str) -> HttpResponse:
    campaign = campaign_or_404(request, slug)
    chosen = request.GET.get("standing", "")
    page = page_of(request, _listed(campaign, chosen), _PAGE)
    context = {
        "section": "campaigns",
        "tab": "workers",
        "heading": "Workers",
        "campaign": campaign,
        "chips": _chips(campaign),
        "standing": chosen,
        "page": page,
        "cards": worker_cards(campaign, list(page.object_list)),
        "limits": DEFAULTS,
        "checked": campaign.golds_first or campaign.golds_later or campaign.attention,
    }
    return render(request, "annotation/workers.html", context)


def _listed(campaign: Campaign, chosen: str) -> QuerySet[Participation]:
    """The participations that the address asks for; a standing that does not exist filters nothing."""
    rows = Participation.objects.filter(campaign=campaign).select_related("worker", "decided_by")
    if chosen == _PROPOSED:
        rows = rows.filter(rejection=Participation.Rejection.PROPOSED)
    elif chosen in _Standing.values:
        rows = rows.filter(standing=chosen)
    proposed = When(rejection=Participation.Rejection.PROPOSED, then=Value(0))
    whens = [When(standing=standing, then=Value(place)) for standing, place in _ORDER.items()]
    return rows.order_by(Case(proposed, *whens, output_field=IntegerField()), "worker__pseudonym")


def _chips(campaign: Campaign) -> list[tuple[str, str, int]]:
    """(value, name, how many) of each filter that finds anybody."""
    rows = Participation.objects.filter(campaign=campaign).order_by().values_list("standing", "rejection")
    counted = {(standing, rejection): count for standing, rejection, count in rows.annotate(count=Count("pk"))}
    chips = [
        (standing.value, standing.label, sum(n for (value, _), n in counted.items() if value == standing))
        for standing in _Standing
    ]
    proposed = sum(n for (_, value), n in counted.items() if value == Participation.Rejection.PROPOSED)
    return [chip for chip in [*chips, (_PROPOSED, "Rejection proposed", proposed)] if chip[2]]


def _pause(participation: Participation, by: User) -> str:
    worker_pause(participation=participation, by=by)
    return "gets no more HITs; the one at hand may be finished."


def _exclude(participation: Participation, by: User) -> str:
    hits = worker_exclude(participation=participation, by=by)
    asked = f" The questions of {hits} HIT{'' if hits == 1 else 's'} are asked again." if hits else ""
    return f"is excluded.{asked}"


def _reinstate(participation: Participation, by: User) -> str:
    back, kept = worker_reinstate(participation=participation, by=by)
    text = "is in good standing again, and the rules leave them alone."
    if back or kept:
        text += f" {back} answers count again."
    return text + (f" {kept} do not: others have answered in their place." if kept else "")


def _confirm(participation: Participation, by: User) -> str:
    rejection_confirm(participation=participation, by=by)
    return "is rejected and is not paid."


def _decline(participation: Participation, by: User) -> str:
    rejection_decline(participation=participation, by=by)
    return "is paid all the same."


_STEPS: dict[str, Callable[[Participation, User], str]] = {
    "pause": _pause,
    "exclude": _exclude,
    "reinstate": _reinstate,
    "confirm": _confirm,
    "decline": _decline,
}


@require_POST
@researcher_required
def worker_decided(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    campaign = campaign_or_404(request, slug)
    participation = get_object_or_404(Participation.objects.select_related("worker"), campaign=campaign, pk=pk)
    step = _STEPS.get(request.POST.get("step", ""))
    if step is None:
        messages.error(request, "That is not a decision about a worker.")
    else:
        try:
            messages.success(request, f"{participation.worker.pseudonym} {step(participation, signed_in(request))}")
        except AnnotationError as refused:
            refuse(request, refused)
    # Back to where the decision was made: the same filter and page.
    kept = request.GET.urlencode()
    return redirect(reverse("annotation:workers", args=[slug]) + (f"?{kept}" if kept else ""))
