"""Campaigns: the list, a new one, one of them, its state."""

from collections import Counter

from django.contrib import messages
from django.db import transaction
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe

from accounts.models import User
from accounts.permissions import researcher_required, signed_in
from annotation.errors import AnnotationError
from annotation.models import Campaign, Collection, Stimulus
from annotation.selectors.agreement import campaign_agreement
from annotation.selectors.label_agreement import label_agreement
from annotation.selectors.progress import campaign_progress, round_progress
from annotation.services.campaigns import campaign_create, campaign_start, campaign_status_set
from annotation.services.proposals import round_propose_balanced
from annotation.views import cards
from annotation.views.doorway import campaign_or_404, page_of, percent, refuse
from annotation.views.figures import agreement_figure, label_figure, round_rows
from annotation.views.forms import CampaignForm, ProposeForm, StatusForm

_PAGE = 24
# The formats that most people ask for; a dataset's own page has all of them.
_FORMATS = ("csv", "jsonl", "parquet", "npz", "bundle")


@require_safe
@researcher_required
def campaigns(request: HttpRequest) -> HttpResponse:
    rows = Campaign.objects.visible_to(signed_in(request)).select_related("collection", "owner")
    page = page_of(request, rows, _PAGE)
    return render(
        request,
        "annotation/campaigns.html",
        {"section": "campaigns", "page": page, "cards": cards.own_cards(page.object_list)},
    )


@require_http_methods(["GET", "POST"])
@researcher_required
def campaign_new(request: HttpRequest) -> HttpResponse:
    user = signed_in(request)
    form = CampaignForm(request.POST or None, user=user)
    if request.method == "POST" and form.is_valid():
        try:
            with transaction.atomic():
                campaign = campaign_create(owner=user, **form.settings())
                round_propose_balanced(campaign=campaign, per_stimulus=form.per_stimulus_chosen)
        except AnnotationError as refused:
            refuse(request, refused)
        else:
            messages.success(request, "The campaign is a draft with its first round proposed. Start it when ready.")
            return redirect("annotation:campaign", campaign.slug)
    context = {"section": "campaigns", "form": form, "collections": _choices(user), "labels": _labels(user)}
    return render(request, "annotation/campaign_new.html", context)


def _choices(user: User) -> list[dict[str, object]]:
    """Collections with the sizes of their splits: the page reckons with them what a first round comes to."""
    rows = Stimulus.objects.filter(collection__in=Collection.objects.visible_to(user)).order_by()
    sizes: dict[int, list[int]] = {}
    for collection, _, count in rows.values_list("collection", "split").annotate(count=Count("pk")):
        sizes.setdefault(collection, []).append(count)
    return [{"pk": pk, "sizes": ",".join(map(str, counts))} for pk, counts in sizes.items()]


def _labels(user: User) -> list[str]:
    """Names of labels in use, by one stimulus of each collection."""
    first = Collection.objects.visible_to(user).values_list("stimuli", flat=True).order_by("pk", "-stimuli")
    newest = dict(first.values_list("pk", "stimuli"))
    found = Counter[str]()
    for labels in Stimulus.objects.filter(pk__in=[key for key in newest.values() if key]).values_list("labels"):
        found.update(labels[0])
    return sorted(found)


@require_safe
@researcher_required
def campaign(request: HttpRequest, slug: str) -> HttpResponse:
    shown = campaign_or_404(request, slug)
    context = {
        "section": "campaigns",
        "tab": "overview",
        "campaign": shown,
        "agreement": agreement_figure(campaign_agreement(shown)),
        "labels": label_figure(label_agreement(shown)) if shown.kind != Campaign.Kind.TRIPLET else None,
        "link": request.build_absolute_uri(reverse("annotation:join", args=[shown.invitation]))
        if shown.invitation
        else "",
        "datasets": shown.datasets.select_related("round")[:10],
        "formats": _FORMATS,
        "propose": ProposeForm(),
        **_live(shown),
    }
    return render(request, "annotation/campaign.html", context)


def _live(campaign: Campaign) -> dict[str, object]:
    progress = campaign_progress(campaign)
    return {
        "facts": {
            "votes": f"{progress.votes:,}",
            "votes_wanted": f"{progress.votes_wanted:,}",
            "questions": f"{progress.questions:,}",
            "workers": f"{progress.workers:,}",
        },
        "percent": percent(progress.share),
        "rounds": round_rows(round_progress(campaign)),
        # Nothing moves by itself while a campaign rests, so the page then asks for nothing.
        "live": campaign.status == Campaign.Status.RUNNING,
    }


@require_GET
@researcher_required
def campaign_live(request: HttpRequest, slug: str) -> HttpResponse:
    """The part of the page that moves, asked for every few seconds."""
    shown = campaign_or_404(request, slug)
    return render(request, "annotation/parts/campaign_live.html", {"campaign": shown, **_live(shown)})


@require_POST
@researcher_required
def campaign_status(request: HttpRequest, slug: str) -> HttpResponse:
    shown = campaign_or_404(request, slug)
    form = StatusForm(request.POST)
    if not form.is_valid():
        messages.error(request, "That is not a state of a campaign.")
        return redirect("annotation:campaign", slug)
    status = form.cleaned_data["status"]
    try:
        if shown.status == Campaign.Status.DRAFT and status == Campaign.Status.RUNNING:
            opened = campaign_start(campaign=shown)
            messages.success(request, "The campaign is running." + (" Its first round is open." if opened else ""))
        else:
            campaign_status_set(campaign=shown, status=status)
            messages.success(request, f"The campaign is {shown.get_status_display().lower()}.")
    except AnnotationError as refused:
        refuse(request, refused)
    return redirect("annotation:campaign", slug)
