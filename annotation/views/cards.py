"""Campaigns as cards, in a fixed number of queries however many cards there are."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, OuterRef, QuerySet, Subquery, Sum

from accounts.models import User
from annotation.models import Campaign, Question, Round, Vote
from annotation.selectors.earnings import Work, work_of
from annotation.selectors.progress import bundles_left
from annotation.selectors.standing import STOPPED
from annotation.views.doorway import Face, face, percent
from annotation.views.wording import duration_text, money_text


@dataclass(frozen=True)
class Sample:
    """One question of a campaign, as its card's picture."""

    reference: Face
    pair: tuple[Face, Face] | None  # of a triplet


@dataclass(frozen=True)
class WorkCard:
    """A campaign as an annotator sees it, with what they have done in it."""

    campaign: Campaign
    work: Work
    left: int = 0  # bundles that there are for this person
    sample: Sample | None = None

    @property
    def stopped(self) -> bool:
        return self.work.standing in STOPPED

    @property
    def bundles(self) -> int:
        return self.work.hits + self.left

    @property
    def percent(self) -> str:
        return percent(self.work.hits / self.bundles if self.bundles else 0.0)

    @property
    def time(self) -> str:
        return duration_text(self.work.seconds)

    @property
    def earned(self) -> str:
        return money_text(self.work.cents, self.campaign.currency)

    @property
    def reward(self) -> str:
        return money_text(self.campaign.reward_cents, self.campaign.currency)


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


def work_cards(user: User) -> tuple[list[WorkCard], list[WorkCard]]:
    """The campaigns that a person may answer now, and those that they worked in and may not answer now."""
    work = work_of(user)
    campaigns = list(Campaign.objects.open_to(user))
    samples, left = _samples(campaigns), bundles_left(user, campaigns)
    now = [WorkCard(one, work.get(one.pk, Work()), left[one.pk], samples.get(one.pk)) for one in campaigns]
    worked = [pk for pk, done in work.items() if done.answers]
    earlier = Campaign.objects.filter(pk__in=worked).exclude(pk__in=[one.pk for one in campaigns])
    return now, [WorkCard(one, work[one.pk]) for one in earlier]


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
        one.campaign_id: Sample(face(one.reference), (face(one.a), face(one.b)) if one.a and one.b else None)
        for one in questions
    }
