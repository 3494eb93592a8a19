"""What the voting page is sent: items with their stimuli, as JSON."""

from functools import cache
from typing import Any

from django.urls import get_script_prefix, reverse

from annotation.models import Assignment, Campaign, Participation, Question, Stimulus
from annotation.selectors.practice import practice_left, practice_questions
from annotation.selectors.queue import Item, answer_of, assignment_items
from annotation.services.tickets import ticket_make

_TURNING = (Stimulus.Kind.POINTS, Stimulus.Kind.MESH)


def assignment_json(assignment: Assignment, campaign: Campaign) -> dict[str, Any]:
    """An assignment with all that it shows; items that this worker has answered say so, and can be taken back."""
    return {
        "assignment": assignment.pk,
        "ticket": ticket_make(assignment=assignment, campaign=campaign),
        "lease_until": assignment.lease_until.isoformat(),
        "items": [_item_json(item) for item in assignment_items(assignment)],
    }


def _item_json(item: Item) -> dict[str, Any]:
    shown = {"place": item.place, "question": item.question_id, "kind": item.kind, **_stimuli(item)}
    if item.given is not None:
        shown["given"] = {"client_id": item.given.client_id, "answer": item.given.answer}
    return shown


def _stimuli(item: Item) -> dict[str, Any]:
    if item.left is None or item.right is None:
        return {"stimulus": stimulus_json(item.reference)}
    return {
        "reference": stimulus_json(item.reference),
        "left": stimulus_json(item.left),
        "right": stimulus_json(item.right),
    }


def practice_json(participation: Participation) -> list[dict[str, Any]]:
    """The practice questions with the answers expected: feedback comes at once."""
    items = []
    for place, question in enumerate(practice_questions(participation.campaign)):
        left = practice_left(question, participation) if question.kind == Question.Kind.TRIPLET else ""
        sides = (question.a, question.b) if left == "a" else (question.b, question.a)
        item = Item(place, question.pk, question.kind, question.reference, *sides)
        items.append({**_item_json(item), "expected": answer_of(question.expected, left)})
    return items


def stimulus_json(stimulus: Stimulus) -> dict[str, str]:
    """How to show a stimulus. Nothing in it says what it is: a key or label could decide the answer."""
    if stimulus.kind == Stimulus.Kind.TEXT:
        return {"kind": "text", "text": stimulus.text}
    shown = {"kind": "image", "url": _address("annotation:stimulus", stimulus)}
    if stimulus.kind in _TURNING and not stimulus.picture:
        shown |= {"kind": "shape", "shape": _address("annotation:stimulus-shape", stimulus)}
    return shown


def _address(name: str, stimulus: Stimulus) -> str:
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
