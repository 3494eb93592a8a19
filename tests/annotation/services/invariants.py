"""What must be true of the rows of votes at any moment between two transactions, whatever was done before.

`problems` is asked after every test of the services and of whole sites; it knows nothing of how the services work.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

HELD = ("active", "submitted")


def check() -> None:
    found = problems()
    assert not found, "\n".join(found)


def problems() -> list[str]:
    """Sentences about what contradicts itself in the database; none where all is well."""
    return [*_slots(), *_leases(), *_votes(), *_client_ids(), *_closed()]


def _asked() -> dict[int, list[int]]:
    """By HIT: the votes wanted of each of its questions."""
    from annotation.models import Question

    asked: dict[int, list[int]] = defaultdict(list)
    for hit, wanted in Question.objects.filter(role="asked").order_by().values_list("hit", "wanted"):
        asked[hit].append(wanted)
    return asked


def _slots() -> Iterator[str]:
    """Open are the slots of an open round that nobody holds and that miss a vote; what is submitted is full."""
    from annotation.models import Assignment, Hit, Vote

    asked = _asked()
    given = Counter(Vote.objects.order_by().values_list("question__hit", "slot"))
    holders = {
        (hit, slot): status
        for hit, slot, status in Assignment.objects.filter(status__in=HELD).values_list("hit", "slot", "status")
    }
    for hit in Hit.objects.filter(round__status="open"):
        missing = {slot for slot in range(hit.slots) if given[hit.pk, slot] < sum(one > slot for one in asked[hit.pk])}
        free = sorted(slot for slot in missing if (hit.pk, slot) not in holders)
        if hit.open_slots != len(free):
            yield f"HIT {hit.pk} counts {hit.open_slots} open slots, its rows say {free}."
        for slot in sorted(missing):
            if holders.get((hit.pk, slot)) == "submitted":
                yield f"Slot {slot} of HIT {hit.pk} is submitted and misses votes; nobody will be asked for them."
        if max(asked[hit.pk], default=0) > hit.slots:
            yield f"HIT {hit.pk} has {hit.slots} slots; a question of it wants more votes."


def _leases() -> Iterator[str]:
    from annotation.models import Assignment

    active = Counter(Assignment.objects.filter(status="active").values_list("campaign", "worker"))
    yield from (f"Worker {worker} holds {count} HITs at once." for (_, worker), count in active.items() if count > 1)
    held = Counter(Assignment.objects.filter(status__in=HELD).values_list("hit", "slot"))
    yield from (f"Slot {slot} of HIT {hit} has {count} holders." for (hit, slot), count in held.items() if count > 1)


def _votes() -> Iterator[str]:
    from annotation.models import Vote

    slots: Counter[Any] = Counter()
    workers: Counter[Any] = Counter()
    for vote in Vote.objects.select_related("question", "assignment"):
        slots[vote.question_id, vote.slot] += 1
        workers[vote.question_id, vote.worker_id] += 1
        if vote.slot >= vote.question.wanted:
            yield f"Vote {vote.pk} is in slot {vote.slot} of a question that wants {vote.question.wanted} votes."
        if vote.worker_id != vote.assignment.worker_id or vote.question.hit_id != vote.assignment.hit_id:
            yield f"Vote {vote.pk} is not of the worker or the HIT of its assignment."
        if vote.question.role != "asked":
            yield f"Vote {vote.pk} is on a question of the role {vote.question.role}."
    yield from (f"Slot {slot} of question {question} is filled {n}×." for (question, slot), n in slots.items() if n > 1)
    yield from (
        f"Worker {worker} voted {n}× on question {question}." for (question, worker), n in workers.items() if n > 1
    )


def _client_ids() -> Iterator[str]:
    from annotation.models import Probe, UncountedVote, Vote

    ids: Counter[Any] = Counter()
    for rows in (Vote.objects, UncountedVote.objects, Probe.objects):
        ids.update(rows.exclude(client_id=None).values_list("client_id", flat=True))
    yield from (f"The answer {client_id} is kept {count} times." for client_id, count in ids.items() if count > 1)


def _closed() -> Iterator[str]:
    from annotation.models import Assignment, Hit, Round

    over = (Round.Status.CLOSING, Round.Status.CLOSED)
    for hit in Hit.objects.filter(round__status__in=over, open_slots__gt=0):
        yield f"HIT {hit.pk} of a closed round has open slots."
    for assignment in Assignment.objects.filter(hit__round__status__in=over, status="active"):
        yield f"Assignment {assignment.pk} is active though its round is closed."


def unanswered() -> list[str]:
    """Sentences about questions of opened rounds that have not as many votes as they want, from 0 up, by as many."""
    from annotation.models import Question, Vote

    slots, workers = defaultdict(list), defaultdict(set)
    for question, slot, worker in Vote.objects.values_list("question", "slot", "worker"):
        slots[question].append(slot)
        workers[question].add(worker)
    return [
        f"Question {pk} wants {wanted} votes; it has the slots {sorted(slots[pk])} by {len(workers[pk])} workers."
        for pk, wanted in Question.objects.filter(role="asked")
        .exclude(round__status="proposed")
        .values_list("pk", "wanted")
        if sorted(slots[pk]) != list(range(wanted)) or len(workers[pk]) != wanted
    ]


def wrongly_asked_on(first: int, whole: int) -> list[str]:
    """Sentences about questions whose first votes agree and that are asked on, or the other way round.

    Holds where every question has all its votes and nobody was excluded.
    """
    from annotation.models import Question, Vote

    choices = defaultdict(list)
    for question, choice in Vote.objects.filter(slot__lt=first).values_list("question", "choice"):
        choices[question].append(choice)
    return [
        f"Question {pk} got {choices[pk]} at first and wants {wanted} votes."
        for pk, wanted in Question.objects.filter(role="asked").values_list("pk", "wanted")
        if wanted != (first if len(set(choices[pk])) == 1 and "x" not in choices[pk] else whole)
    ]
