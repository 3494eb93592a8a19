"""What a campaign's votes on triplets come to now, as weighted triplets in the order that the crowd gave."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from django.conf import settings
from django.db import connections
from django.db.models import Max, QuerySet
from numpy.typing import NDArray

from annotation.errors import AnnotationError
from annotation.formats.frozen import SPLITS
from annotation.formats.triplet_blocks import TripletBlock
from annotation.models import Campaign, Consensus, Question, Stimulus, Tally
from annotation.selectors.ahead import BLOCK, ranges, read_ahead
from annotation.selectors.packed_rows import Code, Column, Real, Whole, columns_read
from annotation.selectors.places import Places
from annotation.selectors.votes import COUNTED

_SMALL = Whole((1 << 15) - 1)  # what a PositiveSmallIntegerField holds
# Questions of counts that were made together lie close together; where they do not, they are looked up one by one.
_CLOSE = 8 * BLOCK


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
        self._campaign = campaign
        counted = campaign.rounds.filter(status__in=COUNTED)
        self._number_of = dict(counted.order_by("pk").values_list("pk", "number"))
        self._numbers = Places(list(self._number_of), list(self._number_of.values()))
        stimuli = list(
            Stimulus.objects.filter(collection=campaign.collection_id).order_by("pk").values_list("pk", "key")
        )
        self._places = Places([pk for pk, _ in stimuli])
        self.stimuli: NDArray[np.str_] = np.array([key for _, key in stimuli], dtype=np.str_)
        self._counted = Consensus.objects.filter(tally__in=self.tallies)
        self._rows = self._query()
        self.manifest: dict[str, object] = manifest_of(campaign) | {
            "source": "votes",
            "selection": self.selection.named(),
            "method": self.selection.method,
        }

    def _query(self) -> QuerySet[Consensus]:
        rows = self._counted
        rounds = [pk for pk, number in self._number_of.items() if self._meant(number)]
        if len(rounds) < len(self._number_of):
            rows = rows.filter(question__round__in=rounds)
        if self.selection.splits is not None:
            rows = rows.filter(question__split__in=self.selection.splits)
        return rows

    def _meant(self, number: int) -> bool:
        return self.selection.rounds is None or number in self.selection.rounds

    def blocks(self) -> Iterator[TripletBlock]:
        """The decided triplets with margin enough, without posteriors.

        A block holds what was counted together, in the order of the questions.
        """
        return (block for _, block in self._read(posterior=False))

    def asked(self) -> Iterator[tuple[NDArray[np.int64], TripletBlock]]:
        """The same with posteriors, and with the primary keys of the questions."""
        return self._read(posterior=True)

    def _read(self, *, posterior: bool) -> Iterator[tuple[NDArray[np.int64], TripletBlock]]:
        newest = Question.objects.aggregate(newest=Max("pk"))["newest"] or 0
        stimulus, round = Whole(self._places.highest), Whole(self._numbers.highest)
        fields: dict[str, Column] = {
            **{"question": Whole(newest), "question__split": _SMALL, "question__round": round},
            **{f"question__{name}": stimulus for name in ("reference", "a", "b")},
            **{"votes_a": _SMALL, "votes_b": _SMALL, "winner": Code(("a", "b")), "weight": Real()},
            **({"posterior": Real(nullable=True)} if posterior else {}),
        }
        jobs = (partial(self._part, start, end, fields) for start, end in ranges(self._counted))
        return (
            part for part in read_ahead(jobs, using=self._counted.db) if len(part[0])
        )  # else rows of other campaigns

    def _part(self, start: int, end: int, fields: Mapping[str, Column]) -> tuple[NDArray[np.int64], TripletBlock]:
        """The triplets of the counts in a range of primary keys, with their questions, in order."""
        rows = self._decided().filter(pk__gte=start, pk__lt=end)
        apart = connections[rows.db].vendor == "postgresql"
        found = self._joined(rows, fields) if apart else columns_read(rows.values_list(*fields), fields)
        keys = found["question"]
        if (keys[1:] < keys[:-1]).any():
            order = np.argsort(keys, kind="stable")
            found = {name: column[order] for name, column in found.items()}
        return found["question"], self._block(found)

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

    def _joined(self, rows: QuerySet[Consensus], fields: Mapping[str, Column]) -> dict[str, NDArray[Any]]:
        """The columns of counts and of their questions, joined here: PostgreSQL takes twice as long to join them."""
        own = {name: column for name, column in fields.items() if not name.startswith("question__")}
        found = columns_read(rows.values_list(*own), own)
        keys = found["question"]
        low, high = (int(keys.min()), int(keys.max())) if len(keys) else (0, 0)
        near = Question.objects.order_by().filter(campaign=self._campaign, a__isnull=False, pk__gte=low, pk__lte=high)
        if high - low >= _CLOSE:
            near = near.filter(pk__in=rows.values("question"))
        theirs = {name.removeprefix("question__"): fields[name] for name in fields if name not in own}
        asked = columns_read(near.values_list("pk", *theirs), {"pk": fields["question"], **theirs})
        order = np.argsort(asked["pk"], kind="stable")
        at = order[Places(asked["pk"][order]).of(keys)]
        return found | {f"question__{name}": asked[name][at] for name in theirs}

    def _block(self, column: Mapping[str, NDArray[Any]]) -> TripletBlock:
        b_won = column["winner"] == 1
        a, b, votes_a, votes_b = (column[name] for name in ("question__a", "question__b", "votes_a", "votes_b"))
        stimuli = np.column_stack([column["question__reference"], np.where(b_won, b, a), np.where(b_won, a, b)])
        posterior = column.get("posterior")
        return TripletBlock(
            triplets=self._places.of(stimuli),
            weight=column["weight"].astype(np.float32),
            margin=np.abs(votes_a - votes_b).astype(np.int16),
            votes_nearer=np.where(b_won, votes_b, votes_a).astype(np.int16),
            votes_farther=np.where(b_won, votes_a, votes_b).astype(np.int16),
            rounds=self._numbers.of(column["question__round"]).astype(np.int32),
            triplet_split=column["question__split"].astype(np.int8),
            posterior=None if posterior is None or np.isnan(posterior).any() else posterior.astype(np.float32),
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
