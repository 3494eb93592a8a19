"""Answers as they come from a browser, checked field by field before anything else sees them."""

import re
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from annotation.errors import AnnotationError
from annotation.services.answers import MAX_RESPONSE_MS, Answer

# A HIT holds at most 200 questions, with up to three probes after each; a post of more was not made by the page.
MAX_ANSWERS = 800
_MAX_ID = 2**63 - 1
_MAX_PLACE = 2**15 - 1
_MAX_FACTS, _MAX_FACT = 12, 80
_ANSWER = re.compile(r"left|right|cant-tell|[0-8]")


def read_answers(body: Mapping[str, Any]) -> list[Answer]:
    """The answers of a post.

    Raises:
        AnnotationError: A field is missing or of the wrong kind; the sentence names it.
    """
    rows = body.get("answers")
    if not isinstance(rows, list) or not 1 <= len(rows) <= MAX_ANSWERS:
        raise AnnotationError(f"answers must be a list of 1 to {MAX_ANSWERS} answers.")
    answers = [_answer(row, f"answers[{place}]") for place, row in enumerate(rows)]
    if len({one.client_id for one in answers}) < len(answers):
        raise AnnotationError("answers holds the same client_id twice.")
    return answers


def _answer(row: object, where: str) -> Answer:
    if not isinstance(row, dict):
        raise AnnotationError(f"{where} must be an object.")
    withdrawn = row.get("withdrawn", False)
    if not isinstance(withdrawn, bool):
        raise AnnotationError(f"{where}.withdrawn must be true or false.")
    place = None if row.get("place") is None else whole_number(row, "place", where, low=0, high=_MAX_PLACE)
    return Answer(
        question_id=whole_number(row, "question", where),
        answer=read_answer(row.get("answer"), f"{where}.answer"),
        response_ms=whole_number(row, "response_ms", where, low=0, high=MAX_RESPONSE_MS),
        client_id=_uuid(row.get("client_id"), f"{where}.client_id"),
        place=place,
        withdrawn=withdrawn,
    )


def read_answer(value: object, name: str) -> str:
    """left, right, cant-tell, or the number of a label as a text.

    Raises:
        AnnotationError: It is none of these.
    """
    if not isinstance(value, str) or not _ANSWER.fullmatch(value):
        raise AnnotationError(f"{name} must be left, right, cant-tell, or the number of a label as a text.")
    return value


def read_client(value: object) -> dict[str, Any]:
    """What a browser says of itself: a few short facts, such as the size of its window.

    Raises:
        AnnotationError: It is something else.
    """
    if value is None:
        return {}
    if not isinstance(value, dict) or len(value) > _MAX_FACTS:
        raise AnnotationError(f"client must be an object of at most {_MAX_FACTS} facts.")
    for name, fact in value.items():
        if len(name) > _MAX_FACT or not isinstance(fact, (str, int, float, bool)) or len(str(fact)) > _MAX_FACT:
            raise AnnotationError(f"client.{name[:_MAX_FACT]} must be a number, true, false or a short text.")
    return value


def whole_number(row: Mapping[str, Any], field: str, where: str = "", *, low: int = 1, high: int = _MAX_ID) -> int:
    """A whole number of a JSON object, within its range.

    Raises:
        AnnotationError: It is missing, of another kind, or out of range.
    """
    value = row.get(field)
    name = f"{where}.{field}" if where else field
    if not isinstance(value, int) or isinstance(value, bool):
        raise AnnotationError(f"{name} must be a whole number.")
    if not low <= value <= high:
        raise AnnotationError(f"{name} must be between {low} and {high}.")
    return value


def _uuid(value: object, name: str) -> UUID:
    try:
        if not isinstance(value, str):
            raise ValueError
        return UUID(value)
    except ValueError:
        raise AnnotationError(f"{name} must be a UUID.") from None
