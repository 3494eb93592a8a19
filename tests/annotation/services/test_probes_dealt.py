"""Probes are dealt by the plan, never twice to a worker, in places of their own, at little cost."""

from collections import Counter
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from annotation.models import Campaign, Probe, Question, Vote
from annotation.selectors.queue import STRIDE, assignment_items, left_candidate
from annotation.services.answers import Answer
from annotation.services.assignments import assignment_claim
from annotation.services.golds import golds_make
from annotation.services.probes import probes_deal
from annotation.services.proposals import round_propose_balanced
from annotation.services.rounds import round_open
from annotation.services.votes import votes_record
from annotation.services.workers import worker_get
from tests.factories import answer_all, small_campaign

pytestmark = pytest.mark.django_db
PLAN = {"golds_first": 2, "golds_later": 1, "attention": 1, "repeats": 1}


def running(alice, collection, *, gold=30, attention=30, per_stimulus=9, plan=PLAN, **settings):
    """A campaign with exactly so many known questions; one that is made with its plan gets as many as that needs."""
    campaign = small_campaign(owner=alice, collection=collection, hit_size=12, **settings)
    golds_make(campaign=campaign, gold=gold, attention=attention, seed=5)
    Campaign.objects.filter(pk=campaign.pk).update(**plan)
    campaign.refresh_from_db()
    round_open(round=round_propose_balanced(campaign=campaign, per_stimulus=per_stimulus))
    return campaign


def claim(campaign, name="w"):
    return assignment_claim(campaign=campaign, worker=worker_get(channel="test", external_id=name))


def kinds(assignment):
    return Counter(assignment.probes.values_list("kind", flat=True))


def test_the_plan_holds_hit_after_hit(alice, collection):
    campaign = running(alice, collection)
    dealt = []
    for _ in range(5):
        assignment = claim(campaign)
        dealt.append(kinds(assignment))
        answer_all(assignment)
    first, later = {"gold": 2, "attention": 1, "repeat": 1}, {"gold": 1, "attention": 1, "repeat": 1}
    assert dealt == [first, first, first, later, later]


def test_a_worker_never_meets_a_known_question_twice_and_gets_fewer_when_they_run_out(alice, collection):
    campaign = running(alice, collection, gold=5, attention=2)
    counts = []
    for _ in range(4):
        assignment = claim(campaign)
        counts.append((kinds(assignment)["gold"], kinds(assignment)["attention"]))
        answer_all(assignment)
    assert counts == [(2, 1), (2, 1), (1, 0), (0, 0)]
    known = Probe.objects.exclude(kind="repeat").values_list("question", flat=True)
    assert len(known) == len(set(known)) == 7
    # Another worker may meet them all the same.
    assert kinds(claim(campaign, "other"))["gold"] == 2


def test_a_repeat_is_the_workers_own_question_with_the_sides_swapped(alice, collection):
    campaign = running(alice, collection, plan={**PLAN, "repeats": 3})
    assignment = claim(campaign)
    items = {item.place: item for item in assignment_items(assignment)}
    order = sorted(items)
    for probe in assignment.probes.filter(kind="repeat").select_related("question"):
        original = items[STRIDE * probe.question.position]
        again = items[probe.place]
        assert original.question_id == again.question_id == probe.question_id
        assert (original.left, original.right) == (again.right, again.left)
        assert probe.left != left_candidate(seed=assignment.seed, question_id=probe.question_id)
        assert order.index(probe.place) - order.index(original.place) >= 5


def test_the_seed_says_what_is_dealt(alice, collection):
    campaign = running(alice, collection)
    assignment = claim(campaign)

    def dealt():
        return list(assignment.probes.order_by("place").values_list("kind", "question", "place", "left"))

    first = dealt()
    Probe.objects.all().delete()
    assert probes_deal(assignment=assignment, campaign=campaign) == 4
    assert dealt() == first
    Probe.objects.all().delete()
    assignment.seed += 1
    probes_deal(assignment=assignment, campaign=campaign)
    assert dealt() != first


def test_the_right_answer_of_gold_is_left_as_often_as_right(alice, collection):
    campaign = running(alice, collection, gold=60, plan={"golds_first": 3, "golds_later": 1})
    for number in range(6):
        sides = []
        for _ in range(6):
            assignment = claim(campaign, str(number))
            for probe in assignment.probes.select_related("question"):
                sides.append(probe.left == probe.question.expected)
            answer_all(assignment)
        assert len(sides) == 12
        assert sum(sides) == 6


def test_workers_meet_different_gold(alice, collection):
    campaign = running(alice, collection, gold=30)
    met = {
        frozenset(claim(campaign, str(n)).probes.filter(kind="gold").values_list("question", flat=True))
        for n in range(15)
    }
    assert len(met) > 10


def test_only_what_this_worker_will_be_asked_is_repeated(alice, collection):
    """A slot that an earlier holder answered in part."""
    campaign = running(alice, collection, votes_per_question=1, plan={**PLAN, "repeats": 2})
    from annotation.services.assignments import assignment_return

    first = claim(campaign, "first")
    items = [item for item in assignment_items(first) if item.place % STRIDE == 0]
    answers = [Answer(item.question_id, "left", 900, uuid4(), item.place) for item in items[:8]]
    votes_record(assignment_id=first.pk, worker=first.worker, answers=answers)
    assignment_return(assignment_id=first.pk, worker=first.worker)
    second = claim(campaign, "second")
    assert second.hit_id == first.hit_id
    answered = {answer.question_id for answer in answers}
    positions = {item.place // STRIDE for item in assignment_items(second) if item.place % STRIDE == 0}
    probes = list(second.probes.all())
    assert len([one for one in probes if one.kind == "repeat"]) == 2
    assert all(one.question_id not in answered for one in probes if one.kind == "repeat")
    assert all(one.place // STRIDE in positions for one in probes)


def test_labels_are_repeated_too_and_have_no_sides(alice, collection):
    campaign = running(
        alice,
        collection,
        kind=Campaign.Kind.LABEL,
        choices=["happy", "sad", "angry"],
        gold=3,
        attention=5,
        plan={**PLAN, "golds_first": 1},
    )
    assignment = claim(campaign)
    assert kinds(assignment) == {"gold": 1, "repeat": 1}
    assert set(assignment.probes.values_list("left", flat=True)) == {""}
    answer_all(assignment, "1")
    assert set(assignment.probes.values_list("choice", flat=True)) == {"1"}


def test_answers_to_probes_are_no_votes(alice, collection):
    campaign = running(alice, collection)
    assignment = claim(campaign)
    receipt = answer_all(assignment)
    assert receipt.remaining == 0
    assert Vote.objects.count() == 12
    assert assignment.probes.exclude(choice="").count() == 4
    assert not Vote.objects.filter(question__role__in=[Question.Role.GOLD, Question.Role.ATTENTION]).exists()


def claim_queries(campaign, name):
    worker = worker_get(channel="test", external_id=name)
    with CaptureQueriesContext(
        connection,
    ) as seen:
        assignment_claim(campaign=campaign, worker=worker)
    return [query["sql"] for query in seen]


def test_dealing_costs_few_queries_and_none_where_nothing_is_planned(alice, collection):
    campaign = running(alice, collection)
    planned = len(claim_queries(campaign, "a"))
    Campaign.objects.update(golds_first=0, golds_later=0, attention=0, repeats=0)
    campaign.refresh_from_db()
    assert planned - len(claim_queries(campaign, "b")) <= 5


@pytest.mark.skipif("connection.vendor != 'sqlite'", reason="reads SQLite's own plan")
def test_known_questions_are_found_by_their_index_and_not_among_all_that_is_asked(alice, collection):
    campaign = running(alice, collection)
    statement = next(sql for sql in claim_queries(campaign, "a") if "'gold'" in sql and "ORDER BY" in sql)
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN QUERY PLAN " + statement)
        plan = " | ".join(row[3] for row in cursor.fetchall())
    assert "annotation_question_known" in plan, plan
