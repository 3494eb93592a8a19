"""The start page: what there is to answer and, for researchers, their campaigns."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.permissions import signed_in
from annotation.models import Campaign
from annotation.views import cards

_OWN_SHOWN = 6


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    user = signed_in(request)
    context: dict[str, object] = {"section": "home", "open_cards": cards.open_cards(user)}
    if user.runs_campaigns:
        own = list(Campaign.objects.visible_to(user).select_related("collection", "owner")[: _OWN_SHOWN + 1])
        context["own_cards"] = cards.own_cards(own[:_OWN_SHOWN])
        context["more_campaigns"] = len(own) > _OWN_SHOWN
    return render(request, "annotation/home.html", context)
