"""What every claim asks, in SQL: to have Django build these statements takes ten times as long as to run them.

Each says no more than its namesake in assignments.py or submission.py would; whoever gets a "no" here goes that way.
"""

from datetime import datetime
from typing import Any

from django.db import connection, transaction

_DUE = "SELECT 1 FROM annotation_assignment WHERE status = 'active' AND lease_until < %s LIMIT 1"
# Each half has an index of its own that holds nothing else.
_TURNS = """
SELECT id, hit_id, status FROM annotation_assignment
WHERE campaign_id = %s AND worker_id = %s AND status = 'active'
UNION ALL
SELECT id, hit_id, status FROM annotation_assignment
WHERE campaign_id = %s AND worker_id = %s AND status = 'expired'
"""
_HOLD = "SELECT 1 FROM annotation_assignment WHERE id = %s FOR NO KEY UPDATE"
_SUBMIT = """
UPDATE annotation_assignment SET status = 'submitted', submitted = %s
WHERE id = %s AND status = 'active'
    AND EXISTS (SELECT 1 FROM annotation_campaign AS campaign
        WHERE campaign.id = annotation_assignment.campaign_id AND campaign.votes_first IS NULL)
    AND NOT EXISTS (SELECT 1 FROM annotation_question AS question
        WHERE question.hit_id = annotation_assignment.hit_id AND question.wanted > annotation_assignment.slot
            AND NOT EXISTS (SELECT 1 FROM annotation_vote AS vote
                WHERE vote.question_id = question.id AND vote.slot = annotation_assignment.slot))
    AND NOT EXISTS (SELECT 1 FROM annotation_probe AS probe
        WHERE probe.assignment_id = annotation_assignment.id AND probe.choice = '')
"""
_FREE = """
SELECT hit.id FROM annotation_hit AS hit JOIN annotation_round AS round ON round.id = hit.round_id
WHERE round.campaign_id = %s AND round.status = 'open' AND hit.open_slots > 0
    AND NOT EXISTS (SELECT 1 FROM annotation_assignment AS mine WHERE mine.hit_id = hit.id AND mine.worker_id = %s)
ORDER BY round.number, hit.number LIMIT 1
"""
_TAKE = "UPDATE annotation_hit SET open_slots = open_slots - 1 WHERE id = %s AND open_slots > 0"
_SLOTS = """
SELECT hit.slots, hit.open_slots, turn.slot, turn.status
FROM annotation_hit AS hit LEFT JOIN annotation_assignment AS turn ON turn.hit_id = hit.id
WHERE hit.id = %s
"""


def leases_are_due(now: datetime) -> bool:
    """Whether any lease ran out, in whatever campaign."""
    return bool(_rows(_DUE, _moment(now)))


def turns_of(*, campaign_id: int, worker_id: int) -> tuple[tuple[int, int] | None, bool]:
    """The assignment that a worker holds and its HIT, if there is one; and whether they lost any by time."""
    rows = _rows(_TURNS, campaign_id, worker_id, campaign_id, worker_id)
    held = next(((pk, hit) for pk, hit, status in rows if status == "active"), None)
    return held, any(status == "expired" for _, _, status in rows)


def submit_quick(*, assignment_id: int, now: datetime) -> bool:
    """Submit an active assignment that is answered whole, where no more votes can come of it.

    Its HIT need not be locked: its slot stays held. The row is locked before anything is looked at, so that an answer
    being taken back is waited for and then seen.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.features.has_select_for_no_key_update:
            cursor.execute(_HOLD, [assignment_id])
        cursor.execute(_SUBMIT, [_moment(now), assignment_id])
        return bool(cursor.rowcount == 1)


def slot_count_down(*, campaign_id: int, worker_id: int) -> int | None:
    """Count down the open slots of the first HIT that has one for this worker; None where there is none.

    The conditional update is what two claims race for. Call within a transaction.

    Returns:
        The HIT's key.
    """
    with connection.cursor() as cursor:
        while True:
            cursor.execute(_FREE, [campaign_id, worker_id])
            row = cursor.fetchone()
            if row is None:
                return None
            cursor.execute(_TAKE, row)
            if cursor.rowcount:
                return int(row[0])


def slots_of(hit_id: int) -> tuple[int, int, list[tuple[int, str]]]:
    """A HIT's slots, how many of them are open, and (slot, status) of all its assignments."""
    rows = _rows(_SLOTS, hit_id)
    return rows[0][0], rows[0][1], [(slot, status) for _, _, slot, status in rows if slot is not None]


def _moment(moment: datetime) -> Any:
    return connection.ops.adapt_datetimefield_value(moment)


def _rows(statement: str, *values: Any) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())
