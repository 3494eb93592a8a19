"""Writes what a plan of an import says: bundles, turns, questions, votes, checks and repeats."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from django.utils import timezone
from numpy.typing import NDArray

from annotation.errors import ImportRefused
from annotation.models import (
    Assignment,
    Campaign,
    Hit,
    Participation,
    Probe,
    Question,
    Round,
    UncountedVote,
    Vote,
    Worker,
)
from annotation.services.import_plan import SMALL, Ints, Plan
from annotation.services.rows_apart import built_after
from annotation.services.rows_write import keys_reserve, rows_write, uuids_make
from annotation.services.workers import pseudonym_make

# Questions of one bundle. Who answered what was up to somebody else, so that a small one would be everybody's.
_TOGETHER = 30_000
_BATCH = 1000
Moments = NDArray[np.datetime64]


@dataclass(frozen=True, eq=False)
class _Turns:
    """Assignments: one for each bundle that a worker answered in.

    Attributes:
        keys: (A,) primary keys, ascending as number does.
        number: (A,) bundle × workers + worker, ascending.
        workers: Workers.
        first: (workers,) each worker's first turn, −1 for none; checks are kept there.
    """

    keys: Ints
    number: Ints
    workers: int
    first: Ints

    def of(self, bundle: Ints, worker: Ints) -> Ints:
        """Places of the turns of workers at bundles."""
        return np.searchsorted(self.number, bundle * self.workers + worker)


def rows_import(*, campaign: Campaign, round: Round, plan: Plan, created: Moments) -> None:
    """Write everything of a round. Call within a transaction.

    Args:
        campaign: Whose round it is.
        round: An empty one that nobody is asked in.
        plan: What to write.
        created: (V,) when each answer was given, the time of the import where that is not known.

    Raises:
        ImportRefused: There are too many workers.
    """
    workers = _workers(campaign, plan.workers)
    hits = Hit.objects.bulk_create(
        Hit(round=round, number=number + 1, slots=0, open_slots=0) for number in range(-(-plan.asked // _TOGETHER))
    )
    bundles = np.array([hit.pk for hit in hits], dtype=np.int64)
    with built_after(Question, Vote):
        questions = _questions(campaign, round, plan, bundles)
        turns = _turns(campaign, plan, bundles, workers, created)
        _votes(plan, questions, turns, workers, created)
    _repeats(plan, questions, turns, workers, created)
    _checks(plan, questions, turns, workers, created)


def _workers(campaign: Campaign, names: list[str]) -> Ints:
    """Primary keys of the workers, each a participant; made where they are not there."""
    if long := next((name for name in names if len(name) > 128 or "\0" in name), None):
        raise ImportRefused(f"{long[:40]!r} is no name of a worker: 1 to 128 characters, none of them zero.")
    channel = import_channel(campaign)
    known = dict(Worker.objects.filter(channel=channel).values_list("external_id", "pk"))
    new = [Worker(channel=channel, external_id=name, pseudonym=pseudonym_make()) for name in names if name not in known]
    known |= {worker.external_id: worker.pk for worker in Worker.objects.bulk_create(new, batch_size=_BATCH)}
    keys = [known[name] for name in names]
    Participation.objects.bulk_create((Participation(campaign=campaign, worker_id=key) for key in keys), _BATCH)
    return np.array(keys, dtype=np.int64)


def import_channel(campaign: Campaign) -> str:
    """The channel of a campaign's imported workers: nobody else is of it."""
    return f"import:{campaign.pk}:{campaign.slug}"[:32]


def _questions(campaign: Campaign, round: Round, plan: Plan, bundles: Ints) -> Ints:
    """Write the questions, those asked and the checks; returns their primary keys, ascending."""
    keys = keys_reserve(Question, len(plan.triplets))
    place = np.arange(plan.asked)
    reference, a, b = plan.triplets.T
    shared = {"campaign_id": np.array([campaign.pk]), "kind": np.array([Question.Kind.TRIPLET.value])}
    rows_write(
        Question,
        {
            **shared,
            "id": keys[: plan.asked],
            "round_id": np.array([round.pk]),
            "hit_id": bundles[place // _TOGETHER],
            "position": place % _TOGETHER,
            "role": np.array([Question.Role.ASKED.value]),
            "reference_id": reference[: plan.asked],
            "a_id": a[: plan.asked],
            "b_id": b[: plan.asked],
            "split": plan.split[: plan.asked],
            "wanted": plan.wanted,
            "expected": np.array([""]),
        },
    )
    if len(keys) > plan.asked:
        rows_write(
            Question,
            {
                **shared,
                "id": keys[plan.asked :],
                "position": np.array([0]),
                "role": np.array([Question.Role.ATTENTION.value]),
                "reference_id": reference[plan.asked :],
                "a_id": a[plan.asked :],
                "b_id": b[plan.asked :],
                "split": plan.split[plan.asked :],
                "wanted": np.array([campaign.votes_per_question]),
                # Nothing is more like the reference than itself.
                "expected": np.where(reference == a, "a", "b")[plan.asked :],
            },
        )
    return keys


def _turns(campaign: Campaign, plan: Plan, bundles: Ints, workers: Ints, created: Moments) -> _Turns:
    """Write an assignment for each bundle that a worker answered in."""
    size, on_checks = len(workers), plan.on_checks
    bundle = np.where(on_checks, 0, plan.question // _TOGETHER)
    answered = np.unique((bundle * size + plan.worker)[~on_checks])
    # Whoever answered checks only has a turn at the first bundle.
    only = np.setdiff1d(plan.worker[on_checks], answered % size)
    number = np.union1d(answered, only)
    first = np.full(size, -1, dtype=np.int64)
    first[(number % size)[::-1]] = np.arange(len(number))[::-1]
    turns = _Turns(keys_reserve(Assignment, len(number)), number, size, first)
    of = _turn_of(plan, turns)
    at = created.astype(np.int64)
    start, end = np.full(len(number), np.iinfo(np.int64).max), np.zeros(len(number), dtype=np.int64)
    np.minimum.at(start, of, at)
    np.maximum.at(end, of, at)
    slot = np.arange(len(number)) - np.searchsorted(number // size, number // size)
    if slot.max() >= SMALL:
        raise ImportRefused(f"Over {SMALL:,} workers answered the same questions; import them in parts.")
    rows_write(
        Assignment,
        {
            "id": turns.keys,
            "campaign_id": np.array([campaign.pk]),
            "hit_id": bundles[number // size],
            "worker_id": workers[number % size],
            "slot": slot,
            "status": np.array([Assignment.Status.SUBMITTED.value]),
            "seed": np.array([0]),
            "client": np.array(["{}"]),
            "claimed": start.astype("datetime64[us]"),
            "lease_until": end.astype("datetime64[us]"),
            "submitted": end.astype("datetime64[us]"),
        },
    )
    for hit, slots in zip(bundles.tolist(), np.bincount(number // size, minlength=len(bundles)).tolist(), strict=True):
        Hit.objects.filter(pk=hit).update(slots=slots)
    return turns


def _turn_of(plan: Plan, turns: _Turns) -> Ints:
    """(V,) the turn that each answer was given in."""
    bundle = np.where(plan.on_checks, 0, plan.question // _TOGETHER)
    voted = turns.of(bundle, plan.worker).clip(0, len(turns.keys) - 1)
    return np.where(plan.on_checks, turns.first[plan.worker], voted)


def _answers(
    plan: Plan, questions: Ints, turns: _Turns, workers: Ints, created: Moments, rows: Ints
) -> dict[str, NDArray[Any]]:
    """The columns that every kind of answer has, of some answers."""
    return {
        "question_id": questions[plan.question[rows]],
        "assignment_id": turns.keys[_turn_of(plan, turns)[rows]],
        "worker_id": workers[plan.worker[rows]],
        "left": plan.left[rows],
        "choice": plan.choice[rows],
        "response_ms": plan.response_ms[rows],
        "client_id": uuids_make(len(rows)),
        "created": created[rows],
    }


def _votes(plan: Plan, questions: Ints, turns: _Turns, workers: Ints, created: Moments) -> None:
    rows = plan.votes
    rows_write(Vote, {**_answers(plan, questions, turns, workers, created, rows), "slot": plan.slot[rows]})


def _repeats(plan: Plan, questions: Ints, turns: _Turns, workers: Ints, created: Moments) -> None:
    """Answers of somebody who had answered the question already are kept, and count nothing."""
    rows = np.flatnonzero(plan.repeated)
    if len(rows):
        rows_write(
            UncountedVote,
            {
                **_answers(plan, questions, turns, workers, created, rows),
                "reason": np.array([UncountedVote.Reason.REPEATED.value]),
                "since": np.array([_now()]),
            },
        )


def _checks(plan: Plan, questions: Ints, turns: _Turns, workers: Ints, created: Moments) -> None:
    rows = np.flatnonzero(plan.on_checks & ~plan.repeated)
    if not len(rows):
        return
    answers = _answers(plan, questions, turns, workers, created, rows)
    order = np.argsort(answers["assignment_id"], kind="stable")
    turn = answers["assignment_id"][order]
    place = np.empty(len(rows), dtype=np.int64)
    place[order] = np.arange(len(rows)) - np.searchsorted(turn, turn)
    if place.max() > SMALL:
        raise ImportRefused(f"A worker answered over {SMALL:,} checks; import them in parts.")
    rows_write(
        Probe,
        {
            **{name: values for name, values in answers.items() if name != "created"},
            "answered": answers["created"],
            "kind": np.array([Probe.Kind.ATTENTION.value]),
            "place": place,
        },
    )


def _now() -> np.datetime64:
    return np.datetime64(timezone.now().replace(tzinfo=None), "us")
