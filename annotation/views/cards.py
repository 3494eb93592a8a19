"""Campaigns as cards, in a fixed number of queries however many cards there are."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery, Sum

from accounts.models import User
from annotation.models import Assignment, Campaign, Hit, Question, Round, Vote
from annotation.views.doorway import Face, face, percent


@dataclass(frozen=True)
class Sample:
    """One question of a campaign, as its card's picture."""

    reference: Face
    a: Face | None
    b: Face | None


@dataclass(frozen=True)
class OpenCard:
    """A campaign as an annotator sees it."""

    campaign: Campaign
    sample: Sample | None
    my_votes: int
    my_hits: int
    has_work: bool


@dataclass(frozen=True)
class OwnCard:
    """A campaign as its researcher sees it."""

    campaign: Campaign
    sample: Sample | None
    rounds: int
    votes: int
    votes_wanted: int

    @property
    def percent(self) -> str:
        return percent(self.votes / self.votes_wanted if self.votes_wanted else 0.0)

    @property
    def percent_text(self) -> str:
        return f"{self.percent} per cent of the votes wanted"

    @property
    def votes_text(self) -> str:
        return f"{self.votes:,}"

    @property
    def wanted_text(self) -> str:
        return f"{self.votes_wanted:,}"


def open_cards(user: User) -> list[OpenCard]:
    """The campaigns that a person may answer, with what they have done in each."""
    mine = Q(worker__user=user, worker__channel="local")
    held = Assignment.objects.filter(mine, campaign=OuterRef("pk"), status=Assignment.Status.ACTIVE)
    touched = Assignment.objects.filter(mine, hit=OuterRef("pk"), status=Assignment.Status.SUBMITTED)
    free = Hit.objects.filter(
        ~Exists(touched), round__campaign=OuterRef("pk"), round__status=Round.Status.OPEN, open_slots__gt=0
    )
    campaigns = list(Campaign.objects.open_to(user).annotate(has_work=Exists(held) | Exists(free)))
    samples = _samples(campaigns)
    votes = _grouped(Vote.objects.filter(mine, question__campaign__in=campaigns), "question__campaign")
    hits = _grouped(
        Assignment.objects.filter(mine, campaign__in=campaigns, status=Assignment.Status.SUBMITTED),
        "campaign",
    )
    return [
        OpenCard(
            campaign=one,
            sample=samples.get(one.pk),
            my_votes=votes.get(one.pk, 0),
            my_hits=hits.get(one.pk, 0),
            has_work=one.has_work,  # type: ignore[attr-defined]
        )
        for one in campaigns
    ]


def own_cards(campaigns: Iterable[Campaign]) -> list[OwnCard]:
    """Campaigns with their rounds and votes."""
    shown = list(campaigns)
    samples = _samples(shown)
    rounds = _grouped(Round.objects.filter(campaign__in=shown), "campaign")
    asked = Question.objects.filter(campaign__in=shown, role=Question.Role.ASKED)
    asked = asked.exclude(round__status=Round.Status.PROPOSED)
    wanted = dict(asked.order_by().values_list("campaign").annotate(wanted=Sum("wanted")))
    votes = _grouped(Vote.objects.filter(question__campaign__in=shown), "question__campaign")
    return [
        OwnCard(
            campaign=one,
            sample=samples.get(one.pk),
            rounds=rounds.get(one.pk, 0),
            votes=votes.get(one.pk, 0),
            votes_wanted=wanted.get(one.pk, 0),
        )
        for one in shown
    ]


def _grouped(rows: QuerySet, by: str) -> dict[int, int]:  # type: ignore[type-arg]
    return dict(rows.order_by().values_list(by).annotate(count=Count("pk")))


def _samples(campaigns: list[Campaign]) -> dict[int, Sample]:
    """The first question of each campaign's newest round."""
    asked = Question.objects.filter(campaign=OuterRef("pk"), role=Question.Role.ASKED)
    newest = asked.order_by("-round__number", "pk").values("pk")[:1]
    keys = Campaign.objects.filter(pk__in=[one.pk for one in campaigns]).values_list(Subquery(newest), flat=True)
    questions = Question.objects.filter(pk__in=keys).select_related("reference", "a", "b")
    return {
        one.campaign_id: Sample(face(one.reference), face(one.a) if one.a else None, face(one.b) if one.b else None)
        for one in questions
    }
