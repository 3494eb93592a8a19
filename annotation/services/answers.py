"""An answer as a client gives it, and what it is told."""

from dataclasses import dataclass, field
from uuid import UUID

from annotation.errors import VoteRejected
from annotation.models import Campaign, Question
from annotation.selectors.queue import STRIDE

# A day: longer is not thinking, it is a machine that slept. Kept within what the column holds.
MAX_RESPONSE_MS = 86_400_000


@dataclass(frozen=True)
class Answer:
    """One answer as the client saw it.

    Attributes:
        question_id: What was answered.
        answer: "left" or "right" of a triplet, the number of a label, or "cant-tell".
        response_ms: From pictures visible to answer, on the client's monotonic clock.
        client_id: Made by the client, one for each answer.
        place: Of the item within the assignment; None for a question of the HIT itself.
        withdrawn: The worker took this answer back.
    """

    question_id: int
    answer: str
    response_ms: int
    client_id: UUID
    place: int | None = None
    withdrawn: bool = False

    @property
    def probes(self) -> bool:
        return self.place is not None and self.place % STRIDE != 0


@dataclass(frozen=True)
class Receipt:
    """What the server has now.

    Attributes:
        saved: In the database and counted, by this or an earlier call.
        uncounted: In the database and not counted, with the reason.
        remaining: Items of the assignment that this worker has yet to answer.
        submitted: Whether the assignment is submitted.
    """

    saved: list[UUID]
    uncounted: dict[UUID, str] = field(default_factory=dict)
    remaining: int = 0
    submitted: bool = False


def answer_check(*, answer: Answer, kind: str, campaign: Campaign) -> None:
    """Refuse an answer that a question of this kind does not have.

    Raises:
        VoteRejected: It is such an answer.
    """
    given = answer.answer
    if given == "cant-tell":
        fits = campaign.cant_tell
    elif kind == Question.Kind.TRIPLET:
        fits = given in ("left", "right")
    else:
        fits = given in {str(number) for number in range(len(campaign.choices))}
    if not fits:
        raise VoteRejected(f"{given!r} is no answer to question {answer.question_id}.")
