"""From votes to what they come to: one row a question, by one version of one method.

A version is that of the algorithm and a digest of all that it was given: votes, who gave them, their weights, and what
calibrates them. Counting the same again changes nothing; other votes, or another worker left out, make other rows
beside the old ones.
"""

import hashlib
from typing import Any

import numpy as np
from django.utils import timezone
from numpy.typing import NDArray

from annotation.errors import AnnotationError
from annotation.models import Campaign, Participation, Question, Round, Tally
from annotation.quality.aggregate import Aggregate
from annotation.quality.registry import (
    AGGREGATORS,
    LABEL_AGGREGATORS,
    load_aggregator,
    load_label_aggregator,
    stands_alone,
)
from annotation.selectors.calibration import calibration_json, calibration_of, gold_counts
from annotation.selectors.votes import COUNTED, CampaignVotes, campaign_votes
from annotation.services.tallies import Scope, tally_hold, tally_write

_DIGITS = 12


def consensus_aggregate(*, round: Round) -> list[Tally]:
    """Count a round by its campaign's method; where the method learns from all rounds, count all anew.

    Running it again changes nothing.

    Returns:
        What holds now: a tally for each kind of question that was asked.

    Raises:
        AnnotationError: A method is unknown, or cannot use these votes.
    """
    campaign = round.campaign
    alone = stands_alone(campaign.aggregator, campaign.weighting)
    found = (_count(campaign, Question.Kind.TRIPLET, round if alone else None), _count(campaign, Question.Kind.LABEL))
    return [tally for tally in found if tally is not None]


def consensus_recount(*, campaign: Campaign) -> list[Tally]:
    """Count all rounds that are counted by the campaign's method as it is now: after another was chosen, or a worker
    was excluded or reinstated.

    Votes of excluded workers are left out of all rounds. Datasets that are frozen stay as they are.

    Returns:
        What holds now: tallies of rounds, or of all rounds together, by the method.

    Raises:
        AnnotationError: A method is unknown, or cannot use these votes.
    """
    found: list[Tally | None] = []
    if stands_alone(campaign.aggregator, campaign.weighting):
        for round in campaign.rounds.filter(status__in=COUNTED).order_by("number"):
            found.append(_count(campaign, Question.Kind.TRIPLET, round))
    else:
        found.append(_count(campaign, Question.Kind.TRIPLET))
    found.append(_count(campaign, Question.Kind.LABEL))
    return [tally for tally in found if tally is not None]


def _count(campaign: Campaign, kind: str, round: Round | None = None) -> Tally | None:
    """Count the questions of a kind, of one round or of all; None where there are none."""
    triplets = kind == Question.Kind.TRIPLET
    name = campaign.aggregator if triplets else campaign.label_aggregator
    if name not in (AGGREGATORS if triplets else LABEL_AGGREGATORS):
        raise AnnotationError(f"There is no aggregator of {kind}s called {name!r}.")
    aggregator = (load_aggregator if triplets else load_label_aggregator)(name)
    read = timezone.now()
    votes = campaign_votes(campaign, kind=kind, rounds=None if round is None else [round.number])
    if not len(votes.keys):
        return None
    calibrated = triplets and name == "margin" and campaign.weighting == Campaign.Weighting.CALIBRATED
    gold = gold_counts(campaign) if calibrated else None
    digest = _digest(votes, gold)
    version = f"{aggregator(weight=campaign.weighting).version}.{digest[:_DIGITS]}"
    scope = Scope(campaign, kind, campaign.method if triplets else campaign.label_method, round)
    tally = scope.tallies.filter(version=version, counted__isnull=False).first()
    if tally is None:
        evidence = {"digest": digest, **_evidence(campaign, votes)}
        settings: dict[str, Any] = {"weight": campaign.weighting}
        if gold is not None:
            settings["calibration"] = calibration_of(campaign, votes, gold)
        got = _fitted(aggregator(**settings), votes)
        if gold is not None:
            evidence["calibration"] = calibration_json(settings["calibration"], int(got.margin.max(initial=1)))
        tally = tally_write(scope=scope, version=version, evidence=evidence, votes=votes, got=got)
    tally_hold(tally=tally, scope=scope, read=read)
    tally.refresh_from_db()
    return tally


def _fitted(aggregator: Any, votes: CampaignVotes) -> Aggregate:
    try:
        got: Aggregate = aggregator.fit(votes.table)
    except ValueError as wrong:
        raise AnnotationError(f"These votes cannot be counted so: {wrong}") from wrong
    return got


def _digest(votes: CampaignVotes, gold: NDArray[np.int64] | None) -> str:
    """SHA-256 of all that a method is given, in the order of questions and workers."""
    table = votes.table
    hasher = hashlib.sha256(f"{len(votes.keys)} {len(table)} {table.n_choices}".encode())
    given = [votes.keys, votes.counts_x, table.question, votes.workers[table.worker], table.choice]
    for part in (*given, table.left, table.weighted, gold):
        hasher.update(b"-" if part is None else np.ascontiguousarray(part).data)
    return hasher.hexdigest()


def _evidence(campaign: Campaign, votes: CampaignVotes) -> dict[str, Any]:
    """What is said beside the rows: how much was counted, and whose votes were left out or count less."""
    standing = Participation.objects.filter(campaign=campaign).order_by("worker__pseudonym")
    less = standing.filter(worker__in=votes.workers.tolist(), weight__lt=1)
    return {
        "rounds": np.unique(votes.round).tolist(),
        "questions": len(votes.keys),
        "votes": len(votes.table),
        "cant_tell": int(votes.counts_x.sum()),
        "workers": len(votes.workers),
        "excluded": list(
            standing.filter(standing=Participation.Standing.EXCLUDED).values_list("worker__pseudonym", flat=True)
        ),
        "counted_less": dict(less.values_list("worker__pseudonym", "weight")),
    }
