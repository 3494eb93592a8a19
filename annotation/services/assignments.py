"""Leases: a worker takes a slot of a HIT, gives it back, or loses it when time runs out."""

import secrets
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Exists, F, OuterRef
from django.utils import timezone

from annotation.errors import VoteRejected
from annotation.models import Assignment, Campaign, Hit, Participation, Round, Worker
from annotation.selectors.queue import items_missing, questions_missing
from annotation.selectors.standing import may_take_more
from annotation.services.probes import probes_deal
from annotation.services.submission import assignment_lock, assignment_submit, assignment_submit_locked, hit_lock

_HELD = (Assignment.Status.ACTIVE, Assignment.Status.SUBMITTED)
# Leases that one claim ends in passing; what is more waits for the next claim or for the clock's task.
_EXPIRE_AT_ONCE = 50


def assignment_claim(*, campaign: Campaign, worker: Worker) -> Assignment | None:
    """Give the worker a HIT: the one that they hold already, or the next with a free slot that they never held.

    A HIT that the worker holds and has answered whole is submitted by this, and the next one is given.

    Returns:
        The assignment, or None where there is nothing for this worker to answer.
    """
    if campaign.status != Campaign.Status.RUNNING:
        return None
    now = timezone.now()
    assignments_expire(now=now, limit=_EXPIRE_AT_ONCE)
    held = Assignment.objects.filter(worker=worker, campaign=campaign, status=Assignment.Status.ACTIVE).first()
    if held is not None and not assignment_submit(assignment_id=held.pk, now=now):
        return lease_extend(assignment=held, campaign=campaign, now=now)
    participation, _ = Participation.objects.get_or_create(campaign=campaign, worker=worker)
    if not may_take_more(participation):
        return None
    try:
        with transaction.atomic():
            return _claim_new(campaign, worker, now) or _claim_again(campaign, worker, now)
    except IntegrityError:
        # The same worker claimed in another tab at the same moment, and the database let one of the two through.
        return Assignment.objects.filter(worker=worker, campaign=campaign, status=Assignment.Status.ACTIVE).first()


def lease_extend(*, assignment: Assignment, campaign: Campaign, now: datetime) -> Assignment:
    assignment.lease_until = now + timedelta(minutes=campaign.lease_minutes)
    assignment.save(update_fields=["lease_until"])
    return assignment


def assignment_heartbeat(*, assignment_id: int, worker: Worker) -> datetime | None:
    """Extend the lease of a worker who is still there; None where it is held no more.

    Raises:
        VoteRejected: The assignment is not this worker's.
    """
    assignment = Assignment.objects.select_related("campaign").filter(pk=assignment_id, worker=worker).first()
    if assignment is None:
        raise VoteRejected("This HIT is not yours.")
    until = timezone.now() + timedelta(minutes=assignment.campaign.lease_minutes)
    active = Assignment.objects.filter(pk=assignment.pk, status=Assignment.Status.ACTIVE)
    return until if active.update(lease_until=until) else None


def _claim_new(campaign: Campaign, worker: Worker, now: datetime) -> Assignment | None:
    """Claim the first HIT with a free slot; the conditional update is what two claims race for."""
    mine = Assignment.objects.filter(hit=OuterRef("pk"), worker=worker)
    free = Hit.objects.filter(
        ~Exists(mine), round__campaign=campaign, round__status=Round.Status.OPEN, open_slots__gt=0
    ).order_by("round__number", "number")
    while (hit := free.first()) is not None:
        if Hit.objects.filter(pk=hit.pk, open_slots__gt=0).update(open_slots=F("open_slots") - 1):
            hit.refresh_from_db(fields=["slots"])  # another submission may have added slots while this one waited
            assignment = Assignment.objects.create(
                campaign=campaign,
                hit=hit,
                worker=worker,
                slot=_free_slot(hit),
                seed=secrets.randbits(31),
                lease_until=now + timedelta(minutes=campaign.lease_minutes),
            )
            probes_deal(assignment=assignment, campaign=campaign)
            return assignment
    return None


def _free_slot(hit: Hit) -> int:
    """The first slot that nobody holds and that misses a vote.

    A slot can be full without a holder: late answers of one who lost the lease may have filled it.
    """
    statuses = list(hit.assignments.values_list("slot", "status"))
    taken = {slot for slot, status in statuses if status in _HELD}
    lost = {slot for slot, status in statuses if status not in _HELD}
    free = [slot for slot in range(hit.slots) if slot not in taken]
    return next(slot for slot in free if slot not in lost or questions_missing(hit.pk, slot).exists())


def _claim_again(campaign: Campaign, worker: Worker, now: datetime) -> Assignment | None:
    """Let a worker whose lease ran out go on where they stopped, if nobody else took the slot over."""
    lost = Assignment.objects.filter(
        worker=worker,
        status__in=(Assignment.Status.EXPIRED, Assignment.Status.RETURNED),
        campaign=campaign,
        hit__round__status=Round.Status.OPEN,
        hit__open_slots__gt=0,
    ).order_by("pk")
    return next((again for one in lost if (again := assignment_revive(assignment=one, now=now)) is not None), None)


def assignment_revive(*, assignment: Assignment, now: datetime) -> Assignment | None:
    """Make a lost assignment active again. Call within a transaction.

    Returns:
        None if its slot went to somebody else or is full, or if the worker meanwhile holds another HIT.
    """
    hit = hit_lock(assignment.hit_id)
    if hit.open_slots == 0 or hit.assignments.filter(slot=assignment.slot, status__in=_HELD).exists():
        return None
    if not questions_missing(hit.pk, assignment.slot).exists():
        return None
    elsewhere = Assignment.objects.filter(
        campaign=assignment.campaign_id, worker=assignment.worker_id, status=Assignment.Status.ACTIVE
    )
    if elsewhere.exists():
        return None
    Hit.objects.filter(pk=hit.pk).update(open_slots=F("open_slots") - 1)
    assignment.status = Assignment.Status.ACTIVE
    assignment.lease_until = now + timedelta(minutes=hit.round.campaign.lease_minutes)
    assignment.save(update_fields=["status", "lease_until"])
    return assignment


def assignment_return(*, assignment_id: int, worker: Worker) -> None:
    """Give a HIT back. What was answered stays; the rest goes to another worker. One answered whole is submitted.

    Raises:
        VoteRejected: The assignment is not this worker's.
    """
    assignment = Assignment.objects.filter(pk=assignment_id, worker=worker).first()
    if assignment is None:
        raise VoteRejected("This HIT is not yours.")
    assignment_release(assignment=assignment, status=Assignment.Status.RETURNED)


def assignment_release(*, assignment: Assignment, status: Assignment.Status) -> bool:
    """End an active lease and free its slot. The HIT is locked first, as in a claim, so the two cannot deadlock."""
    with transaction.atomic():
        locked = assignment_lock(assignment.pk)
        if locked.status != Assignment.Status.ACTIVE:
            return False
        if not items_missing(locked):
            assignment_submit_locked(assignment=locked, now=timezone.now())
            return True
        Assignment.objects.filter(pk=locked.pk).update(status=status)
        Hit.objects.filter(pk=locked.hit_id, round__status=Round.Status.OPEN).update(open_slots=F("open_slots") + 1)
    return True


def assignments_expire(*, now: datetime, limit: int = 1000) -> int:
    """End leases that ran out, in whatever campaign; returns how many.

    Asked of one campaign, SQLite would walk over all its HITs instead of the index of leases that are due, and a claim
    would cost more the larger the campaign is.
    """
    due = Assignment.objects.filter(status=Assignment.Status.ACTIVE, lease_until__lt=now).order_by("lease_until")
    return sum(
        assignment_release(assignment=assignment, status=Assignment.Status.EXPIRED) for assignment in due[:limit]
    )
