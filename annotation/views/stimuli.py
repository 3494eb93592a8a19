"""Pictures of stimuli. Their address holds the content's hash, so a browser may keep them for ever."""

from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from accounts.models import User
from accounts.permissions import signed_in
from annotation.models import Campaign, Collection, Stimulus
from annotation.selectors.pictures import picture_read


@require_safe
def stimulus(request: HttpRequest, pk: int, sha: str) -> HttpResponseBase:
    shown = get_object_or_404(Stimulus.objects.select_related("collection"), pk=pk, sha256__startswith=sha)
    if not _may_see(signed_in(request), shown.collection):
        raise Http404
    try:
        picture = picture_read(shown)
    except (FileNotFoundError, ValueError) as missing:
        raise Http404("This stimulus has no picture.") from missing
    return HttpResponse(
        picture.content,
        content_type=picture.media_type,
        headers={
            "Cache-Control": "private, max-age=31536000, immutable",
            "ETag": f'"{shown.sha256}"',
            # A picture is data, not a page: opened by itself it may load and run nothing.
            "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
            "X-Content-Type-Options": "nosniff",
        },
    )


@require_safe
def shape(request: HttpRequest, pk: int, sha: str) -> HttpResponseBase:
    """The points and triangles of a stimulus that turns."""
    raise Http404


def _may_see(user: User, collection: Collection) -> bool:
    """Owners and admins always; anybody signed in while the collection is being asked about."""
    if user.is_admin or collection.owner_id == user.pk:
        return True
    running = Q(pk__in=Campaign.objects.open_to(user))
    own = Q(pk__in=Campaign.objects.visible_to(user))
    return Campaign.objects.filter(running | own, collection=collection).exists()
