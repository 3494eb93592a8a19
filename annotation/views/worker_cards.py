"""Workers as cards: what they did, what the checks make of it, and what everybody's votes say about them."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count

from annotation.models import Assignment, Campaign, Participation, Question
from annotation.quality.conduct import WorkerConduct, conduct_of
from annotation.selectors.conduct import campaign_median_ms, works_of
from annotation.selectors.quality_people import Person, campaign_people
from annotation.views.quality_figures import NOTHING, time_text

_Standing = Participation.Standing
_BADGE = {_Standing.GOOD: "done", _Standing.DOWNWEIGHTED: "queued", _Standing.PAUSED: "paused"}


@dataclass(frozen=True)
class Share:
    """A share as a figure and as a bar, in per cent of its width."""

    text: str
    at: str
    low: str = "0"
    high: str = "0"
    width: str = "0"
    detail: str = ""


@dataclass(frozen=True)
class WorkerCard:
    """One worker as the page shows them."""

    participation: Participation
    conduct: WorkerConduct
    badge: str
    hits: int
    median: str
    known: Share | None
    gold: str
    attention: str
    repeats: Share | None
    left: Share | None
    unsure: str
    skills: list[tuple[str, Share]]  # by kind of question
    lean: Share | None
    leans: bool
    others: str

    @property
    def flags(self) -> list[tuple[str, bool]]:
        """What is odd, and whether it is what this worker's standing was decided for."""
        return [(flag, flag in self.participation.reason) for flag in self.conduct.flags]

    @property
    def reason(self) -> str:
        """The reason for the standing, where the flags do not say it."""
        left = self.participation.reason
        for flag in self.conduct.flags:
            left = left.replace(flag, "")
        return left.strip()

    @property
    def can_pause(self) -> bool:
        return self.participation.standing in (_Standing.GOOD, _Standing.DOWNWEIGHTED)

    @property
    def can_exclude(self) -> bool:
        return self.participation.standing != _Standing.EXCLUDED

    @property
    def can_reinstate(self) -> bool:
        return self.participation.standing != _Standing.GOOD or self.rejection_confirmed

    @property
    def rejection_proposed(self) -> bool:
        return self.participation.rejection == Participation.Rejection.PROPOSED

    @property
    def rejection_confirmed(self) -> bool:
        return self.participation.rejection == Participation.Rejection.CONFIRMED


def worker_cards(campaign: Campaign, participations: Sequence[Participation]) -> list[WorkerCard]:
    """Cards of some workers, in their order, in a fixed number of queries."""
    keys = [one.worker_id for one in participations]
    works, median_ms = works_of(campaign, keys), campaign_median_ms(campaign)
    triplets, labels = campaign_people(campaign), _label_people(campaign)
    done = Assignment.objects.filter(campaign=campaign, worker__in=keys, submitted__isnull=False).order_by()
    hits = dict(done.values_list("worker").annotate(count=Count("pk")))
    return [
        _card(
            one,
            conduct_of(works[one.worker_id], median_ms=median_ms),
            hits.get(one.worker_id, 0),
            triplets.get(one.worker_id),
            labels.get(one.worker_id),
        )
        for one in participations
    ]


def _label_people(campaign: Campaign) -> dict[int, Person]:
    return {} if campaign.kind == Campaign.Kind.TRIPLET else campaign_people(campaign, Question.Kind.LABEL)


def _card(
    participation: Participation, conduct: WorkerConduct, hits: int, triplets: Person | None, labels: Person | None
) -> WorkerCard:
    low, high = conduct.interval
    judged = [("triplets", triplets), ("labels", labels)]
    skills = [(kind, _skill(one)) for kind, one in judged if one is not None and one.skill == one.skill]
    return WorkerCard(
        participation=participation,
        conduct=conduct,
        badge=_BADGE.get(_Standing(participation.standing), "failed"),
        hits=hits,
        median=time_text(conduct.median_ms),
        known=_share(conduct.known_right, conduct.known_given, (low, high)),
        gold=f"{conduct.gold_right} of {conduct.gold_given}",
        attention=f"{conduct.attention_right} of {conduct.attention_given}",
        repeats=_share(conduct.repeats_same, conduct.repeats_given),
        left=_share(conduct.left, conduct.sided),
        unsure=_percent(conduct.unsure / conduct.answers) if conduct.answers else NOTHING,
        skills=skills,
        lean=_lean(triplets),
        leans=triplets is not None and triplets.leans,
        others=NOTHING if (judge := triplets or labels) is None else _percent(judge.others),
    )


def _skill(person: Person) -> Share:
    return _interval(person.skill, person.skill_low, person.skill_high, f"{person.votes:,} votes")


def _lean(person: Person | None) -> Share | None:
    """How often the left is taken where the pictures say nothing; None where sides are not known."""
    if person is None or person.lean != person.lean:
        return None
    return _interval(person.lean, person.lean_low, person.lean_high, "")


def _interval(share: float, low: float, high: float, detail: str) -> Share:
    ends = f"{100 * low:.0f}–{100 * high:.0f} %"
    return _drawn(share, low, high, f"{ends}, {detail}" if detail else ends)


def _share(part: int, whole: int, interval: tuple[float, float] = (0.0, 0.0)) -> Share | None:
    return _drawn(part / whole, *interval, f"{part} of {whole}") if whole else None


def _drawn(share: float, low: float, high: float, detail: str) -> Share:
    return Share(
        text=_percent(share),
        at=f"{100 * share:.1f}",
        low=f"{100 * low:.1f}",
        high=f"{100 * high:.1f}",
        width=f"{100 * (high - low):.1f}",
        detail=detail,
    )


def _percent(share: float) -> str:
    """In whole per cent; a dash where there is nothing to say."""
    return NOTHING if share != share else f"{100 * share:.0f} %"
