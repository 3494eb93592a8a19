"""All answers of a campaign, one after the other, however many there are; and what labels came to.

Votes, answers that do not count, and answers to probes lie in three tables. They are read some assignments at a time,
each table once, and put in the order of their arrival: so the time between two answers of an assignment is known, and
no more than those assignments' answers are ever held.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, F, OuterRef, Subquery

from annotation.models import CANT_TELL, Assignment, Campaign, Probe, Question, Split, UncountedVote, Vote
from annotation.selectors.label_agreement import label_consensus_of

# Rows that are read together, roughly.
_CHUNK = 2000


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """One answer.

    Attributes:
        round: Number of the round whose HIT was being answered.
        hit: Number of the HIT within the round.
        assignment: The worker's turn at the HIT.
        question: The question's id in this campaign.
        kind: triplet or label.
        probe: gold, attention or repeat where the answer is no vote; else empty.
        reference: Key of the stimulus in question; a and b: keys of the candidates of a triplet.
        worker: Pseudonym.
        left: The candidate shown on the left: a or b; empty for a label.
        choice: a, b, the number of the label from 0, or x for "can't tell".
        label: The label chosen, as it was shown.
        expected: The right choice, where it is known.
        response_ms: From the pictures' appearance to the answer, on the browser's clock.
        server_ms: From the arrival of the assignment's answer before this one, on the server's clock; None for the
            first, 0 for those that came in one post.
        created: When the server had it.
        slot: The slot that the vote fills, or filled.
        counted: Whether it is a vote that counts; reason: why not.
    """

    round: int
    hit: int
    assignment: int
    question: int
    kind: str
    probe: str
    reference: str
    a: str
    b: str
    worker: str
    left: str
    choice: str
    label: str
    expected: str
    response_ms: int
    server_ms: int | None
    created: datetime
    slot: int | None
    counted: bool
    reason: str


ANSWER_COLUMNS = tuple(AnswerRow.__dataclass_fields__)
_SHARED = {
    "round": F("assignment__hit__round__number"),
    "hit_number": F("assignment__hit__number"),
    "kind_of": F("question__kind"),
    "reference": F("question__reference__key"),
    "a": F("question__a__key"),
    "b": F("question__b__key"),
    "pseudonym": F("worker__pseudonym"),
    "expected": F("question__expected"),
}
_FIELDS = ("assignment_id", "question_id", "left", "choice", "response_ms", *_SHARED)


def answers_of(campaign: Campaign) -> Iterator[AnswerRow]:
    """Every answer that was given in a campaign, in the order of assignments and of arrival."""
    turns = Assignment.objects.filter(campaign=campaign).order_by("pk").values_list("pk", flat=True)
    together, last = max(_CHUNK // campaign.hit_size, 1), 0
    while keys := list(turns.filter(pk__gt=last)[:together]):
        last = keys[-1]
        before: tuple[int, datetime] | None = None
        for row in _read(keys):
            server_ms = None
            if before is not None and before[0] == row["assignment_id"]:
                server_ms = round((row["at"] - before[1]).total_seconds() * 1000)
            before = (row["assignment_id"], row["at"])
            yield _row(row, server_ms, campaign.choices)


def _read(turns: list[int]) -> list[dict[str, Any]]:
    """The answers of some assignments, of all three tables."""
    votes = Vote.objects.filter(assignment__in=turns).annotate(at=F("created"))
    uncounted = UncountedVote.objects.filter(assignment__in=turns).annotate(at=F("created"))
    probes = Probe.objects.filter(assignment__in=turns).exclude(choice="").annotate(at=F("answered"))
    rows: list[dict[str, Any]] = []
    for found, more in ((votes, ("slot",)), (uncounted, ("slot", "reason")), (probes, ("kind",))):
        rows += found.annotate(**_SHARED).order_by("pk").values(*_FIELDS, "at", *more)
    return sorted(rows, key=lambda row: (row["assignment_id"], row["at"]))


def _row(row: dict[str, Any], server_ms: int | None, choices: list[str]) -> AnswerRow:
    reason = row.get("reason", "")
    return AnswerRow(
        round=row["round"],
        hit=row["hit_number"],
        assignment=row["assignment_id"],
        question=row["question_id"],
        kind=row["kind_of"],
        probe=row.get("kind", ""),
        reference=row["reference"],
        a=row["a"] or "",
        b=row["b"] or "",
        worker=row["pseudonym"],
        left=row["left"],
        choice=row["choice"],
        label=choices[int(row["choice"])] if row["choice"].isdigit() and int(row["choice"]) < len(choices) else "",
        expected=row["expected"],
        response_ms=row["response_ms"],
        server_ms=server_ms,
        created=row["at"],
        slot=row.get("slot"),
        counted="kind" not in row and not reason,
        reason=reason or ("probe" if "kind" in row else ""),
    )


def answer_json(row: AnswerRow) -> dict[str, Any]:
    """An answer as JSON says it."""
    return {**asdict(row), "created": row.created.isoformat()}


def label_columns(campaign: Campaign) -> list[str]:
    counts = [f"votes: {label}" for label in campaign.choices]
    return ["round", "stimulus", "split", *counts, "votes: can't tell", "winner", "margin", "weight"]


def label_results(campaign: Campaign) -> Iterator[list[str | int | float]]:
    """What the counted label questions came to, a row a stimulus; of the newest version of the method."""
    newest = label_consensus_of(campaign).filter(question=OuterRef("pk")).order_by("-pk")
    rows = Question.objects.filter(campaign=campaign, kind=Question.Kind.LABEL, role=Question.Role.ASKED)
    found = {f"found_{name}": Subquery(newest.values(name)[:1]) for name in ("counts", "winner", "margin", "weight")}
    counted = rows.filter(Exists(newest)).annotate(**found).order_by("round__number", "pk")
    columns = ("round__number", "reference__key", "split", *found)
    for number, key, split, counts, winner, margin, weight in counted.values_list(*columns).iterator(_CHUNK):
        yield [
            number,
            key,
            Split(split).label.lower(),
            *(counts.get(str(place), 0) for place in range(len(campaign.choices))),
            counts.get(CANT_TELL, 0),
            campaign.choices[int(winner)] if winner else "",
            margin,
            weight,
        ]
