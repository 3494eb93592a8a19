"""The end of an assignment by claim, by return, by time; and whom 3-then-5 asks after it."""

import pytest
from django.utils import timezone

from annotation.models import Assignment, Question, UncountedVote
from annotation.selectors.queue import assignment_questions
from annotation.services.campaigns import campaign_status_set
from annotation.services.conduct import worker_exclude
from annotation.services.participations import participation_get
from annotation.services.rounds import round_close, round_close_complete
from annotation.services.submission import assignment_submit
from tests.annotation.services.invariants import unanswered, wrongly_asked_on
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
    probe,
    record,
    status,
    undone,
    whole,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rows_agree")]


def test_claiming_submits_what_is_answered_whole_and_gives_the_next(open_round):
    first = whole(claim(open_round.campaign, person("bob")))
    second = claim(open_round.campaign, first.worker)
    assert second.hit_id != first.hit_id
    assert status(first) == "submitted"
    assert Assignment.objects.get(pk=first.pk).submitted is not None


def test_returning_submits_what_is_answered_whole(open_round):
    first = whole(claim(open_round.campaign, person("bob")))
    give_back(first)
    assert status(first) == "submitted"
    assert open_slots(first) == first.hit.slots - 1


def test_time_submits_what_is_answered_whole(open_round):
    first = whole(claim(open_round.campaign, person("bob")))
    assert expire(first) == 1
    assert status(first) == "submitted"


def test_an_assignment_with_an_open_question_is_not_submitted(open_round):
    first = claim(open_round.campaign, person("bob"))
    record(first, *answers(first)[:-1])
    assert not assignment_submit(assignment_id=first.pk, now=timezone.now())
    assert status(first) == "active"


def test_a_whole_bundle_is_submitted_though_the_campaign_rests(open_round):
    first = whole(claim(open_round.campaign, person("bob")))
    campaign_status_set(campaign=open_round.campaign, status="paused")
    assert claim(open_round.campaign, first.worker) is None
    assert status(first) == "submitted"


def test_closing_a_round_submits_what_is_answered_whole_and_ends_the_rest(open_round):
    first, second = whole(claim(open_round.campaign, person("bob"))), claim(open_round.campaign, person("carol"))
    record(second, *answers(second)[:-1])
    round_close(round=open_round)
    assert (status(first), status(second)) == ("submitted", "expired")
    assert Assignment.objects.get(pk=first.pk).submitted is not None


def test_a_round_is_complete_only_when_nobody_is_asked_or_answers(alice, collection):
    round = opened(alice, collection, hits=1, votes_per_question=1)
    assert not round_close_complete(round=round)
    assignment = claim(round.campaign, person("bob"))
    assert not round_close_complete(round=round)
    finish(assignment)
    assert round_close_complete(round=round)
    round.refresh_from_db()
    assert round.status == "closing"


def test_who_lost_a_lease_goes_on_where_they_stopped(open_round):
    first = claim(open_round.campaign, person("bob"))
    record(first, *answers(first)[:2])
    expire(first)
    assert claim(open_round.campaign, first.worker).pk == first.pk


def test_submitting_again_changes_nothing(open_round):
    first = claim(open_round.campaign, person("bob"))
    finish(first)
    before = Assignment.objects.get(pk=first.pk).submitted
    assert assignment_submit(assignment_id=first.pk, now=timezone.now())
    assert Assignment.objects.get(pk=first.pk).submitted == before


def test_a_probe_is_part_of_what_remains(open_round):
    first = claim(open_round.campaign, person("bob"))
    dealt = probe(first)
    given = answers(first)
    receipt = record(first, *(one for one in given if one.place != dealt.place))
    assert (receipt.remaining, receipt.submitted) == (1, False)
    receipt = record(first, *(one for one in given if one.place == dealt.place))
    assert (receipt.remaining, receipt.submitted) == (0, True)


@pytest.mark.parametrize("lose", [give_back, expire])
def test_a_slot_with_all_its_votes_is_not_given_out_again_for_a_probe(alice, collection, lose):
    """Only the worker's own probe is unanswered, and nobody else could add anything to that slot."""
    round = opened(alice, collection, hit_size=4, hits=1)
    first = claim(round.campaign, person("bob"))
    dealt = probe(first)
    record(first, *(one for one in answers(first) if one.place != dealt.place))
    lose(first)
    assert status(first) in ("returned", "expired")
    assert open_slots(first) == 4
    for worker in people(4):
        assert finish(claim(round.campaign, worker)).submitted
    assert claim(round.campaign, person("carol")) is None
    assert unanswered() == []


# Three votes at first, two more where they disagree.


@pytest.fixture
def round(alice, collection):
    return opened(alice, collection, hits=1, hit_size=4, votes_first=3, cant_tell=True)


def wanted():
    return list(Question.objects.order_by("hit", "position").values_list("wanted", flat=True))


def first_phase(round, *choices):
    for number, text in enumerate(choices):
        assignment = claim(round.campaign, person(number))
        assert record(assignment, *chosen(assignment, text)).submitted


def test_agreement_of_the_first_three_asks_nobody_else(round):
    first_phase(round, "abab", "abab", "abab")
    assert wanted() == [3, 3, 3, 3]
    assert claim(round.campaign, person("fourth")) is None
    assert unanswered() == []


def test_disagreement_and_doubt_ask_two_more_on_those_questions_only(round):
    first_phase(round, "aaax", "abax", "aaax")
    assert wanted() == [3, 5, 3, 5]
    later = [claim(round.campaign, person(name)) for name in ("fourth", "fifth")]
    for assignment in later:
        assert [item.place for item in assignment_questions(assignment)] == [4, 12]
        assert finish(assignment).submitted
    assert [one.slot for one in later] == [3, 4]
    assert claim(round.campaign, person("sixth")) is None
    assert unanswered() == []
    assert wrongly_asked_on(3, 5) == []


@pytest.mark.parametrize("lose", [give_back, expire])
def test_a_lease_lost_in_the_later_phase_is_finished_by_others(round, lose):
    first_phase(round, "aaaa", "bbbb", "aaaa")
    lost = claim(round.campaign, person("fourth"))
    record(lost, *answers(lost, count=2))
    lose(lost)
    for name in ("fifth", "sixth"):
        assert finish(claim(round.campaign, person(name))).submitted
    assert claim(round.campaign, person("seventh")) is None
    assert unanswered() == []


def test_who_was_first_is_not_asked_again_in_the_later_phase(round):
    first_phase(round, "aaaa", "bbbb", "aaaa")
    assert [claim(round.campaign, worker) for worker in people(3)] == [None] * 3


def test_what_can_still_be_taken_back_does_not_decide_who_else_is_asked(round):
    """The last of three answers against the others, and takes it back before the bundle is submitted."""
    last = claim(round.campaign, person("last"))
    given = chosen(last, "bbbb")
    record(last, *given, submit=False)
    first_phase(round, "aaaa", "aaaa")
    assert wanted() == [3, 3, 3, 3]
    record(last, *(undone(one) for one in given), submit=False)
    assert record(last, *chosen(last, "aaaa")).submitted
    assert wanted() == [3, 3, 3, 3]
    assert wrongly_asked_on(3, 5) == []


def test_answers_that_replace_an_excluded_workers_are_looked_at_too(round, alice):
    """The later slots are done when the first votes change, and disagree now on questions that were not asked on."""
    first_phase(round, "aaaa", "abaa", "aaaa")
    assert wanted() == [3, 5, 3, 3]
    later = [person(name) for name in ("fourth", "fifth")]
    for worker in later:
        finish(claim(round.campaign, worker))
    spammer = participation_get(campaign=round.campaign, worker=person(0))
    worker_exclude(participation=spammer, by=alice)
    replacement = claim(round.campaign, person("sixth"))
    record(replacement, *chosen(replacement, "baab"))
    assert wanted() == [5, 5, 3, 5]
    for worker in later:
        again = claim(round.campaign, worker)
        assert [item.place for item in assignment_questions(again)] == [0, 12]
        assert finish(again).submitted
    assert claim(round.campaign, person("seventh")) is None
    assert unanswered() == []


def test_late_answers_that_complete_the_first_phase_ask_for_the_next(alice, collection):
    """Nobody submits the last slot: answers fill it that come when their worker holds another bundle."""
    round = opened(alice, collection, hits=2, hit_size=4, votes_first=3)
    late = claim(round.campaign, person("late"))
    promised = chosen(late, "bbbb")
    give_back(late)
    other = claim(round.campaign, late.worker)
    assert other.hit_id != late.hit_id
    first_phase(round, "aaaa", "aaaa")
    assert record(late, *promised).uncounted == {}
    assert status(late) == "returned"
    assert wanted() == [5, 5, 5, 5, 3, 3, 3, 3]
    assert not UncountedVote.objects.exists()
    for worker in (late.worker, *people(12)):
        while (assignment := claim(round.campaign, worker)) is not None:
            finish(assignment)
    assert unanswered() == []
    assert wrongly_asked_on(3, 5) == []


def test_late_answers_and_a_submission_in_one_post_ask_on_once(round):
    """The post brings what the slot misses and what another slot misses, and is the HIT's last."""
    lost = claim(round.campaign, person("lost"))
    record(lost, *chosen(lost, "bbbb")[:2])
    give_back(lost)
    first_phase(round, "aaaa", "aaaa")
    assert finish(claim(round.campaign, person("third"))).submitted
    assert wanted()[:2] == [5, 5]
    assert record(lost, answer(Question.objects.get(position=3).pk)).submitted is False
    for worker in people(9):
        while (assignment := claim(round.campaign, worker)) is not None:
            finish(assignment)
    assert unanswered() == []
