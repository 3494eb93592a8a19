"""Proposed rounds: questions in random order, bundled into HITs."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from django.db import transaction
from django.db.models import Max, QuerySet
from numpy.typing import NDArray

from annotation.errors import AnnotationError, NothingToAsk
from annotation.models import Campaign, Hit, Question, Round, Split, Stimulus
from annotation.sampling.registry import design
from annotation.services.faces import subset_rows

_BATCH = 2000
_NONE = np.zeros(0, dtype=np.int64)


def round_propose(
    *,
    campaign: Campaign,
    triplets: NDArray[np.int64],
    origin: Mapping[str, Any],
    scores: NDArray[np.float64] | None = None,
    labels: NDArray[np.int64] = _NONE,
) -> Round:
    """Make a proposed round, bundled into HITs in random order; triplets and labels are mixed.

    Args:
        campaign: Whose round it is.
        triplets: (T, 3) primary keys of stimuli: reference and the two candidates, in any order; T may be 0.
        origin: What chose them, so that the round can be made again: design or selector, seed, run, data hash.
        scores: (T,) the selector's scores, if one chose the triplets.
        labels: (L,) primary keys of stimuli that labels are asked for.

    Raises:
        NothingToAsk: There is no question.
        AnnotationError: A stimulus is not the campaign's, the three are not of one split, or a question was asked.
    """
    if len(triplets) + len(labels) == 0:
        raise NothingToAsk("There is nothing left to ask: every candidate was asked or is pending.")
    triplets = triplets.reshape(-1, 3)
    canonical = np.column_stack([triplets[:, 0], np.sort(triplets[:, 1:], axis=1)])
    splits = np.concatenate([_common_splits(campaign, canonical), _common_splits(campaign, labels.reshape(-1, 1))])
    _refuse_asked(campaign, canonical)
    _refuse_labelled(campaign, labels)
    fields = [
        {
            "reference_id": int(r),
            "a_id": int(a),
            "b_id": int(b),
            "score": None if scores is None else float(scores[row]),
        }
        for row, (r, a, b) in enumerate(canonical.tolist())
    ] + [{"kind": Question.Kind.LABEL, "reference_id": key} for key in labels.tolist()]
    order = np.random.default_rng(int(origin.get("seed", 0))).permutation(len(fields))
    with transaction.atomic():
        last = campaign.rounds.aggregate(last=Max("number"))["last"] or 0
        proposed = Round.objects.create(campaign=campaign, number=last + 1, origin=dict(origin), size=len(fields))
        hits = Hit.objects.bulk_create(
            [
                Hit(round=proposed, number=number + 1, slots=campaign.opening_votes, open_slots=0)
                for number in range(-(-len(order) // campaign.hit_size))
            ],
            batch_size=_BATCH,
        )
        Question.objects.bulk_create(
            (
                Question(
                    campaign=campaign,
                    round=proposed,
                    hit=hits[place // campaign.hit_size],
                    position=place % campaign.hit_size,
                    split=int(splits[row]),
                    wanted=campaign.opening_votes,
                    **fields[row],
                )
                for place, row in enumerate(order)
            ),
            batch_size=_BATCH,
        )
    return proposed


def _common_splits(campaign: Campaign, triplets: NDArray[np.int64]) -> NDArray[np.int64]:
    """(Q,) the split that the stimuli of each question (a row) share."""
    if len(triplets) == 0:
        return _NONE
    rows = Stimulus.objects.filter(collection=campaign.collection_id).values_list("pk", "split")
    keys, values = np.array(sorted(rows), dtype=np.int64).reshape(-1, 2).T
    places = np.searchsorted(keys, triplets).clip(max=max(len(keys) - 1, 0))
    if len(keys) == 0 or (keys[places] != triplets).any():
        raise AnnotationError("A question names a stimulus that is not in the campaign's collection.")
    splits = values[places]
    if (splits != splits[:, :1]).any():
        raise AnnotationError("A triplet mixes stimuli of different splits; a model would be tested on what it saw.")
    shared: NDArray[np.int64] = splits[:, 0]
    return shared


def _refuse_asked(campaign: Campaign, canonical: NDArray[np.int64]) -> None:
    new = {(int(r), int(a), int(b)) for r, a, b in canonical}
    if len(new) < len(canonical):
        raise AnnotationError("The same triplet is proposed twice.")
    asked = campaign.questions.filter(kind=Question.Kind.TRIPLET).values_list("reference_id", "a_id", "b_id")
    if repeated := next((triplet for triplet in asked.iterator() if triplet in new), None):
        raise AnnotationError(f"The triplet of stimuli {repeated} was asked before in this campaign.")


def _refuse_labelled(campaign: Campaign, labels: NDArray[np.int64]) -> None:
    if len(np.unique(labels)) < len(labels):
        raise AnnotationError("A label of the same stimulus is asked for twice.")
    asked = campaign.questions.filter(kind=Question.Kind.LABEL).values_list("reference_id", flat=True)
    if repeated := set(labels.tolist()) & set(asked):
        raise AnnotationError(f"A label of stimulus {min(repeated)} was asked for before in this campaign.")


def round_propose_balanced(
    *, campaign: Campaign, per_stimulus: int = 6, seed: int | None = None, subset: bool = False
) -> Round:
    """Propose a first round: within each split, every stimulus in exactly `per_stimulus` triplets (paper 000, IV-B).

    Where the campaign asks for labels, it asks for one of each stimulus that has none pending; where it asks for
    labels only, there are no triplets.

    Args:
        campaign: Whose round it is.
        per_stimulus: Triplets that each stimulus appears in.
        seed: Of the design; the campaign's where it is not given.
        subset: Ask only about one stimulus for each person and distinct set of action units, without blinks.

    Raises:
        NothingToAsk: No split has the three stimuli that a triplet needs.
    """
    seed = campaign.seed if seed is None else seed
    asked_about = Stimulus.objects.filter(collection=campaign.collection_id)
    if subset:
        asked_about = asked_about.filter(pk__in=subset_rows(collection=campaign.collection).tolist())
    chosen, per_split = [np.zeros((0, 3), dtype=np.int64)], {}
    origin: dict[str, Any] = {"design": "balanced", "per_stimulus": per_stimulus, "seed": seed, "subset": subset}
    if campaign.kind != Campaign.Kind.LABEL:
        for split in Split:
            keys = np.array(
                asked_about.filter(split=split).order_by("pk").values_list("pk", flat=True),
                dtype=np.int64,
            )
            asked = _asked_rows(campaign, keys)
            # A small split may not have as many different triplets left; then each stimulus gets as many as there are.
            left = len(keys) * (len(keys) - 1) * (len(keys) - 2) // 2 - len(asked)
            fitting = min(per_stimulus, 3 * left // max(len(keys), 1))
            if fitting > 0:
                per_split[split.label.lower()] = fitting
                rows = design("balanced")(len(keys), fitting, seed=seed + split.value, avoid=asked)
                chosen.append(keys[rows])
        if per_split and set(per_split.values()) != {per_stimulus}:
            origin["per_split"] = per_split
    labels = _NONE if campaign.kind == Campaign.Kind.TRIPLET else _unlabelled(campaign, asked_about)
    if len(chosen) == 1 and len(labels) == 0:
        raise NothingToAsk("A triplet needs three stimuli of one split that were not asked about together before.")
    return round_propose(campaign=campaign, triplets=np.concatenate(chosen), origin=origin, labels=labels)


def _unlabelled(campaign: Campaign, stimuli: QuerySet[Stimulus]) -> NDArray[np.int64]:
    asked = campaign.questions.filter(kind=Question.Kind.LABEL).values("reference")
    return np.array(stimuli.exclude(pk__in=asked).order_by("pk").values_list("pk", flat=True), dtype=np.int64)


def _asked_rows(campaign: Campaign, keys: NDArray[np.int64]) -> NDArray[np.int64]:
    """(Q, 3) places in `keys` of the triplets that the campaign has asked about them."""
    place = {key: row for row, key in enumerate(keys.tolist())}
    # Attention checks show the reference itself, which no round asks about.
    triplets = campaign.questions.filter(kind=Question.Kind.TRIPLET).exclude(role=Question.Role.ATTENTION)
    asked = triplets.values_list("reference", "a", "b")
    rows = [[place[key] for key in triplet] for triplet in asked.iterator() if all(key in place for key in triplet)]
    return np.array(rows, dtype=np.int64).reshape(-1, 3)
