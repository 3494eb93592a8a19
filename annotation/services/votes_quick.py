"""The short way of the commonest request: one fresh answer to one question of a HIT that is held.

One statement checks that the assignment is held, that its slot asks the question and that the round is open, and
writes the vote; the constraints refuse what is there already. Whatever does not fit (a repetition, a lost lease, a
probe, several answers) takes the long way, `votes_record`, which is slower and knows what to do with it.
"""

from datetime import timedelta

from django.db import connection, transaction
from django.db.models import UUIDField
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
WHERE assignment.id = %s AND assignment.worker_id = %s AND assignment.status = 'active'
    AND NOT EXISTS (SELECT 1 FROM annotation_uncountedvote AS kept WHERE kept.client_id = %s)
"""
_END = "ON CONFLICT DO NOTHING RETURNING id"
# PostgreSQL: hold the assignment, so that closing the round waits for this vote. SQLite has one writer at a time.
_HOLD = "FOR NO KEY UPDATE OF assignment "
_EXTEND = "UPDATE annotation_assignment SET lease_until = %s WHERE id = %s AND status = 'active' AND lease_until < %s"
# A lease that was extended within this time is not extended again: a row less to write for most votes.
_FRESH = timedelta(seconds=30)
_client_id = UUIDField()


def vote_record_quick(*, ticket: Ticket, answer: Answer, lease: timedelta) -> bool:
    """Record one answer the short way; returns whether it is in the database now. Nothing is changed where it is not.

    Args:
        ticket: Whose assignment is answered.
        answer: The answer.
        lease: How long the assignment is held from now.
    """
    kind = _kind(ticket, answer)
    if kind is None:
        return False
    left = left_candidate(seed=ticket.seed, question_id=answer.question_id) if kind == Question.Kind.TRIPLET else ""
    moment = timezone.now()
    now = connection.ops.adapt_datetimefield_value(moment)
    client_id = _client_id.get_db_prep_value(answer.client_id, connection)
    written = (
        left, choice_of(answer.answer, left), min(answer.response_ms, MAX_RESPONSE_MS), client_id, now,
        answer.question_id, str(kind), ticket.assignment_id, ticket.worker_id, client_id,
    )  # fmt: skip
    hold = _HOLD if connection.features.has_select_for_no_key_update else ""
    until = connection.ops.adapt_datetimefield_value(moment + lease)
    due = connection.ops.adapt_datetimefield_value(moment + lease - _FRESH)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_INSERT + hold + _END, written)
        if cursor.fetchone() is None:
            return False
        cursor.execute(_EXTEND, (until, ticket.assignment_id, due))
    return True


def _kind(ticket: Ticket, answer: Answer) -> str | None:
    """The kind of question that this is an answer to, or None where only the long way can tell."""
    if answer.probes or answer.withdrawn:
        return None
    if answer.answer in ("left", "right"):
        return Question.Kind.TRIPLET
    if answer.answer.isdigit() and int(answer.answer) < ticket.choices:
        return Question.Kind.LABEL
    return None
