"""What a campaign has learned: its runs, their comparison, and the form that starts another."""

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from accounts.permissions import researcher_required
from annotation.models import Campaign
from annotation.views.doorway import campaign_or_404
from learning.errors import LearningError
from learning.models import Run
from learning.selectors import comparison_rows
from learning.services.runs import run_create
from learning.tasks import ring_after_commit
from learning.views.figures import comparison, run_row
from learning.views.forms import RunForm
from learning.views.plan import plan_form

_RUNS_SHOWN = 30


@require_safe
@researcher_required
def campaign_learning(request: HttpRequest, slug: str) -> HttpResponse:
    campaign = campaign_or_404(request, slug)
    return _page(request, campaign, RunForm(campaign=campaign))


def _page(request: HttpRequest, campaign: Campaign, form: RunForm, status: int = 200) -> HttpResponse:
    context = {
        "section": "campaigns",
        "tab": "learning",
        "heading": "Learning",
        "campaign": campaign,
        "comparison": comparison(comparison_rows(campaign)),
        "form": form,
        "plan": plan_form(campaign),
        "has_data": campaign.datasets.exists(),
        **_runs(campaign),
    }
    return render(request, "learning/campaign.html", context, status=status)


def _runs(campaign: Campaign) -> dict[str, object]:
    runs = list(Run.objects.filter(campaign=campaign).select_related("dataset__round")[:_RUNS_SHOWN])
    return {"runs": [run_row(run) for run in runs], "live": any(not run.is_over for run in runs)}


@require_safe
@researcher_required
def campaign_runs(request: HttpRequest, slug: str) -> HttpResponse:
    """The list of runs alone, which asks for itself again while one of them is under way."""
    campaign = campaign_or_404(request, slug)
    return render(request, "learning/parts/runs.html", {"campaign": campaign, **_runs(campaign)})


@require_POST
@researcher_required
def run_new(request: HttpRequest, slug: str) -> HttpResponse:
    campaign = campaign_or_404(request, slug)
    form = RunForm(request.POST, campaign=campaign)
    if not form.is_valid():
        return _page(request, campaign, form, status=400)
    try:
        with transaction.atomic():
            run = run_create(
                campaign=campaign,
                dataset=form.cleaned_data["dataset"],
                model=form.cleaned_data["model"],
                config=form.settings(),
                seed=form.cleaned_data["seed"],
                select_after=form.cleaned_data["select_after"],
            )
            ring_after_commit()
    except LearningError as refused:
        form.add_error(None, refused.message)
        return _page(request, campaign, form, status=refused.status)
    messages.success(request, f"Run {run.pk} waits for a worker.")
    return redirect("learning:run", run.pk)
