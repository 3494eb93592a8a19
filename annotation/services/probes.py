"""Probes: dealt with a HIT, answered like questions, never counted as votes."""

import hashlib
from collections.abc import Sequence
from datetime import datetime

import numpy as np
from django.db.models import Exists, F, OuterRef

from annotation.errors import VoteRejected
from annotation.models import Assignment, Campaign, Probe, Question
from annotation.sampling.probes import balanced_sides, probes_layout
from annotation.selectors.queue import STRIDE, choice_of, left_candidate, questions_missing
from annotation.services.answers import MAX_RESPONSE_MS, Answer, answer_check

# HITs of a worker in a campaign that get the campaign's first number of gold questions.
FIRST_HITS = 3
# A prime above every seed; multiplied by the seed, keys modulo it come in an order of that seed's own.
_PRIME = 2_147_483_647


def probes_deal(*, assignment: Assignment, campaign: Campaign) -> int:
    """Deal the campaign's plan of probes to a fresh assignment; returns how many. Call within a transaction.

    What is dealt, and where it stands, follows from the assignment's seed. No gold question and no attention check is
    ever dealt to a worker twice, so where too few are left, fewer are dealt.
    """
    if not (campaign.golds_first or campaign.golds_later or campaign.repeats or campaign.attention):
        return 0
    before = Assignment.objects.filter(campaign=campaign, worker=assignment.worker_id).exclude(pk=assignment.pk).count()
    golds = campaign.golds_first if before < FIRST_HITS else campaign.golds_later
    rng = np.random.default_rng((assignment.seed, 1))
    known = [
        *_unseen(assignment, Question.Role.GOLD, golds),
        *_unseen(assignment, Question.Role.ATTENTION, campaign.attention),
    ]
    asked = list(
        questions_missing(assignment.hit_id, assignment.slot).order_by("position").values_list("pk", "position", "kind")
    )
    layout = probes_layout(
        [row[1] for row in asked], repeats=campaign.repeats, known=len(known), stride=STRIDE, rng=rng
    )
    probes = _repeats(assignment, asked, layout.repeats) + _known(assignment, known, layout.known, before, rng)
    Probe.objects.bulk_create(probes)
    return len(probes)


def _unseen(assignment: Assignment, role: Question.Role, count: int) -> list[Question]:
    """Questions of a role that this worker was never dealt, in the order of this assignment's seed."""
    if not count:
        return []
    seen = Probe.objects.filter(worker=assignment.worker_id, question=OuterRef("pk"))
    rows = Question.objects.filter(~Exists(seen), campaign=assignment.campaign_id, role=role)
    # Said once more as the index of known questions says it: it holds no others, however many the campaign asks.
    shuffled = rows.exclude(role=Question.Role.ASKED).order_by(F("pk") * (assignment.seed | 1) % _PRIME)
    return list(shuffled[:count])


def _repeats(
    assignment: Assignment, asked: Sequence[tuple[int, int, str]], places: Sequence[tuple[int, int]]
) -> list[Probe]:
    probes = []
    for index, place in places:
        question_id, _, kind = asked[index]
        shown = left_candidate(seed=assignment.seed, question_id=question_id)
        swapped = "b" if shown == "a" else "a"
        left = swapped if kind == Question.Kind.TRIPLET else ""
        probes.append(_probe(assignment, question_id, Probe.Kind.REPEAT, place, left))
    return probes


def _known(
    assignment: Assignment, known: Sequence[Question], places: Sequence[int], before: int, rng: np.random.Generator
) -> list[Probe]:
    """Known questions in their places, the right answer on the left in half of them.

    Where their number is odd, the side of the odd one changes with the worker's HITs.
    """
    kind_of = {Question.Role.GOLD: Probe.Kind.GOLD, Question.Role.ATTENTION: Probe.Kind.ATTENTION}
    triplets = [one for one in known if one.kind == Question.Kind.TRIPLET]
    coin = hashlib.blake2b(f"{assignment.worker_id}:{before // 2}".encode(), digest_size=1).digest()[0] & 1
    sides = balanced_sides(len(triplets), first=bool(coin ^ (before & 1)), rng=rng)
    left_of = {
        question.pk: question.expected if on_left else ("b" if question.expected == "a" else "a")
        for question, on_left in zip(triplets, sides, strict=True)
    }
    return [
        _probe(assignment, question.pk, kind_of[Question.Role(question.role)], place, left_of.get(question.pk, ""))
        for question, place in zip(known, places, strict=False)
    ]


def _probe(assignment: Assignment, question_id: int, kind: Probe.Kind, place: int, left: str) -> Probe:
    return Probe(
        assignment=assignment,
        worker_id=assignment.worker_id,
        question_id=question_id,
        kind=kind,
        place=place,
        left=left,
    )


def probe_record(*, assignment: Assignment, answer: Answer, now: datetime) -> bool:
    """Note a worker's answer to a probe; returns False where it has one already, for the first counts.

    Raises:
        VoteRejected: The assignment has no such probe, or a probe of its kind has no such answer.
    """
    probe = probe_get(assignment=assignment, answer=answer)
    answer_check(answer=answer, kind=probe.question.kind, campaign=probe.question.campaign)
    noted = Probe.objects.filter(pk=probe.pk, choice="").update(
        choice=choice_of(answer.answer, probe.left),
        response_ms=min(max(answer.response_ms, 0), MAX_RESPONSE_MS),
        client_id=answer.client_id,
        answered=now,
    )
    return noted > 0


def probe_withdraw(*, assignment: Assignment, answer: Answer) -> bool:
    """Take the answer to a probe back; returns False where this is not its answer."""
    probe = probe_get(assignment=assignment, answer=answer)
    mine = Probe.objects.filter(pk=probe.pk, client_id=answer.client_id)
    return mine.update(choice="", response_ms=None, client_id=None, answered=None) > 0


def probe_get(*, assignment: Assignment, answer: Answer) -> Probe:
    """The probe that an answer is to, with its question.

    Raises:
        VoteRejected: The assignment has no such probe.
    """
    rows = Probe.objects.filter(assignment=assignment, place=answer.place or 0, question=answer.question_id)
    probe = rows.select_related("question__campaign").first()
    if probe is None:
        raise VoteRejected(f"Nothing at place {answer.place} of this HIT asks question {answer.question_id}.")
    return probe
