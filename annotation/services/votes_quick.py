"""The short way of the commonest request: one fresh answer to one question of a HIT that is held.

One statement checks that the assignment is held, that its slot asks the question and that the round is open, and
writes the vote; the constraints refuse what is there already. Whatever does not fit (a repetition, a lost lease, a
probe, several answers) takes the long way, `votes_record`, which is slower and knows what to do with it.
"""

from datetime import timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from annotation.models import Question
from annotation.selectors.queue import choice_of, left_candidate
from annotation.services.answers import MAX_RESPONSE_MS, Answer
from annotation.services.tickets import Ticket

# `left` is a word of SQL's own, so it is quoted.
_INSERT = """
INSERT INTO annotation_vote
    (question_id, assignment_id, worker_id, slot, "left", choice, response_ms, client_id, created)
SELECT question.id, assignment.id, assignment.worker_id, assignment.slot, %s, %s, %s, %s, %s
FROM annotation_assignment AS assignment
JOIN annotation_question AS question ON question.hit_id = assignment.hit_id AND question.id = %s
    AND question.kind = %s AND question.wanted > assignment.slot
JOIN annotation_round AS round ON round.id = question.round_id AND round.status = 'open'
JOIN annotation_campaign AS campaign ON campaign.id = assignment.campaign_id AND campaign.status <> 'closed'
WHERE assignment.id = %s AND assignment.worker_id = %s AND assignment.status = 'active' AND assignment.lease_until > %s
    AND NOT EXISTS (SELECT 1 FROM annotation_uncountedvote AS kept WHERE kept.client_id = %s)
    AND NOT EXISTS (SELECT 1 FROM annotation_probe AS probe WHERE probe.client_id = %s)
ON CONFLICT DO NOTHING
"""
_HOLD = "SELECT 1 FROM annotation_assignment WHERE id = %s FOR NO KEY UPDATE;"
# Where less than this is left of a lease, the answer takes the long way, which extends it. So most votes write one row.
_LEASE_LEFT = timedelta(seconds=30)


def vote_record_quick(*, ticket: Ticket, answer: Answer) -> bool:
    """Record one answer the short way; returns whether it is a vote now. Nothing is changed where it is not.

    Args:
        ticket: Whose assignment is answered.
        answer: The answer.
    """
    kind = _kind(ticket, answer)
    if kind is None:
        return False
    left = left_candidate(seed=ticket.seed, question_id=answer.question_id) if kind == Question.Kind.TRIPLET else ""
    now = timezone.now()
    client_id = answer.client_id if connection.features.has_native_uuid_field else answer.client_id.hex
    moment, enough = (connection.ops.adapt_datetimefield_value(one) for one in (now, now + _LEASE_LEFT))
    return _written(
        ticket.assignment_id,
        (
            left, choice_of(answer.answer, left), min(answer.response_ms, MAX_RESPONSE_MS), client_id, moment,
            answer.question_id, str(kind), ticket.assignment_id, ticket.worker_id, enough, client_id, client_id,
        ),
    )  # fmt: skip


def _written(assignment_id: int, values: tuple[Any, ...]) -> bool:
    with connection.cursor() as cursor:
        if connection.features.has_select_for_no_key_update:
            # PostgreSQL: two statements in one message are one transaction, and the second sees what was committed
            # while the first waited (the answer taken back, the round closed); others wait for this vote.
            cursor.execute(_HOLD + _INSERT, (assignment_id, *values))
            cursor.nextset()
        else:
            # SQLite: a statement is a transaction, and nobody else writes meanwhile.
            cursor.execute(_INSERT, values)
        return bool(cursor.rowcount == 1)


def _kind(ticket: Ticket, answer: Answer) -> str | None:
    """The kind of question that this is an answer to, or None where only the long way can tell."""
    if answer.probes or answer.withdrawn:
        return None
    if answer.answer in ("left", "right"):
        return Question.Kind.TRIPLET
    if answer.answer.isdigit() and int(answer.answer) < ticket.choices:
        return Question.Kind.LABEL
    return None
