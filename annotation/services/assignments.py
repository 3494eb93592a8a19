"""Leases: a worker takes a slot of a HIT, gives it back, or loses it when time runs out."""

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from annotation.errors import VoteRejected
from annotation.models import Assignment, Campaign, Participation, Round, Vote, Worker
from annotation.selectors.queue import items_missing, questions_missing
from annotation.selectors.standing import may_take_more
from annotation.services.claims_quick import leases_are_due, slot_count_down, slots_of, submit_quick, turns_of
from annotation.services.probes import probes_deal
from annotation.services.submission import (
    HELD,
    assignment_lock,
    assignment_submit,
    assignment_submit_locked,
    slots_settle,
)

_LOST = (Assignment.Status.EXPIRED, Assignment.Status.RETURNED)
# Leases that one claim ends in passing; what is more waits for the next claim or for the clock's task.
_EXPIRE_AT_ONCE = 50


def assignment_claim(
    *, campaign: Campaign, worker: Worker, participation: Participation | None = None
) -> Assignment | None:
    """Give the worker a HIT: the one that they hold, one that they lost and can go on with, or the next free one.

    A HIT that the worker holds and has answered whole is submitted by this, and the next one is given.

    Args:
        campaign: Whose HIT is wanted.
        worker: Who wants it.
        participation: Of this worker in this campaign, where it was read just now.

    Returns:
        The assignment, or None where there is nothing for this worker to answer.
    """
    if campaign.status != Campaign.Status.RUNNING:
        _submit_held(campaign, worker)
        return None
    if leases_are_due(timezone.now()):
        assignments_expire(now=timezone.now(), limit=_EXPIRE_AT_ONCE)
    try:
        return _claim(campaign, worker, timezone.now(), participation)
    except IntegrityError:
        # The same worker claimed in another tab at the same moment, and the database let one of the two through.
        return _claim(campaign, worker, timezone.now(), participation)


def _claim(campaign: Campaign, worker: Worker, now: datetime, participation: Participation | None) -> Assignment | None:
    held, lost = turns_of(campaign_id=campaign.pk, worker_id=worker.pk)
    if held is not None and (mine := _held(*held, campaign=campaign, now=now)) is not None:
        return mine
    if participation is None:
        participation, _ = Participation.objects.get_or_create(campaign=campaign, worker=worker)
    participation.campaign = campaign  # which is at hand: no need to read it again
    if not may_take_more(participation):
        return None
    if lost and (again := _claim_again(campaign, worker, now, Assignment.Status.EXPIRED)) is not None:
        return again
    with transaction.atomic():
        fresh = _claim_new(campaign, worker, now)
    # Where nothing is left, another tab of this worker may have taken the last one since the first look.
    holding = Assignment.objects.filter(worker=worker, campaign=campaign, status=Assignment.Status.ACTIVE)
    return fresh or _claim_again(campaign, worker, now, Assignment.Status.RETURNED) or holding.first()


def _held(pk: int, hit_id: int, *, campaign: Campaign, now: datetime) -> Assignment | None:
    """What a worker holds and goes on with, its lease extended; None where it is submitted, or over."""
    if submit_quick(assignment_id=pk, now=now) or assignment_submit(assignment_id=pk, now=now, hit_id=hit_id):
        return None
    held = Assignment.objects.get(pk=pk)
    return held if lease_extend(assignment=held, campaign=campaign, now=now) else None


def _submit_held(campaign: Campaign, worker: Worker) -> None:
    """Submit what a worker has answered whole, though there is nothing more to give them."""
    held = Assignment.objects.filter(worker=worker, campaign=campaign, status=Assignment.Status.ACTIVE).first()
    if held is not None:
        assignment_submit(assignment_id=held.pk, now=timezone.now())


def lease_extend(*, assignment: Assignment, campaign: Campaign, now: datetime) -> bool:
    """Extend a lease from now on; returns False where it ended meanwhile, and leaves it so."""
    assignment.lease_until = now + timedelta(minutes=campaign.lease_minutes)
    active = Assignment.objects.filter(pk=assignment.pk, status=Assignment.Status.ACTIVE)
    return active.update(lease_until=assignment.lease_until) > 0


def client_note(*, assignment: Assignment, about: Mapping[str, Any]) -> None:
    """Keep what the browser said of itself when it first had an assignment."""
    Assignment.objects.filter(pk=assignment.pk, client={}).update(client=dict(about))


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
    """Claim the first HIT with a free slot."""
    hit_id = slot_count_down(campaign_id=campaign.pk, worker_id=worker.pk)
    if hit_id is None:
        return None
    assignment = Assignment.objects.create(
        campaign=campaign,
        hit_id=hit_id,
        worker=worker,
        slot=_free_slot(hit_id),
        seed=secrets.randbits(31),
        lease_until=now + timedelta(minutes=campaign.lease_minutes),
    )
    probes_deal(assignment=assignment, campaign=campaign)
    return assignment


def _free_slot(hit_id: int) -> int:
    """A slot that nobody holds and that misses a vote, of a HIT whose open slots were counted down for it.

    One that nobody ever had comes first: who lost theirs then finds it free when they come back. A slot can be full
    without a holder (late answers of one who lost the lease may have filled it); the count of open slots says whether
    there is such a one, and only then are the votes looked at.
    """
    slots, open_slots, turns = slots_of(hit_id)
    taken = {slot for slot, status in turns if status in HELD}
    lost = {slot for slot, status in turns if status not in HELD}
    free = sorted((slot for slot in range(slots) if slot not in taken), key=lambda slot: (slot in lost, slot))
    if len(free) == open_slots + 1:
        return free[0]
    return next(slot for slot in free if questions_missing(hit_id, slot).exists())


def _claim_again(campaign: Campaign, worker: Worker, now: datetime, status: Assignment.Status) -> Assignment | None:
    """Let a worker go on with a HIT that they lost, where there is still room for them.

    One whose time ran out comes before a new HIT; one that they gave back comes when there is nothing else. Each is
    tried in a transaction of its own: no transaction may lock two HITs.
    """
    lost = Assignment.objects.filter(
        worker=worker,
        status=status,
        campaign=campaign,
        hit__round__status=Round.Status.OPEN,
        hit__open_slots__gt=0,
    ).order_by("pk")
    for pk in list(lost.values_list("pk", flat=True)):
        with transaction.atomic():
            assignment = assignment_lock(pk)
            if assignment.status in _LOST and assignment_revive(assignment=assignment, now=now):
                return assignment
    return None


def assignment_revive(*, assignment: Assignment, now: datetime) -> bool:
    """Make a lost assignment active again, in its slot or, if that is taken, in another. Call with both rows locked.

    Returns:
        False where no slot is free for this worker, or they meanwhile hold another HIT; nothing is changed then.
    """
    hit = assignment.hit
    slot = _slot_to_go_on(assignment) if hit.open_slots and hit.round.status == Round.Status.OPEN else None
    if slot is None:
        return False
    elsewhere = Assignment.objects.filter(
        campaign=assignment.campaign_id, worker=assignment.worker_id, status=Assignment.Status.ACTIVE
    )
    if elsewhere.exists():
        return False
    hit.open_slots -= 1
    hit.save(update_fields=["open_slots"])
    assignment.slot, assignment.status = slot, Assignment.Status.ACTIVE
    assignment.lease_until = now + timedelta(minutes=hit.round.campaign.lease_minutes)
    assignment.save(update_fields=["slot", "status", "lease_until"])
    return True


def _slot_to_go_on(assignment: Assignment) -> int | None:
    """A free slot of which this worker can answer all that is missing; their own before others.

    They cannot where their answer to one of these questions is in another slot.
    """
    hit = assignment.hit
    taken = set(hit.assignments.filter(status__in=HELD).values_list("slot", flat=True))
    mine = set(Vote.objects.filter(worker=assignment.worker_id, question__hit=hit).values_list("question", flat=True))
    for slot in sorted(set(range(hit.slots)) - taken, key=lambda slot: (slot != assignment.slot, slot)):
        missing = set(questions_missing(hit.pk, slot).values_list("pk", flat=True))
        if missing and not missing & mine:
            return slot
    return None


def assignment_return(*, assignment_id: int, worker: Worker) -> None:
    """Give a HIT back. What was answered stays; the rest goes to another worker. One answered whole is submitted.

    Raises:
        VoteRejected: The assignment is not this worker's.
    """
    assignment = Assignment.objects.filter(pk=assignment_id, worker=worker).first()
    if assignment is None:
        raise VoteRejected("This HIT is not yours.")
    assignment_release(assignment=assignment, status=Assignment.Status.RETURNED)


def assignment_release(*, assignment: Assignment, status: Assignment.Status, due: datetime | None = None) -> bool:
    """End an active lease and free its slot. The HIT is locked first, as in a claim, so the two cannot deadlock.

    Args:
        assignment: Whose lease ends; one that is answered whole is submitted.
        status: What it becomes.
        due: End it only if it ran out before this moment, asked again under the lock: it may have been extended since.

    Returns:
        Whether it was ended.
    """
    with transaction.atomic():
        locked = assignment_lock(assignment.pk)
        if locked.status != Assignment.Status.ACTIVE or (due is not None and locked.lease_until >= due):
            return False
        now = timezone.now()
        if not items_missing(locked):
            assignment_submit_locked(assignment=locked, now=now)
            return True
        Assignment.objects.filter(pk=locked.pk).update(status=status)
        slots_settle(hit=locked.hit)
    return True


def assignments_expire(*, now: datetime, limit: int = 1000) -> int:
    """End leases that ran out, in whatever campaign; returns how many.

    Asked of one campaign, SQLite would walk over all its HITs instead of the index of leases that are due, and a claim
    would cost more the larger the campaign is.
    """
    due = Assignment.objects.filter(status=Assignment.Status.ACTIVE, lease_until__lt=now).order_by("lease_until")
    return sum(
        assignment_release(assignment=assignment, status=Assignment.Status.EXPIRED, due=now)
        for assignment in due.only("pk")[:limit]
    )
