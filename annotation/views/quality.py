"""The quality of a campaign's votes: how far people agree, what is disputed, and what another method would change."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from accounts.permissions import researcher_required, signed_in
from annotation.errors import AnnotationError
from annotation.models import Campaign, Question
from annotation.selectors.quality import campaign_quality
from annotation.services.counting import counting_change
from annotation.views.doorway import campaign_or_404, refuse
from annotation.views.methods import method_name
from annotation.views.quality_blocks import block_of
from annotation.views.quality_what_if import MethodForm, numbers_in, what_if_of

_KINDS = {
    Campaign.Kind.TRIPLET: (Question.Kind.TRIPLET,),
    Campaign.Kind.LABEL: (Question.Kind.LABEL,),
    Campaign.Kind.BOTH: (Question.Kind.TRIPLET, Question.Kind.LABEL),
}


@require_safe
@researcher_required
def quality(request: HttpRequest, slug: str) -> HttpResponse:
    campaign = campaign_or_404(request, slug)
    kinds = _KINDS[Campaign.Kind(campaign.kind)]
    asked = request.GET.get("kind", "")
    kind = asked if asked in kinds else kinds[0]
    found = campaign_quality(campaign, kind)
    context = {
        "section": "campaigns",
        "tab": "quality",
        "heading": "Quality",
        "campaign": campaign,
        "kinds": [(one.value, f"{one.label}s") for one in kinds],
        "kind": kind,
        "shown": block_of(campaign, found) if found else None,
        "what_if": what_if_of(campaign, found, request.GET) if found else None,
    }
    return render(request, "annotation/quality.html", context)


@require_POST
@researcher_required
def quality_applied(request: HttpRequest, slug: str) -> HttpResponse:
    """Make a method that was looked at the campaign's own, and count all closed rounds by it."""
    campaign = campaign_or_404(request, slug)
    kind = request.POST.get("kind", "")
    if kind not in _KINDS[Campaign.Kind(campaign.kind)]:
        messages.error(request, "This campaign does not ask such questions.")
        return redirect("annotation:quality", slug)
    form = MethodForm(request.POST, campaign=campaign, kind=kind)
    if not form.is_valid():
        messages.error(request, "That is no method, or no weighting.")
        return redirect("annotation:quality", slug)
    method, weighting = form.cleaned_data["method"], form.cleaned_data["weighting"]
    try:
        change = counting_change(
            campaign=campaign,
            kind=kind,
            method=method,
            weighting=weighting,
            without=numbers_in(request.POST, "without"),
            back=numbers_in(request.POST, "back"),
            by=signed_in(request),
        )
    except AnnotationError as refused:
        refuse(request, refused)
    else:
        for one in change.excluded:
            messages.success(request, f"{one.worker.pseudonym} is excluded.")
        for one in change.reinstated:
            messages.success(request, f"{one.worker.pseudonym} is in good standing again.")
        name = method_name(kind, method, weighting)
        messages.success(request, f"Closed rounds are counted by {name}. Datasets that are frozen stay as they are.")
    return redirect(reverse("annotation:quality", args=[slug]) + f"?kind={kind}")
