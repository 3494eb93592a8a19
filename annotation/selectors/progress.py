"""How far a campaign, a round, a worker has come."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum

from accounts.models import User
from annotation.models import Assignment, Campaign, Hit, Question, Round, Vote, Worker
from annotation.selectors.standing import share_of

_HELD = (Assignment.Status.ACTIVE, Assignment.Status.SUBMITTED)
_LOST = (Assignment.Status.EXPIRED, Assignment.Status.RETURNED)


def _share(done: int, wanted: int) -> float:
    return done / wanted if wanted else 0.0


@dataclass(frozen=True)
class CampaignProgress:
    questions: int
    votes: int
    votes_wanted: int  # of the rounds that are or were open
    workers: int

    @property
    def share(self) -> float:
        return _share(self.votes, self.votes_wanted)


@dataclass(frozen=True)
class RoundProgress:
    round: Round
    questions: int
    hits: int
    votes: int
    votes_wanted: int
    active: int  # HITs that are being answered now

    @property
    def share(self) -> float:
        return _share(self.votes, self.votes_wanted)

    @property
    def complete(self) -> bool:
        return self.votes >= self.votes_wanted > 0


@dataclass(frozen=True)
class WorkerProgress:
    votes: int
    hits: int


def round_progress(campaign: Campaign) -> list[RoundProgress]:
    """One entry a round, in four queries however many rounds there are."""
    rounds = list(campaign.rounds.order_by("number"))
    asked = Question.objects.filter(campaign=campaign, role=Question.Role.ASKED)
    wanted = dict(asked.order_by().values_list("round").annotate(wanted=Sum("wanted")))
    hits = _counts(Hit.objects.filter(round__campaign=campaign).values_list("round"))
    votes = _counts(Vote.objects.filter(question__campaign=campaign).values_list("question__round"))
    active = _counts(
        Assignment.objects.filter(campaign=campaign, status=Assignment.Status.ACTIVE).values_list("hit__round")
    )
    return [
        RoundProgress(
            round=one,
            questions=one.size,
            hits=hits.get(one.pk, 0),
            votes=votes.get(one.pk, 0),
            votes_wanted=wanted.get(one.pk, 0),
            active=active.get(one.pk, 0),
        )
        for one in rounds
    ]


def _counts(grouped: QuerySet[Any, tuple[int]]) -> dict[int, int]:
    return dict(grouped.annotate(count=Count("pk")).order_by())


def campaign_progress(campaign: Campaign) -> CampaignProgress:
    rounds = round_progress(campaign)
    asked = [one for one in rounds if one.round.status != Round.Status.PROPOSED]
    return CampaignProgress(
        questions=sum(one.questions for one in rounds),
        votes=sum(one.votes for one in rounds),
        votes_wanted=sum(one.votes_wanted for one in asked),
        workers=Worker.objects.filter(assignments__campaign=campaign, votes__isnull=False).distinct().count(),
    )


def worker_progress(worker: Worker, campaign: Campaign) -> WorkerProgress:
    mine = Vote.objects.filter(worker=worker, question__campaign=campaign)
    hits = Assignment.objects.filter(worker=worker, campaign=campaign, submitted__isnull=False)
    return WorkerProgress(votes=mine.count(), hits=hits.count())


def bundles_left(user: User, campaigns: Sequence[Campaign]) -> dict[int, int]:
    """How many more HITs of each campaign there are for a person now, in a fixed number of queries.

    The one that they hold, those with a free slot that they never had, those that they gave back and may go on with;
    and no more than their share of the campaign's votes allows.
    """
    mine = Q(worker__user=user)
    of_these = {"round__campaign__in": campaigns, "round__status": Round.Status.OPEN, "open_slots__gt": 0}
    had = Assignment.objects.filter(mine, hit=OuterRef("pk"))
    new = _counts(Hit.objects.filter(~Exists(had), **of_these).values_list("round__campaign"))
    held = Assignment.objects.filter(mine, campaign__in=campaigns, status=Assignment.Status.ACTIVE)
    holding = _counts(held.values_list("campaign"))
    taken = Assignment.objects.filter(hit=OuterRef("hit"), slot=OuterRef("slot"), status__in=_HELD)
    lost = Assignment.objects.filter(mine, status__in=_LOST, **{f"hit__{name}": of for name, of in of_these.items()})
    again = _counts(lost.filter(~Exists(taken)).values_list("campaign"))
    shares = _share_left(user, [one for one in campaigns if one.max_share < 100])
    left = {}
    for one in campaigns:
        more = new.get(one.pk, 0) + again.get(one.pk, 0)
        left[one.pk] = holding.get(one.pk, 0) + min(more, shares.get(one.pk, more))
    return left


def _share_left(user: User, campaigns: Sequence[Campaign]) -> dict[int, int]:
    """Whole HITs that a person may still answer of campaigns that limit a worker's share."""
    rounds = Round.objects.filter(campaign__in=campaigns).exclude(status=Round.Status.PROPOSED)
    asked = dict(rounds.order_by().values_list("campaign").annotate(size=Sum("size")))
    mine = Vote.objects.filter(worker__user=user, question__campaign__in=campaigns)
    given = _counts(mine.values_list("question__campaign"))
    return {
        one.pk: max(share_of(one, asked.get(one.pk, 0)) - given.get(one.pk, 0), 0) // one.hit_size for one in campaigns
    }
