"""Rounds: opened, closed, counted. How they are proposed is in proposals.py."""

from django.db import transaction
from django.utils import timezone

from annotation.crowd.registry import channel_get
from annotation.errors import NothingToFreeze, WrongState
from annotation.models import Assignment, Campaign, Dataset, Hit, Question, Round
from annotation.selectors.queue import items_missing
from annotation.services.consensus import consensus_aggregate
from annotation.services.datasets import dataset_freeze
from annotation.signals import round_closed


def round_open(*, round: Round) -> Round:
    """Put a proposed round before the crowd.

    Raises:
        WrongState: The round is not proposed any more, or its campaign does not run.
    """
    campaign = round.campaign
    if campaign.status != Campaign.Status.RUNNING:
        raise WrongState("Start the campaign before you open a round.")
    votes = campaign.opening_votes
    with transaction.atomic():
        now = timezone.now()
        moved = Round.objects.filter(pk=round.pk, status=Round.Status.PROPOSED).update(
            status=Round.Status.OPEN, opened=now
        )
        if not moved:
            raise WrongState(f"Round {round.number} is not proposed any more.")
        Hit.objects.filter(round=round).update(slots=votes, open_slots=votes)
        Question.objects.filter(round=round).exclude(wanted=votes).update(wanted=votes)
    channel_get(campaign.channel).publish(round=round)
    round.refresh_from_db()
    return round


def round_close(*, round: Round) -> Round:
    """Stop asking: leases end, no further vote is taken. `round_finish` then counts what was answered.

    Raises:
        WrongState: The round is not open.
    """
    with transaction.atomic():
        _close(round)
    channel_get(round.campaign.channel).withdraw(round=round)
    round.refresh_from_db()
    return round


def round_close_complete(*, round: Round) -> bool:
    """Close a round if nothing in it is asked or answered any more; returns whether it did.

    That is asked under the lock: an exclusion may have opened questions again since somebody looked.
    """
    with transaction.atomic():
        list(Hit.objects.select_for_update(no_key=True).filter(round=round).order_by("pk").values_list("pk"))
        active = Assignment.objects.filter(hit__round=round, status=Assignment.Status.ACTIVE)
        if Hit.objects.filter(round=round, open_slots__gt=0).exists() or active.exists():
            return False
        _close(round)
    channel_get(round.campaign.channel).withdraw(round=round)
    return True


def _close(round: Round) -> None:
    """Call within a transaction."""
    moved = Round.objects.filter(pk=round.pk, status=Round.Status.OPEN).update(status=Round.Status.CLOSING)
    if not moved:
        raise WrongState(f"Round {round.number} is not open.")
    # HITs before assignments, as everywhere: two transactions that lock in one order cannot deadlock. Votes in
    # flight hold their assignment's row, so this waits for them; what comes later finds no lease to write under.
    Hit.objects.filter(round=round).update(open_slots=0)
    active = Assignment.objects.select_for_update(no_key=True).filter(hit__round=round, status=Assignment.Status.ACTIVE)
    held = list(active.order_by("pk"))
    # Who had answered a whole bundle, and could still have taken an answer back, has done it: it is paid.
    whole = [one.pk for one in held if not items_missing(one)]
    Assignment.objects.filter(pk__in=whole).update(status=Assignment.Status.SUBMITTED, submitted=timezone.now())
    lost = [one.pk for one in held if one.pk not in whole]
    Assignment.objects.filter(pk__in=lost).update(status=Assignment.Status.EXPIRED)


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
