"""A vote is recorded once, as it was given."""

from collections import Counter
from uuid import uuid4

import pytest

from annotation.errors import VoteRejected
from annotation.models import Assignment, Vote
from annotation.selectors.queue import assignment_questions, left_candidate
from annotation.services.answers import Answer
from annotation.services.assignments import assignment_claim
from annotation.services.votes import votes_record
from annotation.services.workers import worker_for_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def assignment(open_round, bob):
    return assignment_claim(campaign=open_round.campaign, worker=worker_for_user(user=bob))


def record(assignment, *answers, worker=None):
    return votes_record(assignment_id=assignment.pk, worker=worker or assignment.worker, answers=answers)


def test_the_choice_is_stored_in_the_items_frame_with_the_side_that_was_shown(assignment):
    shown = assignment_questions(assignment)
    for question in shown:
        record(assignment, Answer(question.question_id, "right", 700, uuid4()))
    for vote in Vote.objects.select_related("question"):
        question = next(one for one in shown if one.question_id == vote.question_id)
        left_id = vote.question.a_id if vote.left == "a" else vote.question.b_id
        chosen_id = vote.question.a_id if vote.choice == "a" else vote.question.b_id
        assert left_id == question.left.pk
        assert chosen_id == question.right.pk


def test_sending_an_answer_again_changes_nothing(assignment):
    answer = Answer(assignment_questions(assignment)[0].question_id, "left", 700, uuid4())
    first, again = record(assignment, answer), record(assignment, answer)
    assert first == again
    assert Vote.objects.count() == 1


def test_a_second_answer_to_a_question_is_superseded_by_the_first(assignment):
    question = assignment_questions(assignment)[0].question_id
    first, second = Answer(question, "left", 700, uuid4()), Answer(question, "right", 700, uuid4())
    record(assignment, first)
    receipt = record(assignment, second)
    assert receipt.superseded == [second.client_id]
    assert receipt.saved == []
    assert Vote.objects.get().client_id == first.client_id


def test_two_answers_to_a_question_in_one_message_count_once(assignment):
    question = assignment_questions(assignment)[0].question_id
    answers = [Answer(question, "left", 700, uuid4()), Answer(question, "right", 700, uuid4())]
    assert record(assignment, *answers).superseded == [answers[1].client_id]
    assert Vote.objects.count() == 1


def test_a_message_with_a_foreign_question_records_nothing(assignment, open_round):
    mine = assignment_questions(assignment)[0].question_id
    foreign = open_round.questions.exclude(hit=assignment.hit).first().pk
    with pytest.raises(VoteRejected, match=f"Question {foreign} is not part"):
        record(assignment, Answer(mine, "left", 700, uuid4()), Answer(foreign, "left", 700, uuid4()))
    assert not Vote.objects.exists()


def test_nobody_votes_on_the_assignment_of_another(assignment, carol):
    question = assignment_questions(assignment)[0].question_id
    with pytest.raises(VoteRejected, match="not yours"):
        record(assignment, Answer(question, "left", 700, uuid4()), worker=worker_for_user(user=carol))


def test_the_last_answer_submits_the_assignment(assignment):
    shown = assignment_questions(assignment)
    for place, question in enumerate(shown):
        receipt = record(assignment, Answer(question.question_id, "left", 700, uuid4()))
        assert receipt.remaining == len(shown) - place - 1
    assert receipt.submitted
    assert Assignment.objects.get(pk=assignment.pk).submitted is not None


def test_response_times_stay_within_what_a_person_can_take(assignment):
    shown = assignment_questions(assignment)
    record(
        assignment,
        Answer(shown[0].question_id, "left", -67_493, uuid4()),
        Answer(shown[1].question_id, "left", 10**12, uuid4()),
    )
    assert sorted(Vote.objects.values_list("response_ms", flat=True)) == [0, 86_400_000]


def test_the_side_is_random_over_votes_and_fixed_for_each():
    sides = Counter(left_candidate(seed=seed, question_id=question) for seed in range(60) for question in range(60))
    # 3,600 fair coins: five standard deviations are 150.
    assert abs(sides["a"] - 1800) < 150
    assert all(left_candidate(seed=5, question_id=9) == left_candidate(seed=5, question_id=9) for _ in range(3))


def test_a_client_id_that_was_used_for_another_question_is_refused(assignment):
    shown = assignment_questions(assignment)
    first = Answer(shown[0].question_id, "left", 700, uuid4())
    record(assignment, first)
    with pytest.raises(VoteRejected, match="used for another question"):
        record(assignment, Answer(shown[1].question_id, "left", 700, first.client_id))
    assert Vote.objects.count() == 1


def test_a_client_id_of_another_worker_is_refused(assignment, open_round, carol):
    answer = Answer(assignment_questions(assignment)[0].question_id, "left", 700, uuid4())
    record(assignment, answer)
    theirs = assignment_claim(campaign=open_round.campaign, worker=worker_for_user(user=carol))
    with pytest.raises(VoteRejected, match="used by another worker"):
        record(theirs, Answer(answer.question_id, "left", 700, answer.client_id))
    assert Vote.objects.count() == 1


def test_recording_one_answer_takes_few_queries(assignment, django_assert_max_num_queries):
    question = assignment_questions(assignment)[0].question_id
    with django_assert_max_num_queries(9):
        record(assignment, Answer(question, "left", 700, uuid4()))
