"""GET /api/v1/datasets/: what a program may read of the datasets that its token's owner may read."""

from typing import Any

from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.urls import reverse

from accounts.permissions import signed_in
from accounts.tokens import token_required
from annotation.errors import AnnotationError
from annotation.models import Dataset
from annotation.selectors.datasets import FORMATS
from annotation.views.datasets import dataset_send

_PAGE = 100


@token_required
def datasets(request: HttpRequest) -> HttpResponseBase:
    """The newest first, a hundred at a time; `next` is the address of those that follow."""
    before = request.GET.get("before", "")
    rows = Dataset.objects.visible_to(signed_in(request)).select_related("campaign").order_by("-pk")
    if before:
        if not before.isdecimal() or len(before) > 18:
            return _refused("before must be the number of a dataset.", 400)
        rows = rows.filter(pk__lt=int(before))
    found = list(rows[: _PAGE + 1])
    more = len(found) > _PAGE
    address = f"{reverse('annotation:api-datasets')}?before={found[_PAGE - 1].pk}" if more else None
    shown = [_short(request, row) for row in found[:_PAGE]]
    return JsonResponse({"datasets": shown, "next": request.build_absolute_uri(address) if address else None})


@token_required
def dataset(request: HttpRequest, pk: int) -> HttpResponseBase:
    """One dataset with its manifest and the addresses of its files; hash and size of those that are made."""
    row = _found(request, pk)
    if row is None:
        return _refused("There is no such dataset.", 404)
    made = {file.format: {"sha256": file.sha256, "size": file.size} for file in row.files.all()}
    files = {
        name: {"url": _address(request, "api-dataset-file", row.pk, name), **made.get(name, {})} for name in FORMATS
    }
    return JsonResponse({**_short(request, row), "manifest": row.manifest, "files": files})


@token_required
def dataset_file(request: HttpRequest, pk: int, name: str) -> HttpResponseBase:
    """The same bytes as on the page; ranges are answered."""
    row = _found(request, pk)
    if row is None or name not in FORMATS:
        return _refused("There is no such dataset or format.", 404)
    try:
        return dataset_send(request, row, name)
    except AnnotationError as refused:
        return _refused(refused.message, refused.status)


def _found(request: HttpRequest, pk: int) -> Dataset | None:
    visible = Dataset.objects.visible_to(signed_in(request))
    return visible.select_related("campaign__collection", "campaign__owner").filter(pk=pk).first()


def _short(request: HttpRequest, row: Dataset) -> dict[str, Any]:
    return {
        "id": row.pk,
        "campaign": row.campaign.slug,
        "created": row.created.isoformat(),
        "stimuli": row.stimuli,
        "triplets": row.triplets,
        "content_sha256": row.content_sha256,
        "licence": row.licence,
        "url": _address(request, "api-dataset", row.pk),
    }


def _address(request: HttpRequest, name: str, *args: object) -> str:
    return request.build_absolute_uri(reverse(f"annotation:{name}", args=args))


def _refused(message: str, status: int) -> JsonResponse:
    return JsonResponse({"message": message}, status=status)
