"""Excluded answers leave their slots and come back where there is room; every question still gets exactly K votes."""

import random
from collections import Counter
from uuid import uuid4

import pytest

from annotation.models import Assignment, Hit, Participation, Question, Round, UncountedVote, Vote
from annotation.selectors.queue import assignment_questions
from annotation.services.answers import Answer
from annotation.services.assignments import assignment_claim, assignment_return
from annotation.services.conduct import worker_exclude, worker_reinstate
from annotation.services.exclusions import exclusion_apply, exclusion_lift, exclusions_finish
from annotation.services.proposals import round_propose_balanced
from annotation.services.rounds import round_close, round_finish, round_open
from annotation.services.votes import votes_record
from annotation.services.workers import worker_get
from tests.factories import answer_all, small_campaign

pytestmark = pytest.mark.django_db
Status = Assignment.Status


@pytest.fixture
def one_hit(alice, collection):
    """A round of few questions in HITs of six, three votes each."""
    campaign = small_campaign(owner=alice, collection=collection, hit_size=200, votes_per_question=3)
    return round_open(round=round_propose_balanced(campaign=campaign, per_stimulus=1))


def claim(round, name):
    return assignment_claim(campaign=round.campaign, worker=worker_get(channel="test", external_id=name))


def stand(round, name):
    return Participation.objects.get(campaign=round.campaign, worker__external_id=name)


def answers(assignment, count=None, side="left"):
    shown = assignment_questions(assignment)[:count]
    return [Answer(one.question_id, side, 900, uuid4(), one.place) for one in shown]


def record(assignment, given):
    return votes_record(assignment_id=assignment.pk, worker=assignment.worker, answers=given)


def open_slots_by_definition(hit):
    """Slots that nobody holds and nobody has finished, counted one by one."""
    free = 0
    for slot in range(hit.slots):
        held = hit.assignments.filter(slot=slot, status__in=("active", "submitted")).exists()
        asked = Question.objects.filter(hit=hit, wanted__gt=slot)
        free += not held and any(not Vote.objects.filter(question=one, slot=slot).exists() for one in asked)
    return free


def settled():
    """Every HIT's count of open slots is right, and no finished slot misses a vote."""
    for hit in Hit.objects.filter(round__status=Round.Status.OPEN):
        assert hit.open_slots == open_slots_by_definition(hit)
        for one in hit.assignments.filter(status=Status.SUBMITTED):
            asked = Question.objects.filter(hit=hit, wanted__gt=one.slot).count()
            assert Vote.objects.filter(question__hit=hit, slot=one.slot).count() == asked
    return True


def test_excluded_answers_are_kept_and_their_slots_are_given_to_others(one_hit, alice):
    bad, good = claim(one_hit, "bad"), claim(one_hit, "good")
    total = len(answers(bad))
    answer_all(bad)
    answer_all(good)
    assert worker_exclude(participation=stand(one_hit, "bad"), by=alice) == 1
    assert not Vote.objects.filter(worker=bad.worker).exists()
    kept = UncountedVote.objects.filter(worker=bad.worker, reason="excluded")
    assert kept.count() == total
    assert set(kept.values_list("slot", flat=True)) == {bad.slot}
    bad.refresh_from_db()
    assert (bad.status, bad.submitted is not None) == (Status.EXCLUDED, True)
    assert Vote.objects.filter(worker=good.worker).count() == total
    assert Hit.objects.get().open_slots == 2
    assert settled()
    who = stand(one_hit, "bad")
    assert (who.standing, who.weight, who.decided_by, who.trusted) == ("excluded", 0.0, alice, False)
    assert claim(one_hit, "bad") is None
    for name in ("third", "fourth"):
        answer_all(claim(one_hit, name))
    assert claim(one_hit, "fifth") is None
    assert Counter(Vote.objects.values_list("question", flat=True)) == Counter(
        dict.fromkeys(Question.objects.values_list("pk", flat=True), 3)
    )


def test_a_hit_at_hand_ends_with_the_exclusion_and_what_comes_later_is_kept(one_hit, alice):
    bad = claim(one_hit, "bad")
    given = answers(bad)
    record(bad, given[:4])
    worker_exclude(participation=stand(one_hit, "bad"), by=alice)
    assert Hit.objects.get().open_slots == 3
    receipt = record(bad, given)
    assert receipt.saved == []
    assert set(receipt.uncounted.values()) == {"excluded"}
    assert not Vote.objects.exists()
    assert settled()


def test_a_lease_that_ended_before_is_no_way_back(one_hit, alice):
    bad = claim(one_hit, "bad")
    given = answers(bad)
    record(bad, given[:4])
    assignment_return(assignment_id=bad.pk, worker=bad.worker)
    worker_exclude(participation=stand(one_hit, "bad"), by=alice)
    assert not Vote.objects.exists()
    assert set(record(bad, given).uncounted.values()) == {"excluded"}
    assert not Vote.objects.exists()
    assert settled()


def test_whoever_finished_a_slot_that_the_excluded_began_hands_it_back_and_stays_done(one_hit, alice):
    """The hole is in a slot of somebody else's; a finished slot with a hole would never be asked again."""
    bad = claim(one_hit, "bad")
    others = [claim(one_hit, name) for name in ("x", "y")]
    record(bad, answers(bad, 5))
    assignment_return(assignment_id=bad.pk, worker=bad.worker)
    heir = claim(one_hit, "heir")
    assert heir.slot == bad.slot
    answer_all(heir)
    for other in others:
        answer_all(other)
    assert Hit.objects.get().open_slots == 0
    worker_exclude(participation=stand(one_hit, "bad"), by=alice)
    heir.refresh_from_db()
    assert (heir.status, heir.submitted is not None) == (Status.RETURNED, True)
    assert Hit.objects.get().open_slots == 1
    assert settled()
    # The heir may answer the rest, or anybody else.
    again = claim(one_hit, "heir")
    assert (again.pk, len(assignment_questions(again))) == (heir.pk, 5)
    answer_all(again)
    assert settled()
    assert set(Counter(Vote.objects.values_list("question", flat=True)).values()) == {3}


def test_whoever_works_on_a_slot_that_the_excluded_began_is_asked_the_rest_as_well(one_hit, alice):
    bad = claim(one_hit, "bad")
    total = len(answers(bad))
    record(bad, answers(bad, 5))
    assignment_return(assignment_id=bad.pk, worker=bad.worker)
    claim(one_hit, "x")
    claim(one_hit, "y")
    heir = claim(one_hit, "heir")
    assert len(assignment_questions(heir)) == total - 5
    worker_exclude(participation=stand(one_hit, "bad"), by=alice)
    assert len(assignment_questions(heir)) == total
    assert Hit.objects.get().open_slots == 0
    assert settled()


def test_reinstating_at_once_brings_everything_back(one_hit, alice):
    bad = claim(one_hit, "bad")
    answer_all(bad)
    before = list(Vote.objects.order_by("pk").values("question", "slot", "choice", "left", "client_id", "created"))
    worker_exclude(participation=stand(one_hit, "bad"), by=alice)
    back, kept = worker_reinstate(participation=stand(one_hit, "bad"), by=alice)
    assert (back, kept) == (len(before), 0)
    assert (
        list(Vote.objects.order_by("pk").values("question", "slot", "choice", "left", "client_id", "created")) == before
    )
    assert not UncountedVote.objects.exists()
    bad.refresh_from_db()
    assert bad.status == Status.SUBMITTED
    assert Hit.objects.get().open_slots == 2
    who = stand(one_hit, "bad")
    assert (who.standing, who.weight, who.trusted, who.decided_by) == ("good", 1.0, True, alice)
    assert settled()


def test_reinstated_answers_take_another_free_slot_or_stay_uncounted(one_hit, alice):
    bad = claim(one_hit, "bad")
    answer_all(bad)
    total = Vote.objects.count()
    worker_exclude(participation=stand(one_hit, "bad"), by=alice)
    taker = claim(one_hit, "taker")  # a slot that nobody had comes first
    answer_all(taker)
    second = claim(one_hit, "second")
    third = claim(one_hit, "third")
    assert {taker.slot, second.slot, third.slot} == {0, 1, 2}
    assert worker_reinstate(participation=stand(one_hit, "bad"), by=alice) == (0, total)
    assert UncountedVote.objects.filter(reason="excluded").count() == total
    bad.refresh_from_db()
    assert bad.status == Status.EXPIRED
    assert settled()
    # A slot becomes free again; a second look has room for all.
    assignment_return(assignment_id=third.pk, worker=third.worker)
    Assignment.objects.filter(pk=bad.pk).update(status=Status.EXCLUDED)
    assert exclusion_lift(participation=stand(one_hit, "bad")) == (total, 0)
    assert set(Vote.objects.filter(worker=bad.worker).values_list("slot", flat=True)) == {third.slot}
    assert settled()


def test_excluding_again_finds_what_came_back_in_part(one_hit, alice):
    bad = claim(one_hit, "bad")
    record(bad, answers(bad, 5))
    worker_exclude(participation=stand(one_hit, "bad"), by=alice)
    assert worker_reinstate(participation=stand(one_hit, "bad"), by=alice) == (5, 0)
    assert Vote.objects.count() == 5
    worker_exclude(participation=stand(one_hit, "bad"), by=alice)
    assert not Vote.objects.exists()
    assert settled()


def test_rounds_that_are_closed_keep_what_they_counted(one_hit, alice):
    bad = claim(one_hit, "bad")
    answer_all(bad)
    votes = Vote.objects.count()
    round_finish(round=round_close(round=one_hit))
    assert worker_exclude(participation=stand(one_hit, "bad"), by=alice) == 0
    assert Vote.objects.count() == votes


def test_a_round_that_is_being_counted_loses_the_answers_and_opens_nothing(one_hit, alice):
    bad, good = claim(one_hit, "bad"), claim(one_hit, "good")
    answer_all(bad)
    answer_all(good)
    round_close(round=one_hit)
    worker_exclude(participation=stand(one_hit, "bad"), by=alice)
    assert set(Vote.objects.values_list("worker", flat=True)) == {good.worker_id}
    assert Hit.objects.get().open_slots == 0


def test_an_exclusion_that_was_cut_short_is_finished_by_the_clock(one_hit, alice):
    bad = claim(one_hit, "bad")
    answer_all(bad)
    # As a process that died right after the decision leaves it, or a claim that slipped through beside it.
    Participation.objects.update(standing="excluded")
    assert Vote.objects.exists()
    assert exclusions_finish() == 1
    assert not Vote.objects.exists()
    assert exclusions_finish() == 0
    assert exclusion_apply(participation=stand(one_hit, "bad")) == 0
    assert settled()


def test_more_votes_that_were_asked_for_go_and_come_with_the_worker(alice, collection):
    """Two votes first, of four."""
    campaign = small_campaign(owner=alice, collection=collection, hit_size=200, votes_per_question=4, votes_first=2)
    round = round_open(round=round_propose_balanced(campaign=campaign, per_stimulus=1))
    first, second = claim(round, "first"), claim(round, "second")
    record(first, answers(first))
    record(second, answers(second, side="right"))
    assert Hit.objects.get().slots == 4
    asked_on = set(Question.objects.filter(wanted=4).values_list("pk", flat=True))
    assert asked_on
    third = claim(round, "third")
    answer_all(third)
    worker_exclude(participation=stand(round, "third"), by=alice)
    assert settled()
    for name in "defg":
        if (one := claim(round, name)) is not None:
            answer_all(one)
    wanted = dict(Question.objects.values_list("pk", "wanted"))
    assert Counter(Vote.objects.values_list("question", flat=True)) == Counter(wanted)
    assert settled()


@pytest.mark.parametrize("seed", range(6))
def test_whatever_is_done_in_whatever_order_every_question_ends_with_exactly_k(seed, alice, collection):
    campaign = small_campaign(owner=alice, collection=collection, hit_size=6, votes_per_question=3)
    round = round_open(round=round_propose_balanced(campaign=campaign, per_stimulus=1))
    chance = random.Random(seed)
    names, held = [f"w{number}" for number in range(7)], {}
    for _ in range(120):
        name = chance.choice(names)
        who = Participation.objects.filter(worker__external_id=name).first()
        fate = chance.random()
        if fate < 0.12 and who is not None and who.standing != "excluded":
            worker_exclude(participation=who, by=alice)
        elif fate < 0.24 and who is not None and who.standing != "good":
            worker_reinstate(participation=who, by=alice)
        elif (assignment := held.pop(name, None) or claim(round, name)) is not None:
            count = None if chance.random() < 0.6 else 3
            record(assignment, answers(assignment, count, chance.choice(["left", "right"])))
            if count and chance.random() < 0.5:
                assignment_return(assignment_id=assignment.pk, worker=assignment.worker)
            elif count:
                held[name] = assignment
        assert settled()
    Assignment.objects.filter(status=Status.ACTIVE).update(lease_until="2020-01-01T00:00Z")
    for number in range(60):
        if (assignment := claim(round, f"last{number}")) is not None:
            answer_all(assignment)
    assert settled()
    assert Counter(Vote.objects.values_list("question", flat=True)) == Counter(
        dict.fromkeys(Question.objects.values_list("pk", flat=True), 3)
    )
    assert not Vote.objects.filter(worker__participations__standing="excluded").exists()
