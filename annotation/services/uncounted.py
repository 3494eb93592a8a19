"""Answers that do not count: kept all the same, with the reason."""

from collections.abc import Iterable
from datetime import datetime

from annotation.models import UncountedVote, Vote


def votes_uncount(*, votes: Iterable[Vote], reason: UncountedVote.Reason, now: datetime) -> list[UncountedVote]:
    """Move votes out of their slots, which are free again. Call within a transaction.

    Client ids stay known, so an answer that is sent again is still the same answer.
    """
    moved = list(votes)
    Vote.objects.filter(pk__in=[vote.pk for vote in moved]).delete()
    return UncountedVote.objects.bulk_create(
        UncountedVote(
            question_id=vote.question_id,
            assignment_id=vote.assignment_id,
            worker_id=vote.worker_id,
            slot=vote.slot,
            left=vote.left,
            choice=vote.choice,
            response_ms=vote.response_ms,
            client_id=vote.client_id,
            created=vote.created,
            reason=reason,
            since=now,
        )
        for vote in moved
    )
