"""Rounds: proposed, opened, closed, and looked through question by question."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.db.models import Count, F, FloatField, OuterRef, Q, Subquery
from django.db.models.functions import Abs
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from accounts.permissions import researcher_required
from annotation.errors import AnnotationError
from annotation.models import Campaign, Question, Round, Split
from annotation.selectors.agreement import consensus_of
from annotation.services.proposals import round_propose_balanced
from annotation.services.rounds import round_close, round_open
from annotation.tasks import round_finish
from annotation.views.doorway import Face, campaign_or_404, face, page_of, refuse
from annotation.views.figures import origin_text
from annotation.views.forms import ProposeForm

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
        proposed = round_propose_balanced(campaign=campaign, per_stimulus=form.cleaned_data["per_stimulus"], seed=seed)
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


@dataclass(frozen=True)
class QuestionCard:
    """A question with what came of it."""

    question: Question
    reference: Face
    a: Face | None
    b: Face | None
    votes_a: int
    votes_b: int
    weight: float | None

    @property
    def votes(self) -> int:
        return self.votes_a + self.votes_b

    @property
    def margin(self) -> int:
        return abs(self.votes_a - self.votes_b)

    @property
    def winner(self) -> str:
        if self.votes_a == self.votes_b:
            return ""
        return "a" if self.votes_a > self.votes_b else "b"


@require_safe
@researcher_required
def round_detail(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    campaign = campaign_or_404(request, slug)
    round = get_object_or_404(campaign.rounds, number=number)
    counted = _counted(campaign, round)
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
        "cards": [_card(one) for one in page.object_list],
    }
    return render(request, "annotation/round.html", context)


def _counted(campaign: Campaign, round: Round) -> Any:
    """Questions with their votes counted now, and the weight that a closed round gave them."""
    weight = consensus_of(campaign, round).filter(question=OuterRef("pk")).order_by("-pk").values("weight")[:1]
    return round.questions.annotate(
        votes_a=Count("votes", filter=Q(votes__choice="a")),
        votes_b=Count("votes", filter=Q(votes__choice="b")),
        total=F("votes_a") + F("votes_b"),
        margin=Abs(F("votes_a") - F("votes_b")),
        weight=Subquery(weight, output_field=FloatField()),
    )


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


def _card(question: Question) -> QuestionCard:
    return QuestionCard(
        question=question,
        reference=face(question.reference),
        a=face(question.a) if question.a else None,
        b=face(question.b) if question.b else None,
        votes_a=question.votes_a,  # type: ignore[attr-defined]
        votes_b=question.votes_b,  # type: ignore[attr-defined]
        weight=question.weight,  # type: ignore[attr-defined]
    )
