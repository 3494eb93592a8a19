"""The settings of a campaign: what may still change, changed."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts.permissions import researcher_required
from annotation.errors import AnnotationError
from annotation.selectors.campaign_settings import settings_fixed
from annotation.services.campaign_settings import campaign_change
from annotation.views.doorway import campaign_or_404, refuse
from annotation.views.forms import SettingsForm


@require_http_methods(["GET", "POST"])
@researcher_required
def campaign_settings(request: HttpRequest, slug: str) -> HttpResponse:
    campaign = campaign_or_404(request, slug)
    form = SettingsForm(request.POST or None, campaign=campaign)
    if request.method == "POST" and form.is_valid():
        try:
            campaign_change(campaign=campaign, **form.settings())
        except AnnotationError as refused:
            refuse(request, refused)
        else:
            messages.success(request, "The settings are saved.")
            return redirect("annotation:campaign-settings", slug)
    context = {
        "section": "campaigns",
        "tab": "settings",
        "campaign": campaign,
        "heading": "Settings",
        "form": form,
        "fixed": bool(settings_fixed(campaign)),
    }
    return render(request, "annotation/campaign_settings.html", context)
