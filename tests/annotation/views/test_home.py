"""The annotator's home: what is open to them, what they did, how long it took, what it earned."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from annotation.models import Assignment, Campaign, Participation, Probe, Round, UncountedVote, Vote, Worker
from annotation.selectors.earnings import work_of
from annotation.selectors.progress import bundles_left
from annotation.services.assignments import assignment_claim, assignment_return
from annotation.services.campaign_settings import campaign_change
from annotation.services.proposals import round_propose_balanced
from annotation.services.rounds import round_open
from annotation.services.workers import worker_for_user
from tests.factories import answer_all, small_campaign


@pytest.fixture
def annotator(client: Client, bob: Any) -> Client:
    client.force_login(bob)
    return client


@pytest.fixture
def paid(open_round: Round) -> Campaign:
    Campaign.objects.update(reward_cents=80, currency="EUR")
    open_round.campaign.refresh_from_db()
    return open_round.campaign


def text(client: Client) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", client.get("/").content.decode()))


def bundle(campaign: Campaign, user: Any) -> Assignment:
    assignment = assignment_claim(campaign=campaign, worker=worker_for_user(user=user))
    assert assignment is not None
    answer_all(assignment)
    assignment.refresh_from_db()
    return assignment


def test_progress_is_bundles_done_of_those_that_there_are_for_me(
    annotator: Client, bob: Any, open_round: Round
) -> None:
    hits = open_round.hits.count()
    assert f"{hits} bundles" not in text(annotator), "who has not begun is not measured"
    bundle(open_round.campaign, bob)
    page = text(annotator)
    assert "You gave 12 answers" in page
    assert f"1 of {hits} bundles" in page
    assert f"{hits - 1} left for you" in page


def test_left_is_what_a_claim_would_give(open_round: Round, bob: Any, carol: Any) -> None:
    campaign = open_round.campaign
    claims = 0
    while True:
        left = bundles_left(bob, [campaign])[campaign.pk]
        assignment = assignment_claim(campaign=campaign, worker=worker_for_user(user=bob))
        if assignment is None:
            break
        assert bundles_left(bob, [campaign])[campaign.pk] == left, "the bundle in hand is one of those left"
        if claims == 1:
            assignment_return(assignment_id=assignment.pk, worker=assignment.worker)
            assert bundles_left(bob, [campaign])[campaign.pk] == left, "what was given back may be taken up again"
            assignment = assignment_claim(campaign=campaign, worker=worker_for_user(user=bob))
        answer_all(assignment)
        claims += 1
        assert bundles_left(bob, [campaign])[campaign.pk] == left - 1
    assert left == 0
    assert claims == open_round.hits.count()
    assert bundles_left(carol, [campaign])[campaign.pk] == claims


def test_the_share_of_a_worker_limits_what_is_left(open_round: Round, bob: Any) -> None:
    campaign = campaign_change(campaign=open_round.campaign, max_share=10)
    given = 0
    while (left := bundles_left(bob, [campaign])[campaign.pk]) > 0:
        bundle(campaign, bob)
        given += 1
        assert bundles_left(bob, [campaign])[campaign.pk] == left - 1
    assert 0 < given < open_round.hits.count()
    assert assignment_claim(campaign=campaign, worker=worker_for_user(user=bob)) is None


def test_time_leaves_idling_out(annotator: Client, bob: Any, open_round: Round) -> None:
    bundle(open_round.campaign, bob)
    one, two, *rest = Vote.objects.values_list("pk", flat=True)
    Vote.objects.filter(pk__in=rest).update(response_ms=5_000)
    Vote.objects.filter(pk=one).update(response_ms=3_600_000)
    Vote.objects.filter(pk=two).update(response_ms=61_000)
    assert work_of(bob)[open_round.campaign_id].seconds == 10 * 5 + 2 * 60
    assert "3 minutes" in text(annotator)


def test_answers_to_probes_and_answers_that_do_not_count_are_work_and_what_was_taken_back_is_not(
    bob: Any, open_round: Round
) -> None:
    assignment = bundle(open_round.campaign, bob)
    questions = list(open_round.questions.exclude(hit=assignment.hit)[:4])
    shared = {"worker": assignment.worker, "assignment": assignment, "response_ms": 1000}
    for question, reason in zip(questions, ("withdrawn", "repeated", "late", "excluded"), strict=True):
        UncountedVote.objects.create(
            question=question, choice="a", left="a", client_id=uuid4(), created=timezone.now(), since=timezone.now(),
            reason=reason, **shared,
        )  # fmt: skip
    Probe.objects.create(
        question=questions[0], kind="repeat", place=1, left="a", choice="a", client_id=uuid4(),
        answered=timezone.now(), **shared,
    )  # fmt: skip
    Probe.objects.create(question=questions[1], kind="repeat", place=2, worker=shared["worker"], assignment=assignment)
    assert work_of(bob)[open_round.campaign_id].answers == 12 + 2 + 1


def test_earnings_are_bundles_handed_in_times_the_reward(
    annotator: Client, bob: Any, carol: Any, paid: Campaign
) -> None:
    assert "0.80 EUR a bundle" in text(annotator)
    for user in (bob, bob, bob, carol):
        bundle(paid, user)
    assignment_claim(campaign=paid, worker=worker_for_user(user=bob))  # taken, not handed in
    assert work_of(bob)[paid.pk].cents == 240
    assert "2.40 EUR earned" in text(annotator)


def test_who_is_excluded_is_paid_and_only_a_persons_word_takes_it_away(
    annotator: Client, bob: Any, paid: Campaign
) -> None:
    done = bundle(paid, bob)
    stands = Participation.objects.filter(worker=done.worker)
    Assignment.objects.update(status=Assignment.Status.EXCLUDED)
    for standing, rejection, cents in (
        ("excluded", "", 80),
        ("excluded", "proposed", 80),
        ("paused", "", 80),
        ("excluded", "confirmed", 0),
    ):
        stands.update(standing=standing, rejection=rejection)
        assert work_of(bob)[paid.pk].cents == cents
        page = text(annotator)
        assert ("not paid" in page) == (cents == 0)
        assert "Continue" not in page


def test_who_was_paused_is_told_so(annotator: Client, bob: Any, open_round: Round) -> None:
    bundle(open_round.campaign, bob)
    Participation.objects.update(standing=Participation.Standing.PAUSED)
    assert "Paused for you" in text(annotator)
    Participation.objects.update(standing=Participation.Standing.DOWNWEIGHTED)
    assert "Continue" in text(annotator), "a vote that counts less is asked for all the same"


def test_work_stays_on_the_page_when_the_campaign_is_over(annotator: Client, bob: Any, paid: Campaign) -> None:
    bundle(paid, bob)
    Campaign.objects.update(status=Campaign.Status.CLOSED)
    page = text(annotator)
    assert "Nothing to answer right now" in page
    assert re.search(r"Answered before .* Small campaign 12 1 .* 0.80 EUR", page)


def test_nobody_sees_anybody_elses_work(annotator: Client, carol: Any, paid: Campaign) -> None:
    bundle(paid, carol)
    page = text(annotator)
    assert "What you have done" not in page
    assert "You gave" not in page
    assert "Start" in page


def test_the_home_asks_no_more_for_more_work(
    annotator: Client, alice: Any, bob: Any, carol: Any, collection: Any, open_round: Round
) -> None:
    def grow(name: str) -> None:
        one = small_campaign(owner=alice, collection=collection, name=name, max_share=50, reward_cents=5)
        round_open(round=round_propose_balanced(campaign=one, per_stimulus=3))
        bundle(one, bob)
        two = small_campaign(owner=alice, collection=collection, name=f"{name} ended")
        round_open(round=round_propose_balanced(campaign=two, per_stimulus=3))
        bundle(two, bob)
        Campaign.objects.filter(pk=two.pk).update(status=Campaign.Status.PAUSED)

    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            assert annotator.get("/").status_code == 200
        return len(seen)

    grow("One")
    few = queries()
    for name in ("Two", "Three"):
        grow(name)
    assert queries() == few
    assert few < 25


def test_leases_that_ran_out_are_left_too(open_round: Round, bob: Any) -> None:
    campaign = open_round.campaign
    left = bundles_left(bob, [campaign])[campaign.pk]
    held = assignment_claim(campaign=campaign, worker=worker_for_user(user=bob))
    Assignment.objects.filter(pk=held.pk).update(lease_until=timezone.now() - timedelta(minutes=1))
    assert bundles_left(bob, [campaign])[campaign.pk] == left
    assert Worker.objects.get().user == bob
