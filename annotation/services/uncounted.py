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
        UncountedVote(**vote.as_given(), slot=vote.slot, reason=reason, since=now) for vote in moved
    )
