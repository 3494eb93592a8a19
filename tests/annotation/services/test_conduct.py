"""From answers to standing: what the rules do, what they leave to people, and who they leave alone."""

from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from annotation.errors import WrongState
from annotation.models import Assignment, Campaign, Hit, Participation, Probe, Question, UncountedVote, Vote
from annotation.quality.conduct import conduct_of
from annotation.quality.work import ASKED, ATTENTION, GOLD, LEFT, NO, REPEAT, RIGHT, YES
from annotation.selectors.conduct import campaign_median_ms, works_of
from annotation.selectors.queue import assignment_items
from annotation.services.answers import Answer
from annotation.services.assignments import assignment_claim
from annotation.services.conduct import (
    rejection_confirm,
    rejection_decline,
    worker_exclude,
    worker_pause,
    worker_reinstate,
    workers_assess_due,
)
from annotation.services.golds import golds_make
from annotation.services.proposals import round_propose_balanced
from annotation.services.rounds import round_open
from annotation.services.votes import votes_record
from annotation.services.workers import worker_get
from tests.factories import small_campaign

pytestmark = pytest.mark.django_db


@pytest.fixture
def round(alice, collection):
    """Twelve HITs of twelve, each with three gold questions, an attention check and a repeat."""
    campaign = small_campaign(owner=alice, collection=collection, hit_size=12, cant_tell=True)
    golds_make(campaign=campaign, gold=60, attention=20, seed=2)
    plan = {"golds_first": 3, "golds_later": 3, "attention": 1, "repeats": 1}
    Campaign.objects.filter(pk=campaign.pk).update(**plan)
    campaign.refresh_from_db()
    return round_open(round=round_propose_balanced(campaign=campaign, per_stimulus=9))


def expected_side(item, assignment):
    """The side of the right answer of a known question; the left candidate by its key elsewhere: any fixed taste."""
    question = Question.objects.get(pk=item.question_id)
    if question.expected:
        right = question.a_id if question.expected == "a" else question.b_id
        return "left" if item.left.pk == right else "right"
    taste = min(item.left.pk, item.right.pk, key=lambda key: hash((key * 7919) % 101))
    return "left" if item.left.pk == taste else "right"


def work(round, name, decide=expected_side, hits=1, ms=1500):
    """Let a worker answer HITs whole; `decide` says the side."""
    worker = worker_get(channel="test", external_id=name)
    done = []
    for _ in range(hits):
        assignment = assignment_claim(campaign=round.campaign, worker=worker)
        if assignment is None:
            break
        answers = [
            Answer(item.question_id, decide(item, assignment), ms, uuid4(), item.place)
            for item in assignment_items(assignment)
        ]
        votes_record(assignment_id=assignment.pk, worker=worker, answers=answers)
        done.append(assignment)
    return done


def wrong(item, assignment):
    """Wrong where the answer is known."""
    side = expected_side(item, assignment)
    known = item.place % 4 and Question.objects.filter(pk=item.question_id).exclude(expected="").exists()
    return ({"left": "right", "right": "left"}[side]) if known else side


def stand(name):
    return Participation.objects.get(worker__external_id=name)


def test_the_work_of_a_worker_is_read_as_it_was_shown(round):
    (assignment,) = work(round, "w")
    found = works_of(round.campaign, [assignment.worker_id])[assignment.worker_id]
    items = assignment_items(assignment)
    assert len(found) == len(items) == 17
    probes = {probe.place: probe for probe in assignment.probes.all()}
    kinds = {"gold": GOLD, "attention": ATTENTION, "repeat": REPEAT}
    for row, item in enumerate(items):
        assert found.kind[row] == (kinds[probes[item.place].kind] if item.place in probes else ASKED)
        assert found.side[row] == (LEFT if item.given.answer == "left" else RIGHT)
        assert found.response_ms[row] == 1500
    assert set(found.right[found.kind == GOLD]) == {YES}
    assert set(found.same[found.kind == REPEAT]) == {YES}  # the same stimulus chosen, on the other side
    assert set(found.chance) == {0.5}


def test_a_repeat_that_is_answered_on_the_same_side_is_not_alike(round):
    (assignment,) = work(round, "w", lambda item, _: "left")
    found = works_of(round.campaign, [assignment.worker_id])[assignment.worker_id]
    assert set(found.same[found.kind == REPEAT]) == {NO}


def test_can_t_tell_is_no_side_and_not_right(round):
    (assignment,) = work(round, "w", lambda item, _: "cant-tell")
    found = works_of(round.campaign, [assignment.worker_id])[assignment.worker_id]
    conduct = conduct_of(found)
    assert found.unsure.all()
    assert (conduct.sided, conduct.known_right, conduct.known_given, conduct.repeats_given) == (0, 0, 4, 0)


def test_excluded_answers_are_still_what_the_worker_did(round, alice):
    (assignment,) = work(round, "w")
    before = conduct_of(works_of(round.campaign, [assignment.worker_id])[assignment.worker_id])
    worker_exclude(participation=stand("w"), by=alice)
    assert not Vote.objects.filter(worker=assignment.worker_id).exists()
    assert conduct_of(works_of(round.campaign, [assignment.worker_id])[assignment.worker_id]) == before


def test_who_works_well_stays_in_good_standing(round):
    work(round, "good", hits=5)
    assert workers_assess_due() == 1
    who = stand("good")
    assert (who.standing, who.weight, who.reason, who.decided) == ("good", 1.0, "", None)
    assert who.assessed is not None


def test_wrong_gold_pauses_by_the_rules_and_the_reason_is_noted(round):
    work(round, "bad", wrong)
    workers_assess_due()
    who = stand("bad")
    assert (who.standing, who.weight, who.decided_by, who.trusted) == ("paused", 0.5, None, False)
    assert who.reason == "4 of the first 4 questions with a known answer are wrong."
    assert who.decided is not None
    assert work(round, "bad") == []
    assert Vote.objects.count() == 12  # paused is not excluded


def test_a_paused_worker_may_finish_the_hit_at_hand(round):
    work(round, "bad", wrong)
    worker = worker_get(channel="test", external_id="bad")
    assignment = assignment_claim(campaign=round.campaign, worker=worker)
    workers_assess_due()
    assert stand("bad").standing == "paused"
    assert assignment_claim(campaign=round.campaign, worker=worker).pk == assignment.pk
    assert len(work(round, "bad")) == 1
    assert work(round, "bad") == []


def test_answering_one_side_excludes_and_opens_the_slots(round):
    work(round, "lefty", lambda item, _: "left", hits=3)
    assert Vote.objects.count() == 36
    workers_assess_due()
    who = stand("lefty")
    assert (who.standing, who.decided_by) == ("excluded", None)
    assert "answers are on the left" in who.reason
    assert not Vote.objects.exists()
    assert UncountedVote.objects.filter(reason="excluded").count() == 36
    assert set(Hit.objects.values_list("open_slots", flat=True)) == {5}
    # Paid all the same: the HITs stay handed in, and nothing is rejected.
    assert Assignment.objects.filter(submitted__isnull=False).count() == 3
    assert who.rejection == ""


def test_a_rejection_is_proposed_by_the_rules_and_confirmed_by_a_person(round, alice):
    work(round, "bot", lambda item, _: "left", hits=3, ms=120)
    workers_assess_due()
    who = stand("bot")
    assert (who.standing, who.rejection, who.decided_by) == ("excluded", "proposed", None)
    rejection_confirm(participation=who, by=alice)
    who.refresh_from_db()
    assert (who.rejection, who.decided_by, who.standing) == ("confirmed", alice, "excluded")
    with pytest.raises(WrongState, match="No rejection"):
        rejection_decline(participation=who, by=alice)


def test_a_rejection_that_was_declined_is_not_proposed_again(round, alice):
    work(round, "bot", lambda item, _: "left", hits=3, ms=120)
    workers_assess_due()
    rejection_decline(participation=stand("bot"), by=alice)
    Participation.objects.update(assessed=None)
    workers_assess_due()
    assert (stand("bot").rejection, stand("bot").standing) == ("", "excluded")


@pytest.mark.parametrize("decision", [worker_reinstate, worker_pause])
def test_the_rules_leave_alone_whom_a_person_has_decided_about(round, alice, decision):
    work(round, "lefty", lambda item, _: "left", hits=2)
    Participation.objects.update(standing="downweighted")
    decision(participation=stand("lefty"), by=alice)
    decided = Participation.objects.values().get()
    assert workers_assess_due() == 1
    after = Participation.objects.values().get()
    assert after.pop("assessed") is not None
    decided.pop("assessed")
    assert after == decided
    assert Vote.objects.count() == 24


def test_counting_less_follows_the_figures_and_a_pause_does_not_lift_by_itself(round):
    work(round, "w", hits=1)
    Participation.objects.update(standing="downweighted", weight=0.5, reason="A side.")
    workers_assess_due()
    assert (stand("w").standing, stand("w").weight, stand("w").reason) == ("good", 1.0, "")
    Participation.objects.update(standing="paused", weight=0.5, assessed=None)
    workers_assess_due()
    assert stand("w").standing == "paused"


def test_only_who_submitted_since_is_looked_at_and_so_many_a_turn(round):
    for name in "abc":
        work(round, name)
    assert workers_assess_due(limit=2) == 2
    assert workers_assess_due(limit=2) >= 1
    Participation.objects.update(assessed=timezone.now() + timezone.timedelta(minutes=1))
    assert workers_assess_due() == 0
    # Somebody who only began is not due.
    assignment_claim(campaign=round.campaign, worker=worker_get(channel="test", external_id="d"))
    assert workers_assess_due() == 0


def test_nobody_is_due_in_a_campaign_that_is_closed(round):
    work(round, "a")
    Campaign.objects.update(status="closed")
    assert workers_assess_due() == 0


def test_a_turn_costs_the_same_queries_for_one_worker_and_for_many(round):
    def cost():
        Participation.objects.update(assessed=None)
        with CaptureQueriesContext(connection) as seen:
            workers_assess_due()
        return len(seen)

    work(round, "a")
    one = cost()
    for name in "bcdefgh":
        work(round, name)
    # A lock for each worker, inside a transaction of its own; the reading is shared.
    assert cost() - one <= 7 * 3


def test_people_pause_exclude_and_reinstate_and_their_names_are_kept(round, alice):
    work(round, "w", hits=2)
    worker_pause(participation=stand("w"), by=alice)
    assert (stand("w").standing, stand("w").weight, stand("w").reason) == ("paused", 1.0, "Paused by alice.")
    with pytest.raises(WrongState, match="paused already"):
        worker_pause(participation=stand("w"), by=alice)
    assert worker_exclude(participation=stand("w"), by=alice) == 2
    with pytest.raises(WrongState, match="excluded already"):
        worker_exclude(participation=stand("w"), by=alice)
    with pytest.raises(WrongState, match="excluded already"):
        worker_pause(participation=stand("w"), by=alice)
    assert worker_reinstate(participation=stand("w"), by=alice) == (24, 0)
    assert (stand("w").standing, stand("w").reason, stand("w").trusted) == ("good", "Reinstated by alice.", True)
    with pytest.raises(WrongState, match="good standing already"):
        worker_reinstate(participation=stand("w"), by=alice)


def test_the_campaigns_median_waits_for_enough_answers(round):
    work(round, "a", hits=8, ms=1000)
    assert campaign_median_ms(round.campaign) is None
    work(round, "b", hits=2, ms=5000)
    assert campaign_median_ms(round.campaign) == 1000.0


def test_the_clock_judges_before_it_closes(round):
    """Everything is answered, one slot of each HIT by somebody who only pressed left: nothing is counted yet."""
    from annotation.tasks import rounds_tend

    work(round, "lefty", lambda item, _: "left", hits=20)
    for name in "abcd":
        work(round, name, hits=20)
    assert not Hit.objects.filter(open_slots__gt=0).exists()
    rounds_tend()
    round.refresh_from_db()
    assert round.status == "open"
    assert Hit.objects.filter(open_slots=1).count() == Hit.objects.count()
    work(round, "e", hits=20)
    rounds_tend()
    round.refresh_from_db()
    assert round.status == "closing"
    assert not Vote.objects.filter(worker__external_id="lefty").exists()
    assert Probe.objects.filter(worker__external_id="lefty").exists()
