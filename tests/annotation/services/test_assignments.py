"""Leases on HITs: one at a time, never twice, and every slot comes to somebody who can fill it."""

from collections import Counter
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from annotation.errors import VoteRejected
from annotation.models import Assignment, Hit, Participation, Question, Vote
from annotation.selectors.queue import assignment_questions
from annotation.selectors.standing import why_nothing
from annotation.services import assignments as services
from annotation.services.assignments import assignment_heartbeat, assignments_expire
from annotation.services.participations import participation_get
from annotation.services.rounds import round_close
from tests.annotation.services.invariants import unanswered
from tests.annotation.services.people import (
    answers,
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
from tests.factories import simulate

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rows_agree")]


def test_a_worker_gets_the_hit_that_they_hold_already(open_round):
    worker = person("bob")
    first = claim(open_round.campaign, worker)
    assert claim(open_round.campaign, worker) == first


def test_no_worker_gets_a_hit_twice_and_every_hit_gets_k_workers(open_round):
    campaign = open_round.campaign
    for worker in people(7):
        while (assignment := claim(campaign, worker)) is not None:
            finish(assignment)
    holders = Counter(Assignment.objects.values_list("hit", flat=True))
    assert set(holders.values()) == {campaign.votes_per_question}
    assert not Hit.objects.filter(open_slots__gt=0).exists()
    assert unanswered() == []


def test_a_slot_that_expires_half_answered_is_finished_by_another_worker(open_round):
    campaign = open_round.campaign
    first = claim(campaign, person("bob"))
    shown = assignment_questions(first)
    record(first, *answers(first, count=1))
    # Every other slot of this HIT is taken, so the next claim gets the one that expires.
    for worker in people(campaign.votes_per_question - 1):
        finish(claim(campaign, worker))
    assert expire(first) == 1
    second = claim(campaign, person("carol"))
    assert (second.hit_id, second.slot) == (first.hit_id, first.slot)
    left = {question.question_id for question in assignment_questions(second)}
    assert left == {question.question_id for question in shown[1:]}
    assert finish(second).submitted
    counts = Counter(Vote.objects.filter(question__hit=first.hit).values_list("question", flat=True))
    assert set(counts.values()) == {campaign.votes_per_question}


def test_slots_that_nobody_had_are_given_out_before_those_that_somebody_lost(open_round):
    lost = claim(open_round.campaign, person("bob"))
    give_back(lost)
    others = [claim(open_round.campaign, worker) for worker in people(5)]
    assert [(one.hit_id, one.slot) for one in others] == [(lost.hit_id, slot) for slot in (1, 2, 3, 4, 0)]


def test_as_many_workers_as_votes_are_enough_though_one_loses_the_first_lease(open_round):
    """A team of five for five votes: whoever comes back gets a slot, if not the old one."""
    campaign = open_round.campaign
    late = claim(campaign, person("late"))
    expire(late)
    # Somebody else takes the very slot that was lost.
    Assignment.objects.filter(pk=late.pk).update(slot=1)
    for worker in people(campaign.votes_per_question - 1):
        while (assignment := claim(campaign, worker)) is not None:
            finish(assignment)
    while (assignment := claim(campaign, late.worker)) is not None:
        assert finish(assignment).submitted
    assert unanswered() == []


def test_returning_twice_frees_one_slot(open_round):
    assignment = claim(open_round.campaign, person("bob"))
    for _ in range(2):
        give_back(assignment)
    assert open_slots(assignment) == assignment.hit.slots
    assert status(assignment) == "returned"


def test_nobody_returns_the_hit_of_another(open_round):
    assignment = claim(open_round.campaign, person("bob"))
    assignment.worker = person("carol")
    with pytest.raises(VoteRejected, match="not yours"):
        give_back(assignment)


def test_who_returned_a_hit_goes_on_where_they_stopped(open_round):
    mine = claim(open_round.campaign, person("bob"))
    record(mine, *answers(mine, count=2))
    give_back(mine)
    # All other HITs are done by then, or they would come first.
    Hit.objects.exclude(pk=mine.hit_id).update(open_slots=0)
    Question.objects.exclude(hit=mine.hit_id).update(wanted=0)
    again = claim(open_round.campaign, mine.worker)
    assert again == mine
    assert status(mine) == "active"
    assert finish(again).submitted


def test_a_paused_campaign_gives_nothing_out(open_round):
    campaign = open_round.campaign
    campaign.status = "paused"
    campaign.save()
    assert claim(campaign, person("bob")) is None


@pytest.mark.parametrize("standing", ["paused", "excluded"])
def test_a_worker_who_was_stopped_gets_nothing_more(open_round, standing):
    participation = participation_get(campaign=open_round.campaign, worker=person("bob"))
    Participation.objects.filter(pk=participation.pk).update(standing=standing)
    assert claim(open_round.campaign, participation.worker) is None
    participation.refresh_from_db()
    assert why_nothing(participation) == standing


def test_a_downweighted_worker_goes_on(open_round):
    participation = participation_get(campaign=open_round.campaign, worker=person("bob"))
    Participation.objects.filter(pk=participation.pk).update(standing="downweighted")
    assert claim(open_round.campaign, participation.worker) is not None


def test_a_worker_gives_no_more_than_their_share(alice, collection):
    # 36 questions of 5 votes: a tenth are 18, three HITs of six.
    round = opened(alice, collection, hit_size=6, max_share=10)
    allowed = round.size * 5 // 10
    worker, given = person("bob"), 0
    while (assignment := claim(round.campaign, worker)) is not None:
        finish(assignment)
        given = Vote.objects.filter(worker=worker).count()
    assert allowed - 6 < given <= allowed
    assert why_nothing(participation_get(campaign=round.campaign, worker=worker)) == "share"
    assert Hit.objects.filter(open_slots=5).exists()


def test_a_share_smaller_than_a_hit_allows_one_hit(alice, collection):
    round = opened(alice, collection, hit_size=6, max_share=1)
    worker = person("bob")
    finish(claim(round.campaign, worker))
    assert claim(round.campaign, worker) is None


def test_a_heartbeat_extends_a_lease_and_revives_none(open_round):
    mine = claim(open_round.campaign, person("bob"))
    Assignment.objects.filter(pk=mine.pk).update(lease_until=timezone.now() + timedelta(seconds=1))
    until = assignment_heartbeat(assignment_id=mine.pk, worker=mine.worker)
    assert until == Assignment.objects.get(pk=mine.pk).lease_until
    assert until > timezone.now() + timedelta(minutes=open_round.campaign.lease_minutes - 1)
    give_back(mine)
    assert assignment_heartbeat(assignment_id=mine.pk, worker=mine.worker) is None
    assert status(mine) == "returned"
    with pytest.raises(VoteRejected, match="not yours"):
        assignment_heartbeat(assignment_id=mine.pk, worker=person("carol"))


def test_a_lease_that_was_extended_since_it_was_seen_to_be_due_is_kept(open_round, monkeypatch):
    mine = claim(open_round.campaign, person("bob"))
    Assignment.objects.filter(pk=mine.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    lock = services.assignment_lock

    def beaten(assignment_id):
        assignment_heartbeat(assignment_id=mine.pk, worker=mine.worker)  # between the look and the lock
        return lock(assignment_id)

    monkeypatch.setattr(services, "assignment_lock", beaten)
    assert assignments_expire(now=timezone.now()) == 0
    assert status(mine) == "active"


def test_a_hit_that_was_given_back_while_it_was_claimed_again_is_not_shown_as_held(open_round, monkeypatch):
    mine = claim(open_round.campaign, person("bob"))
    submit = services.assignment_submit

    def returned_meanwhile(**words):
        answer = submit(**words)
        give_back(mine)  # in the other tab
        return answer

    monkeypatch.setattr(services, "assignment_submit", returned_meanwhile)
    got = claim(open_round.campaign, mine.worker)
    assert got is not None
    assert status(got) == "active"


def test_claims_of_two_tabs_get_one_hit(open_round, monkeypatch):
    worker, first = person("bob"), []
    free_slot = services._free_slot

    def claimed_meanwhile(hit_id):
        if not first:
            # What the other tab committed in this moment: the constraint lets only one of the two through.
            other = Hit.objects.exclude(pk=hit_id).first()
            first.append(
                Assignment.objects.create(
                    campaign=open_round.campaign, hit=other, worker=worker, slot=0, seed=1, lease_until=timezone.now()
                )
            )
            Hit.objects.filter(pk=other.pk).update(open_slots=4)
        return free_slot(hit_id)

    monkeypatch.setattr(services, "_free_slot", claimed_meanwhile)
    with transaction.atomic():
        got = claim(open_round.campaign, worker)
    # The other tab's row is written in the same transaction here, so it is undone with it; the claim is made again.
    assert Assignment.objects.filter(worker=worker, status="active").get() == got


def test_the_database_itself_refuses_a_second_active_hit(open_round):
    mine = claim(open_round.campaign, person("bob"))
    other = Hit.objects.exclude(pk=mine.hit_id).first()
    with pytest.raises(IntegrityError), transaction.atomic():
        Assignment.objects.create(
            campaign=mine.campaign, hit=other, worker=mine.worker, slot=0, seed=1, lease_until=timezone.now()
        )


def test_closing_a_round_ends_its_leases(open_round):
    assignment = claim(open_round.campaign, person("bob"))
    round_close(round=open_round)
    assert status(assignment) == "expired"
    assert open_slots(assignment) == 0
    assert claim(open_round.campaign, person("carol")) is None


def test_a_simulated_crowd_with_drop_outs_still_ends_with_k_votes(open_round):
    simulate(open_round, workers=20, seed=4)
    assert unanswered() == []
