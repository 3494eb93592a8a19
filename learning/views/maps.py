"""The map of a run: coordinates as raw numbers, everything else about the points as JSON."""

import hashlib

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.views.decorators.http import condition, require_safe

from accounts.permissions import researcher_required
from annotation.models import Stimulus
from learning.models import Run
from learning.selectors import run_map
from learning.views.runs import run_or_404

# Changes with the form of the answers, so that a browser does not mix old and new.
_FORM = "1"


def _etag(request: HttpRequest, pk: int) -> str:
    """What the map is made of, by its hashes. Permission is checked here too: an ETag match answers before the view."""
    shown = _finished(request, pk)
    parts = (_FORM, shown.embedding_file, shown.dataset.content_sha256, shown.campaign.label)
    return f'"{hashlib.sha256("|".join(parts).encode()).hexdigest()[:32]}"'


def _finished(request: HttpRequest, pk: int) -> Run:
    shown = run_or_404(request, pk)
    if shown.status != Run.Status.DONE or not shown.embedding_file:
        raise Http404("This run has no map yet.")
    return shown


@require_safe
@researcher_required
@condition(etag_func=_etag)
def map_points(request: HttpRequest, pk: int) -> HttpResponse:
    """(N, 3) little-endian float32."""
    shown = run_map(_finished(request, pk))
    response = HttpResponse(shown.points.astype("<f4").tobytes(), content_type="application/octet-stream")
    response["Cache-Control"] = "private, no-cache"
    return response


@require_safe
@researcher_required
@condition(etag_func=_etag)
def map_about(request: HttpRequest, pk: int) -> JsonResponse:
    shown = run_map(_finished(request, pk))
    hashes = dict(Stimulus.objects.filter(pk__in=shown.stimulus_ids).values_list("pk", "sha256"))
    response = JsonResponse(
        {
            "label": shown.label,
            "categories": shown.categories,
            "category": shown.category.tolist(),
            "split": shown.split.tolist(),
            "keys": shown.keys,
            "pictures": [_picture(key, hashes[key]) for key in shown.stimulus_ids],
        }
    )
    response["Cache-Control"] = "private, no-cache"
    return response


def _picture(key: int, sha256: str) -> str:
    return reverse("annotation:stimulus", args=[key, sha256[:12]])
