"""Pictures and shapes of stimuli. Their address holds the content's hash, so a browser may keep them for ever.

Guests see them too, while they take part; anybody else is told that there is nothing here. No redirect to the sign-in
page: it would be the answer to an <img>, and it would tell a stranger that the stimulus exists.
"""

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import AnonymousUser
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from annotation.models import Campaign, Collection, Round, Stimulus
from annotation.selectors.pictures import picture_read
from annotation.selectors.shapes import shape_read
from annotation.views.voter import GUEST_KEY, guest_of


@login_not_required
@require_safe
def stimulus(request: HttpRequest, pk: int, sha: str) -> HttpResponseBase:
    shown = _stimulus_or_404(request, pk, sha)
    try:
        picture = picture_read(shown)
    except (FileNotFoundError, ValueError) as missing:
        raise Http404("This stimulus has no picture.") from missing
    return _kept(shown, picture.content, picture.media_type)


@login_not_required
@require_safe
def shape(request: HttpRequest, pk: int, sha: str) -> HttpResponseBase:
    """The points and triangles of a stimulus that turns, in the form that docs/importing.md describes."""
    shown = _stimulus_or_404(request, pk, sha)
    try:
        content = shape_read(shown)
    except (FileNotFoundError, ValueError) as missing:
        raise Http404("This stimulus has no shape.") from missing
    return _kept(shown, content, "application/octet-stream")


def _kept(shown: Stimulus, content: bytes, media_type: str) -> HttpResponse:
    return HttpResponse(
        content,
        content_type=media_type,
        headers={
            "Cache-Control": "private, max-age=31536000, immutable",
            "ETag": f'"{shown.sha256}"',
            # A picture is data, not a page: opened by itself it may load and run nothing.
            "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
            "X-Content-Type-Options": "nosniff",
        },
    )


def _stimulus_or_404(request: HttpRequest, pk: int, sha: str) -> Stimulus:
    shown = get_object_or_404(Stimulus.objects.select_related("collection"), pk=pk, sha256__startswith=sha)
    if not _may_see(request, shown.collection):
        raise Http404
    return shown


def _may_see(request: HttpRequest, collection: Collection) -> bool:
    """Owners and admins always; people who may answer while the collection is being asked about."""
    user = request.user
    if isinstance(user, AnonymousUser):
        return _guest_may_see(request, collection)
    if user.is_admin or collection.owner_id == user.pk:
        return True
    running = Q(pk__in=Campaign.objects.open_to(user))
    own = Q(pk__in=Campaign.objects.visible_to(user))
    return Campaign.objects.filter(running | own, collection=collection).exists()


def _guest_may_see(request: HttpRequest, collection: Collection) -> bool:
    joined = request.session.get(GUEST_KEY, {})
    asked = Campaign.objects.filter(
        pk__in=list(joined), collection=collection, status=Campaign.Status.RUNNING, rounds__status=Round.Status.OPEN
    ).distinct()
    return bool(joined) and any(guest_of(request, campaign) is not None for campaign in asked)
