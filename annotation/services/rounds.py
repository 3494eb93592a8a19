"""Rounds: opened, closed, counted. How they are proposed is in proposals.py."""

from django.db import transaction
from django.utils import timezone

from annotation.crowd.registry import channel_get
from annotation.errors import NothingToFreeze, WrongState
from annotation.models import Assignment, Campaign, Dataset, Hit, Question, Round
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
