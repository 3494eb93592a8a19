"""Datasets: frozen once, never changed. What is trained on is what is published."""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from django.utils import timezone
from numpy.typing import NDArray

from annotation.errors import AnnotationError, NothingToFreeze
from annotation.files import path_store
from annotation.formats.frozen import FrozenDataset
from annotation.formats.triplet_blocks import COLUMNS, join
from annotation.models import Campaign, Dataset, Round, Stimulus
from annotation.selectors.features import features_read
from annotation.selectors.triplets import CampaignTriplets, Selection, manifest_of
from annotation.selectors.votes import COUNTED

Triplets = Mapping[str, NDArray[Any]]


def dataset_freeze(
    *, campaign: Campaign, through: Round | None = None, selection: Selection | None = None, licence: str = ""
) -> Dataset:
    """Freeze weighted triplets of closed rounds; freezing the same again gives the dataset that is there.

    Questions on which the votes are level carry no order, so they are counted in the manifest and left out.

    Args:
        campaign: Whose.
        through: The newest round that is meant, where all up to one are.
        selection: Which triplets, and by which method; all by the campaign's present one where it is left out.
        licence: Under which the data are published, such as CC-BY-4.0.

    Raises:
        NothingToFreeze: No question has a majority.
        AnnotationError: The selection makes no sense.
    """
    selection = selection or Selection()
    if through is not None:
        numbers = campaign.rounds.filter(number__lte=through.number, status__in=COUNTED).values_list(
            "number", flat=True
        )
        selection = replace(selection, rounds=tuple(numbers))
    source = CampaignTriplets(campaign, selection)
    arrays = _in_order(source)
    if not len(arrays["triplets"]):
        raise NothingToFreeze("No question has a majority yet; there is nothing to freeze.")
    rounds = np.unique(arrays["rounds"]).tolist()
    manifest = {
        "source": "votes",
        "selection": source.selection.named(),
        "rounds": rounds,
        "votes": int(arrays["votes_nearer"].sum(dtype=np.int64) + arrays["votes_farther"].sum(dtype=np.int64)),
        "left_out": source.left_out(),
        "method": source.selection.method,
        "method_version": source.tallies[-1].version,
        "evidence": [{"version": one.version, **one.evidence} for one in source.tallies],
        "licence": licence,
    }
    newest = through or campaign.rounds.get(number=rounds[-1])
    return _freeze(campaign, arrays, manifest, newest)


def _in_order(source: CampaignTriplets) -> Triplets:
    """All triplets of a source in the order of their questions, however often they were counted."""
    keys, blocks = [np.zeros(0, dtype=np.int64)], []
    for asked, block in source.asked():
        keys.append(asked)
        blocks.append(block)
    every = join(blocks)
    order = np.argsort(np.concatenate(keys), kind="stable")
    arrays: dict[str, NDArray[Any]] = {name: getattr(every, name)[order] for name in COLUMNS}
    if every.posterior is not None and len(order):
        arrays["posterior"] = every.posterior[order]
    return arrays


def dataset_from_triplets(
    *, campaign: Campaign, triplets: Sequence[tuple[str, str, str]], source: str, weight: float = 1.0
) -> Dataset:
    """Freeze triplets whose order is known without votes, such as those made from labels by paper 000's rules.

    Args:
        campaign: Whose dataset it is.
        triplets: (anchor, nearer, farther) as keys of the collection's stimuli.
        source: Where the order comes from; it goes into the manifest.
        weight: The reliability of each triplet.

    Raises:
        AnnotationError: A key is unknown, or a triplet mixes splits.
    """
    known = dict(Stimulus.objects.filter(collection=campaign.collection_id).values_list("key", "pk"))
    splits = dict(Stimulus.objects.filter(collection=campaign.collection_id).values_list("pk", "split"))
    if missing := next((key for triplet in triplets for key in triplet if key not in known), None):
        raise AnnotationError(f"There is no stimulus {missing!r} in the collection {campaign.collection.name!r}.")
    keys = np.array([[known[key] for key in triplet] for triplet in triplets], dtype=np.int64).reshape(-1, 3)
    split = np.array([[splits[key] for key in row] for row in keys.tolist()], dtype=np.int8).reshape(-1, 3)
    rows = np.searchsorted(np.array(sorted(splits), dtype=np.int64), keys)
    if (split != split[:, :1]).any():
        raise AnnotationError("A triplet mixes stimuli of different splits; a model would be tested on what it saw.")
    count = len(keys)
    arrays: Triplets = {
        "triplets": rows.astype(np.int64),
        "weight": np.full(count, weight, dtype=np.float32),
        "margin": np.ones(count, dtype=np.int16),
        "votes_nearer": np.ones(count, dtype=np.int16),
        "votes_farther": np.zeros(count, dtype=np.int16),
        "rounds": np.zeros(count, dtype=np.int32),
        "triplet_split": split[:, 0],
    }
    return _freeze(campaign, arrays, {"source": source}, None)


def _freeze(campaign: Campaign, arrays: Triplets, manifest: dict[str, Any], through: Round | None) -> Dataset:
    """Write the file, then the row; freezing the same content again gives the row that is there."""
    frozen = _build(campaign, arrays, manifest)
    content = frozen.content_sha256()
    licence = manifest.get("licence", "")
    known = Dataset.objects.filter(campaign=campaign, content_sha256=content, licence=licence).first()
    if known is not None:
        return known
    with tempfile.TemporaryDirectory(prefix="semblance-") as folder:
        path = Path(folder) / "dataset.npz"
        frozen.save(path)
        name, file_sha256 = path_store(folder="datasets", path=path, suffix=".npz")
    dataset, _ = Dataset.objects.get_or_create(
        campaign=campaign,
        content_sha256=content,
        licence=licence,
        defaults={
            "round": through,
            "file": name,
            "file_sha256": file_sha256,
            "stimuli": len(frozen.stimuli),
            "triplets": len(frozen.triplets),
            "manifest": frozen.manifest,
        },
    )
    return dataset


def _build(campaign: Campaign, arrays: Triplets, manifest: dict[str, Any]) -> FrozenDataset:
    stimuli = list(Stimulus.objects.filter(collection=campaign.collection_id).order_by("pk"))
    place = {stimulus.pk: row for row, stimulus in enumerate(stimuli)}
    names = sorted({name for stimulus in stimuli for name in stimulus.labels})
    return FrozenDataset.build(
        stimuli=np.array([stimulus.key for stimulus in stimuli], dtype=np.str_),
        subjects=np.array([stimulus.subject for stimulus in stimuli], dtype=np.str_),
        neutral=np.array([place.get(stimulus.neutral_id or 0, -1) for stimulus in stimuli], dtype=np.int64),
        split=np.array([stimulus.split for stimulus in stimuli], dtype=np.int8),
        labels={
            name: np.array([str(stimulus.labels.get(name, "")) for stimulus in stimuli], dtype=np.str_)
            for name in names
        },
        features=features_read(stimuli),
        **arrays,
        manifest={
            **manifest_of(campaign),
            "frozen": timezone.now().isoformat(timespec="seconds"),
            "counts": _counts(arrays, len(stimuli)),
            **manifest,
        },
    )


def _counts(arrays: Triplets, stimuli: int) -> dict[str, Any]:
    levels, counts = np.unique(arrays["margin"], return_counts=True)
    splits, per_split = np.unique(arrays["triplet_split"], return_counts=True)
    names = ("train", "validation", "test")
    return {
        "stimuli": stimuli,
        "triplets": len(arrays["triplets"]),
        "by_margin": {str(int(level)): int(count) for level, count in zip(levels, counts, strict=True)},
        "by_split": {names[int(split)]: int(count) for split, count in zip(splits, per_split, strict=True)},
    }
