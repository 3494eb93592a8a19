"""The end of an assignment, and what it leads to: where the first votes disagree, the others are asked for.

Rows are locked in one order everywhere, a HIT before its assignments, and no transaction locks two HITs that others
may lock the other way round; so no two can wait for each other.
"""

from collections import Counter
from datetime import datetime

from django.db import transaction
from django.db.models import Count, Q

from annotation.models import CANT_TELL, Assignment, Hit, Question, Round, Vote
from annotation.selectors.queue import items_missing

# An assignment of these has its slot for itself; of the others it lost it.
# What is asked of a locked HIT's round and campaign; a campaign has forty columns, and every claim comes by here.
_NEEDED = (
    "status", "number", "campaign__status", "campaign__votes_first", "campaign__votes_per_question",
    "campaign__lease_minutes", "campaign__choices", "campaign__cant_tell",
)  # fmt: skip
HELD = (Assignment.Status.ACTIVE, Assignment.Status.SUBMITTED)


def hit_lock(hit_id: int) -> Hit:
    """Lock a HIT's row until the transaction ends.

    Not its key (PostgreSQL's FOR NO KEY UPDATE): the check of an assignment's foreign key, which PostgreSQL makes at
    commit, would else wait for this lock while this transaction waits for that assignment.
    """
    hit = Hit.objects.select_for_update(no_key=True).get(pk=hit_id)
    # Not joined to the HIT: PostgreSQL would wait for the HIT and then show the round as it was before the wait.
    hit.round = Round.objects.select_related("campaign").only(*_NEEDED).get(pk=hit.round_id)
    return hit


def assignment_lock(assignment_id: int, hit_id: int | None = None) -> Assignment:
    """Lock an assignment and, before it, its HIT (whose key may be at hand); until the transaction ends."""
    hit = hit_lock(hit_id or Assignment.objects.values_list("hit", flat=True).get(pk=assignment_id))
    locked = Assignment.objects.select_for_update(no_key=True).get(pk=assignment_id)
    locked.hit = hit
    return locked


def assignment_submit(*, assignment_id: int, now: datetime, hit_id: int | None = None) -> bool:
    """Submit an assignment if all of it is answered; returns whether it is submitted now."""
    with transaction.atomic():
        assignment = assignment_lock(assignment_id, hit_id)
        if assignment.status == Assignment.Status.ACTIVE and not items_missing(assignment):
            assignment_submit_locked(assignment=assignment, now=now)
    return assignment.status == Assignment.Status.SUBMITTED


def assignment_submit_locked(*, assignment: Assignment, now: datetime) -> None:
    """Submit an active assignment that is answered whole and locked."""
    assignment.status, assignment.submitted = Assignment.Status.SUBMITTED, now
    assignment.save(update_fields=["status", "submitted"])
    votes_ask_more(hit=assignment.hit)


def votes_ask_more(*, hit: Hit) -> int:
    """Once a locked HIT has its first votes, ask for the rest on the questions where these are not all alike.

    "Can't tell" agrees with nothing. A HIT is looked at when its first slots are full and nobody works on it any more
    (they could still take an answer back), and gets its later slots then. It is looked at again where first votes were
    excluded and replaced; who had finished a later slot then hands it back if it asks more now.

    Returns:
        How many questions are asked on.
    """
    campaign = hit.round.campaign
    first, whole = campaign.votes_first, campaign.votes_per_question
    if first is None or hit.assignments.filter(status=Assignment.Status.ACTIVE).exists():
        return 0
    questions = Question.objects.filter(hit=hit).order_by()
    if Vote.objects.filter(question__hit=hit, slot__lt=first).count() < first * questions.count():
        return 0
    counted = questions.filter(wanted=first).annotate(
        different=Count("votes__choice", distinct=True), unsure=Count("votes", filter=Q(votes__choice=CANT_TELL))
    )
    split = list(counted.filter(Q(different__gt=1) | Q(unsure__gt=0)).values_list("pk", flat=True))
    if split:
        Question.objects.filter(pk__in=split).update(wanted=whole)
        hit.assignments.filter(status=Assignment.Status.SUBMITTED, slot__gte=first).update(
            status=Assignment.Status.RETURNED
        )
        hit.slots = whole
        _count_open(hit)
    return len(split)


def slots_settle(*, hit: Hit) -> None:
    """Bring a locked HIT up to date after votes or holders of it changed otherwise than by a claim or a submission.

    Its open slots are counted anew: those that nobody holds and that miss a vote. Nothing is open in a closed round.
    """
    if hit.round.status == Round.Status.OPEN and not votes_ask_more(hit=hit):
        _count_open(hit)


def _count_open(hit: Hit) -> None:
    held = set(hit.assignments.filter(status__in=HELD).values_list("slot", flat=True))
    wanted = list(Question.objects.filter(hit=hit).order_by().values_list("wanted", flat=True))
    given = Counter(Vote.objects.filter(question__hit=hit).order_by().values_list("slot", flat=True))
    free = set(range(hit.slots)) - held
    hit.open_slots = sum(given[slot] < sum(one > slot for one in wanted) for slot in free)
    hit.save(update_fields=["slots", "open_slots"])
