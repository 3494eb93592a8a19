"""All answers of a campaign, one after the other, however many there are; and what labels came to.

Votes, answers that do not count, and answers to probes lie in three tables. They are read some assignments at a time,
each table once, and put in the order of their arrival: so the time between two answers of an assignment is known, and
no more than those assignments' answers are ever held.
"""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

import numpy as np
from django.db.models import PositiveSmallIntegerField, QuerySet, Value
from numpy.typing import NDArray

from annotation.formats.answers.table import ANSWER_COLUMNS, answer_schema
from annotation.models import (
    CANT_TELL,
    Assignment,
    Campaign,
    Probe,
    Split,
    Stimulus,
    UncountedVote,
    Vote,
    Worker,
)
from annotation.quality.plurality import kept_labels
from annotation.selectors.fast_rows import Kind, rows_read
from annotation.selectors.label_agreement import counts_by_label, label_consensus_of

# Answers that are read together, roughly.
_TOGETHER = 8192
_CHUNK = 2000
_KINDS: dict[str, Kind] = {
    "assignment": "integer",
    "question": "integer",
    "worker": "integer",
    "left": "code",
    "choice": "code",
    "response_ms": "integer?",
    "kind": "code",
    "reference": "integer",
    "a": "integer?",
    "b": "integer?",
    "expected": "code",
    "created": "time",
    "slot": "integer?",
    "probe": "code",
    "reason": "code",
}
_GIVEN = ("assignment", "question", "worker", "left", "choice", "response_ms")
_ASKED = ("question__kind", "question__reference", "question__a", "question__b", "question__expected")
_SAMPLERS = {"random": "random", "balanced": "random", "uncertainty": "uncertainty"}


class CampaignAnswers:
    """Every answer that was given in a campaign, in the order of assignments and of arrival.

    Args:
        campaign: Whose.
        rounds: Numbers of the rounds whose HITs are looked at; all of them where it is left out.
    """

    def __init__(self, campaign: Campaign, rounds: Sequence[int] | None = None) -> None:
        self._campaign, self._rounds = campaign, rounds
        stimuli = Stimulus.objects.filter(collection=campaign.collection_id).order_by("pk")
        found = list(stimuli.values_list("pk", "key", "split"))
        self.stimuli = [key for _, key, _ in found]
        self.test = [split == Split.TEST for _, _, split in found]
        self.samplers = {number: _sampler(origin) for number, origin in campaign.rounds.values_list("number", "origin")}
        self._keys = np.array([pk for pk, _, _ in found], dtype=np.int64)

    def blocks(self) -> Iterator[Any]:
        """The answers of some assignments at a time, as tables of `answer_schema`."""
        turns = Assignment.objects.filter(campaign=self._campaign).order_by("pk")
        if self._rounds is not None:
            turns = turns.filter(hit__round__number__in=self._rounds)
        together, last = max(_TOGETHER // self._campaign.hit_size, 1), 0
        while held := list(turns.filter(pk__gt=last).values_list("pk", "hit__number", "hit__round__number")[:together]):
            last = held[-1][0]
            table = _read([pk for pk, _, _ in held])
            if len(table):
                yield self._named(table, np.array(held, dtype=np.int64))

    def _named(self, table: Any, held: NDArray[np.int64]) -> Any:
        """The answers with names for the keys of rows.

        Args:
            table: What the three tables hold, in order.
            held: (A, 3) assignments, ascending, with the numbers of HIT and round.
        """
        import pyarrow as pa

        turn = np.searchsorted(held[:, 0], table["assignment"].to_numpy())
        probes = np.array(table["probe"].to_pylist(), dtype=np.str_)
        reasons = np.array(table["reason"].to_pylist(), dtype=np.str_)
        choices = {str(place): label for place, label in enumerate(self._campaign.choices)}
        columns = {name: table[name] for name in ANSWER_COLUMNS if name in table.column_names}
        columns |= {
            "hit": held[turn, 1],
            "round": held[turn, 2],
            "server_ms": _between(table["assignment"].to_numpy(), table["created"].cast("int64").to_numpy()),
            "counted": (probes == "") & (reasons == ""),
            "reason": np.where(probes == "", reasons, "probe").tolist(),
            "label": [choices.get(one, "") for one in table["choice"].to_pylist()],
            "worker": _pseudonyms(table["worker"].to_numpy()),
        }
        columns |= {name: self._stimuli(table[name]) for name in ("reference", "a", "b")}
        schema = answer_schema()
        arrays = [
            columns[field.name].cast(field.type)
            if isinstance(columns[field.name], pa.ChunkedArray)
            else pa.array(columns[field.name], field.type, from_pandas=True)
            for field in schema
        ]
        return pa.Table.from_arrays(arrays, schema=schema)

    def _stimuli(self, column: Any) -> list[str]:
        """Keys of stimuli, "" where there is none."""
        rows = np.searchsorted(self._keys, column.fill_null(-1).to_numpy())
        known = column.is_valid().to_pylist()
        return [self.stimuli[row] if there else "" for row, there in zip(rows.tolist(), known, strict=True)]


def _sampler(origin: dict[str, Any]) -> str:
    """How a round was chosen, in the words of tripletTools."""
    named = origin.get("selector") or origin.get("design") or "random"
    return _SAMPLERS.get(str(named), "adaptive")


def _read(turns: list[int]) -> Any:
    """The answers of some assignments, of all three tables."""
    import pyarrow as pa

    none = Value("")
    votes = Vote.objects.filter(assignment__in=turns).annotate(probe=none, reason=none)
    uncounted = UncountedVote.objects.filter(assignment__in=turns).annotate(probe=none)
    probes = (
        Probe.objects.filter(assignment__in=turns)
        .exclude(choice="")
        .annotate(none=none, slot=Value(None, output_field=PositiveSmallIntegerField()))
    )
    queries: list[tuple[QuerySet[Any], tuple[str, ...]]] = [
        (votes, ("created", "slot", "probe", "reason")),
        (uncounted, ("created", "slot", "probe", "reason")),
        (probes, ("answered", "slot", "kind", "none")),
    ]
    tables = [rows_read(found.order_by("pk").values_list(*_GIVEN, *_ASKED, *more), _KINDS) for found, more in queries]
    table = pa.concat_tables(tables)
    order = np.lexsort((table["created"].cast("int64").to_numpy(), table["assignment"].to_numpy()))
    return table.take(pa.array(order))


def _between(turns: NDArray[np.int64], came: NDArray[np.int64]) -> NDArray[np.float64]:
    """Milliseconds since the answer before in the same assignment; NaN for its first."""
    apart = np.full(len(turns), np.nan)
    apart[1:] = np.where(turns[1:] == turns[:-1], np.rint(np.diff(came) / 1000), np.nan)
    return apart


def _pseudonyms(workers: NDArray[np.int64]) -> list[str]:
    name_of = dict(Worker.objects.filter(pk__in=np.unique(workers).tolist()).values_list("pk", "pseudonym"))
    return [name_of[one] for one in workers.tolist()]


def label_columns(campaign: Campaign) -> list[str]:
    counts = [f"votes: {label}" for label in campaign.choices]
    return ["round", "stimulus", "split", *counts, "votes: can't tell", "winner", "margin", "weight", "kept"]


def label_results(campaign: Campaign) -> Iterator[list[str | int | float]]:
    """What the counted label questions come to now, by the campaign's method: a row a stimulus."""
    columns = ("question__round__number", "question__reference__key", "question__split")
    found = label_consensus_of(campaign).order_by("question__round__number", "question")
    rows = found.values_list(*columns, "counts", "winner", "margin", "weight").iterator(_CHUNK)
    size = len(campaign.choices)
    while some := list(islice(rows, _CHUNK)):
        kept = kept_labels(counts_by_label([row[3] for row in some], size), at_least=campaign.votes_for_label)
        for (number, key, split, counts, winner, margin, weight), place in zip(some, kept.tolist(), strict=True):
            yield [
                number,
                key,
                Split(split).label.lower(),
                *(counts.get(str(label), 0) for label in range(size)),
                counts.get(CANT_TELL, 0),
                campaign.choices[int(winner)] if winner else "",
                margin,
                weight,
                campaign.choices[place] if place >= 0 else "",
            ]
