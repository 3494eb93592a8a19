"""The campaign's standing order: what is trained and proposed when a round closes."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from accounts.permissions import researcher_required
from annotation.models import Campaign
from annotation.views.doorway import campaign_or_404
from learning.errors import LearningError
from learning.models import Plan
from learning.registry import EMBEDDINGS, LABELS, SELECTORS, default_config
from learning.services.runs import plan_set


class PlanForm(forms.Form):
    model = forms.ChoiceField(choices=[(name, LABELS[name]) for name in EMBEDDINGS])
    iterations = forms.IntegerField(
        required=False, min_value=1, max_value=10_000_000, help_text="Empty: the model's own number."
    )
    selector = forms.ChoiceField(label="Next triplets", choices=[(name, LABELS[name]) for name in SELECTORS])
    select_count = forms.IntegerField(label="How many", min_value=1, max_value=1_000_000)
    automatic = forms.BooleanField(label="Do this whenever a round closes", required=False)

    def fields_of_plan(self, config: dict[str, Any]) -> dict[str, Any]:
        """The plan's fields; `config` keeps the settings that this form does not show."""
        data = dict(self.cleaned_data)
        iterations = data.pop("iterations")
        kept = {name: value for name, value in config.items() if name in default_config(data["model"])}
        kept.pop("iterations", None)
        if iterations is not None and "iterations" in default_config(data["model"]):
            kept["iterations"] = iterations
        return {**data, "config": kept}


def plan_form(campaign: Campaign) -> PlanForm:
    """The form, filled with the campaign's plan or with what a new one would be."""
    plan = Plan.objects.filter(campaign=campaign).first() or Plan(automatic=False)
    initial = {name: getattr(plan, name) for name in ("model", "selector", "select_count", "automatic")}
    return PlanForm(initial={**initial, "iterations": plan.config.get("iterations")}, auto_id="plan_%s")


@require_POST
@researcher_required
def plan_save(request: HttpRequest, slug: str) -> HttpResponse:
    campaign = campaign_or_404(request, slug)
    form = PlanForm(request.POST)
    if form.is_valid():
        known = Plan.objects.filter(campaign=campaign).first()
        try:
            plan = plan_set(campaign=campaign, **form.fields_of_plan(known.config if known else {}))
        except LearningError as refused:
            messages.error(request, refused.message)
        else:
            what = "is followed whenever a round closes" if plan.automatic else "waits until you switch it on"
            messages.success(request, f"The standing order {what}.")
    else:
        for field, errors in form.errors.items():
            messages.error(request, f"{form.fields[field].label or field}: {' '.join(map(str, errors))}")
    return redirect("learning:campaign-learning", campaign.slug)
