"""How far a campaign, a round, a worker has come."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, QuerySet, Sum

from annotation.models import Assignment, Campaign, Hit, Question, Round, Vote, Worker


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
    hits = Assignment.objects.filter(worker=worker, campaign=campaign, status=Assignment.Status.SUBMITTED)
    return WorkerProgress(votes=mine.count(), hits=hits.count())
