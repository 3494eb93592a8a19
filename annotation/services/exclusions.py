"""What exclusion does to answers: they leave their slots, which are asked again; and come back where there is room.

One HIT at a time, each in a transaction of its own. Rows are locked in one order: the participation, the HIT, its
assignments. The participation is locked so that an exclusion under way and somebody who takes it back do not undo each
other's HITs: each step first looks whether it is still wanted.
"""

from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from annotation.models import Assignment, Hit, Participation, Question, Round, UncountedVote, Vote
from annotation.services.submission import HELD, assignment_lock, slots_settle
from annotation.services.uncounted import votes_uncount

_EXCLUDED = Participation.Standing.EXCLUDED
_OPEN = (Round.Status.OPEN, Round.Status.CLOSING)


def exclusion_apply(*, participation: Participation) -> int:
    """Take an excluded worker's answers out of rounds that are not closed; returns how many HITs this concerned.

    Safe to run again, and at the same time: what is done is done, and a worker who was reinstated is left alone.
    """
    done = 0
    # Until nothing changes: a claim that was under way when the worker was excluded may add one.
    while keys := list(_assignments(participation).exclude(status=Assignment.Status.EXCLUDED)):
        changed = sum(_exclude(participation.pk, key, timezone.now()) for key in keys)
        if not changed:
            break
        done += changed
    return done


def exclusion_lift(*, participation: Participation) -> tuple[int, int]:
    """Put a reinstated worker's answers back as far as there is room.

    Returns:
        Answers that count again, and answers that do not, for which others have answered meanwhile.
    """
    counts = [
        _reinstate(participation.pk, key)
        for key in list(_assignments(participation).filter(status=Assignment.Status.EXCLUDED))
    ]
    return sum(back for back, _ in counts), sum(kept for _, kept in counts)


def exclusions_finish(*, limit: int = 20) -> int:
    """Go on with exclusions that were not finished: their process died, or a claim slipped through beside them."""
    theirs = Assignment.objects.filter(worker=OuterRef("worker"), campaign=OuterRef("campaign"))
    left = theirs.filter(hit__round__status__in=_OPEN).exclude(status=Assignment.Status.EXCLUDED)
    unfinished = list(Participation.objects.filter(Exists(left), standing=_EXCLUDED).order_by("pk")[:limit])
    for participation in unfinished:
        exclusion_apply(participation=participation)
    return len(unfinished)


def _assignments(participation: Participation) -> QuerySet[Assignment, int]:
    """Primary keys of a worker's assignments in rounds that are not closed."""
    rows = Assignment.objects.filter(
        campaign=participation.campaign_id, worker=participation.worker_id, hit__round__status__in=_OPEN
    )
    return rows.order_by("pk").values_list("pk", flat=True)


def _stands(participation_id: int) -> str:
    """The standing, held until the transaction ends."""
    locked = Participation.objects.select_for_update(no_key=True).get(pk=participation_id)
    return str(locked.standing)


def _exclude(participation_id: int, assignment_id: int, now: datetime) -> bool:
    with transaction.atomic():
        if _stands(participation_id) != _EXCLUDED:
            return False
        assignment = assignment_lock(assignment_id)
        if assignment.status == Assignment.Status.EXCLUDED or assignment.hit.round.status not in _OPEN:
            return False
        votes_uncount(votes=Vote.objects.filter(assignment=assignment), reason=UncountedVote.Reason.EXCLUDED, now=now)
        assignment.status = Assignment.Status.EXCLUDED
        assignment.save(update_fields=["status"])
        _reopen(assignment.hit)
    return True


def _reopen(hit: Hit) -> None:
    """Ask for what a HIT misses now.

    Somebody may have finished a slot in which the excluded worker had answered first. They hand it back, though theirs
    is done (and paid): only a slot without a holder is given to others.
    """
    if hit.round.status != Round.Status.OPEN:
        return
    finished = hit.assignments.filter(status=Assignment.Status.SUBMITTED).values_list("pk", "slot")
    incomplete = [key for key, slot in finished if _missing(hit, slot)]
    Assignment.objects.filter(pk__in=incomplete).update(status=Assignment.Status.RETURNED)
    slots_settle(hit=hit)


def _missing(hit: Hit, slot: int) -> bool:
    asked = Question.objects.filter(hit=hit, wanted__gt=slot).count()
    return Vote.objects.filter(question__hit=hit, slot=slot).count() < asked


def _reinstate(participation_id: int, assignment_id: int) -> tuple[int, int]:
    """Bring one HIT's answers back; returns how many count again and how many do not."""
    with transaction.atomic():
        if _stands(participation_id) == _EXCLUDED:
            return 0, 0
        assignment = assignment_lock(assignment_id)
        if assignment.status != Assignment.Status.EXCLUDED:
            return 0, 0
        kept = list(
            UncountedVote.objects.filter(assignment=assignment, reason=UncountedVote.Reason.EXCLUDED).order_by("pk")
        )
        back = _fill(assignment, kept)
        UncountedVote.objects.filter(pk__in=[one.pk for one in back]).delete()
        assignment.status = _status_after(assignment)
        assignment.save(update_fields=["status"])
        slots_settle(hit=assignment.hit)
    return len(back), len(kept) - len(back)


def _fill(assignment: Assignment, kept: list[UncountedVote]) -> list[UncountedVote]:
    """Put answers into slots that nobody holds: that which they filled, else another; returns those that found room."""
    hit = assignment.hit
    held = set(hit.assignments.filter(status__in=HELD).values_list("slot", flat=True))
    wanted = dict(Question.objects.filter(hit=hit).order_by().values_list("pk", "wanted"))
    given = set(Vote.objects.filter(question__hit=hit).order_by().values_list("question", "slot"))
    mine = set(Vote.objects.filter(question__hit=hit, worker=assignment.worker_id).values_list("question", flat=True))
    back = []
    for one in kept:
        first = assignment.slot if one.slot is None else one.slot
        asks = {slot for slot in range(wanted[one.question_id]) if (one.question_id, slot) not in given}
        free = sorted(asks - held, key=first.__ne__)  # the slot that it filled before any other
        if not free or one.question_id in mine:
            continue
        given.add((one.question_id, free[0]))
        mine.add(one.question_id)
        back.append((one, free[0]))
    Vote.objects.bulk_create(Vote(**one.as_given(), slot=slot) for one, slot in back)
    return [one for one, _ in back]


def _status_after(assignment: Assignment) -> Assignment.Status:
    """Submitted where the HIT was handed in and its slot is whole again and nobody else's; else a lease that ended.

    Who lost a lease may go on where there is room, and answers under it are found if the worker is excluded again.
    """
    hit, slot = assignment.hit, assignment.slot
    taken = hit.assignments.filter(slot=slot, status__in=HELD).exists()
    if assignment.submitted and not taken and not _missing(hit, slot):
        return Assignment.Status.SUBMITTED
    return Assignment.Status.EXPIRED
