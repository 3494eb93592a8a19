"""Datasets: frozen once, never changed. What is trained on is what is published."""

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings
from django.utils import timezone
from numpy.typing import NDArray

from annotation.errors import AnnotationError, NothingToFreeze
from annotation.files import path_store
from annotation.formats.frozen import FrozenDataset
from annotation.models import Campaign, Consensus, Dataset, Round, Stimulus
from annotation.selectors.agreement import consensus_of
from annotation.selectors.features import features_read

Triplets = Mapping[str, NDArray[Any]]


def dataset_freeze(*, campaign: Campaign, through: Round) -> Dataset:
    """Freeze the campaign's weighted triplets of all closed rounds up to `through`.

    Questions on which the votes are level carry no order, so they are counted in the manifest and left out.

    Raises:
        NothingToFreeze: No question has a majority.
    """
    rows = (
        consensus_of(campaign)
        .filter(question__round__number__lte=through.number)
        .filter(question__round__status__in=(Round.Status.CLOSING, Round.Status.CLOSED))
        .select_related("question")
        .order_by("question")
    )
    decided = [row for row in rows if row.winner]
    if not decided:
        raise NothingToFreeze("No question has a majority yet; there is nothing to freeze.")
    manifest = {
        "source": "votes",
        "rounds": sorted(set(_numbers(campaign, decided))),
        "votes": sum(row.votes_a + row.votes_b for row in decided),
        "left_out": {"level": len(rows) - len(decided)},
        "method": decided[0].method,
        "method_version": decided[0].version,
    }
    return _freeze(campaign, _from_consensus(decided, _numbers(campaign, decided)), manifest, through)


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
    if (split != split[:, :1]).any():
        raise AnnotationError("A triplet mixes stimuli of different splits; a model would be tested on what it saw.")
    count = len(keys)
    arrays: Triplets = {
        "triplets": keys,
        "weight": np.full(count, weight, dtype=np.float32),
        "margin": np.ones(count, dtype=np.int16),
        "votes_nearer": np.ones(count, dtype=np.int16),
        "votes_farther": np.zeros(count, dtype=np.int16),
        "rounds": np.zeros(count, dtype=np.int32),
        "triplet_split": split[:, 0],
    }
    return _freeze(campaign, arrays, {"source": source}, None)


def _numbers(campaign: Campaign, rows: Sequence[Consensus]) -> list[int]:
    """The number of the round that asked each question."""
    number_of = dict(campaign.rounds.values_list("pk", "number"))
    return [number_of[row.question.round_id or 0] for row in rows]


def _from_consensus(rows: Sequence[Consensus], numbers: Sequence[int]) -> Triplets:
    nearer_is_a = np.array([row.winner == "a" for row in rows])
    asked = np.array([(r.question.reference_id, r.question.a_id, r.question.b_id) for r in rows], dtype=np.int64)
    votes = np.array([(row.votes_a, row.votes_b) for row in rows], dtype=np.int16)
    swapped = ~nearer_is_a
    asked[swapped] = asked[swapped][:, [0, 2, 1]]
    votes[swapped] = votes[swapped][:, ::-1]
    return {
        "triplets": asked,
        "weight": np.array([row.weight for row in rows], dtype=np.float32),
        "margin": np.array([row.margin for row in rows], dtype=np.int16),
        "votes_nearer": votes[:, 0],
        "votes_farther": votes[:, 1],
        "rounds": np.array(numbers, dtype=np.int32),
        "triplet_split": np.array([row.question.split for row in rows], dtype=np.int8),
    }


def _freeze(campaign: Campaign, arrays: Triplets, manifest: dict[str, Any], through: Round | None) -> Dataset:
    """Write the file, then the row; freezing the same content again gives the row that is there."""
    frozen = _build(campaign, arrays, manifest)
    content = frozen.content_sha256()
    if (known := Dataset.objects.filter(campaign=campaign, content_sha256=content).first()) is not None:
        return known
    with tempfile.TemporaryDirectory(prefix="semblance-") as folder:
        path = Path(folder) / "dataset.npz"
        frozen.save(path)
        name, file_sha256 = path_store(folder="datasets", path=path, suffix=".npz")
    dataset, _ = Dataset.objects.get_or_create(
        campaign=campaign,
        content_sha256=content,
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
    rows = np.searchsorted(np.array(list(place), dtype=np.int64), arrays["triplets"])
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
        triplets=rows.astype(np.int64),
        **{name: array for name, array in arrays.items() if name != "triplets"},
        manifest={
            "campaign": campaign.slug,
            "prompt": campaign.prompt,
            "collection": campaign.collection.slug,
            "landmark_scheme": campaign.collection.landmark_scheme,
            "votes_per_question": campaign.votes_per_question,
            "code_version": settings.CODE_VERSION,
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
