"""Taking an answer back: it stops counting where that leaves no hole, and is kept in any case."""

from uuid import UUID

import pytest

from annotation.models import Assignment, Probe, UncountedVote, Vote
from annotation.selectors.queue import assignment_items, assignment_questions
from annotation.services.rounds import round_close
from tests.annotation.services.invariants import unanswered
from tests.annotation.services.people import (
    answer,
    answers,
    claim,
    expire,
    finish,
    give_back,
    open_slots,
    opened,
    people,
    person,
    probe,
    record,
    status,
    undone,
    whole,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rows_agree")]


@pytest.fixture
def round(alice, collection):
    """Two HITs of four questions, two votes each."""
    return opened(alice, collection, hits=2, hit_size=4, votes_per_question=2)


@pytest.fixture
def mine(round):
    return claim(round.campaign, person("bob"))


def test_an_answer_that_is_taken_back_counts_no_more_and_can_be_given_anew(mine):
    first = answers(mine, count=1)[0]
    record(mine, first, submit=False)
    receipt = record(mine, undone(first), submit=False)
    assert (receipt.saved, receipt.uncounted, receipt.remaining) == ([], {first.client_id: "withdrawn"}, 4)
    kept = UncountedVote.objects.get()
    assert (kept.client_id, kept.reason, kept.slot) == (first.client_id, "withdrawn", mine.slot)
    second = answer(first.question_id, "right")
    assert record(mine, second, submit=False).saved == [second.client_id]
    assert Vote.objects.get().client_id == second.client_id


def test_an_answer_and_what_replaces_it_come_in_one_post(mine):
    first = answers(mine, count=1)[0]
    record(mine, first, submit=False)
    second = answer(first.question_id, "right")
    receipt = record(mine, undone(first), second, submit=False)
    assert (receipt.saved, receipt.uncounted) == ([second.client_id], {first.client_id: "withdrawn"})


def test_an_answer_taken_back_before_it_came_does_not_count_when_it_comes(mine):
    first = answers(mine, count=1)[0]
    assert record(mine, undone(first), submit=False).uncounted == {first.client_id: "withdrawn"}
    assert record(mine, first, submit=False).uncounted == {first.client_id: "withdrawn"}
    assert not Vote.objects.exists()
    assert UncountedVote.objects.count() == 1


def test_taking_back_twice_is_once(mine):
    first = answers(mine, count=1)[0]
    record(mine, first, submit=False)
    assert record(mine, undone(first), submit=False) == record(mine, undone(first), submit=False)
    assert UncountedVote.objects.count() == 1


def test_after_the_bundle_is_submitted_answers_stay(mine):
    given = answers(mine)
    assert record(mine, *given).submitted
    receipt = record(mine, undone(given[0]))
    assert (receipt.saved, receipt.uncounted) == ([given[0].client_id], {})
    assert Vote.objects.count() == 4


def test_what_comes_taken_back_after_the_bundle_is_submitted_is_kept(mine):
    """It never counted, and the server says that it has it."""
    finish(mine)
    never = answer(Vote.objects.first().question_id, "right", withdrawn=True)
    assert record(mine, never).uncounted == {never.client_id: "withdrawn"}
    assert UncountedVote.objects.get().client_id == never.client_id


def test_a_whole_bundle_is_open_again_when_an_answer_is_taken_back(mine):
    whole(mine)
    item = assignment_items(mine)[0]
    back = answer(item.question_id, item.given.answer, client_id=UUID(item.given.client_id), withdrawn=True)
    assert record(mine, back, submit=False).remaining == 1
    assert [item.given is None for item in assignment_items(mine)] == [True, False, False, False]
    assert claim(mine.campaign, mine.worker) == mine
    assert finish(mine).submitted


def test_out_of_a_slot_that_somebody_else_took_over_nothing_is_taken_back(round, mine):
    """Whoever has it was not asked that question, and nobody else would be."""
    first = answers(mine, count=1)[0]
    record(mine, first, submit=False)
    give_back(mine)
    claim(round.campaign, person("other slot"))
    theirs = claim(round.campaign, person("same slot"))
    assert (theirs.hit_id, theirs.slot) == (mine.hit_id, mine.slot)
    for _ in range(2):
        assert record(mine, undone(first)).saved == [first.client_id]
        assert Vote.objects.filter(client_id=first.client_id).exists()
        finish(theirs)
    assert status(theirs) == "submitted"


@pytest.mark.parametrize("lose", [give_back, expire])
def test_out_of_a_lost_slot_that_is_free_an_answer_is_taken_back(mine, lose):
    given = answers(mine, count=2)
    record(mine, *given, submit=False)
    lose(mine)
    assert record(mine, undone(given[0])).uncounted == {given[0].client_id: "withdrawn"}
    assert Vote.objects.get().client_id == given[1].client_id
    assert open_slots(mine) == 2


def test_out_of_another_slot_that_is_still_open_a_late_answer_is_taken_back(round, mine):
    given = answers(mine)
    give_back(mine)
    claim(round.campaign, mine.worker)  # another HIT: late answers fill a slot and do not take the lease up again
    record(mine, *given[:3])
    assert record(mine, undone(given[0])).uncounted == {given[0].client_id: "withdrawn"}
    assert record(mine, given[3]).saved == [given[3].client_id]
    assert open_slots(mine) == 2
    for worker in people(4):
        while (assignment := claim(round.campaign, worker)) is not None:
            assert finish(assignment).submitted
    assert unanswered() != []  # the HIT that bob holds
    finish(claim(round.campaign, mine.worker))
    assert unanswered() == []


def test_out_of_a_slot_that_is_full_a_late_answer_is_not_taken_back(round, mine):
    given = answers(mine)
    give_back(mine)
    claim(round.campaign, mine.worker)
    record(mine, *given)
    assert open_slots(mine) == 1
    assert record(mine, undone(given[0])).uncounted == {}
    assert Vote.objects.count() == 4


def test_nothing_is_taken_back_out_of_a_closed_round(round, mine):
    first = answers(mine, count=1)[0]
    record(mine, first, submit=False)
    round_close(round=round)
    assert record(mine, undone(first)).saved == [first.client_id]
    assert Vote.objects.count() == 1


def test_what_an_excluded_worker_takes_back_is_kept_as_excluded(mine):
    given = answers(mine, count=1)[0]
    give_back(mine)
    Assignment.objects.filter(pk=mine.pk).update(status="excluded")
    assert record(mine, given).uncounted == {given.client_id: "excluded"}
    assert record(mine, undone(given)).uncounted == {given.client_id: "excluded"}


# Probes are taken back like questions.


@pytest.fixture
def dealt(mine):
    return probe(mine)


def test_the_answer_to_a_probe_is_taken_back_and_kept(mine, dealt):
    first = answer(dealt.question_id, place=dealt.place)
    record(mine, first, submit=False)
    assert record(mine, undone(first), submit=False).uncounted == {first.client_id: "withdrawn"}
    assert Probe.objects.get().choice == ""
    kept = UncountedVote.objects.get()
    assert (kept.client_id, kept.choice, kept.left) == (first.client_id, "a", "a")
    # Its first post was on the way twice; the other comes now.
    assert record(mine, first, submit=False).uncounted == {first.client_id: "withdrawn"}
    second = answer(dealt.question_id, "right", place=dealt.place)
    assert record(mine, second, submit=False).saved == [second.client_id]
    assert Probe.objects.get().choice == "b"


def test_a_probe_answer_taken_back_before_it_came_does_not_count(mine, dealt):
    first = answer(dealt.question_id, place=dealt.place)
    record(mine, undone(first), submit=False)
    record(mine, first, submit=False)
    assert Probe.objects.get().choice == ""
    assert len([item for item in assignment_questions(mine) if item.place == dealt.place]) == 1


def test_after_the_bundle_is_submitted_the_answer_to_a_probe_stays(mine, dealt):
    given = answers(mine)
    assert record(mine, *given).submitted
    first = next(one for one in given if one.place == dealt.place)
    assert record(mine, undone(first)).saved == [first.client_id]
    assert Probe.objects.get().client_id == first.client_id
    assert not UncountedVote.objects.exists()
