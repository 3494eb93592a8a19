"""How a campaign counts, and whose votes: changed together, then counted once."""

from collections.abc import Collection
from dataclasses import dataclass

from accounts.models import User
from annotation.models import Campaign, Participation, Question
from annotation.services.campaign_settings import campaign_change
from annotation.services.conduct import worker_exclude, worker_reinstate
from annotation.services.consensus import consensus_recount


@dataclass(frozen=True)
class CountingChange:
    """What was changed beside the method.

    Attributes:
        excluded: Workers who are excluded now; reinstated: those who count again.
    """

    excluded: list[Participation]
    reinstated: list[Participation]


def counting_change(
    *,
    campaign: Campaign,
    kind: str,
    method: str,
    weighting: str,
    without: Collection[int],
    back: Collection[int],
    by: User,
) -> CountingChange:
    """Change the method, which may be refused, then who counts; and count all closed rounds.

    Args:
        campaign: Whose.
        kind: triplet or label.
        method: A name in the registry of methods for that kind.
        weighting: raw, unit or calibrated.
        without: Primary keys of workers to exclude.
        back: Primary keys of workers to reinstate; who is not of this campaign is as if they were not named.
        by: Who decides.

    Raises:
        AnnotationError: The method cannot be the campaign's, or somebody stands otherwise by now.
    """
    field = "label_aggregator" if kind == Question.Kind.LABEL else "aggregator"
    changed = campaign_change(campaign=campaign, **{field: method, "weighting": weighting})
    people = Participation.objects.filter(campaign=campaign).select_related("worker").order_by("pk")
    excluded, reinstated = list(people.filter(worker__in=without)), list(people.filter(worker__in=back))
    try:
        for participation in excluded:
            worker_exclude(participation=participation, by=by)
        for participation in reinstated:
            worker_reinstate(participation=participation, by=by)
    finally:
        # Also where one of them is refused: those before are decided. The same votes again change nothing.
        consensus_recount(campaign=changed)
    return CountingChange(excluded, reinstated)
