"""Rounds: proposed, opened, closed."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from numpy.typing import NDArray

from annotation.crowd.registry import channel_get
from annotation.errors import AnnotationError, NothingToAsk, NothingToFreeze, WrongState
from annotation.models import Assignment, Campaign, Dataset, Hit, Question, Round, Split, Stimulus
from annotation.sampling.registry import design
from annotation.services.consensus import consensus_aggregate
from annotation.services.datasets import dataset_freeze
from annotation.services.faces import subset_rows
from annotation.signals import round_closed

_BATCH = 2000


def round_propose(
    *,
    campaign: Campaign,
    triplets: NDArray[np.int64],
    origin: Mapping[str, Any],
    scores: NDArray[np.float64] | None = None,
) -> Round:
    """Make a proposed round of triplets, bundled into HITs in random order.

    Args:
        campaign: Whose round it is.
        triplets: (T, 3) primary keys of stimuli: reference and the two candidates, in any order.
        origin: What chose them, so that the round can be made again: design or selector, seed, run, data hash.
        scores: (T,) the selector's scores, if one chose them.

    Raises:
        NothingToAsk: There are no triplets.
        AnnotationError: A stimulus is not the campaign's, the three are not of one split, or a question was asked.
    """
    if len(triplets) == 0:
        raise NothingToAsk("There is nothing left to ask: every candidate triplet was asked or is pending.")
    canonical = np.column_stack([triplets[:, 0], np.sort(triplets[:, 1:], axis=1)])
    splits = _common_splits(campaign, canonical)
    _refuse_asked(campaign, canonical)
    order = np.random.default_rng(int(origin.get("seed", 0))).permutation(len(canonical))
    with transaction.atomic():
        last = campaign.rounds.aggregate(last=Max("number"))["last"] or 0
        proposed = Round.objects.create(campaign=campaign, number=last + 1, origin=dict(origin))
        hits = Hit.objects.bulk_create(
            [
                Hit(round=proposed, number=number + 1, slots=campaign.votes_per_question, open_slots=0)
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
                    reference_id=int(canonical[row, 0]),
                    a_id=int(canonical[row, 1]),
                    b_id=int(canonical[row, 2]),
                    split=int(splits[row]),
                    score=None if scores is None else float(scores[row]),
                )
                for place, row in enumerate(order)
            ),
            batch_size=_BATCH,
        )
    return proposed


def _common_splits(campaign: Campaign, triplets: NDArray[np.int64]) -> NDArray[np.int64]:
    """(T,) the split that the three stimuli of each triplet share."""
    rows = Stimulus.objects.filter(collection=campaign.collection_id).values_list("pk", "split")
    keys, values = np.array(sorted(rows), dtype=np.int64).reshape(-1, 2).T
    places = np.searchsorted(keys, triplets).clip(max=max(len(keys) - 1, 0))
    if len(keys) == 0 or (keys[places] != triplets).any():
        raise AnnotationError("A triplet names a stimulus that is not in the campaign's collection.")
    splits = values[places]
    if (splits != splits[:, :1]).any():
        raise AnnotationError("A triplet mixes stimuli of different splits; a model would be tested on what it saw.")
    shared: NDArray[np.int64] = splits[:, 0]
    return shared


def _refuse_asked(campaign: Campaign, canonical: NDArray[np.int64]) -> None:
    new = {(int(r), int(a), int(b)) for r, a, b in canonical}
    if len(new) < len(canonical):
        raise AnnotationError("The same triplet is proposed twice.")
    asked = campaign.questions.values_list("reference_id", "a_id", "b_id")
    if repeated := next((triplet for triplet in asked.iterator() if triplet in new), None):
        raise AnnotationError(f"The triplet of stimuli {repeated} was asked before in this campaign.")


def round_propose_balanced(
    *, campaign: Campaign, per_stimulus: int = 6, seed: int | None = None, subset: bool = False
) -> Round:
    """Propose a first round: within each split, every stimulus in exactly `per_stimulus` triplets (paper 000, IV-B).

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
    chosen, per_split = [], {}
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
    if not chosen:
        raise NothingToAsk("A triplet needs three stimuli of one split that were not asked about together before.")
    origin = {"design": "balanced", "per_stimulus": per_stimulus, "seed": seed, "subset": subset}
    if set(per_split.values()) != {per_stimulus}:
        origin["per_split"] = per_split
    return round_propose(campaign=campaign, triplets=np.concatenate(chosen), origin=origin)


def _asked_rows(campaign: Campaign, keys: NDArray[np.int64]) -> NDArray[np.int64]:
    """(Q, 3) places in `keys` of the triplets that the campaign has asked about them."""
    place = {key: row for row, key in enumerate(keys.tolist())}
    asked = campaign.questions.values_list("reference", "a", "b")
    rows = [[place[key] for key in triplet] for triplet in asked.iterator() if all(key in place for key in triplet)]
    return np.array(rows, dtype=np.int64).reshape(-1, 3)


def round_open(*, round: Round) -> Round:
    """Put a proposed round before the crowd.

    Raises:
        WrongState: The round is not proposed any more, or its campaign does not run.
    """
    campaign = round.campaign
    if campaign.status != Campaign.Status.RUNNING:
        raise WrongState("Start the campaign before you open a round.")
    votes = campaign.votes_per_question
    with transaction.atomic():
        now = timezone.now()
        moved = Round.objects.filter(pk=round.pk, status=Round.Status.PROPOSED).update(
            status=Round.Status.OPEN, opened=now
        )
        if not moved:
            raise WrongState(f"Round {round.number} is not proposed any more.")
        Hit.objects.filter(round=round).update(slots=votes, open_slots=votes)
    channel_get(campaign.channel).publish(round=round)
    round.refresh_from_db()
    return round


def round_close(*, round: Round) -> Round:
    """Stop asking: leases end, no further vote is taken. `round_finish` then counts what was answered.

    Raises:
        WrongState: The round is not open.
    """
    with transaction.atomic():
        moved = Round.objects.filter(pk=round.pk, status=Round.Status.OPEN).update(status=Round.Status.CLOSING)
        if not moved:
            raise WrongState(f"Round {round.number} is not open.")
        # HITs before assignments, as everywhere: two transactions that lock in one order cannot deadlock. Votes in
        # flight hold their assignment's row, so this waits for them; what comes later finds no lease to write under.
        Hit.objects.filter(round=round).update(open_slots=0)
        Assignment.objects.filter(hit__round=round, status=Assignment.Status.ACTIVE).update(
            status=Assignment.Status.EXPIRED
        )
    channel_get(round.campaign.channel).withdraw(round=round)
    round.refresh_from_db()
    return round


def round_finish(*, round: Round) -> Dataset | None:
    """Count a closing round and freeze its dataset; safe to run twice and to kill at any point.

    Returns:
        The dataset, or None where no question has a majority (the round is closed all the same).

    Raises:
        WrongState: The round is not closing.
    """
    if round.status != Round.Status.CLOSING:
        raise WrongState(f"Round {round.number} is not being closed.")
    consensus_aggregate(round=round)
    try:
        dataset = dataset_freeze(campaign=round.campaign, through=round)
    except NothingToFreeze:
        dataset = None
    # Listeners write in the same transaction: a round that is closed has been heard of, even if this process dies here.
    with transaction.atomic():
        moved = Round.objects.filter(pk=round.pk, status=Round.Status.CLOSING).update(
            status=Round.Status.CLOSED, closed=timezone.now()
        )
        round.refresh_from_db()
        if moved and dataset is not None:
            round_closed.send(sender=Round, round=round, dataset=dataset)
    return dataset
