"""What the votes on one kind of question say about the crowd and the questions: all figures of the quality page."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from annotation.models import Campaign, Question, Round, Split
from annotation.quality.aggregate import lead
from annotation.quality.alpha import Agreement, agreement, agreement_by
from annotation.quality.ceiling import Ceiling, noise_ceiling
from annotation.quality.plurality import kept_labels
from annotation.quality.wilson import wilson
from annotation.selectors.quality_methods import Fitted, present_fit
from annotation.selectors.quality_people import People, people_of
from annotation.selectors.quality_times import Times, response_times
from annotation.selectors.votes import CampaignVotes, campaign_votes


@dataclass(frozen=True)
class MarginRow:
    """Questions whose votes are as far apart.

    Attributes:
        margin: Votes that the first answer has more than the second.
        questions: How many.
        share: Of the questions with votes.
        right: P(the majority is right); ½, or 1/K, for a tie.
        weight: Mean weight by the campaign's present method.
    """

    margin: int
    questions: int
    share: float
    right: float
    weight: float


@dataclass(frozen=True)
class LabelCount:
    """One label.

    Attributes:
        name: As the campaign has it.
        votes: For it.
        kept: Stimuli that keep it: enough people agree.
    """

    name: str
    votes: int
    kept: int


@dataclass(frozen=True)
class LeftShare:
    """How often the answer on the left was chosen, with Wilson's interval."""

    left: int
    given: int
    low: float
    high: float

    @property
    def share(self) -> float:
        return self.left / self.given


@dataclass(frozen=True, eq=False)
class Quality:
    """The figures of one kind of question.

    Attributes:
        kind: Of question.
        votes: What they come from, "can't tell" left out.
        fitted: By the campaign's present method.
        questions: With votes.
        unsure: Answers "can't tell".
        agreement: Of all questions,
        by_round: of each round's, by number,
        by_split: and of each split's.
        ceiling: How well anybody could do.
        margins: Questions by margin, from the largest.
        disputed: Questions' numbers, the most disputed first.
        people: Skill and side bias; None without votes.
        left: How often the left was chosen; None for labels, and where nobody noted sides.
        times: How long answers took.
        labels: Of the campaign, in their order; none for triplets.
    """

    kind: str
    votes: CampaignVotes
    fitted: Fitted
    questions: int
    unsure: int
    agreement: Agreement
    by_round: list[tuple[int, Agreement]]
    by_split: list[tuple[str, Agreement]]
    ceiling: Ceiling
    margins: list[MarginRow]
    disputed: NDArray[np.int64]
    people: People | None
    left: LeftShare | None
    times: Times
    labels: list[LabelCount]


def campaign_quality(campaign: Campaign, kind: str = Question.Kind.TRIPLET) -> Quality | None:
    """The figures as the votes stand now, those of open rounds among them; None while nobody has chosen anything."""
    asked = campaign.rounds.exclude(status=Round.Status.PROPOSED).values_list("number", flat=True)
    votes = campaign_votes(campaign, kind=kind, rounds=list(asked))
    if not len(votes.table):
        return None
    fitted = present_fit(campaign, votes, kind)
    counts = fitted.result.counts
    by_round, by_split = agreement_by(counts, votes.round), agreement_by(counts, votes.split)
    return Quality(
        kind=kind,
        votes=votes,
        fitted=fitted,
        questions=int(np.count_nonzero(fitted.result.votes)),
        unsure=int(votes.counts_x.sum()),
        agreement=agreement(counts),
        by_round=[(int(str(number)), one) for number, one in by_round.items() if one.questions],
        by_split=[(Split(int(str(code))).label, one) for code, one in by_split.items() if one.questions],
        ceiling=noise_ceiling(counts, fitted.result.posterior),
        margins=margin_rows(fitted),
        disputed=most_disputed(counts),
        people=people_of(votes, fitted.workers),
        left=left_share(votes),
        times=response_times(campaign, kind),
        labels=label_counts(campaign, counts) if kind == Question.Kind.LABEL else [],
    )


def margin_rows(fitted: Fitted) -> list[MarginRow]:
    """Questions with votes by margin, from the largest; a tie is last."""
    result = fitted.result
    answered = result.votes > 0
    right = fitted.right_by_margin()
    rows = []
    for margin in np.unique(result.margin[answered])[::-1].tolist():
        these = answered & (result.margin == margin)
        rows.append(
            MarginRow(
                margin=margin,
                questions=int(these.sum()),
                share=float(these.sum() / answered.sum()),
                right=float(right[margin]),
                weight=float(result.weight[these].mean(dtype=np.float64)),
            )
        )
    return rows


def most_disputed(counts: NDArray[np.int64], most: int = 12) -> NDArray[np.int64]:
    """The questions on which people were most at odds, of those with two votes or more.

    By the lead of the first answer over the second as a share of the votes, the smallest first; where that is level,
    more votes come first, then the question that was asked first.
    """
    given = counts.sum(axis=1)
    several = np.flatnonzero(given >= 2)
    _, ahead = lead(counts[several])
    order = np.lexsort((several, -given[several], ahead / given[several]))
    return several[order[:most]]


def left_share(votes: CampaignVotes) -> LeftShare | None:
    table = votes.table
    if table.left is None or table.n_choices != 2 or not len(table):
        return None
    left, given = int(np.count_nonzero(table.choice == table.left)), len(table)
    return LeftShare(left, given, *wilson(left, given))


def label_counts(campaign: Campaign, counts: NDArray[np.int64]) -> list[LabelCount]:
    """Each label with its votes and the stimuli that keep it, by the campaign's threshold."""
    kept = kept_labels(counts, at_least=campaign.votes_for_label)
    stimuli = np.bincount(kept[kept >= 0], minlength=counts.shape[1])
    return [
        LabelCount(name, votes, here)
        for name, votes, here in zip(campaign.choices, counts.sum(axis=0).tolist(), stimuli.tolist(), strict=True)
    ]
