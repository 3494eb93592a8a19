"""The end of an assignment, and what it leads to: where the first votes disagree, the others are asked for.

Rows are locked in one order everywhere, a HIT before its assignments, and no transaction locks two HITs that others
may lock the other way round; so no two can wait for each other.
"""

from datetime import datetime

from django.db import transaction
from django.db.models import Count, F, Q

from annotation.models import CANT_TELL, Assignment, Hit, Question, Vote
from annotation.selectors.queue import items_missing


def hit_lock(hit_id: int) -> Hit:
    """Lock a HIT's row until the transaction ends.

    Not its key (PostgreSQL's FOR NO KEY UPDATE): the check of an assignment's foreign key, which PostgreSQL makes at
    commit, would else wait for this lock while this transaction waits for that assignment.
    """
    locked = Hit.objects.select_for_update(no_key=True, of=("self",)).select_related("round__campaign")
    return locked.get(pk=hit_id)


def assignment_lock(assignment_id: int) -> Assignment:
    """Lock an assignment and, before it, its HIT; until the transaction ends."""
    hit = hit_lock(Assignment.objects.values_list("hit", flat=True).get(pk=assignment_id))
    locked = Assignment.objects.select_for_update(no_key=True).get(pk=assignment_id)
    locked.hit = hit
    return locked


def assignment_submit(*, assignment_id: int, now: datetime) -> bool:
    """Submit an assignment if all of it is answered; returns whether it is submitted now."""
    with transaction.atomic():
        assignment = assignment_lock(assignment_id)
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

    "Can't tell" agrees with nothing. A HIT is looked at when its first slots are full, and gets its later slots then.

    Returns:
        How many questions are asked on.
    """
    campaign = hit.round.campaign
    first, whole = campaign.votes_first, campaign.votes_per_question
    if first is None or hit.slots != first:
        return 0
    questions = Question.objects.filter(hit=hit).order_by()
    if Vote.objects.filter(question__hit=hit).count() < first * questions.count():
        return 0
    counted = questions.annotate(
        different=Count("votes__choice", distinct=True), unsure=Count("votes", filter=Q(votes__choice=CANT_TELL))
    )
    split = list(counted.filter(Q(different__gt=1) | Q(unsure__gt=0)).values_list("pk", flat=True))
    if split:
        Question.objects.filter(pk__in=split).update(wanted=whole)
        Hit.objects.filter(pk=hit.pk).update(slots=whole, open_slots=F("open_slots") + whole - first)
    return len(split)
