"""Votes by the short way at the same moment as something that would forbid them: in before it, or not at all."""

from __future__ import annotations

from collections.abc import Callable
from threading import Thread
from time import sleep
from typing import Any

import pytest
from django.db import connections, transaction

from annotation.models import Round, UncountedVote, Vote
from annotation.services.answers import Answer
from annotation.services.rounds import round_close
from annotation.services.tickets import ticket_make, ticket_read
from annotation.services.votes import votes_record
from annotation.services.votes_quick import vote_record_quick
from tests.annotation.services.people import answer, claim, expire, person, undone

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("rows_agree")]


@pytest.fixture
def assignment(open_round: Round) -> Any:
    return claim(open_round.campaign, person("bob"))


def quick(assignment: Any, given: Answer) -> bool:
    ticket = ticket_read(ticket_make(assignment=assignment, campaign=assignment.campaign))
    return vote_record_quick(ticket=ticket, answer=given)


def first(assignment: Any, what: str = "left", position: int = 0) -> Answer:
    question = assignment.hit.questions.get(position=position)
    return answer(question.pk, what, place=4 * position)


def meanwhile(work: Callable[[], Any]) -> tuple[Thread, list[Any]]:
    """Do it in another thread, with a connection of its own."""
    found: list[Any] = []

    def run() -> None:
        try:
            found.append(work())
        except BaseException as error:
            found.append(error)
        finally:
            connections.close_all()

    thread = Thread(target=run)
    thread.start()
    return thread, found


def end(thread: Thread, found: list[Any]) -> Any:
    thread.join(30)
    assert len(found) == 1, "it is still waiting"
    if isinstance(found[0], BaseException):
        raise found[0]
    return found[0]


def test_a_vote_waits_for_a_round_that_is_being_closed_and_is_not_counted(assignment: Any) -> None:
    with transaction.atomic():
        round_close(round=assignment.hit.round)
        voting = meanwhile(lambda: quick(assignment, first(assignment)))
        sleep(0.3)
        assert voting[0].is_alive()
    assert end(*voting) is False
    assert not Vote.objects.exists()


def test_a_round_waits_for_a_vote_before_it_closes(assignment: Any) -> None:
    given = first(assignment)
    with transaction.atomic():
        assert quick(assignment, given) is True
        closing = meanwhile(lambda: round_close(round=assignment.hit.round).status)
        sleep(0.3)
        assert closing[0].is_alive()
    assert end(*closing) == "closing"
    assert Vote.objects.get().client_id == given.client_id


def test_an_answer_that_is_being_taken_back_does_not_slip_in(assignment: Any) -> None:
    given = first(assignment)
    with transaction.atomic():
        votes_record(assignment_id=assignment.pk, worker=assignment.worker, answers=[undone(given)], submit=False)
        voting = meanwhile(lambda: quick(assignment, given))
        sleep(0.3)
        assert voting[0].is_alive()
    assert end(*voting) is False
    assert not Vote.objects.exists()
    assert UncountedVote.objects.get().reason == "withdrawn"


def test_votes_that_race_the_closing_of_their_round_are_in_before_it_or_not_at_all(open_round: Round) -> None:
    held = [claim(open_round.campaign, person(number)) for number in range(4)]

    def vote(assignment: Any) -> list[Any]:
        size = assignment.hit.questions.count()
        given = [first(assignment, "left", position) for position in range(size)]
        return [one.client_id for one in given if quick(assignment, one)]

    voting = [meanwhile(lambda one=one: vote(one)) for one in held]
    while not Vote.objects.exists():
        sleep(0.001)
    round_close(round=open_round)
    at_closing = set(Vote.objects.values_list("client_id", flat=True))
    acknowledged = {client_id for one in voting for client_id in end(*one)}
    assert acknowledged == at_closing == set(Vote.objects.values_list("client_id", flat=True))


def test_two_who_race_for_one_slot_fill_it_once(open_round: Round) -> None:
    lost = claim(open_round.campaign, person("bob"))
    others = [claim(open_round.campaign, person(number)) for number in range(4)]
    given = [first(lost, "left", position) for position in range(lost.hit.questions.count())]
    voting = meanwhile(lambda: [one.client_id for one in given if quick(lost, one)])
    expire(lost)
    heir = claim(open_round.campaign, person("heir"))
    mine = [first(heir, "right", position) for position in range(len(given))]
    saved = [one.client_id for one in mine if quick(heir, one)]
    saved += end(*voting)
    assert set(saved) == set(Vote.objects.values_list("client_id", flat=True))
    assert len(saved) == Vote.objects.filter(slot=lost.slot).count() == len(given)
    assert all(one.status == "active" for one in others)


def test_the_same_answer_sent_twice_at_once_is_one_vote(assignment: Any) -> None:
    size = assignment.hit.questions.count()
    given = [first(assignment, "left", position) for position in range(size)]
    twice = [meanwhile(lambda: [quick(assignment, one) for one in given]) for _ in range(2)]
    one, other = (end(*each) for each in twice)
    assert [a + b for a, b in zip(one, other, strict=True)] == [1] * size
    assert Vote.objects.count() == size
