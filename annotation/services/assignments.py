"""Leases: a worker takes a slot of a HIT, gives it back, or loses it when time runs out."""

import secrets
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, F, OuterRef
from django.utils import timezone

from annotation.errors import VoteRejected
from annotation.models import Assignment, Campaign, Hit, Round, Worker

_HELD = (Assignment.Status.ACTIVE, Assignment.Status.SUBMITTED)
# Leases that one claim ends in passing; what is more waits for the next claim or for the clock's task.
_EXPIRE_AT_ONCE = 50


def assignment_claim(*, campaign: Campaign, worker: Worker) -> Assignment | None:
    """Give the worker a HIT: the one that they hold already, or the next with a free slot that they never held.

    Returns:
        The assignment, or None where there is nothing for this worker to answer.
    """
    if campaign.status != Campaign.Status.RUNNING:
        return None
    now = timezone.now()
    assignments_expire(now=now, limit=_EXPIRE_AT_ONCE)
    with transaction.atomic():
        held = Assignment.objects.filter(
            worker=worker, status=Assignment.Status.ACTIVE, hit__round__campaign=campaign
        ).first()
        if held is not None:
            return lease_extend(assignment=held, campaign=campaign, now=now)
        return _claim_new(campaign, worker, now) or _claim_again(campaign, worker, now)


def lease_extend(*, assignment: Assignment, campaign: Campaign, now: datetime) -> Assignment:
    assignment.lease_until = now + timedelta(minutes=campaign.lease_minutes)
    assignment.save(update_fields=["lease_until"])
    return assignment


def _claim_new(campaign: Campaign, worker: Worker, now: datetime) -> Assignment | None:
    """Claim the first HIT with a free slot; the conditional update is what two claims race for."""
    mine = Assignment.objects.filter(hit=OuterRef("pk"), worker=worker)
    free = Hit.objects.filter(
        ~Exists(mine), round__campaign=campaign, round__status=Round.Status.OPEN, open_slots__gt=0
    ).order_by("round__number", "number")
    while (hit := free.first()) is not None:
        if Hit.objects.filter(pk=hit.pk, open_slots__gt=0).update(open_slots=F("open_slots") - 1):
            return Assignment.objects.create(
                hit=hit,
                worker=worker,
                slot=_free_slot(hit),
                seed=secrets.randbits(31),
                lease_until=now + timedelta(minutes=campaign.lease_minutes),
            )
    return None


def _free_slot(hit: Hit) -> int:
    taken = set(hit.assignments.filter(status__in=_HELD).values_list("slot", flat=True))
    return min(slot for slot in range(hit.slots) if slot not in taken)


def _claim_again(campaign: Campaign, worker: Worker, now: datetime) -> Assignment | None:
    """Let a worker whose lease ran out go on where they stopped, if nobody else took the slot over."""
    lost = Assignment.objects.filter(
        worker=worker,
        status__in=(Assignment.Status.EXPIRED, Assignment.Status.RETURNED),
        hit__round__campaign=campaign,
        hit__round__status=Round.Status.OPEN,
        hit__open_slots__gt=0,
    ).order_by("pk")
    return next((again for one in lost if (again := assignment_revive(assignment=one, now=now)) is not None), None)


def hit_lock(hit_id: int) -> Hit:
    """Lock a HIT's row until the transaction ends.

    Not its key (PostgreSQL's FOR NO KEY UPDATE): the check of an assignment's foreign key, which PostgreSQL makes at
    commit, would else wait for this lock while this transaction waits for that assignment.
    """
    return Hit.objects.select_for_update(no_key=True).get(pk=hit_id)


def assignment_revive(*, assignment: Assignment, now: datetime) -> Assignment | None:
    """Make a lost assignment active again; None if its slot went to somebody else. Call within a transaction."""
    hit = hit_lock(assignment.hit_id)
    if hit.open_slots == 0 or hit.assignments.filter(slot=assignment.slot, status__in=_HELD).exists():
        return None
    Hit.objects.filter(pk=hit.pk).update(open_slots=F("open_slots") - 1)
    assignment.status = Assignment.Status.ACTIVE
    assignment.lease_until = now + timedelta(minutes=hit.round.campaign.lease_minutes)
    assignment.save(update_fields=["status", "lease_until"])
    return assignment


def assignment_return(*, assignment_id: int, worker: Worker) -> None:
    """Give a HIT back. What was answered stays; the rest goes to another worker.

    Raises:
        VoteRejected: The assignment is not this worker's.
    """
    assignment = Assignment.objects.filter(pk=assignment_id, worker=worker).first()
    if assignment is None:
        raise VoteRejected("This HIT is not yours.")
    _release(assignment, Assignment.Status.RETURNED)


def _release(assignment: Assignment, status: Assignment.Status) -> bool:
    """End an active lease and free its slot. The HIT is locked first, as in a claim, so the two cannot deadlock."""
    with transaction.atomic():
        hit_lock(assignment.hit_id)
        ended = Assignment.objects.filter(pk=assignment.pk, status=Assignment.Status.ACTIVE).update(status=status)
        if ended:
            Hit.objects.filter(pk=assignment.hit_id, round__status=Round.Status.OPEN).update(
                open_slots=F("open_slots") + 1
            )
    return bool(ended)


def assignments_expire(*, now: datetime, limit: int = 1000) -> int:
    """End leases that ran out, in whatever campaign; returns how many.

    Asked of one campaign, SQLite would walk over all its HITs instead of the index of leases that are due, and a claim
    would cost more the larger the campaign is.
    """
    due = Assignment.objects.filter(status=Assignment.Status.ACTIVE, lease_until__lt=now).order_by("lease_until")
    return sum(_release(assignment, Assignment.Status.EXPIRED) for assignment in due[:limit])
