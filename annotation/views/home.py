"""The start page: what there is to answer, what one has done and earned and, for researchers, their campaigns."""

from collections import Counter
from collections.abc import Iterable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.permissions import signed_in
from annotation.models import Campaign
from annotation.views import cards
from annotation.views.wording import duration_text, money_text

_OWN_SHOWN = 6


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    user = signed_in(request)
    now, earlier = cards.work_cards(user)
    context: dict[str, object] = {
        "section": "home",
        "open_cards": now,
        "earlier_cards": earlier,
        "done": _done([*now, *earlier]),
    }
    if user.runs_campaigns:
        own = list(Campaign.objects.visible_to(user).select_related("collection", "owner")[: _OWN_SHOWN + 1])
        context["own_cards"] = cards.own_cards(own[:_OWN_SHOWN])
        context["more_campaigns"] = len(own) > _OWN_SHOWN
    return render(request, "annotation/home.html", context)


def _done(every: Iterable[cards.WorkCard]) -> dict[str, object] | None:
    """All that a person did; None where they have not begun. Earnings by currency: sums across them mean nothing."""
    rows = [one for one in every if one.work.answers]
    if not rows:
        return None
    cents = Counter[str]()
    for one in rows:
        if one.campaign.paid:
            cents[one.campaign.currency] += one.work.cents
    return {
        "answers": sum(one.work.answers for one in rows),
        "hits": sum(one.work.hits for one in rows),
        "time": duration_text(sum(one.work.seconds for one in rows)),
        "earned": [money_text(amount, currency) for currency, amount in sorted(cents.items())],
    }
