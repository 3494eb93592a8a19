"""Agreement on labels: how many stimuli got which, and how far people agreed, by split."""

from collections import Counter
from dataclasses import dataclass

from django.db.models import QuerySet

from annotation.models import CANT_TELL, Campaign, Consensus, Round, Split


@dataclass(frozen=True)
class LabelRow:
    """One part of the data.

    Attributes:
        subset: Train, Validation, Test or Whole data set.
        won: Stimuli by the label that most people chose, in the campaign's order of labels.
        level: Stimuli on which two labels have the most votes.
        total: Stimuli with votes: the sum of both.
        agreement: Mean share of the votes that the first label has, "can't tell" left out; None without votes.
    """

    subset: str
    won: tuple[int, ...]
    level: int
    total: int
    agreement: float | None


@dataclass(frozen=True)
class LabelTable:
    labels: tuple[str, ...]
    votes: tuple[int, ...]  # by label, over all stimuli
    cant_tell: int
    rows: tuple[LabelRow, ...]


def label_consensus_of(campaign: Campaign, round: Round | None = None) -> QuerySet[Consensus]:
    """What the campaign's label questions came to, by its present method."""
    rows = Consensus.objects.filter(question__campaign=campaign, method=f"plurality/{campaign.weighting}")
    return rows if round is None else rows.filter(question__round=round)


def label_agreement(campaign: Campaign, round: Round | None = None) -> LabelTable | None:
    """The table; None while no label question is counted."""
    found = label_consensus_of(campaign, round).order_by("pk").values_list("question__split", "winner", "counts")
    given = [(split, winner, counts) for split, winner, counts in found if set(counts) - {CANT_TELL}]
    if not given:
        return None
    votes: Counter[str] = Counter()
    for _, _, counts in found:
        votes.update(counts)
    parts = [(split.label, [one for one in given if one[0] == split.value]) for split in Split]
    size = len(campaign.choices)
    return LabelTable(
        labels=tuple(campaign.choices),
        votes=tuple(votes[str(place)] for place in range(size)),
        cant_tell=votes[CANT_TELL],
        rows=tuple(_row(name, part, size) for name, part in [*parts, ("Whole data set", given)]),
    )


def _row(name: str, part: list[tuple[int, str, dict[str, int]]], size: int) -> LabelRow:
    winners = Counter(winner for _, winner, _ in part)
    shares = [_share(counts) for _, _, counts in part]
    return LabelRow(
        subset=name,
        won=tuple(winners[str(place)] for place in range(size)),
        level=winners[""],
        total=len(part),
        agreement=sum(shares) / len(shares) if shares else None,
    )


def _share(counts: dict[str, int]) -> float:
    told = [count for choice, count in counts.items() if choice != CANT_TELL]
    return max(told) / sum(told)
