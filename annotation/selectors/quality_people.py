"""Skill and side bias of a campaign's workers, as a model of workers sees them."""

from dataclasses import dataclass

import numpy as np

from annotation.models import Campaign, Participation, Question, Round
from annotation.quality.aggregate import Aggregate
from annotation.quality.side_bias import left_when_unsure, side_bias_interval
from annotation.quality.votes import VoteTable
from annotation.quality.workers import Judge, worker_quality
from annotation.selectors.quality_methods import worker_fit
from annotation.selectors.votes import CampaignVotes, campaign_votes

_OTHERS = Judge("others", 0.5, 0.5)


@dataclass(frozen=True)
class Person:
    """What the votes say about one worker.

    Attributes:
        worker: Primary key.
        votes: That count, "can't tell" left out.
        skill: Share of the votes that are right, by the model of workers,
        skill_low: with its interval,
        skill_high: which holds 95 %.
        lean: How often the left is taken where the pictures say nothing; NaN where sides are not known,
        lean_low: with its interval,
        lean_high: which holds 95 %.
        others: Share of the votes that the plurality of the others agrees with; NaN where nobody else answered.
    """

    worker: int
    votes: int
    skill: float
    skill_low: float
    skill_high: float
    lean: float
    lean_low: float
    lean_high: float
    others: float

    @property
    def leans(self) -> bool:
        """Whether the interval leaves no room for taking both sides alike."""
        return self.lean_low > 0.5 or self.lean_high < 0.5


@dataclass(frozen=True)
class People:
    """All workers with votes, in the order of their numbers.

    Attributes:
        method: The model that judged them.
        all: One entry a worker.
    """

    method: str
    all: list[Person]

    @property
    def leaning(self) -> int:
        return sum(one.leans for one in self.all)


def people_of(votes: CampaignVotes, model: Aggregate, table: VoteTable | None = None) -> People | None:
    """Judge every worker by a model of workers; None without votes.

    Args:
        votes: Whose workers.
        model: What their votes are compared with.
        table: Their votes, where more are judged than the model was fitted to.
    """
    table = votes.table if table is None else table
    if not len(table):
        return None
    quality = worker_quality(table, model.posterior, model.judge)
    others = worker_quality(table, model.posterior, _OTHERS).accuracy
    nothing = np.full((len(others), 2), np.nan)
    bias = nothing if quality.sides is None else side_bias_interval(quality.sides, model.judge)
    columns = np.column_stack(
        [quality.accuracy, quality.interval, left_when_unsure(quality.side_bias), left_when_unsure(bias), others]
    )
    given = quality.votes
    return People(
        method=model.method.partition("/")[0],
        all=[
            Person(int(votes.workers[number]), int(given[number]), *columns[number].tolist())
            for number in np.flatnonzero(given).tolist()
        ],
    )


def campaign_people(campaign: Campaign, kind: str = Question.Kind.TRIPLET) -> dict[int, Person]:
    """What the votes say about each worker, by primary key.

    Who is excluded is judged too, by what the others answered: their own votes do not count in that.
    """
    asked = campaign.rounds.exclude(status=Round.Status.PROPOSED).values_list("number", flat=True)
    votes = campaign_votes(campaign, kind=kind, rounds=list(asked), with_excluded=True)
    out = Participation.objects.filter(campaign=campaign, standing=Participation.Standing.EXCLUDED)
    excluded = np.isin(votes.workers, list(out.values_list("worker", flat=True)))
    people = people_of(votes, worker_fit(votes.table.without(excluded), kind), votes.table)
    return {one.worker: one for one in people.all} if people else {}
