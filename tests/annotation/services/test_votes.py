"""A vote is recorded once, as it was given."""

from collections import Counter
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from annotation.errors import VoteRejected
from annotation.models import Assignment, Probe, Question, UncountedVote, Vote
from annotation.selectors.queue import assignment_items, assignment_questions, left_candidate
from annotation.services.proposals import round_propose_balanced
from annotation.services.rounds import round_open
from annotation.services.tickets import ticket_make, ticket_read
from annotation.services.votes_quick import vote_record_quick
from tests.annotation.services.people import answer, answers, claim, finish, opened, person, probe, record, status
from tests.factories import small_campaign

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rows_agree")]


@pytest.fixture
def assignment(open_round):
    return claim(open_round.campaign, person("bob"))


def test_the_choice_is_stored_in_the_items_frame_with_the_side_that_was_shown(assignment):
    shown = {item.question_id: item for item in assignment_questions(assignment)}
    for given in answers(assignment, "right"):
        record(assignment, given)
    for vote in Vote.objects.select_related("question"):
        left_id = vote.question.a_id if vote.left == "a" else vote.question.b_id
        chosen_id = vote.question.a_id if vote.choice == "a" else vote.question.b_id
        assert left_id == shown[vote.question_id].left.pk
        assert chosen_id == shown[vote.question_id].right.pk


def test_sending_an_answer_again_changes_nothing(assignment):
    given = answers(assignment, count=1)
    first, again = record(assignment, *given), record(assignment, *given)
    assert first == again
    assert Vote.objects.count() == 1


def test_an_answer_sent_again_after_the_end_is_answered_alike(assignment):
    given = answers(assignment)
    first = record(assignment, *given)
    assert first.submitted
    assert record(assignment, *given) == first


def test_a_second_answer_to_a_question_is_kept_and_does_not_count(assignment):
    first = answers(assignment, count=1)[0]
    second = answer(first.question_id, "right")
    record(assignment, first)
    for _ in range(2):  # and sent again it is not kept twice
        receipt = record(assignment, second)
        assert (receipt.saved, receipt.uncounted) == ([], {second.client_id: "repeated"})
    assert Vote.objects.get().client_id == first.client_id
    kept = UncountedVote.objects.get()
    assert (kept.client_id, kept.reason, kept.slot) == (second.client_id, "repeated", None)


def test_two_answers_to_a_question_in_one_message_count_once(assignment):
    first = answers(assignment, count=1)[0]
    second = answer(first.question_id, "right")
    receipt = record(assignment, first, second)
    assert (receipt.saved, receipt.uncounted) == ([first.client_id], {second.client_id: "repeated"})
    assert Vote.objects.count() == 1


def test_a_message_with_a_foreign_question_records_nothing(assignment, open_round):
    foreign = open_round.questions.exclude(hit=assignment.hit).first().pk
    with pytest.raises(VoteRejected, match=f"Question {foreign} is not part"):
        record(assignment, *answers(assignment, count=1), answer(foreign))
    assert not Vote.objects.exists()


def test_nobody_votes_on_the_assignment_of_another(assignment):
    with pytest.raises(VoteRejected, match="not yours"):
        record(assignment, *answers(assignment, count=1), worker=person("carol"))


def test_the_last_answer_submits_the_assignment(assignment):
    given = answers(assignment)
    for place, one in enumerate(given):
        receipt = record(assignment, one)
        assert receipt.remaining == len(given) - place - 1
    assert receipt.submitted
    assert Assignment.objects.get(pk=assignment.pk).submitted is not None


def test_an_answer_extends_the_lease(assignment):
    soon = timezone.now() + timedelta(seconds=5)
    Assignment.objects.filter(pk=assignment.pk).update(lease_until=soon)
    record(assignment, *answers(assignment, count=1))
    assert Assignment.objects.get(pk=assignment.pk).lease_until > soon + timedelta(minutes=1)


def test_response_times_stay_within_what_a_person_can_take(assignment):
    first, second = (item.question_id for item in assignment_questions(assignment)[:2])
    record(assignment, answer(first, response_ms=-67_493), answer(second, response_ms=10**12))
    assert sorted(Vote.objects.values_list("response_ms", flat=True)) == [0, 86_400_000]


def test_the_side_is_random_over_votes_and_fixed_for_each():
    sides = Counter(left_candidate(seed=seed, question_id=question) for seed in range(60) for question in range(60))
    # 3,600 fair coins: five standard deviations are 150.
    assert abs(sides["a"] - 1800) < 150
    assert all(left_candidate(seed=5, question_id=9) == left_candidate(seed=5, question_id=9) for _ in range(3))


# Client ids, over all three tables that answers are kept in.


def as_vote(assignment):
    given = answers(assignment, count=1)[0]
    record(assignment, given)
    return given


def as_uncounted(assignment):
    return_to = as_vote(assignment)
    given = answer(return_to.question_id, "right")
    assert record(assignment, given).uncounted
    return given


def as_probe(assignment):
    dealt = probe(assignment)
    given = answer(dealt.question_id, place=dealt.place)
    record(assignment, given)
    return given


WAYS = pytest.mark.parametrize("keep", [as_vote, as_uncounted, as_probe])


@WAYS
def test_an_answer_is_known_wherever_it_is_kept(assignment, keep):
    given = keep(assignment)
    rows = [model.objects.count() for model in (Vote, UncountedVote)]
    receipt = record(assignment, given)
    assert {*receipt.saved, *receipt.uncounted} == {given.client_id}
    assert [model.objects.count() for model in (Vote, UncountedVote)] == rows
    assert Probe.objects.filter(client_id=given.client_id).count() == (keep is as_probe)


@WAYS
def test_a_client_id_that_was_used_for_another_question_is_refused(assignment, keep):
    given = keep(assignment)
    other = assignment_questions(assignment)[-1].question_id
    with pytest.raises(VoteRejected, match="used for another question"):
        record(assignment, answer(other, client_id=given.client_id))
    assert not Vote.objects.filter(question=other).exists()


@WAYS
def test_a_client_id_of_another_worker_is_refused(assignment, open_round, keep):
    given = keep(assignment)
    theirs = claim(open_round.campaign, person("carol"))
    with pytest.raises(VoteRejected, match="used by another worker"):
        record(theirs, answer(given.question_id, client_id=given.client_id))
    assert not Vote.objects.filter(worker=theirs.worker).exists()


@WAYS
def test_the_short_way_writes_nothing_under_a_known_client_id(assignment, open_round, keep):
    given = keep(assignment)
    ticket = ticket_read(ticket_make(assignment=assignment, campaign=open_round.campaign))
    other = assignment_questions(assignment)[-1].question_id
    votes = Vote.objects.count()
    assert not vote_record_quick(ticket=ticket, answer=answer(other, client_id=given.client_id))
    assert Vote.objects.count() == votes


def test_a_second_answer_to_a_probe_is_kept(assignment):
    as_probe(assignment)
    dealt = Probe.objects.get()
    second = answer(dealt.question_id, "right", place=dealt.place)
    assert record(assignment, second).uncounted == {second.client_id: "repeated"}
    assert Probe.objects.get().choice == dealt.choice
    assert (UncountedVote.objects.get().left, UncountedVote.objects.get().choice) == ("a", "b")


def test_a_place_that_shows_nothing_is_refused(assignment):
    question = assignment_questions(assignment)[0].question_id
    for withdrawn in (False, True):
        with pytest.raises(VoteRejected, match="Nothing at place 1"):
            record(assignment, answer(question, place=1, withdrawn=withdrawn))


# Kinds of answers.


@pytest.fixture
def labelling(alice, collection):
    round = opened(alice, collection, hits=1, hit_size=4, kind="label", choices=["no", "yes"])
    return claim(round.campaign, person("bob"))


def test_labels_are_stored_by_their_number(labelling):
    asked = [item.question_id for item in assignment_questions(labelling)]
    record(labelling, *(answer(question, str(number % 2)) for number, question in enumerate(asked)))
    votes = dict(Vote.objects.values_list("question", "choice"))
    assert [votes[question] for question in asked] == ["0", "1", "0", "1"]
    assert set(Vote.objects.values_list("left", flat=True)) == {""}
    assert [item.given.answer for item in assignment_items(labelling)] == ["0", "1", "0", "1"]


@pytest.mark.parametrize("wrong", ["2", "left", "cant-tell", "", "00", "-1"])
def test_what_a_label_question_does_not_have_is_refused(labelling, wrong):
    with pytest.raises(VoteRejected, match="is no answer"):
        record(labelling, answer(assignment_questions(labelling)[0].question_id, wrong))
    assert not Vote.objects.exists()


@pytest.mark.parametrize("wrong", ["0", "a", "x", "cant-tell", ""])
def test_what_a_triplet_does_not_have_is_refused(assignment, wrong):
    with pytest.raises(VoteRejected, match="is no answer"):
        record(assignment, answer(assignment_questions(assignment)[0].question_id, wrong))
    assert not Vote.objects.exists()


@pytest.mark.parametrize("kind", ["triplet", "label"])
def test_cant_tell_is_an_answer_where_the_campaign_says_so(alice, collection, kind):
    round = opened(alice, collection, hits=1, hit_size=4, kind=kind, cant_tell=True)
    mine = claim(round.campaign, person("bob"))
    record(mine, answer(assignment_questions(mine)[0].question_id, "cant-tell"))
    assert Vote.objects.get().choice == "x"
    assert assignment_items(mine)[0].given.answer == "cant-tell"


def test_triplets_and_labels_stand_in_one_bundle(alice, collection):
    campaign = small_campaign(owner=alice, collection=collection, kind="both", hit_size=40)
    round_open(round=round_propose_balanced(campaign=campaign, per_stimulus=3))
    mine = claim(campaign, person("bob"))
    assert {item.kind for item in assignment_questions(mine)} == {"triplet", "label"}
    assert finish(mine).submitted
    assert status(mine) == "submitted"


def test_the_database_itself_refuses_a_second_vote_in_a_slot(assignment):
    finish(assignment)
    vote = Vote.objects.first()
    vote.pk, vote.client_id, vote.worker = None, uuid4(), person("carol")
    with pytest.raises(IntegrityError), transaction.atomic():
        vote.save(force_insert=True)


def test_the_database_itself_refuses_a_second_vote_of_a_worker(assignment):
    finish(assignment)
    vote = Vote.objects.first()
    vote.pk, vote.client_id, vote.slot = None, uuid4(), 4
    with pytest.raises(IntegrityError), transaction.atomic():
        vote.save(force_insert=True)


def test_recording_one_answer_takes_few_queries(assignment, django_assert_max_num_queries):
    given = answers(assignment, count=1)
    with django_assert_max_num_queries(18):
        record(assignment, *given)
    assert Question.objects.filter(votes__client_id=given[0].client_id).count() == 1
