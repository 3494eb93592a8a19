"""Tallies written: rows of consensus in bulk, and which of them hold now.

Rows are written some thousands a transaction, so that voters need not wait, and hold only when all are there. A process
that dies on the way leaves rows that nobody reads, and the next one goes on where it stopped.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice, repeat
from typing import Any

from django.db import connection, transaction
from django.db.models import Q, QuerySet
from numpy.typing import NDArray

from annotation.models import CANT_TELL, Campaign, Question, Round, Tally
from annotation.quality.aggregate import Aggregate
from annotation.selectors.votes import CampaignVotes

_BATCH = 10_000
_ROW = """
INSERT INTO annotation_consensus
    (tally_id, method, version, question_id, votes_a, votes_b, margin, winner, weight, posterior, counts, chances)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT DO NOTHING
"""
# PostgreSQL is sent a batch as an array a column, in one statement.
_ROWS = """
INSERT INTO annotation_consensus
    (tally_id, method, version, question_id, votes_a, votes_b, margin, winner, weight, posterior, counts, chances)
SELECT %s, %s, %s, * FROM unnest(
    %s::bigint[], %s::smallint[], %s::smallint[], %s::smallint[], %s::text[], %s::float8[], %s::float8[],
    %s::jsonb[], %s::jsonb[]
)
ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True)
class Scope:
    """What a tally is about; without a round, all rounds that are counted."""

    campaign: Campaign
    kind: str
    method: str
    round: Round | None

    @property
    def tallies(self) -> QuerySet[Tally]:
        """All versions."""
        return Tally.objects.filter(campaign=self.campaign, kind=self.kind, method=self.method, round=self.round)


def tally_write(*, scope: Scope, version: str, evidence: dict[str, Any], votes: CampaignVotes, got: Aggregate) -> Tally:
    """Write a tally with all its rows; those that are there stay as they are.

    Args:
        scope: What it is about.
        version: Of the algorithm and the evidence.
        evidence: What it rests on.
        votes: What was counted.
        got: What they come to.
    """
    tally, _ = scope.tallies.get_or_create(
        version=version,
        defaults={
            "campaign": scope.campaign,
            "kind": scope.kind,
            "method": scope.method,
            "round": scope.round,
            "evidence": evidence,
        },
    )
    rows = _rows(tally, votes, got)
    while some := list(islice(rows, _BATCH)):
        _insert((tally.pk, tally.method, tally.version), some)
    return tally


def _insert(shared: tuple[int, str, str], rows: list[tuple[Any, ...]]) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(_ROWS, [*shared, *(list(column) for column in zip(*rows, strict=True))])
        else:
            cursor.executemany(_ROW, [(*shared, *row) for row in rows])


def tally_hold(*, tally: Tally, scope: Scope, read: datetime) -> None:
    """Let a whole tally be what its method says now, unless somebody has read the votes since.

    Args:
        tally: All of whose rows are there.
        scope: What it is about.
        read: When its votes were read.
    """
    same = Tally.objects.filter(campaign=scope.campaign, kind=scope.kind, method=scope.method)
    if scope.round is not None:  # a tally of one round takes the place of that round's, and of those of all rounds
        same = same.filter(Q(round=scope.round) | Q(round__isnull=True))
    with transaction.atomic():
        before = list(same.select_for_update(no_key=True).filter(Q(current=True) | Q(pk=tally.pk)).order_by("pk"))
        if any(one.counted is not None and one.counted > read for one in before if one.current):
            Tally.objects.filter(pk=tally.pk, counted__isnull=True).update(counted=read)
            return
        same.filter(current=True).exclude(pk=tally.pk).update(current=False)
        Tally.objects.filter(pk=tally.pk).update(current=True, counted=read)


def _rows(tally: Tally, votes: CampaignVotes, got: Aggregate) -> Iterator[tuple[Any, ...]]:
    """Values of the columns that differ, a question after the other."""
    triplets = tally.kind == Question.Kind.TRIPLET
    names = ["a", "b"] if triplets else [str(place) for place in range(got.counts.shape[1])]
    size = len(votes.keys)
    none = [0] * size
    return zip(
        votes.keys.tolist(),
        got.votes_a.tolist() if triplets else none,
        got.votes_b.tolist() if triplets else none,
        got.margin.tolist(),
        map([*names, ""].__getitem__, got.winner.tolist()),  # −1 takes the last, which is nothing
        got.weight.tolist(),
        got.posterior.max(axis=1).clip(0, 1).tolist(),
        _counts(names, got.counts, votes.counts_x),
        repeat(None, size) if triplets else map(_text, got.posterior.round(9).tolist()),
        strict=True,
    )


def _counts(names: list[str], counts: NDArray[Any], untold: NDArray[Any]) -> Iterator[str]:
    """Votes by choice as JSON; few tables differ, so each is written once."""
    order = sorted([*names, CANT_TELL])
    known: dict[tuple[int, ...], str] = {}
    for *told, x in zip(*counts.T.tolist(), untold.tolist(), strict=True):
        table = (*told, x)
        if (text := known.get(table)) is None:
            by_name = dict(zip([*names, CANT_TELL], table, strict=True))
            text = known[table] = _text({name: by_name[name] for name in order if by_name[name]})
        yield text


_text = json.dumps
