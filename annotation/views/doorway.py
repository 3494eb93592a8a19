"""What the views share: JSON in and out, refusals as messages, addresses of pictures, paging."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Page, Paginator
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse

from accounts.permissions import signed_in
from annotation.errors import AnnotationError
from annotation.models import Campaign, Stimulus

View = Callable[..., HttpResponseBase]


def campaign_or_404(request: HttpRequest, slug: str) -> Campaign:
    """The campaign of that address, if the user may look into it."""
    campaigns = Campaign.objects.visible_to(signed_in(request)).select_related("collection", "owner")
    return get_object_or_404(campaigns, slug=slug)


def json_doorway(view: View) -> View:
    """Turn a refusal into `{"message": …}` with its status."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return view(request, *args, **kwargs)
        except AnnotationError as refused:
            return JsonResponse({"message": refused.message}, status=refused.status)

    return guarded


def json_body(request: HttpRequest) -> dict[str, Any]:
    """The request's body as a JSON object.

    Raises:
        AnnotationError: It is not one.
    """
    try:
        body = json.loads(request.body)
    except (ValueError, RecursionError):
        raise AnnotationError("The request's body is not JSON.") from None
    if not isinstance(body, dict):
        raise AnnotationError("The request's body must be a JSON object.")
    return body


def refusal_text(refused: AnnotationError | ValidationError) -> str:
    """The sentence of a refusal."""
    return refused.message if isinstance(refused, AnnotationError) else " ".join(refused.messages)


def refuse(request: HttpRequest, refused: AnnotationError | ValidationError) -> None:
    """Show a refusal on the next page."""
    messages.error(request, refusal_text(refused))


@dataclass(frozen=True)
class Face:
    """A stimulus as a page shows it."""

    url: str
    key: str
    text: str = ""  # shown instead of a picture where the stimulus is one


def picture_url(stimulus: Stimulus) -> str:
    return reverse("annotation:stimulus", args=[stimulus.pk, stimulus.sha256[:12]])


def face(stimulus: Stimulus) -> Face:
    return Face(url=picture_url(stimulus), key=stimulus.key, text=stimulus.text)


def page_of(request: HttpRequest, rows: Any, size: int) -> Page[Any]:
    """The page that the address asks for; a number that makes no sense gives the nearest one."""
    return Paginator(rows, size).get_page(request.GET.get("page"))


def percent(share: float) -> str:
    """A share as a bar's width and its label: never more than 100, and 100 only when it is complete."""
    if share >= 1:
        return "100"
    return f"{min(max(share, 0.0) * 100, 99.9):.1f}".removesuffix(".0")
