"""What a worker is shown next."""

import hashlib
from dataclasses import dataclass
from typing import Literal

from annotation.models import Assignment, Question, Stimulus, Vote


@dataclass(frozen=True)
class ShownQuestion:
    question_id: int
    reference: Stimulus
    left: Stimulus
    right: Stimulus


def left_candidate(*, seed: int, question_id: int) -> Literal["a", "b"]:
    """The candidate that an assignment shows on the left: random for each vote, the same however often it is asked.

    A hash and not a generator: the server answers for any question without replaying those before it, and a client
    cannot choose the side by asking again.
    """
    digest = hashlib.blake2b(f"{seed}:{question_id}".encode(), digest_size=1).digest()
    return "a" if digest[0] & 1 else "b"


def assignment_questions(assignment: Assignment) -> list[ShownQuestion]:
    """The questions of an assignment that its slot still misses, in order, with their sides decided."""
    answered = Vote.objects.filter(slot=assignment.slot, question__hit=assignment.hit_id).values("question")
    questions = (
        Question.objects.filter(hit=assignment.hit_id)
        .exclude(pk__in=answered)
        .select_related("reference__collection", "a__collection", "b__collection")
        .order_by("position")
    )
    return [_shown(question, assignment.seed) for question in questions]


def _shown(question: Question, seed: int) -> ShownQuestion:
    if left_candidate(seed=seed, question_id=question.pk) == "a":
        return ShownQuestion(question.pk, question.reference, question.a, question.b)
    return ShownQuestion(question.pk, question.reference, question.b, question.a)
