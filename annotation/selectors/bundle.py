"""A dataset with all that is needed to use and to judge it, as one .zip."""

import json
from typing import BinaryIO

from django.template.loader import render_to_string

from annotation.formats.answers.plain import CsvAnswers
from annotation.formats.bundle import Bundle
from annotation.formats.croissant import TableFile, croissant
from annotation.formats.exports.arrow_text import csv_header
from annotation.formats.exports.csv_file import CsvExport, cell
from annotation.formats.frozen import SPLITS
from annotation.formats.triplet_blocks import Triplets
from annotation.models import Dataset, Stimulus
from annotation.selectors.bundle_columns import ABOUT, COLUMNS
from annotation.selectors.datasheet import Datasheet, datasheet_of
from annotation.selectors.vote_export import CampaignAnswers

_CHUNK = 5000


def bundle_write(dataset: Dataset, source: Triplets, out: BinaryIO) -> None:
    """Write triplets, answers, stimuli, manifest, datasheet, Croissant metadata and checksums.

    Args:
        dataset: Which.
        source: Its triplets.
        out: Where to; need not seek.
    """
    bundle = Bundle(out, f"{dataset.campaign.slug}-dataset-{dataset.pk}")
    rounds = dataset.manifest.get("rounds") or []
    bundle.add("triplets.csv", lambda part: CsvExport().write(source, part))
    bundle.add("stimuli.csv", lambda part: _stimuli(dataset, part))
    if rounds:
        answers = CampaignAnswers(dataset.campaign, rounds)
        bundle.add("votes.csv", lambda part: CsvAnswers().write(answers, part))
    bundle.add_text("manifest.json", _json(dataset.manifest))
    sheet = datasheet_of(dataset)
    bundle.add_text("datasheet.md", render_to_string("annotation/datasheet.md", {"sheet": sheet}).strip() + "\n")
    context = {"sheet": sheet, "figures": _figures(sheet)}
    bundle.add_text("datasheet.html", render_to_string("annotation/datasheet.html", context))
    bundle.add_text("croissant.json", _json(_metadata(dataset, bundle)))
    bundle.close()


def _json(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def _figures(sheet: Datasheet) -> list[tuple[str, object]]:
    if sheet.agreement is None:
        return []
    found = sheet.agreement
    return [
        ("Krippendorff’s α", found.alpha),
        ("Fleiss’ κ", found.kappa),
        ("Agreement of pairs of votes", found.percent),
    ]


def _stimuli(dataset: Dataset, out: BinaryIO) -> None:
    """The stimuli with their splits and labels: no picture, and no place where one is kept."""
    out.write(csv_header(list(COLUMNS["stimuli.csv"])))
    rows = Stimulus.objects.filter(collection=dataset.campaign.collection_id).order_by("pk")
    found = rows.values_list("key", "kind", "subject", "neutral__key", "split", "labels", "text")
    for key, kind, subject, neutral, split, labels, text in found.iterator(_CHUNK):
        said = json.dumps(labels, ensure_ascii=False, sort_keys=True)
        cells = (key, kind, subject, neutral or "", SPLITS[split], said, text)
        out.write((",".join(map(cell, cells)) + "\r\n").encode())


def _metadata(dataset: Dataset, bundle: Bundle) -> dict[str, object]:
    tables = [
        TableFile(
            name=name,
            sha256=bundle.sums[name],
            size=bundle.sizes[name],
            columns=columns,
            key="key" if name == "stimuli.csv" else "",
            about=ABOUT[name],
        )
        for name, columns in COLUMNS.items()
        if name in bundle.sums
    ]
    campaign = dataset.campaign
    return croissant(
        name=f"{campaign.slug}-dataset-{dataset.pk}",
        description=f"{campaign.name}: {dataset.triplets:,} weighted triplets over {dataset.stimuli:,} stimuli. "
        f"Asked was: {campaign.prompt}",
        licence=dataset.licence,
        creator=campaign.owner.get_full_name() or campaign.owner.get_username(),
        published=dataset.created.date().isoformat(),
        version="1.0.0",
        url=f"urn:sha256:{dataset.content_sha256}",
        tables=tables,
    )
