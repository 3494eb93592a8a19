"""How often a campaign's majority is right, by its margin: from gold, from a model of workers, or as usual."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from annotation.models import CANT_TELL, Campaign, Participation, Probe, Question
from annotation.quality.aggregate import Aggregate, lead, vote_counts
from annotation.quality.alpha import percent_agreement
from annotation.quality.calibration import (
    STANDING,
    Calibration,
    calibrate_by_draws,
    calibrate_by_posterior,
)
from annotation.quality.registry import load_aggregator
from annotation.selectors.votes import CampaignVotes

# Gold counts once so many of its questions have as many answers as a question is asked for.
GOLD_LEAST = 20
# Gold that people agree on so much more than on what is asked is easier, and says nothing of that.
GOLD_EASIER = 0.05
# A model counts once so many questions have so many votes.
MODEL_LEAST, MODEL_VOTES = 100, 3
# All ways to draw so many answers are gone through.
_MOST_DRAWN = 15


def calibration_of(
    campaign: Campaign,
    votes: CampaignVotes,
    gold: NDArray[np.int64] | None = None,
    *,
    workers: Aggregate | None = None,
) -> Calibration:
    """The best that is known of a campaign's majorities.

    Args:
        campaign: Whose.
        votes: On its triplets.
        gold: What `gold_counts` gave, where it was read before.
        workers: What the side-frame model made of these votes, where it was fitted before.
    """
    counts = vote_counts(votes.table)
    return (
        _by_gold(campaign, gold_counts(campaign) if gold is None else gold, counts)
        or _by_model(votes, counts, workers)
        or STANDING
    )


def gold_counts(campaign: Campaign) -> NDArray[np.int64]:
    """(G, 3) answers a, answers b and the right one (0 or 1) of the triplets whose answer is known.

    Answers of excluded workers, and "can't tell", are left out. Attention checks are no gold: nobody who looks errs.
    """
    excluded = Participation.objects.filter(campaign=campaign, standing=Participation.Standing.EXCLUDED)
    answers = (
        Probe.objects.filter(
            question__campaign=campaign,
            question__role=Question.Role.GOLD,
            question__kind=Question.Kind.TRIPLET,
            kind=Probe.Kind.GOLD,
        )
        .exclude(choice__in=("", CANT_TELL))
        .exclude(worker__in=excluded.values("worker"))
    )
    found: dict[int, list[int]] = {}
    for question, choice, expected in answers.order_by("question").values_list(
        "question", "choice", "question__expected"
    ):
        row = found.setdefault(question, [0, 0, "ab".index(expected)])
        row["ab".index(choice)] += 1
    return np.array(list(found.values()), dtype=np.int64).reshape(-1, 3)


def _by_gold(campaign: Campaign, gold: NDArray[np.int64], asked: NDArray[np.int64]) -> Calibration | None:
    """None where there is too little of it, or it is easier than what is asked."""
    drawn = min(campaign.votes_per_question, _MOST_DRAWN)
    enough = gold[gold[:, :2].sum(axis=1) >= drawn]
    if len(enough) < GOLD_LEAST or _agreement(enough[:, :2]) > _agreement(asked) + GOLD_EASIER:
        return None
    return calibrate_by_draws(enough[:, :2], drawn, enough[:, 2])


def _agreement(counts: NDArray[np.int64]) -> float:
    """Percent agreement; 0 where nobody answered what somebody else did."""
    return float(np.nan_to_num(percent_agreement(counts)))


def _by_model(votes: CampaignVotes, counts: NDArray[np.int64], workers: Aggregate | None) -> Calibration | None:
    """None where the sides shown are not known, or too few questions have enough votes to tell workers apart."""
    enough = counts.sum(axis=1) >= MODEL_VOTES
    if votes.table.left is None or np.count_nonzero(enough) < MODEL_LEAST:
        return None
    model = load_aggregator("side-frame")().fit(votes.table) if workers is None else workers
    top, margin = lead(counts)
    top[(margin == 0) | ~enough] = -1
    return calibrate_by_posterior(margin, top, model.posterior)


def calibration_json(calibration: Calibration, largest: int) -> dict[str, Any]:
    """The source, the evidence by margin from 0, and p[0] … p[largest], for what is kept beside the weights."""
    return {
        "source": calibration.source,
        "asked": [round(one, 6) for one in calibration.asked.tolist()],
        "right": [round(one, 6) for one in calibration.right.tolist()],
        "p": [round(one, 9) for one in calibration.table(largest).tolist()],
    }
