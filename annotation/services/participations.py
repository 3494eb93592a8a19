"""Workers in campaigns: what they agreed to and how they practised. How they are judged is in conduct.py."""

from collections.abc import Mapping

from django.utils import timezone

from annotation.errors import VoteRejected
from annotation.models import Campaign, Participation, Question, Worker
from annotation.selectors.practice import practice_left, practice_questions
from annotation.selectors.queue import choice_of


def participation_get(*, campaign: Campaign, worker: Worker) -> Participation:
    participation, _ = Participation.objects.get_or_create(campaign=campaign, worker=worker)
    participation.campaign = campaign  # which is at hand: no need to read it again
    return participation


def consent_give(*, participation: Participation) -> None:
    """Note that the worker agreed; saying so again changes nothing."""
    Participation.objects.filter(pk=participation.pk, consented=None).update(consented=timezone.now())


def practice_finish(*, participation: Participation, answers: Mapping[int, str]) -> tuple[int, int]:
    """Note how the worker practised.

    Args:
        participation: Whose practice it was.
        answers: By question: left, right, or the number of a label, as first given.

    Returns:
        How many were right, of how many.

    Raises:
        VoteRejected: A practice question was not answered.
    """
    questions = practice_questions(participation.campaign)
    if missing := next((one.pk for one in questions if one.pk not in answers), None):
        raise VoteRejected(f"Practice question {missing} is not answered.")
    right = sum(_is_right(question, participation, answers[question.pk]) for question in questions)
    Participation.objects.filter(pk=participation.pk).update(
        practised=timezone.now(), practice_right=right, practice_given=len(questions)
    )
    return right, len(questions)


def _is_right(question: Question, participation: Participation, answer: str) -> bool:
    left = practice_left(question, participation) if question.kind == Question.Kind.TRIPLET else ""
    return choice_of(answer, left) == question.expected
