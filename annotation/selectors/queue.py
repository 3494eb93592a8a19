"""What a worker is shown: the items of an assignment, in their places.

An item is a question of the HIT, or a probe dealt to this worker. The question at position p has the place 4·p; up to
three probes follow it at 4·p + 1, + 2 and + 3. So a place says by itself which of the two it is, and never changes.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from django.db import connection
from django.db.models import Exists, OuterRef, QuerySet

from annotation.models import CANT_TELL, Assignment, Question, Stimulus, Vote

STRIDE = 4
# Written out, because each claim asks these, and building such a query takes ten times as long as running it.
_ASKED = """
SELECT question.id, question.position, question.kind, question.reference_id, question.a_id, question.b_id,
    vote.worker_id, vote.client_id, vote.choice, vote."left"
FROM annotation_question AS question
LEFT JOIN annotation_vote AS vote ON vote.question_id = question.id AND vote.slot = %s
WHERE question.hit_id = %s AND question.wanted > %s
"""
_DEALT = """
SELECT probe.place, probe."left", probe.choice, probe.client_id,
    question.id, question.kind, question.reference_id, question.a_id, question.b_id
FROM annotation_probe AS probe JOIN annotation_question AS question ON question.id = probe.question_id
WHERE probe.assignment_id = %s
"""
_MISSING = """
SELECT
    (SELECT count(*) FROM annotation_question AS question
     WHERE question.hit_id = %s AND question.wanted > %s AND NOT EXISTS (
        SELECT 1 FROM annotation_vote AS vote WHERE vote.question_id = question.id AND vote.slot = %s))
    + (SELECT count(*) FROM annotation_probe WHERE assignment_id = %s AND choice = '')
"""


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


@dataclass
class Place:
    """An item whose stimuli are still keys: a bundle shows many stimuli several times, and each is read once."""

    place: int
    question_id: int
    kind: str
    reference: int
    candidates: tuple[int | None, int | None]  # a and b, of a triplet
    left: str
    given: Given | None = None

    @property
    def sides(self) -> tuple[int | None, int | None]:
        """The candidates of a triplet, left and right."""
        a, b = self.candidates
        return (a, b) if self.left == "a" else (b, a)


def assignment_places(assignment: Assignment) -> list[Place]:
    """All that this worker has answered or has still to answer in an assignment, in order.

    Left out is what an earlier holder of the slot answered.
    """
    places = []
    with connection.cursor() as cursor:
        cursor.execute(_ASKED, (assignment.slot, assignment.hit_id, assignment.slot))
        for pk, position, kind, reference, a, b, worker, client_id, choice, shown in cursor.fetchall():
            if worker not in (None, assignment.worker_id):
                continue
            left = left_candidate(seed=assignment.seed, question_id=pk)
            given = None if worker is None else _given(client_id, choice, shown)
            places.append(Place(STRIDE * position, pk, kind, reference, (a, b), left, given))
        cursor.execute(_DEALT, (assignment.pk,))
        for place, left, choice, client_id, pk, kind, reference, a, b in cursor.fetchall():
            given = _given(client_id, choice, left) if client_id else None
            places.append(Place(place, pk, kind, reference, (a, b), left, given))
    return sorted(places, key=lambda one: one.place)


def _given(client_id: UUID | str, choice: str, left: str) -> Given:
    """SQLite, asked without a model, gives a UUID as a text without hyphens."""
    return Given(str(UUID(str(client_id))), answer_of(choice, left))


def stimuli_keys(places: Sequence[Place]) -> list[int]:
    """The keys of all stimuli that are shown, each once."""
    return sorted({key for one in places for key in (one.reference, *one.candidates) if key is not None})


def assignment_items(assignment: Assignment) -> list[Item]:
    """The same with all that is known of the stimuli."""
    places = assignment_places(assignment)
    stimuli = Stimulus.objects.in_bulk(stimuli_keys(places))
    items = []
    for one in places:
        left, right = (None if key is None else stimuli[key] for key in one.sides)
        items.append(Item(one.place, one.question_id, one.kind, stimuli[one.reference], left, right, one.given))
    return items


def assignment_questions(assignment: Assignment) -> list[Item]:
    """What this worker has still to answer in an assignment, in order."""
    return [item for item in assignment_items(assignment) if item.given is None]


def questions_missing(hit_id: int, slot: int) -> QuerySet[Question]:
    """Questions of a HIT that a slot asks and that nobody has answered in it yet."""
    answered = Vote.objects.filter(question=OuterRef("pk"), slot=slot)
    return Question.objects.filter(~Exists(answered), hit=hit_id, wanted__gt=slot).order_by()


def items_missing(assignment: Assignment) -> int:
    """How many questions and probes of an assignment are unanswered."""
    slot = assignment.slot
    with connection.cursor() as cursor:
        cursor.execute(_MISSING, (assignment.hit_id, slot, slot, assignment.pk))
        return int(cursor.fetchone()[0])
