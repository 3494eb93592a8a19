"""Frozen datasets: a campaign's list with the form that freezes, one dataset, its files."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_safe

from accounts.permissions import researcher_required, signed_in
from annotation.errors import AnnotationError
from annotation.formats.registry import load_writer
from annotation.models import Dataset
from annotation.selectors.datasets import FORMATS, format_of
from annotation.selectors.triplets import CampaignTriplets
from annotation.services.dataset_files import dataset_file_get
from annotation.services.datasets import dataset_freeze
from annotation.views.dataset_forms import FreezeForm
from annotation.views.doorway import campaign_or_404, page_of, refuse
from annotation.views.downloads import file_send, made_send
from annotation.views.methods import tally_name

_PAGE = 24
_LIVE = ("csv", "jsonl", "parquet")
# Why questions of a selection are no triplets of a dataset.
_LEFT_OUT = (("level", "level"), ("below_min_margin", "below the least margin"))
# What each format is called, and whom it is for.
_ABOUT = {
    "csv": ("CSV", "Triplets with weights; safe in spreadsheets."),
    "jsonl": ("JSONL", "Triplets with weights, one object a line."),
    "parquet": ("Parquet", "Triplets with weights, typed and small."),
    "npz": ("npz", "The frozen file itself, with features and labels."),
    "cblearn": ("cblearn", "Arrays for cblearn’s estimators; margins as repeats."),
    "things": ("THINGS", "Odd-one-out triples, where every triplet has its mirror."),
    "votes-csv": ("Votes, CSV", "Every answer of the rounds, with side, times and pseudonym."),
    "votes-jsonl": ("Votes, JSONL", "The same, one object a line."),
    "votes-parquet": ("Votes, Parquet", "The same, typed and small."),
    "salmon": ("Salmon", "Votes with the columns of Salmon’s responses."),
    "triplettools": ("tripletTools", "Votes with the columns of tripletTools."),
    "bundle": ("Bundle", "Triplets, votes, stimuli, datasheet, Croissant, checksums: one .zip to publish."),
}


@require_http_methods(["GET", "POST"])
@researcher_required
def datasets(request: HttpRequest, slug: str) -> HttpResponse:
    """A campaign's datasets, and the form that freezes another."""
    campaign = campaign_or_404(request, slug)
    form = FreezeForm(request.POST or None, campaign=campaign)
    if request.method == "POST" and form.is_valid():
        try:
            frozen = dataset_freeze(
                campaign=campaign, selection=form.selection, licence=form.cleaned_data["licence"].strip()
            )
        except AnnotationError as refused:
            refuse(request, refused)
        else:
            messages.success(request, f"Dataset {frozen.pk} holds {frozen.triplets:,} triplets.")
            return redirect("annotation:dataset", frozen.pk)
    page = page_of(request, campaign.datasets.select_related("round"), _PAGE)
    context = {
        "section": "campaigns",
        "tab": "datasets",
        "heading": "Datasets",
        "campaign": campaign,
        "form": form,
        "page": page,
        "rows": [(one, tally_name(one.manifest.get("method", ""))) for one in page.object_list],
        "live": [(name, _ABOUT[name][0]) for name in _LIVE],
    }
    return render(request, "annotation/datasets.html", context)


@require_safe
@researcher_required
def dataset(request: HttpRequest, pk: int) -> HttpResponse:
    shown = dataset_or_404(request, pk)
    made = {file.format: file for file in shown.files.all()}
    rows = [(name, *_ABOUT[name], made.get(name)) for name in FORMATS]
    context = {
        "section": "campaigns",
        "tab": "datasets",
        "heading": f"Dataset {shown.pk}",
        "campaign": shown.campaign,
        "dataset": shown,
        "manifest": shown.manifest,
        "method": tally_name(shown.manifest.get("method", "")),
        "left_out": _left_out(shown),
        "formats": rows,
    }
    return render(request, "annotation/dataset.html", context)


@require_safe
@researcher_required
def dataset_file(request: HttpRequest, pk: int, name: str) -> HttpResponseBase:
    if name not in FORMATS:
        raise Http404
    shown = dataset_or_404(request, pk)
    try:
        return dataset_send(request, shown, name)
    except AnnotationError as refused:
        refuse(request, refused)
        return redirect("annotation:dataset", pk)


@require_GET
@researcher_required
def triplets_file(request: HttpRequest, slug: str, name: str) -> HttpResponseBase:
    """What the votes come to now, frozen or not."""
    if name not in _LIVE:
        raise Http404
    campaign = campaign_or_404(request, slug)
    media_type, extension = format_of(name)
    source = CampaignTriplets(campaign)
    return made_send(
        lambda out: load_writer(name).write(source, out),
        filename=f"{slug}-triplets{extension}",
        media_type=media_type,
    )


def _left_out(shown: Dataset) -> str:
    """How many questions are left out, and why."""
    counts = shown.manifest.get("left_out") or {}
    return ", ".join(f"{counts[reason]:,} {said}" for reason, said in _LEFT_OUT if counts.get(reason))


def dataset_or_404(request: HttpRequest, pk: int) -> Dataset:
    """The dataset of that number, if the user may look into its campaign."""
    visible = Dataset.objects.visible_to(signed_in(request))
    return get_object_or_404(visible.select_related("campaign__collection", "campaign__owner", "round"), pk=pk)


def dataset_send(request: HttpRequest, shown: Dataset, name: str) -> HttpResponseBase:
    """A dataset's file, or a part of it.

    Raises:
        AnnotationError: The format cannot say what this dataset says.
    """
    made = dataset_file_get(dataset=shown, format=name)
    media_type, extension = format_of(name)
    filename = f"{shown.campaign.slug}-dataset-{shown.pk}{extension}"
    return file_send(
        request, file=made.file, sha256=made.sha256, size=made.size, filename=filename, media_type=media_type
    )
