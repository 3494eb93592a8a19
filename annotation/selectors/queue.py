"""What a worker is shown: the items of an assignment, in their places.

An item is a question of the HIT, or a probe dealt to this worker. The question at position p has the place 4·p; up to
three probes follow it at 4·p + 1, + 2 and + 3. So a place says by itself which of the two it is, and never changes.
"""

import hashlib
from dataclasses import dataclass
from typing import Literal

from django.db.models import Exists, OuterRef, QuerySet

from annotation.models import CANT_TELL, Assignment, Probe, Question, Stimulus, Vote

STRIDE = 4


@dataclass(frozen=True)
class Given:
    """The answer that this worker gave to an item, as the page names it."""

    client_id: str
    answer: str


@dataclass(frozen=True)
class Item:
    place: int
    question_id: int
    kind: str  # triplet or label
    reference: Stimulus
    left: Stimulus | None  # of a triplet
    right: Stimulus | None
    given: Given | None = None

    @property
    def sides(self) -> tuple[Stimulus, Stimulus]:
        """The candidates of a triplet, left and right.

        Raises:
            ValueError: It asks for a label.
        """
        if self.left is None or self.right is None:
            raise ValueError(f"Question {self.question_id} asks for a label; it has no candidates.")
        return self.left, self.right


def left_candidate(*, seed: int, question_id: int) -> Literal["a", "b"]:
    """The candidate that an assignment shows on the left: random for each vote, the same however often it is asked.

    A hash and not a generator: the server answers for any question without replaying those before it, and a client
    cannot choose the side by asking again.
    """
    digest = hashlib.blake2b(f"{seed}:{question_id}".encode(), digest_size=1).digest()
    return "a" if digest[0] & 1 else "b"


def choice_of(answer: str, left: str) -> str:
    """What is stored for an answer: a or b for a side, x for "can't tell", the number of a label as it is."""
    if answer == "cant-tell":
        return CANT_TELL
    if answer in ("left", "right"):
        return left if (answer == "left") else ("b" if left == "a" else "a")
    return answer


def answer_of(choice: str, left: str) -> str:
    """The inverse of choice_of."""
    if choice == CANT_TELL:
        return "cant-tell"
    if choice in ("a", "b"):
        return "left" if choice == left else "right"
    return choice


def assignment_items(assignment: Assignment) -> list[Item]:
    """All that this worker has answered or has still to answer in an assignment, in order.

    Left out is what an earlier holder of the slot answered.
    """
    votes = Vote.objects.filter(slot=assignment.slot, question__hit=assignment.hit_id).order_by()
    rows = votes.values_list("question", "worker", "client_id", "choice", "left")
    others = {question for question, worker, *_ in rows if worker != assignment.worker_id}
    mine = {row[0]: Given(str(row[2]), answer_of(row[3], row[4])) for row in rows if row[1] == assignment.worker_id}
    asked = (
        Question.objects.filter(hit=assignment.hit_id, wanted__gt=assignment.slot)
        .exclude(pk__in=others)
        .select_related("reference__collection", "a__collection", "b__collection")
        .order_by("position")
    )
    items = [
        _item(
            question,
            STRIDE * question.position,
            left_candidate(seed=assignment.seed, question_id=question.pk),
            mine.get(question.pk),
        )
        for question in asked
    ]
    probes = Probe.objects.filter(assignment=assignment).select_related(
        "question__reference__collection", "question__a__collection", "question__b__collection"
    )
    for probe in probes:
        given = Given(str(probe.client_id), answer_of(probe.choice, probe.left)) if probe.choice else None
        items.append(_item(probe.question, probe.place, probe.left, given))
    return sorted(items, key=lambda item: item.place)


def assignment_questions(assignment: Assignment) -> list[Item]:
    """What this worker has still to answer in an assignment, in order."""
    return [item for item in assignment_items(assignment) if item.given is None]


def _item(question: Question, place: int, left: str, given: Given | None) -> Item:
    sides = (question.a, question.b) if left == "a" else (question.b, question.a)
    return Item(place, question.pk, question.kind, question.reference, *sides, given)


def questions_missing(hit_id: int, slot: int) -> QuerySet[Question]:
    """Questions of a HIT that a slot asks and that nobody has answered in it yet."""
    answered = Vote.objects.filter(question=OuterRef("pk"), slot=slot)
    return Question.objects.filter(~Exists(answered), hit=hit_id, wanted__gt=slot).order_by()


def items_missing(assignment: Assignment) -> int:
    """How many questions and probes of an assignment are unanswered."""
    probes = Probe.objects.filter(assignment=assignment, choice="").count()
    return questions_missing(assignment.hit_id, assignment.slot).count() + probes
