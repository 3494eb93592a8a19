"""What the voting page is sent: items with their stimuli, as JSON."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from django.urls import get_script_prefix, reverse

from annotation.models import Assignment, Campaign, Participation, Question, Stimulus
from annotation.selectors.practice import practice_left, practice_questions
from annotation.selectors.queue import Place, answer_of, assignment_places, stimuli_keys
from annotation.selectors.shown import Shown, stimuli_shown
from annotation.services.tickets import ticket_make

_TURNING = (Stimulus.Kind.POINTS, Stimulus.Kind.MESH)


def assignment_json(assignment: Assignment, campaign: Campaign) -> dict[str, Any]:
    """An assignment with all that it shows; items that this worker has answered say so, and can be taken back."""
    places = assignment_places(assignment)
    stimuli = stimuli_shown(stimuli_keys(places))
    return {
        "assignment": assignment.pk,
        "ticket": ticket_make(assignment=assignment, campaign=campaign),
        "lease_until": assignment.lease_until.isoformat(),
        "items": [_place_json(one, stimuli) for one in places],
    }


def _place_json(one: Place, stimuli: Mapping[int, Shown]) -> dict[str, Any]:
    sides = [None if key is None else stimuli[key] for key in one.sides]
    shown = _item_json(one.place, one.question_id, one.kind, stimuli[one.reference], sides)
    if one.given is not None:
        shown["given"] = {"client_id": one.given.client_id, "answer": one.given.answer}
    return shown


def _item_json(
    place: int, question_id: int, kind: str, reference: Stimulus | Shown, sides: Sequence[Stimulus | Shown | None]
) -> dict[str, Any]:
    item: dict[str, Any] = {"place": place, "question": question_id, "kind": kind}
    left, right = sides
    if left is None or right is None:
        return item | {"stimulus": stimulus_json(reference)}
    return item | {
        "reference": stimulus_json(reference),
        "left": stimulus_json(left),
        "right": stimulus_json(right),
    }


def practice_json(participation: Participation) -> list[dict[str, Any]]:
    """The practice questions with the answers expected: feedback comes at once."""
    items = []
    for place, question in enumerate(practice_questions(participation.campaign)):
        left = practice_left(question, participation) if question.kind == Question.Kind.TRIPLET else ""
        sides = (question.a, question.b) if left == "a" else (question.b, question.a)
        item = _item_json(place, question.pk, question.kind, question.reference, sides)
        items.append({**item, "expected": answer_of(question.expected, left)})
    return items


def stimulus_json(stimulus: Stimulus | Shown) -> dict[str, str]:
    """How to show a stimulus. Nothing in it says what it is: a key or label could decide the answer."""
    if stimulus.kind == Stimulus.Kind.TEXT:
        return {"kind": "text", "text": stimulus.text}
    shown = {"kind": "image", "url": _address("annotation:stimulus", stimulus)}
    if stimulus.kind in _TURNING and not stimulus.picture:
        shown |= {"kind": "shape", "shape": _address("annotation:stimulus-shape", stimulus)}
    return shown


def _address(name: str, stimulus: Stimulus | Shown) -> str:
    before, after = _around(name, get_script_prefix())
    return f"{before}{stimulus.pk}/{stimulus.sha256[:12]}{after}"


@cache
def _around(name: str, prefix: str) -> tuple[str, str]:
    """What stands before and after key and hash in an address: a bundle has many, and each reverse() takes a while.

    Args:
        name: Of the address.
        prefix: Of the site, which reverse() knows; it may be another one for the next request.
    """
    before, after = reverse(name, args=[0, "hash"]).split("0/hash")
    return before, after
