"""Answers as they come from a browser, checked field by field before anything else sees them."""

from collections.abc import Mapping
from typing import Any, cast
from uuid import UUID

from annotation.errors import AnnotationError
from annotation.services.votes import MAX_RESPONSE_MS, Answer, Side

# A HIT holds at most 200 questions; a post of more was not made by the page.
MAX_ANSWERS = 200
_MAX_ID = 2**63 - 1


def read_answers(body: Mapping[str, Any]) -> tuple[int, list[Answer]]:
    """The assignment and the answers of a post.

    Raises:
        AnnotationError: A field is missing or of the wrong kind; the sentence names it.
    """
    assignment = whole_number(body, "assignment")
    rows = body.get("answers")
    if not isinstance(rows, list) or not 1 <= len(rows) <= MAX_ANSWERS:
        raise AnnotationError(f"answers must be a list of 1 to {MAX_ANSWERS} answers.")
    answers = [_answer(row, f"answers[{place}]") for place, row in enumerate(rows)]
    if len({one.client_id for one in answers}) < len(answers):
        raise AnnotationError("answers holds the same client_id twice.")
    return assignment, answers


def _answer(row: object, where: str) -> Answer:
    if not isinstance(row, dict):
        raise AnnotationError(f"{where} must be an object.")
    if row.get("side") not in ("left", "right"):
        raise AnnotationError(f"{where}.side must be left or right.")
    return Answer(
        question_id=whole_number(row, "question", where),
        side=cast(Side, row["side"]),
        response_ms=whole_number(row, "response_ms", where, low=0, high=MAX_RESPONSE_MS),
        client_id=_uuid(row.get("client_id"), f"{where}.client_id"),
    )


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
