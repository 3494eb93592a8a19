"""What a worker must do before the first HIT: agree, and practise."""

from typing import Literal

from annotation.models import Campaign, Participation, Question
from annotation.selectors.queue import left_candidate


def practice_questions(campaign: Campaign) -> list[Question]:
    """The campaign's practice questions, as many as it wants of those that it has."""
    rows = campaign.questions.filter(role=Question.Role.PRACTICE).order_by("pk")
    related = rows.select_related("reference__collection", "a__collection", "b__collection")
    return list(related[: campaign.practice])


def practice_left(question: Question, participation: Participation) -> Literal["a", "b"]:
    """The candidate shown on the left to this worker."""
    return left_candidate(seed=participation.pk, question_id=question.pk)


def needed_first(participation: Participation) -> Literal["consent", "practice", ""]:
    """What stands between this worker and a HIT."""
    campaign = participation.campaign
    if campaign.consent and participation.consented is None:
        return "consent"
    if campaign.practice and participation.practised is None and practice_questions(campaign):
        return "practice"
    return ""
