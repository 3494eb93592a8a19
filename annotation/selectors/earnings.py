"""What a person has done in each campaign: answers, bundles, time, and what they earned."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.functions import Least

from accounts.models import User
from annotation.models import Assignment, Campaign, Participation, Probe, UncountedVote, Vote

# Longer than this nobody looks at one question: what is over was spent elsewhere.
IDLE_MS = 60_000
_TIME = Sum(Least("response_ms", IDLE_MS))
# Answers that the worker took back, or gave a second time, were not given.
_NOT_GIVEN = (UncountedVote.Reason.WITHDRAWN, UncountedVote.Reason.REPEATED)


@dataclass(frozen=True)
class Work:
    """One person's work in one campaign. Questions put in to check the work are work as well."""

    answers: int = 0
    hits: int = 0
    seconds: int = 0
    cents: int = 0
    standing: str = str(Participation.Standing.GOOD)
    unpaid: bool = False  # a person confirmed that it is not paid


@dataclass
class _Sum:
    answers: int = 0
    milliseconds: int = 0


def work_of(user: User) -> dict[int, Work]:
    """A person's work by campaign, in a fixed number of queries.

    Paid is every HIT that was handed in, whether its votes count or not; except where a person, and not the rules,
    confirmed that this worker's HITs are rejected.
    """
    given: dict[int, _Sum] = defaultdict(_Sum)
    mine = Q(worker__user=user)
    _add(given, Vote.objects.filter(mine).values_list("question__campaign"), Q())
    _add(given, UncountedVote.objects.filter(mine).values_list("question__campaign"), ~Q(reason__in=_NOT_GIVEN))
    _add(given, Probe.objects.filter(mine).exclude(choice="").values_list("question__campaign"), Q())
    # Whatever became of the HIT since: exclusion of somebody else can ask for a part of it again.
    done = Assignment.objects.filter(mine, submitted__isnull=False)
    hits: dict[int, int] = dict(done.order_by().values_list("campaign").annotate(count=Count("pk")))
    rows = Participation.objects.filter(mine).values_list("campaign", "standing", "rejection")
    stands = {campaign: (standing, rejection) for campaign, standing, rejection in rows}
    rewards = dict(Campaign.objects.filter(pk__in=hits).order_by().values_list("pk", "reward_cents"))
    work = {}
    for campaign in {*given, *hits, *stands}:
        standing, rejection = stands.get(campaign, (Participation.Standing.GOOD, ""))
        unpaid = rejection == Participation.Rejection.CONFIRMED
        work[campaign] = Work(
            answers=given[campaign].answers,
            hits=hits.get(campaign, 0),
            seconds=given[campaign].milliseconds // 1000,
            cents=0 if unpaid else hits.get(campaign, 0) * rewards.get(campaign, 0),
            standing=str(standing),
            unpaid=unpaid,
        )
    return work


def _add(given: dict[int, _Sum], rows: QuerySet[Any, Any], answered: Q) -> None:
    for campaign, answers, milliseconds in rows.order_by().annotate(answers=Count("pk", filter=answered), time=_TIME):
        given[campaign].answers += answers
        given[campaign].milliseconds += milliseconds or 0
