"""Agreement on labels: how many stimuli got which, which are kept, and how far people agreed, by split.

Paper 000, IV-C, keeps a label that enough people agree on ("at least 3 for positive or negative") and drops the other
stimuli. What is kept goes by the votes, whatever a method makes of them.
"""

from dataclasses import dataclass

import numpy as np
from django.db.models import QuerySet
from numpy.typing import NDArray

from annotation.models import CANT_TELL, Campaign, Consensus, Question, Round, Split, Tally
from annotation.quality.plurality import kept_labels

Counts = NDArray[np.int64]


@dataclass(frozen=True)
class LabelRow:
    """One part of the data.

    Attributes:
        subset: Train, Validation, Test or Whole data set.
        won: Stimuli by the label that the campaign's method gives them, in the campaign's order of labels.
        level: Stimuli that it gives none, because two labels are level.
        total: Stimuli with votes: the sum of both.
        agreement: Mean share of the votes that the first label has, "can't tell" left out; None without votes.
        kept: Stimuli by the label that enough people agree on.
        dropped_few: Dropped because fewer people than that gave a label at all.
        dropped_split: Dropped because no label has so many votes, though there are as many.
        dropped_level: Dropped because several labels have, and equally many.
    """

    subset: str
    won: tuple[int, ...]
    level: int
    total: int
    agreement: float | None
    kept: tuple[int, ...]
    dropped_few: int
    dropped_split: int
    dropped_level: int


@dataclass(frozen=True)
class LabelTable:
    labels: tuple[str, ...]
    votes: tuple[int, ...]  # by label, over all stimuli
    cant_tell: int
    threshold: int  # votes that a label needs to be kept
    rows: tuple[LabelRow, ...]


def label_consensus_of(campaign: Campaign, round: Round | None = None) -> QuerySet[Consensus]:
    """What the campaign's label questions come to now, by its present method: one row a question."""
    rows = Consensus.objects.filter(tally__in=Tally.objects.of_method(campaign, Question.Kind.LABEL))
    return rows if round is None else rows.filter(question__round=round)


def label_agreement(campaign: Campaign, round: Round | None = None) -> LabelTable | None:
    """The table; None while no label question is counted."""
    found = list(label_consensus_of(campaign, round).order_by("pk").values_list("question__split", "winner", "counts"))
    size = len(campaign.choices)
    counts = counts_by_label([row[2] for row in found], size)
    given = counts.sum(axis=1) > 0
    if not given.any():
        return None
    split = np.array([row[0] for row in found])
    winner = np.array([int(row[1] or -1) for row in found])
    parts = [(one.label, given & (split == one.value)) for one in Split]
    return LabelTable(
        labels=tuple(campaign.choices),
        votes=tuple(counts.sum(axis=0).tolist()),
        cant_tell=sum(row[2].get(CANT_TELL, 0) for row in found),
        threshold=campaign.votes_for_label,
        rows=tuple(
            _row(name, winner[part], counts[part], campaign.votes_for_label)
            for name, part in [*parts, ("Whole data set", given)]
        ),
    )


def counts_by_label(counts: list[dict[str, int]], size: int) -> Counts:
    """(Q, K) votes for each label, of as many tables by choice; "can't tell" left out."""
    rows = [[table.get(str(place), 0) for place in range(size)] for table in counts]
    return np.array(rows, dtype=np.int64).reshape(-1, size)


def _row(name: str, winner: NDArray[np.int64], counts: Counts, threshold: int) -> LabelRow:
    size = counts.shape[1]
    kept = kept_labels(counts, at_least=threshold)
    told = counts.sum(axis=1)
    dropped, enough = kept < 0, (counts >= threshold).any(axis=1)
    return LabelRow(
        subset=name,
        won=tuple(np.bincount(winner[winner >= 0], minlength=size).tolist()),
        level=int((winner < 0).sum()),
        total=len(winner),
        agreement=float((counts.max(axis=1) / told).mean()) if len(winner) else None,
        kept=tuple(np.bincount(kept[kept >= 0], minlength=size).tolist()),
        dropped_few=int((dropped & (told < threshold)).sum()),
        dropped_split=int((dropped & (told >= threshold) & ~enough).sum()),
        dropped_level=int((dropped & enough).sum()),
    )
