"""Annotators of the tests of leases and votes: what they do, in one word each."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.utils import timezone

from annotation.models import Assignment, Hit, Probe, Question
from annotation.selectors.queue import STRIDE, assignment_questions
from annotation.services.answers import Answer, Receipt
from annotation.services.assignments import assignment_claim, assignment_return, assignments_expire
from annotation.services.proposals import round_propose_balanced
from annotation.services.rounds import round_open
from annotation.services.votes import votes_record
from annotation.services.workers import worker_get
from tests.factories import small_campaign


def person(name: object) -> Any:
    return worker_get(channel="test", external_id=str(name))


def people(count: int) -> list[Any]:
    return [person(number) for number in range(count)]


def opened(owner: Any, collection: Any, *, hits: int | None = None, **settings: Any) -> Any:
    """A campaign with an open round; of the first few HITs only, where their number is given."""
    campaign = small_campaign(owner=owner, collection=collection, **settings)
    round = round_open(round=round_propose_balanced(campaign=campaign, per_stimulus=3))
    if hits is not None:
        round.questions.filter(hit__number__gt=hits).delete()
        Hit.objects.filter(round=round, number__gt=hits).delete()
    return round


def claim(campaign: Any, worker: Any) -> Any:
    return assignment_claim(campaign=campaign, worker=worker)


def answers(assignment: Any, what: str = "left", count: int | None = None) -> list[Answer]:
    """Answers to the first `count` items that the worker has still to answer, or to all."""
    asked = assignment_questions(assignment)[:count]
    return [answer(item.question_id, what if item.kind == "triplet" else "0", place=item.place) for item in asked]


def chosen(assignment: Any, choices: str) -> list[Answer]:
    """Answers to the triplets that the worker has still to answer: a, b or x (can't tell), by their positions."""
    given = []
    for item in assignment_questions(assignment):
        choice = choices[item.place // STRIDE]
        candidate = Question.objects.values_list("a" if choice == "a" else "b", flat=True).get(pk=item.question_id)
        side = "left" if item.sides[0].pk == candidate else "right"
        given.append(answer(item.question_id, "cant-tell" if choice == "x" else side, place=item.place))
    return given


def answer(question: int, what: str = "left", **fields: Any) -> Answer:
    return Answer(**{"question_id": question, "answer": what, "response_ms": 700, "client_id": uuid4(), **fields})


def record(assignment: Any, *given: Answer, worker: Any = None, submit: bool = True) -> Receipt:
    return votes_record(assignment_id=assignment.pk, worker=worker or assignment.worker, answers=given, submit=submit)


def undone(given: Answer) -> Answer:
    return Answer(**{**vars(given), "withdrawn": True})


def whole(assignment: Any, what: str = "left") -> Any:
    """Answer everything and leave it open, as the page does while answers can be taken back."""
    receipt = record(assignment, *answers(assignment, what), submit=False)
    assert (receipt.remaining, receipt.submitted) == (0, False)
    return assignment


def probe(assignment: Any, place: int = 1) -> Any:
    """A repeat of the first question, dealt to an assignment."""
    question = assignment.hit.questions.get(position=0)
    return Probe.objects.create(
        assignment=assignment, worker=assignment.worker, question=question, kind="repeat", place=place, left="a"
    )


def finish(assignment: Any, what: str = "left") -> Receipt:
    return record(assignment, *answers(assignment, what))


def give_back(assignment: Any) -> None:
    assignment_return(assignment_id=assignment.pk, worker=assignment.worker)


def expire(assignment: Any) -> int:
    """Let the lease run out; returns how many leases ended."""
    Assignment.objects.filter(pk=assignment.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    return assignments_expire(now=timezone.now())


def status(assignment: Any) -> str:
    return str(Assignment.objects.values_list("status", flat=True).get(pk=assignment.pk))


def open_slots(assignment: Any) -> int:
    return int(Hit.objects.values_list("open_slots", flat=True).get(pk=assignment.hit_id))
