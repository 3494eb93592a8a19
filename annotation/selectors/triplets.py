"""What a campaign's votes on triplets come to now, as weighted triplets in the order that the crowd gave."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from django.conf import settings
from django.db.models import QuerySet
from numpy.typing import NDArray

from annotation.errors import AnnotationError
from annotation.formats.frozen import SPLITS
from annotation.formats.triplet_blocks import TripletBlock
from annotation.models import Campaign, Consensus, Question, Stimulus, Tally
from annotation.selectors.fast_rows import Kind, blocks_read
from annotation.selectors.votes import COUNTED

_KINDS: dict[str, Kind] = {
    "reference": "integer",
    "a": "integer",
    "b": "integer",
    "winner": "code",
    "weight": "real",
    "votes_a": "integer",
    "votes_b": "integer",
    "round": "integer",
    "split": "integer",
}
_FIELDS = (
    *("question__reference", "question__a", "question__b", "winner", "weight", "votes_a", "votes_b"),
    *("question__round", "question__split"),
)
# What freezing wants to know beside it.
_MORE_KINDS: dict[str, Kind] = {"question": "integer", "posterior": "real?"}
_MORE_FIELDS = ("question", "posterior")


@dataclass(frozen=True)
class Selection:
    """Which of a campaign's triplets are meant.

    Attributes:
        rounds: Numbers of rounds; None: all that are counted.
        splits: 0 train, 1 validation, 2 test; None: all.
        min_margin: The least margin of votes.
        method: Aggregator and weighting, such as "margin/raw"; "": the campaign's present method.
    """

    rounds: tuple[int, ...] | None = None
    splits: tuple[int, ...] | None = None
    min_margin: int = 0
    method: str = ""

    def named(self) -> dict[str, Any]:
        """The selection as a manifest says it."""
        return {
            "rounds": None if self.rounds is None else sorted(self.rounds),
            "splits": None if self.splits is None else [SPLITS[split] for split in sorted(self.splits)],
            "min_margin": self.min_margin,
        }


class CampaignTriplets:
    """A campaign's weighted triplets, read from the database block by block.

    Questions on which the method is level carry no order and are left out.

    Args:
        campaign: Whose.
        selection: Which.

    Raises:
        AnnotationError: A round is not counted, or the votes were never counted by the method.
    """

    def __init__(self, campaign: Campaign, selection: Selection | None = None) -> None:
        selection = selection or Selection()
        self.selection = replace(selection, method=selection.method or campaign.method)
        self.tallies = tallies_of(campaign, self.selection)
        counted = campaign.rounds.filter(status__in=COUNTED)
        self._number_of = dict(counted.values_list("pk", "number"))
        stimuli = list(
            Stimulus.objects.filter(collection=campaign.collection_id).order_by("pk").values_list("pk", "key")
        )
        self.keys = np.array([pk for pk, _ in stimuli], dtype=np.int64)
        self.stimuli: NDArray[np.str_] = np.array([key for _, key in stimuli], dtype=np.str_)
        self._rows = self._query()
        self.manifest: dict[str, object] = manifest_of(campaign) | {
            "source": "votes",
            "selection": self.selection.named(),
            "method": self.selection.method,
        }

    def _query(self) -> QuerySet[Consensus]:
        rows = Consensus.objects.filter(tally__in=[one.pk for one in self.tallies])
        rounds = [pk for pk, number in self._number_of.items() if self._meant(number)]
        if len(rounds) < len(self._number_of):
            rows = rows.filter(question__round__in=rounds)
        if self.selection.splits is not None:
            rows = rows.filter(question__split__in=self.selection.splits)
        return rows

    def _meant(self, number: int) -> bool:
        return self.selection.rounds is None or number in self.selection.rounds

    def blocks(self) -> Iterator[TripletBlock]:
        """The decided triplets with margin enough, in the order in which they were counted; without posteriors."""
        for table in blocks_read(self._decided().values_list(*_FIELDS), _KINDS, key="pk"):
            yield self._block(table)

    def asked(self) -> Iterator[tuple[NDArray[np.int64], TripletBlock]]:
        """The same with posteriors, and with the primary keys of the questions."""
        rows = self._decided().values_list(*_FIELDS, *_MORE_FIELDS)
        for table in blocks_read(rows, {**_KINDS, **_MORE_KINDS}, key="pk"):
            posterior = table["posterior"].to_numpy().astype(np.float32)
            whole = None if np.isnan(posterior).any() else posterior
            yield table["question"].to_numpy(), replace(self._block(table), posterior=whole)

    def _decided(self) -> QuerySet[Consensus]:
        rows = self._rows.exclude(winner="")
        least = self.selection.min_margin
        return rows.filter(margin__gte=least) if least > 0 else rows

    def left_out(self) -> dict[str, int]:
        """How many questions of the selection are not among the triplets, by reason."""
        decided = self._rows.exclude(winner="")
        return {
            "level": self._rows.filter(winner="").count(),
            "below_min_margin": decided.filter(margin__lt=self.selection.min_margin).count(),
        }

    def _block(self, table: Any) -> TripletBlock:
        import pyarrow.compute as pc

        column = {name: table[name].to_numpy() for name, kind in _KINDS.items() if kind != "code"}
        b_won = pc.equal(table["winner"], "b").to_numpy()
        nearer, farther = np.where(b_won, column["b"], column["a"]), np.where(b_won, column["a"], column["b"])
        triplets = np.column_stack([column["reference"], nearer, farther])
        rounds, at = np.unique(column["round"], return_inverse=True)
        return TripletBlock(
            triplets=np.searchsorted(self.keys, triplets).astype(np.int64),
            weight=column["weight"].astype(np.float32),
            margin=np.abs(column["votes_a"] - column["votes_b"]).astype(np.int16),
            votes_nearer=np.where(b_won, column["votes_b"], column["votes_a"]).astype(np.int16),
            votes_farther=np.where(b_won, column["votes_a"], column["votes_b"]).astype(np.int16),
            rounds=np.array([self._number_of[pk] for pk in rounds.tolist()], dtype=np.int32)[at],
            triplet_split=column["split"].astype(np.int8),
        )


def tallies_of(campaign: Campaign, selection: Selection) -> list[Tally]:
    """The counts that hold what a selection asks for.

    Raises:
        AnnotationError: A round is not counted, or the votes were never counted by the method.
    """
    counted = set(campaign.rounds.filter(status__in=COUNTED).values_list("number", flat=True))
    if unknown := sorted(set(selection.rounds or ()) - counted):
        raise AnnotationError(f"Round {unknown[0]} of {campaign.name} is not closed; only closed rounds are counted.")
    method = selection.method or campaign.method
    found = Tally.objects.filter(campaign=campaign, kind=Question.Kind.TRIPLET, method=method, current=True)
    tallies = list(found.order_by("pk"))
    if not tallies and counted and method != campaign.method:
        known = found.model.objects.filter(campaign=campaign, kind=Question.Kind.TRIPLET, current=True).order_by()
        names = ", ".join(sorted(set(known.values_list("method", flat=True)))) or "nothing"
        raise AnnotationError(f"The votes of {campaign.name} are not counted by {method!r}; there is {names}.")
    return tallies


def manifest_of(campaign: Campaign) -> dict[str, object]:
    """What a manifest says of a campaign, whatever its triplets come from."""
    return {
        "campaign": campaign.slug,
        "prompt": campaign.prompt,
        "collection": campaign.collection.slug,
        "landmark_scheme": campaign.collection.landmark_scheme,
        "votes_per_question": campaign.votes_per_question,
        "code_version": settings.CODE_VERSION,
    }
