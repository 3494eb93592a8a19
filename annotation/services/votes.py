"""Votes: recorded once, whatever the network does."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from annotation.errors import VoteRejected
from annotation.models import Assignment, Campaign, Question, Round, Vote, Worker
from annotation.selectors.queue import left_candidate
from annotation.services.assignments import assignment_revive, lease_extend

Side = Literal["left", "right"]
# A day: longer is not thinking, it is a machine that slept. Kept within what the column holds.
MAX_RESPONSE_MS = 86_400_000


@dataclass(frozen=True)
class Answer:
    """One answer as the client saw it."""

    question_id: int
    side: Side
    response_ms: int
    client_id: UUID


@dataclass(frozen=True)
class Receipt:
    """What the server has now."""

    saved: list[UUID]  # in the database, by this or an earlier call
    superseded: list[UUID]  # this worker had answered the question before under another client id; that answer counts
    remaining: int  # questions of the HIT that this worker has yet to answer
    submitted: bool


def votes_record(*, assignment_id: int, worker: Worker, answers: Sequence[Answer]) -> Receipt:
    """Record answers to the questions of one assignment; all or none of those that are new.

    Sending an answer again, with the same client id, changes nothing and is answered alike.

    Raises:
        VoteRejected: The assignment is not this worker's, was given to somebody else, its round is closed, or a
            question is not in it.
    """
    now = timezone.now()
    with transaction.atomic():
        assignment = (
            Assignment.objects.select_for_update(of=("self",), no_key=True)
            .select_related("hit__round__campaign")
            .filter(pk=assignment_id, worker=worker)
            .first()
        )
        if assignment is None:
            raise VoteRejected("This HIT is not yours.")
        known = _known(worker, answers)
        fresh = {answer.client_id: answer for answer in answers if answer.client_id not in known}
        superseded = _record_fresh(assignment, list(fresh.values()), now) if fresh else []
        remaining = _remaining(assignment)
        if remaining == 0 and assignment.status == Assignment.Status.ACTIVE:
            assignment.status, assignment.submitted = Assignment.Status.SUBMITTED, now
            assignment.save(update_fields=["status", "submitted"])
    saved = [answer.client_id for answer in answers if answer.client_id not in superseded]
    return Receipt(saved, superseded, remaining, assignment.status == Assignment.Status.SUBMITTED)


def _known(worker: Worker, answers: Sequence[Answer]) -> set[UUID]:
    """Client ids of answers that an earlier call recorded.

    Raises:
        VoteRejected: An id was used by another worker, or for another question: that is no repetition.
    """
    question_of = {answer.client_id: answer.question_id for answer in answers}
    known = Vote.objects.filter(client_id__in=list(question_of)).order_by()
    rows = list(known.values_list("client_id", "worker", "question"))
    for client_id, worker_id, question_id in rows:
        if worker_id != worker.pk:
            raise VoteRejected(f"The client id {client_id} was used by another worker.")
        if question_id != question_of[client_id]:
            raise VoteRejected(f"The client id {client_id} was used for another question.")
    return {row[0] for row in rows}


def _record_fresh(assignment: Assignment, answers: list[Answer], now: datetime) -> list[UUID]:
    """Insert answers that are new; returns the client ids of those whose question this worker had answered."""
    questions = _questions(assignment, answers)
    done = set(
        Vote.objects.filter(worker=assignment.worker_id, question__in=questions).values_list("question_id", flat=True)
    )
    votes, superseded = [], []
    for answer in answers:
        if answer.question_id in done:
            superseded.append(answer.client_id)
        else:
            done.add(answer.question_id)
            votes.append(_vote(assignment, answer))
    if votes:
        _ensure_held(assignment, now)
        Vote.objects.bulk_create(votes)
    return superseded


def _questions(assignment: Assignment, answers: list[Answer]) -> set[int]:
    asked = {answer.question_id for answer in answers}
    rows = Question.objects.filter(hit=assignment.hit_id, pk__in=asked).order_by()
    known = set(rows.values_list("pk", flat=True))
    if unknown := asked - known:
        raise VoteRejected(f"Question {min(unknown)} is not part of this HIT.")
    return known


def _ensure_held(assignment: Assignment, now: datetime) -> None:
    """The lease must be alive, or its slot still free: then the late answer takes it up again."""
    round = assignment.hit.round
    if round.status != Round.Status.OPEN or round.campaign.status == Campaign.Status.CLOSED:
        raise VoteRejected("This round is closed; it takes no more answers.")
    if assignment.status == Assignment.Status.ACTIVE:
        lease_extend(assignment=assignment, campaign=round.campaign, now=now)
    elif assignment_revive(assignment=assignment, now=now) is None:
        raise VoteRejected("The time for this HIT ran out and it was given to somebody else.")


def _vote(assignment: Assignment, answer: Answer) -> Vote:
    left = left_candidate(seed=assignment.seed, question_id=answer.question_id)
    right = "b" if left == "a" else "a"
    return Vote(
        question_id=answer.question_id,
        assignment=assignment,
        worker_id=assignment.worker_id,
        slot=assignment.slot,
        left=left,
        choice=left if answer.side == "left" else right,
        response_ms=min(max(answer.response_ms, 0), MAX_RESPONSE_MS),
        client_id=answer.client_id,
    )


def _remaining(assignment: Assignment) -> int:
    """Questions of the assignment's slot that nobody has answered yet (an earlier holder may have answered some)."""
    answered = Vote.objects.filter(question=OuterRef("pk"), slot=assignment.slot)
    return Question.objects.filter(~Exists(answered), hit=assignment.hit_id).order_by().count()
