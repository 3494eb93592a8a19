"""Answers that come when their lease is over: they take it up again, fill another slot, or are kept and not counted."""

import pytest

from annotation.models import Assignment, Campaign, Participation, UncountedVote, Vote
from annotation.selectors.queue import assignment_questions
from annotation.services.participations import participation_get
from annotation.services.rounds import round_close
from tests.annotation.services.invariants import unanswered
from tests.annotation.services.people import (
    answer,
    answers,
    chosen,
    claim,
    expire,
    finish,
    give_back,
    open_slots,
    opened,
    people,
    person,
    record,
    status,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rows_agree")]


@pytest.fixture
def round(alice, collection):
    """Two HITs of four questions, three votes each."""
    return opened(alice, collection, hits=2, hit_size=4, votes_per_question=3)


def kept():
    return list(UncountedVote.objects.order_by("pk").values_list("reason", flat=True))


def work_off(round, *workers):
    """Everybody answers until nothing is left for any of them."""
    for worker in workers:
        while (assignment := claim(round.campaign, worker)) is not None:
            assert finish(assignment).submitted


@pytest.mark.parametrize("lose", [give_back, expire])
def test_late_answers_take_the_lease_up_again_while_the_slot_is_free(round, lose):
    mine = claim(round.campaign, person("bob"))
    given = answers(mine)
    lose(mine)
    receipt = record(mine, *given[:2])
    assert (receipt.remaining, receipt.uncounted) == (2, {})
    assert status(mine) == "active"
    assert open_slots(mine) == 2
    assert record(mine, *given[2:]).submitted


def test_late_answers_take_another_slot_where_theirs_was_given_away(round):
    mine = claim(round.campaign, person("bob"))
    given = answers(mine)
    give_back(mine)
    for worker in people(2):
        claim(round.campaign, worker)  # slots 1 and 2; the next takes the one that was lost
    theirs = claim(round.campaign, person("carol"))
    assert (theirs.hit_id, theirs.slot) == (mine.hit_id, mine.slot)
    give_back(claim(round.campaign, person(0)))
    assert record(mine, *given).submitted
    assert Assignment.objects.get(pk=mine.pk).slot == 1
    assert finish(theirs).submitted


def crowded_out(round):
    """Somebody who lost a HIT, all of whose slots others hold now; and what they answered."""
    late = claim(round.campaign, person("late"))
    given = answers(late)
    expire(late)
    holders = [claim(round.campaign, worker) for worker in people(3)]
    assert {one.hit_id for one in holders} == {late.hit_id}
    return late, given, holders


def test_late_answers_that_find_no_room_are_kept_and_do_not_count(round):
    late, given, holders = crowded_out(round)
    receipt = record(late, *given)
    assert (receipt.saved, set(receipt.uncounted.values())) == ([], {"late"})
    assert set(receipt.uncounted) == {one.client_id for one in given}
    assert not Vote.objects.exists()
    for holder in holders:
        assert finish(holder).submitted
    assert record(late, *given) == record(late, *given)
    assert kept() == ["late"] * 4


def test_a_late_answer_that_was_kept_can_be_given_again_once_there_is_room(round):
    late, given, holders = crowded_out(round)
    record(late, *given)
    give_back(holders[0])
    work_off(round, late.worker, *people(4))
    assert unanswered() == []


def elsewhere(round):
    """Somebody who lost a HIT and holds another meanwhile, so that late answers cannot take the old one up again."""
    late = claim(round.campaign, person("late"))
    given = answers(late)
    give_back(late)
    other = claim(round.campaign, late.worker)
    assert other.hit_id != late.hit_id
    return late, given, other


def test_late_answers_fill_a_free_slot_though_their_worker_holds_another_hit(round):
    late, given, other = elsewhere(round)
    assert record(late, *given).uncounted == {}
    assert (status(late), status(other)) == ("returned", "active")
    assert open_slots(late) == 2
    assert finish(other).submitted
    work_off(round, *people(3))
    assert unanswered() == []


def test_a_slot_that_late_answers_filled_is_given_to_nobody(round):
    """Not even where nobody ever held it."""
    late, given, _ = elsewhere(round)
    first = claim(round.campaign, person("first"))
    Assignment.objects.filter(pk=first.pk).update(slot=0)  # the lost slot; those that nobody had are free
    record(late, *given)
    assert set(Vote.objects.values_list("slot", flat=True)) == {1}
    second = claim(round.campaign, person("second"))
    assert (second.hit_id, second.slot) == (late.hit_id, 2)
    assert claim(round.campaign, person("third")).hit_id != late.hit_id


def test_a_slot_that_late_answers_filled_in_part_is_finished_by_somebody_else(round):
    late, given, other = elsewhere(round)
    record(late, *given[:3])
    assert open_slots(late) == 3
    finish(other)
    work_off(round, *people(3))
    assert unanswered() == []


def test_who_answered_in_another_slot_goes_on_there(round):
    """Some late answers went into another slot, then the old slot is free again: its worker could not fill that."""
    late, given, other = elsewhere(round)
    theirs = claim(round.campaign, person("theirs"))
    assert theirs.hit_id == late.hit_id
    Assignment.objects.filter(pk=theirs.pk).update(slot=0)
    record(late, *given[:2])
    assert set(Vote.objects.values_list("slot", flat=True)) == {1}
    give_back(theirs)
    assert finish(other).submitted
    again = claim(round.campaign, late.worker)
    assert (again, again.slot) == (late, 1)
    assert [item.question_id for item in assignment_questions(again)] == [one.question_id for one in given[2:]]
    assert record(again, *given[2:]).submitted
    work_off(round, late.worker, *people(4))
    assert unanswered() == []


def test_answers_after_the_end_of_the_round_are_kept(round):
    mine = claim(round.campaign, person("bob"))
    given = answers(mine)
    record(mine, given[0])
    round_close(round=round)
    receipt = record(mine, *given)
    assert receipt.saved == [given[0].client_id]
    assert set(receipt.uncounted.values()) == {"closed"}
    assert Vote.objects.count() == 1
    assert kept() == ["closed"] * 3


def test_answers_to_a_closed_campaign_are_kept(round):
    mine = claim(round.campaign, person("bob"))
    Campaign.objects.update(status="closed")
    assert set(record(mine, *answers(mine)).uncounted.values()) == {"closed"}
    assert not Vote.objects.exists()


def test_answers_of_an_excluded_assignment_are_kept(round):
    mine = claim(round.campaign, person("bob"))
    give_back(mine)  # its slot is free, and stays so
    Assignment.objects.filter(pk=mine.pk).update(status="excluded")
    receipt = record(mine, *answers(mine))
    assert set(receipt.uncounted.values()) == {"excluded"}
    assert not Vote.objects.exists()
    assert status(mine) == "excluded"


def test_late_answers_of_an_excluded_worker_are_kept(round):
    """They had given the HIT back when they were excluded."""
    mine = claim(round.campaign, person("bob"))
    given = answers(mine)
    give_back(mine)
    participation = participation_get(campaign=round.campaign, worker=mine.worker)
    Participation.objects.filter(pk=participation.pk).update(standing="excluded")
    assert set(record(mine, *given).uncounted.values()) == {"excluded"}
    assert status(mine) == "returned"


def test_an_answer_to_what_an_earlier_holder_answered_is_kept_or_fills_another_slot(round):
    """Two tabs: one still shows the bundle as it was before its slot went to somebody else and back."""
    mine = claim(round.campaign, person("bob"))
    old = answers(mine)
    give_back(mine)
    for worker in people(2):
        claim(round.campaign, worker)
    theirs = claim(round.campaign, person("theirs"))
    assert (theirs.hit_id, theirs.slot) == (mine.hit_id, mine.slot)
    record(theirs, *answers(theirs, count=1))
    give_back(theirs)
    receipt = record(mine, *old)
    assert list(receipt.uncounted.values()) == ["late"]
    assert receipt.submitted
    assert kept() == ["late"]


def test_nobody_is_given_a_slot_whose_questions_they_answered_in_one_that_is_taken(round):
    late, given, other = elsewhere(round)
    theirs = claim(round.campaign, person("theirs"))
    Assignment.objects.filter(pk=theirs.pk).update(slot=0)
    record(late, *given[:2])  # into slot 1
    finish(other)
    Vote.objects.filter(assignment=late).update(slot=0)  # as if into one where somebody sits now
    assert claim(round.campaign, late.worker) is None
    assert finish(theirs).submitted
    work_off(round, *people(5))
    assert unanswered() == []


def test_a_question_that_a_slot_does_not_ask_takes_no_vote(alice, collection):
    round = opened(alice, collection, hits=1, hit_size=4, votes_first=2, votes_per_question=3)
    for worker, choices in zip(people(2), ("aaaa", "abab"), strict=True):
        mine = claim(round.campaign, worker)
        record(mine, *chosen(mine, choices))
    later = claim(round.campaign, person("later"))
    agreed = round.questions.filter(position__in=(0, 2)).values_list("pk", flat=True)
    receipt = record(later, *(answer(question) for question in agreed))
    assert list(receipt.uncounted.values()) == ["late"] * 2
    assert Vote.objects.count() == 8
