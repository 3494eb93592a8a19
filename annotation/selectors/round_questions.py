"""The questions of a round with what came of them so far."""

from typing import Any

from django.db.models import Count, F, FloatField, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from annotation.models import CANT_TELL, Campaign, Consensus, Question, Round, Vote
from annotation.selectors.agreement import consensus_of
from annotation.selectors.label_agreement import label_consensus_of


def questions_counted(campaign: Campaign, round: Round) -> QuerySet[Any]:
    """Questions of either kind with `total` and `margin` of their votes as they stand, and the `weight` once counted.

    "Can't tell" counts in neither: it is a vote for nothing. The margin is what the first choice has more than the
    second.
    """
    told = Vote.objects.filter(question=OuterRef("pk")).exclude(choice=CANT_TELL).order_by()
    counts = told.values("choice").annotate(count=Count("pk")).order_by("-count").values("count")
    weight = _counted(campaign, round).filter(question=OuterRef("pk")).order_by("-pk").values("weight")[:1]
    first, second = (Coalesce(Subquery(counts[at : at + 1], output_field=IntegerField()), 0) for at in (0, 1))
    return round.questions.annotate(
        total=Count("votes", filter=~Q(votes__choice=CANT_TELL)),
        margin=first - second,
        weight=Subquery(weight, output_field=FloatField()),
    )


def _counted(campaign: Campaign, round: Round) -> QuerySet[Consensus]:
    return consensus_of(campaign, round) | label_consensus_of(campaign, round)


def votes_by_choice(questions: list[Question]) -> dict[int, dict[str, int]]:
    """Votes of each question by choice, in one query."""
    rows = Vote.objects.filter(question__in=questions).order_by().values_list("question", "choice")
    found: dict[int, dict[str, int]] = {}
    for question, choice, count in rows.annotate(count=Count(F("pk"))):
        found.setdefault(question, {})[choice] = count
    return found
