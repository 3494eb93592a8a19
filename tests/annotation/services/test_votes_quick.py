"""The short way writes what the long way would, or nothing; and nothing slips past it at the same moment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from annotation.models import Assignment, Campaign, Probe, Question, Round, UncountedVote, Vote
from annotation.services.answers import MAX_RESPONSE_MS, Answer
from annotation.services.proposals import round_propose_balanced
from annotation.services.rounds import round_close, round_open
from annotation.services.tickets import Ticket, ticket_make, ticket_read
from annotation.services.votes_quick import vote_record_quick
from tests.annotation.services.people import answer, claim, expire, finish, open_slots, person, probe, record, undone
from tests.factories import small_campaign

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rows_agree")]


@pytest.fixture
def assignment(open_round: Round) -> Any:
    return claim(open_round.campaign, person("bob"))


def ticket(assignment: Any) -> Ticket:
    return ticket_read(ticket_make(assignment=assignment, campaign=assignment.campaign))


def quick(assignment: Any, given: Answer, **changes: Any) -> bool:
    return vote_record_quick(ticket=replace(ticket(assignment), **changes), answer=given)


def first(assignment: Any, what: str = "left", position: int = 0, **fields: Any) -> Answer:
    question = assignment.hit.questions.get(position=position)
    return answer(question.pk, what, place=4 * position, **fields)


def row(given: Answer) -> dict[str, Any]:
    found = Vote.objects.values().get(client_id=given.client_id)
    return {name: value for name, value in found.items() if name not in ("id", "created", "client_id")}


@pytest.mark.parametrize("what", ["left", "right"])
@pytest.mark.parametrize("position", range(6))  # the left candidate is a for some and b for others
def test_it_writes_the_row_that_the_long_way_writes(assignment: Any, what: str, position: int) -> None:
    given = first(assignment, what, position, response_ms=1234)
    assert quick(assignment, given) is True
    short = row(given)
    assert timezone.now() - Vote.objects.get().created < timedelta(minutes=1)
    Vote.objects.all().delete()
    record(assignment, given, submit=False)
    assert short == row(given)


def test_labels_go_the_short_way_too(alice: Any, collection: Any) -> None:
    campaign = small_campaign(owner=alice, collection=collection, kind="label")
    round_open(round=round_propose_balanced(campaign=campaign))
    assignment = claim(campaign, person("bob"))
    for position, number in enumerate("012"):
        given = first(assignment, number, position)
        assert quick(assignment, given) is True
        assert (row(given)["choice"], row(given)["left"]) == (number, "")
    for what in ("3", "8", "left"):
        assert quick(assignment, first(assignment, what, 4)) is False


def test_a_whole_hit_can_be_answered_by_it_and_is_submitted_by_the_next_claim(assignment: Any) -> None:
    size = assignment.hit.questions.count()
    assert all(quick(assignment, first(assignment, "left", position)) for position in range(size))
    assert Assignment.objects.get().status == "active"
    assert claim(assignment.campaign, assignment.worker).pk != assignment.pk
    assert Assignment.objects.get(pk=assignment.pk).status == "submitted"


def test_most_votes_are_one_message_to_the_database(assignment: Any) -> None:
    given = first(assignment)
    with CaptureQueriesContext(connection) as queries:
        assert quick(assignment, given) is True
    assert len(queries) == 1


def test_a_pause_takes_nothing_back_from_who_is_in_a_hit(assignment: Any) -> None:
    Campaign.objects.update(status="paused")
    assert quick(assignment, first(assignment)) is True


# ---- what is left to the long way -----------------------------------------------------------------------------------


def _lost(assignment: Any) -> None:
    expire(assignment)


def _out_of_time(assignment: Any) -> None:
    Assignment.objects.update(lease_until=timezone.now() - timedelta(seconds=1))


def _nearly_out_of_time(assignment: Any) -> None:
    Assignment.objects.update(lease_until=timezone.now() + timedelta(seconds=20))


def _submitted(assignment: Any) -> None:
    finish(assignment)


def _closing(assignment: Any) -> None:
    round_close(round=assignment.hit.round)


def _campaign_closed(assignment: Any) -> None:
    Campaign.objects.update(status="closed")


@pytest.mark.parametrize("happens", [_lost, _out_of_time, _nearly_out_of_time, _submitted, _closing, _campaign_closed])
def test_a_lease_or_round_that_is_not_open_needs_the_long_way(assignment: Any, happens: Callable[..., Any]) -> None:
    happens(assignment)
    before = list(Vote.objects.values()), list(Assignment.objects.values())
    assert quick(assignment, first(assignment)) is False
    assert before == (list(Vote.objects.values()), list(Assignment.objects.values()))
    assert not UncountedVote.objects.exists()


def test_a_question_that_the_slot_does_not_ask_is_not_answered(assignment: Any) -> None:
    Question.objects.filter(hit=assignment.hit, position=0).update(wanted=assignment.slot)
    assert quick(assignment, first(assignment)) is False
    Question.objects.filter(hit=assignment.hit, position=0).update(wanted=5)
    assert quick(assignment, first(assignment)) is True


def test_an_answer_of_the_wrong_kind_or_to_the_wrong_question_is_left_to_the_long_way(
    assignment: Any, open_round: Round
) -> None:
    elsewhere = open_round.questions.exclude(hit=assignment.hit).first()
    refused = [
        first(assignment, "0"),
        first(assignment, "cant-tell"),
        replace(first(assignment), place=1),  # a probe
        undone(first(assignment)),
        answer(elsewhere.pk, place=0),
        answer(10**12, place=0),
    ]
    assert [quick(assignment, given) for given in refused] == [False] * len(refused)
    assert not Vote.objects.exists()


def test_a_ticket_opens_its_own_assignment_to_its_own_worker_only(assignment: Any) -> None:
    other = claim(assignment.campaign, person("carol"))
    assert quick(assignment, first(assignment), worker_id=other.worker_id) is False
    assert quick(assignment, first(assignment), assignment_id=other.pk) is False
    assert quick(assignment, first(assignment), assignment_id=10**12) is False
    assert not Vote.objects.exists()


def test_an_answer_that_was_sent_before_is_left_to_the_long_way_and_changes_nothing(assignment: Any) -> None:
    given = first(assignment)
    assert quick(assignment, given) is True
    assert quick(assignment, given) is False
    assert quick(assignment, replace(given, answer="right")) is False
    assert quick(assignment, replace(first(assignment, "right"), client_id=uuid4())) is False
    assert record(assignment, given, submit=False).saved == [given.client_id]
    assert Vote.objects.count() == 1


def test_an_answer_that_was_taken_back_before_it_came_does_not_count(assignment: Any) -> None:
    given = first(assignment)
    record(assignment, undone(given), submit=False)
    assert quick(assignment, given) is False
    assert record(assignment, given, submit=False).uncounted == {given.client_id: "withdrawn"}


def test_a_client_id_is_used_once_whoever_uses_it(assignment: Any) -> None:
    given = first(assignment)
    assert quick(assignment, given) is True
    other = claim(assignment.campaign, person("carol"))
    assert quick(other, replace(first(other), client_id=given.client_id)) is False
    dealt = probe(other)
    asked = answer(dealt.question_id, place=dealt.place)
    record(other, asked, submit=False)
    assert Probe.objects.get().client_id == asked.client_id
    assert quick(other, replace(first(other), client_id=asked.client_id)) is False
    assert Vote.objects.count() == 1


def test_a_response_time_out_of_range_is_kept_within_it(assignment: Any) -> None:
    given = first(assignment, response_ms=MAX_RESPONSE_MS * 3)
    assert quick(assignment, given) is True
    assert row(given)["response_ms"] == MAX_RESPONSE_MS


def test_who_lost_the_slot_does_not_vote_in_it(open_round: Round) -> None:
    lost = claim(open_round.campaign, person("bob"))
    taken = [claim(open_round.campaign, person(number)) for number in range(4)]
    expire(lost)
    heir = claim(open_round.campaign, person("heir"))
    assert (heir.hit_id, heir.slot) == (lost.hit_id, lost.slot)
    assert quick(lost, first(lost)) is False
    assert quick(heir, first(heir)) is True
    assert quick(taken[0], first(taken[0])) is True
    assert open_slots(heir) == 0
