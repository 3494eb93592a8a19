"""Leases on HITs, and exactly K votes a question."""

from collections import Counter
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from annotation.errors import VoteRejected
from annotation.models import Assignment, Hit, Question, Vote
from annotation.selectors.queue import assignment_questions
from annotation.services.answers import Answer
from annotation.services.assignments import assignment_claim, assignment_return, assignments_expire
from annotation.services.rounds import round_close
from annotation.services.votes import votes_record
from annotation.services.workers import worker_for_user, worker_get
from tests.factories import answer_all, simulate

pytestmark = pytest.mark.django_db


def workers(count):
    return [worker_get(channel="test", external_id=str(number)) for number in range(count)]


def test_a_worker_gets_the_hit_that_they_hold_already(open_round, bob):
    worker = worker_for_user(user=bob)
    first = assignment_claim(campaign=open_round.campaign, worker=worker)
    assert assignment_claim(campaign=open_round.campaign, worker=worker) == first


def test_no_worker_gets_a_hit_twice_and_every_hit_gets_k_workers(open_round):
    campaign = open_round.campaign
    for worker in workers(7):
        while (assignment := assignment_claim(campaign=campaign, worker=worker)) is not None:
            answer_all(assignment)
    holders = Counter(Assignment.objects.values_list("hit", flat=True))
    assert set(holders.values()) == {campaign.votes_per_question}
    assert not Hit.objects.filter(open_slots__gt=0).exists()
    votes = Counter(Vote.objects.values_list("question", flat=True))
    assert set(votes.values()) == {campaign.votes_per_question}
    assert len(votes) == Question.objects.count()


def test_a_slot_that_expires_half_answered_is_finished_by_another_worker(open_round, bob, carol):
    campaign = open_round.campaign
    first = assignment_claim(campaign=campaign, worker=worker_for_user(user=bob))
    shown = assignment_questions(first)
    votes_record(
        assignment_id=first.pk,
        worker=first.worker,
        answers=[Answer(shown[0].question_id, "left", 800, uuid4())],
    )
    # Every other slot of this HIT is taken, so the next claim gets the one that expires.
    for worker in workers(campaign.votes_per_question - 1):
        answer_all(assignment_claim(campaign=campaign, worker=worker))
    Assignment.objects.filter(pk=first.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    second = assignment_claim(campaign=campaign, worker=worker_for_user(user=carol))
    assert (second.hit_id, second.slot) == (first.hit_id, first.slot)
    left = {question.question_id for question in assignment_questions(second)}
    assert left == {question.question_id for question in shown[1:]}
    receipt = answer_all(second)
    assert receipt.submitted
    counts = Counter(Vote.objects.filter(question__hit=first.hit).values_list("question", flat=True))
    assert set(counts.values()) == {campaign.votes_per_question}


def test_a_late_answer_counts_while_its_slot_is_free(open_round, bob):
    assignment = assignment_claim(campaign=open_round.campaign, worker=worker_for_user(user=bob))
    Assignment.objects.filter(pk=assignment.pk).update(lease_until=timezone.now() - timedelta(hours=1))
    assert assignments_expire(now=timezone.now()) == 1
    assert answer_all(Assignment.objects.get(pk=assignment.pk)).submitted
    hit = Hit.objects.get(pk=assignment.hit_id)
    assert hit.open_slots == hit.slots - 1


def test_a_late_answer_is_refused_when_the_slot_was_given_away(open_round, bob, carol):
    campaign = open_round.campaign
    mine = assignment_claim(campaign=campaign, worker=worker_for_user(user=bob))
    assignment_return(assignment_id=mine.pk, worker=mine.worker)
    theirs = assignment_claim(campaign=campaign, worker=worker_for_user(user=carol))
    assert (theirs.hit_id, theirs.slot) == (mine.hit_id, mine.slot)
    with pytest.raises(VoteRejected, match="given to somebody else"):
        answer_all(Assignment.objects.get(pk=mine.pk))
    assert not Vote.objects.exists()


def test_returning_twice_frees_one_slot(open_round, bob):
    assignment = assignment_claim(campaign=open_round.campaign, worker=worker_for_user(user=bob))
    for _ in range(2):
        assignment_return(assignment_id=assignment.pk, worker=assignment.worker)
    hit = Hit.objects.get(pk=assignment.hit_id)
    assert hit.open_slots == hit.slots


def test_nobody_returns_the_hit_of_another(open_round, bob, carol):
    assignment = assignment_claim(campaign=open_round.campaign, worker=worker_for_user(user=bob))
    with pytest.raises(VoteRejected, match="not yours"):
        assignment_return(assignment_id=assignment.pk, worker=worker_for_user(user=carol))


def test_a_paused_campaign_gives_nothing_out(open_round, bob):
    campaign = open_round.campaign
    campaign.status = "paused"
    campaign.save()
    assert assignment_claim(campaign=campaign, worker=worker_for_user(user=bob)) is None


def test_closing_a_round_ends_its_leases(open_round, bob):
    assignment = assignment_claim(campaign=open_round.campaign, worker=worker_for_user(user=bob))
    round_close(round=open_round)
    with pytest.raises(VoteRejected, match="closed"):
        answer_all(Assignment.objects.get(pk=assignment.pk))


def test_the_database_itself_refuses_a_second_vote_in_a_slot(open_round, bob, carol):
    assignment = assignment_claim(campaign=open_round.campaign, worker=worker_for_user(user=bob))
    answer_all(assignment)
    vote = Vote.objects.first()
    vote.pk, vote.client_id, vote.worker = None, uuid4(), worker_for_user(user=carol)
    with pytest.raises(IntegrityError), transaction.atomic():
        vote.save(force_insert=True)


def test_a_simulated_crowd_with_drop_outs_still_ends_with_k_votes(open_round):
    simulate(open_round, workers=20, seed=4)
    counts = Counter(Vote.objects.values_list("question", flat=True))
    assert set(counts.values()) == {open_round.campaign.votes_per_question}
    assert len(counts) == Question.objects.count()
