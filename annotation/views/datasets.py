"""Frozen datasets as files in the formats of the registry."""

import tempfile
from typing import BinaryIO, cast

from django.http import FileResponse, Http404, HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from accounts.permissions import researcher_required, signed_in
from annotation.formats.registry import EXPORTS, load_export
from annotation.models import Campaign, Dataset
from annotation.selectors.datasets import dataset_export

# Below this an export stays in memory; above it goes to a temporary file that the response deletes.
_IN_MEMORY = 5_000_000


@require_safe
@researcher_required
def dataset_file(request: HttpRequest, pk: int, name: str) -> HttpResponseBase:
    if name not in EXPORTS:
        raise Http404
    visible = Campaign.objects.visible_to(signed_in(request))
    dataset = get_object_or_404(Dataset.objects.select_related("campaign"), pk=pk, campaign__in=visible)
    out = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115  (the response closes it)
    try:
        dataset_export(dataset=dataset, format=name, out=cast(BinaryIO, out))
    except BaseException:
        out.close()
        raise
    size = out.tell()
    out.seek(0)
    kind = load_export(name)
    filename = f"{dataset.campaign.slug}-dataset-{dataset.pk}.{kind.extension.removeprefix('.')}"
    response = FileResponse(out, as_attachment=True, filename=filename, content_type=kind.media_type)
    response["Content-Length"] = str(size)
    response["X-Content-Type-Options"] = "nosniff"
    return response
