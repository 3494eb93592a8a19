"""Rounds: proposed, opened, closed, and looked through question by question."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from accounts.permissions import researcher_required
from annotation.errors import AnnotationError
from annotation.models import Round, Split
from annotation.selectors.round_questions import questions_counted
from annotation.services.proposals import round_propose_balanced
from annotation.services.rounds import round_close, round_open
from annotation.tasks import round_finish
from annotation.views.doorway import campaign_or_404, page_of, refuse
from annotation.views.figures import origin_text
from annotation.views.forms import ProposeForm
from annotation.views.questions import question_cards

_PAGE = 24


@require_POST
@researcher_required
def round_propose(request: HttpRequest, slug: str) -> HttpResponse:
    campaign = campaign_or_404(request, slug)
    form = ProposeForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Triplets per stimulus must be a whole number from 1 to 60.")
        return redirect("annotation:campaign", slug)
    # The same seed would propose the same triplets again, and those were asked.
    seed = campaign.seed + 1000 * campaign.rounds.count()
    try:
        proposed = round_propose_balanced(campaign=campaign, per_stimulus=form.per_stimulus_chosen, seed=seed)
        messages.success(request, f"Round {proposed.number} is proposed. Open it to put it before people.")
    except AnnotationError as refused:
        refuse(request, refused)
    return redirect("annotation:campaign", slug)


def _step(request: HttpRequest, slug: str, number: int, step: Callable[[Round], str]) -> HttpResponse:
    campaign = campaign_or_404(request, slug)
    round = get_object_or_404(campaign.rounds.select_related("campaign"), number=number)
    try:
        messages.success(request, step(round))
    except AnnotationError as refused:
        refuse(request, refused)
    return redirect("annotation:campaign", slug)


def _open(round: Round) -> str:
    round_open(round=round)
    return f"Round {round.number} is open."


def _close(round: Round) -> str:
    round_close(round=round)
    # A broker that is away costs a minute, never a round: the clock finishes what is closing.
    transaction.on_commit(lambda: round_finish.delay(round.pk), robust=True)
    return f"Round {round.number} takes no more votes. They are being counted and frozen into a dataset."


@require_POST
@researcher_required
def round_opened(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    return _step(request, slug, number, _open)


@require_POST
@researcher_required
def round_closed(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    return _step(request, slug, number, _close)


@require_safe
@researcher_required
def round_detail(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    campaign = campaign_or_404(request, slug)
    round = get_object_or_404(campaign.rounds, number=number)
    counted = questions_counted(campaign, round)
    margins = list(counted.filter(total__gt=0).order_by("-margin").values_list("margin", flat=True).distinct())
    splits = list(round.questions.order_by("split").values_list("split", flat=True).distinct())
    page = page_of(request, _filtered(request, counted).select_related("reference", "a", "b").order_by("pk"), _PAGE)
    context = {
        "section": "campaigns",
        "tab": "rounds",
        "campaign": campaign,
        "round": round,
        "origin": origin_text(round),
        "margins": margins,
        "margin": request.GET.get("margin", ""),
        "splits": [(str(value), Split(value).label) for value in splits],
        "split": request.GET.get("split", ""),
        "page": page,
        "cards": question_cards(campaign, page.object_list),
    }
    return render(request, "annotation/round.html", context)


def _filtered(request: HttpRequest, counted: Any) -> Any:
    """What the address asks for; a filter that makes no sense filters nothing."""
    margin, split = request.GET.get("margin", ""), request.GET.get("split", "")
    if margin == "none":
        counted = counted.filter(total=0)
    elif margin.isdecimal() and len(margin) < 5:
        counted = counted.filter(total__gt=0, margin=int(margin))
    if split in {str(value) for value in Split.values}:
        counted = counted.filter(split=int(split))
    return counted
