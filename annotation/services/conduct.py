"""How workers stand in a campaign: assessed by the rules, decided by people.

The steps are: counts less → paused (the HIT at hand may be finished) → excluded (answers leave their slots, which are
asked again). Rules take a worker up these steps and never down, but for the first, which follows the figures. They
exclude only for what nobody who looks could do, and leave alone whom a person has decided about. Nothing here touches
what is paid: that is for a person who confirms a rejection.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from accounts.models import User
from annotation.errors import WrongState
from annotation.models import Assignment, Campaign, Participation
from annotation.quality.conduct import DEFAULTS, WorkerConduct, conduct_of, gravity
from annotation.selectors.conduct import campaign_median_ms, works_of
from annotation.services.exclusions import exclusion_apply, exclusion_lift, exclusions_finish

_Standing = Participation.Standing
_Rejection = Participation.Rejection
# A submission notes its time a moment before others can see it, so who submitted shortly before is looked at again.
_GRACE = timedelta(seconds=10)
_WEIGHT = {
    _Standing.GOOD: 1.0,
    _Standing.DOWNWEIGHTED: DEFAULTS.lesser_weight,
    _Standing.PAUSED: DEFAULTS.lesser_weight,
    _Standing.EXCLUDED: 0.0,
}


def workers_assess_due(*, limit: int = 50) -> int:
    """Assess workers who submitted since they were last looked at, so many a turn; returns how many.

    The clock calls this before it closes rounds, so that no round is counted with answers that the rules exclude.
    """
    now = timezone.now()
    submitted = Assignment.objects.filter(
        campaign=OuterRef("campaign"), worker=OuterRef("worker"), submitted__isnull=False
    )
    rows = (
        Participation.objects.filter(campaign__status__in=(Campaign.Status.RUNNING, Campaign.Status.PAUSED))
        .alias(any=Exists(submitted), news=Exists(submitted.filter(submitted__gt=OuterRef("assessed") - _GRACE)))
        .filter(Q(assessed=None, any=True) | Q(news=True))
    )
    due = list(rows.select_related("campaign").order_by(F("assessed").asc(nulls_first=True), "pk")[:limit])
    by_campaign: dict[int, list[Participation]] = defaultdict(list)
    for participation in due:
        by_campaign[participation.campaign_id].append(participation)
    for participations in by_campaign.values():
        workers_assess(campaign=participations[0].campaign, participations=participations, now=now)
    exclusions_finish()
    return len(due)


def workers_assess(*, campaign: Campaign, participations: Sequence[Participation], now: datetime) -> None:
    """Judge workers of one campaign by what they did, and follow the rules."""
    works = works_of(campaign, [one.worker_id for one in participations])
    median_ms = campaign_median_ms(campaign)
    for participation in participations:
        conduct = conduct_of(works[participation.worker_id], median_ms=median_ms)
        if _follow(participation.pk, conduct, now) == _Standing.EXCLUDED:
            exclusion_apply(participation=participation)
    Participation.objects.filter(pk__in=[one.pk for one in participations]).update(assessed=now)


def _follow(participation_id: int, conduct: WorkerConduct, now: datetime) -> str | None:
    """Take one worker to where the rules say, if the rules may; returns the new standing, or None where it stays."""
    with transaction.atomic():
        locked = Participation.objects.select_for_update(no_key=True).get(pk=participation_id)
        if locked.trusted or locked.decided_by_id is not None:
            return None
        if conduct.reject and locked.rejection == _Rejection.NONE:
            locked.rejection = _Rejection.PROPOSED
            locked.save(update_fields=["rejection"])
        cleared = locked.standing == _Standing.DOWNWEIGHTED and conduct.standing == "good"
        if not cleared and gravity(conduct.standing) <= gravity(locked.standing):
            return None
        _decide(locked, _Standing(conduct.standing), conduct.reason, now)
    return conduct.standing


def _decide(
    locked: Participation,
    standing: Participation.Standing,
    reason: str,
    now: datetime,
    by: User | None = None,
    trusted: bool = False,
) -> None:
    locked.standing, locked.weight, locked.reason = standing, _WEIGHT[standing], reason
    locked.decided, locked.decided_by, locked.trusted = now, by, trusted
    locked.save(update_fields=["standing", "weight", "reason", "decided", "decided_by", "trusted"])


def _lock(participation: Participation) -> Participation:
    return Participation.objects.select_for_update(no_key=True).get(pk=participation.pk)


def worker_pause(*, participation: Participation, by: User) -> None:
    """Give a worker no more HITs. What they answered counts, as much as it did, and they may finish the HIT at hand.

    Raises:
        WrongState: The worker is paused or excluded.
    """
    with transaction.atomic():
        locked = _lock(participation)
        if gravity(locked.standing) >= gravity(_Standing.PAUSED):
            raise WrongState(f"This worker is {locked.get_standing_display().lower()} already.")
        weight = locked.weight
        _decide(locked, _Standing.PAUSED, f"Paused by {by.get_username()}.", timezone.now(), by)
        Participation.objects.filter(pk=locked.pk).update(weight=weight)


def worker_exclude(*, participation: Participation, by: User) -> int:
    """Take all of a worker's answers out of rounds that are not closed, and ask those questions again.

    Returns:
        HITs that are open again, or would be if their round still were.

    Raises:
        WrongState: The worker is excluded.
    """
    with transaction.atomic():
        locked = _lock(participation)
        if locked.standing == _Standing.EXCLUDED:
            raise WrongState("This worker is excluded already.")
        _decide(locked, _Standing.EXCLUDED, f"Excluded by {by.get_username()}.", timezone.now(), by)
    return exclusion_apply(participation=participation)


def worker_reinstate(*, participation: Participation, by: User) -> tuple[int, int]:
    """Put a worker back in good standing, and let the rules leave them alone from now on.

    Returns:
        Answers that count again, and answers that others have replaced meanwhile.

    Raises:
        WrongState: The worker is in good standing.
    """
    with transaction.atomic():
        locked = _lock(participation)
        if locked.standing == _Standing.GOOD and locked.rejection == _Rejection.NONE:
            raise WrongState("This worker is in good standing already.")
        locked.rejection = _Rejection.NONE
        locked.save(update_fields=["rejection"])
        _decide(locked, _Standing.GOOD, f"Reinstated by {by.get_username()}.", timezone.now(), by, trusted=True)
    return exclusion_lift(participation=participation)


def rejection_confirm(*, participation: Participation, by: User) -> None:
    """Confirm that a worker's HITs are rejected, and so not paid. Only what the rules proposed can be confirmed.

    Raises:
        WrongState: Nothing is proposed.
    """
    _rejection_settle(participation, _Rejection.CONFIRMED, by)


def rejection_decline(*, participation: Participation, by: User) -> None:
    """Decide that a worker is paid all the same; the rules do not propose it again.

    Raises:
        WrongState: Nothing is proposed.
    """
    _rejection_settle(participation, _Rejection.NONE, by)


def _rejection_settle(participation: Participation, rejection: Participation.Rejection, by: User) -> None:
    moved = Participation.objects.filter(pk=participation.pk, rejection=_Rejection.PROPOSED).update(
        rejection=rejection, decided_by=by, decided=timezone.now()
    )
    if not moved:
        raise WrongState("No rejection of this worker is proposed.")
