"""What another method, or another crowd, would change in a campaign's answers: reckoned, and nothing written."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from annotation.models import Campaign, Participation
from annotation.quality.alpha import Agreement, agreement
from annotation.quality.ceiling import Ceiling, noise_ceiling
from annotation.selectors.quality_methods import Fitted, method_fit, present_method
from annotation.selectors.votes import CampaignVotes, campaign_votes


@dataclass(frozen=True)
class Choice:
    """What somebody wants to know about.

    Attributes:
        method: Name in the registry of methods for the kind of question.
        weighting: raw, unit or calibrated.
        without: Primary keys of workers whose votes are left out.
        back: And of excluded ones whose votes in closed rounds count again, in full.
    """

    method: str
    weighting: str
    without: frozenset[int] = frozenset()
    back: frozenset[int] = frozenset()


@dataclass(frozen=True, eq=False)
class State:
    """The closed rounds of a campaign by one choice.

    Attributes:
        choice: Which.
        fitted: By its method.
        votes: That count, "can't tell" left out.
        agreement: Of people.
        ceiling: How well anybody could do.
        decided: Questions with a winner: the size of a dataset.
    """

    choice: Choice
    fitted: Fitted
    votes: int
    agreement: Agreement
    ceiling: Ceiling
    decided: int


@dataclass(frozen=True)
class WeightRow:
    """Mean weight, now and then, of the questions that have a margin now."""

    margin: int
    questions: int
    now: float
    then: float


@dataclass(frozen=True, eq=False)
class Change:
    """Now and then.

    Attributes:
        now: By the campaign's present settings.
        then: By the choice.
        questions: In closed rounds.
        keys: (Q,) their primary keys.
        other: Numbers of questions with another winner,
        lost: with none any more,
        won: and with one where there was none.
        shown: All of these, those first that weigh most now or then.
        weights: By margin, from the largest.
        correlation: Of the weights; None where they do not vary.
    """

    now: State
    then: State
    questions: int
    keys: NDArray[np.int64]
    other: NDArray[np.int64]
    lost: NDArray[np.int64]
    won: NDArray[np.int64]
    shown: NDArray[np.int64]
    weights: list[WeightRow]
    correlation: float | None

    @property
    def changed(self) -> int:
        return len(self.shown)


def present_choice(campaign: Campaign, kind: str) -> Choice:
    """What the campaign does now."""
    return Choice(present_method(campaign, kind), campaign.weighting)


def what_would_change(campaign: Campaign, kind: str, choice: Choice) -> Change | None:
    """Compare the present answers of all closed rounds with those by a choice; None while none is closed.

    Args:
        campaign: Whose.
        kind: triplet or label.
        choice: Names workers of this campaign; others change nothing.
    """
    everybody = campaign_votes(campaign, kind=kind, with_excluded=True)
    if not len(everybody.table):
        return None
    excluded = _excluded(campaign)
    now = _state(campaign, kind, _without(everybody, excluded), present_choice(campaign, kind))
    then = _state(campaign, kind, _without(everybody, (excluded - choice.back) | choice.without), choice)
    before, after = now.fitted.result, then.fitted.result
    had, has = before.winner >= 0, after.winner >= 0
    changed = before.winner != after.winner
    trust = np.maximum(_relative(before.weight), _relative(after.weight))
    places = np.flatnonzero(changed)
    return Change(
        now=now,
        then=then,
        questions=len(everybody.keys),
        keys=everybody.keys,
        other=np.flatnonzero(changed & had & has),
        lost=np.flatnonzero(had & ~has),
        won=np.flatnonzero(~had & has),
        shown=places[np.lexsort((places, -trust[places]))],
        weights=_weights(now.fitted, then.fitted),
        correlation=_correlation(before.weight, after.weight),
    )


def _excluded(campaign: Campaign) -> frozenset[int]:
    out = Participation.objects.filter(campaign=campaign, standing=Participation.Standing.EXCLUDED)
    return frozenset(out.values_list("worker", flat=True))


def _without(votes: CampaignVotes, workers: frozenset[int]) -> CampaignVotes:
    excluded = np.isin(votes.workers, np.array(sorted(workers), dtype=np.int64))
    return replace(votes, table=votes.table.without(excluded)) if excluded.any() else votes


def _state(campaign: Campaign, kind: str, votes: CampaignVotes, choice: Choice) -> State:
    fitted = method_fit(campaign, votes, kind, choice.method, choice.weighting)
    counts = fitted.result.counts
    return State(
        choice=choice,
        fitted=fitted,
        votes=len(votes.table),
        agreement=agreement(counts),
        ceiling=noise_ceiling(counts, fitted.result.posterior),
        decided=int(np.count_nonzero(fitted.result.winner >= 0)),
    )


def _relative(weight: NDArray[np.float32]) -> NDArray[np.float32]:
    """Weights as shares of the largest: the scales of methods differ."""
    return np.asarray(weight / max(float(weight.max(initial=0)), 1e-12))


def _weights(now: Fitted, then: Fitted) -> list[WeightRow]:
    margin, answered = now.result.margin, now.result.votes > 0
    rows = []
    for level in np.unique(margin[answered])[::-1].tolist():
        these = answered & (margin == level)
        means = (float(one.result.weight[these].mean(dtype=np.float64)) for one in (now, then))
        rows.append(WeightRow(level, int(these.sum()), *means))
    return rows


def _correlation(before: NDArray[np.float32], after: NDArray[np.float32]) -> float | None:
    if len(before) < 2 or np.ptp(before) == 0 or np.ptp(after) == 0:
        return None
    return float(np.corrcoef(before.astype(np.float64), after.astype(np.float64))[0, 1])
