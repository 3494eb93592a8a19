"""Votes of a campaign put through a method, without writing anything."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from annotation.models import Campaign, Question
from annotation.quality.aggregate import Aggregate
from annotation.quality.calibration import Calibration
from annotation.quality.registry import load_aggregator, load_label_aggregator
from annotation.quality.votes import VoteTable
from annotation.selectors.calibration import calibration_of
from annotation.selectors.votes import CampaignVotes


@dataclass(frozen=True, eq=False)
class Fitted:
    """One kind of question by one method.

    Attributes:
        result: By the method asked for.
        workers: By the model that judges workers; it may be the same.
        calibration: How often majorities are right; None for labels, where the posterior says it.
    """

    result: Aggregate
    workers: Aggregate
    calibration: Calibration | None

    def right_by_margin(self) -> NDArray[np.float64]:
        """(M + 1,) P(the first answer is right) by margin; NaN where a label's margin does not occur."""
        if self.calibration is not None:
            return self.calibration.table(int(self.result.margin.max(initial=0)))
        return shares_by_margin(self.result)


def shares_by_margin(result: Aggregate) -> NDArray[np.float64]:
    """(M + 1,) mean posterior of the likeliest answer by margin; NaN where a margin does not occur."""
    answered = result.votes > 0
    margin, best = result.margin[answered], result.posterior[answered].max(axis=1, initial=0)
    seen = np.bincount(margin)
    return np.asarray(np.divide(np.bincount(margin, best), seen, out=np.full(len(seen), np.nan), where=seen > 0))


def worker_fit(table: VoteTable, kind: str) -> Aggregate:
    """The model that judges workers: side-frame where sides are known, else one coin; Dawid–Skene for labels."""
    if kind == Question.Kind.LABEL:
        return load_label_aggregator("dawid-skene")().fit(table)
    return load_aggregator("one-coin" if table.left is None else "side-frame")().fit(table)


def present_fit(campaign: Campaign, votes: CampaignVotes, kind: str) -> Fitted:
    """By the campaign's present method."""
    return method_fit(campaign, votes, kind, present_method(campaign, kind), campaign.weighting)


def present_method(campaign: Campaign, kind: str) -> str:
    """The name of the campaign's method for one kind of question."""
    return campaign.label_aggregator if kind == Question.Kind.LABEL else campaign.aggregator


def method_fit(campaign: Campaign, votes: CampaignVotes, kind: str, method: str, weighting: str) -> Fitted:
    """By any method.

    Args:
        campaign: Whose gold may say how often majorities are right.
        votes: On questions of this kind.
        kind: triplet or label.
        method: Name in the registry of methods for this kind.
        weighting: raw, unit or calibrated.
    """
    workers = worker_fit(votes.table, kind)
    if kind == Question.Kind.LABEL:
        return Fitted(load_label_aggregator(method)(weight=weighting).fit(votes.table), workers, None)
    # Where sides are known, who judges workers is the side-frame model, which calibrates margins too.
    calibration = calibration_of(campaign, votes, workers=None if votes.table.left is None else workers)
    settings = {"calibration": calibration} if method == "margin" else {}
    return Fitted(load_aggregator(method)(weight=weighting, **settings).fit(votes.table), workers, calibration)
