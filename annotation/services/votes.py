"""Votes: recorded once, whatever the network does. What cannot count is kept as well, and said to be."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from annotation.errors import VoteRejected
from annotation.models import Assignment, Campaign, Participation, Probe, Question, Round, UncountedVote, Vote, Worker
from annotation.selectors.queue import choice_of, items_missing, left_candidate, questions_missing
from annotation.services.answers import MAX_RESPONSE_MS, Answer, Receipt, answer_check
from annotation.services.assignments import assignment_revive, lease_extend
from annotation.services.probes import probe_get, probe_record, probe_withdraw
from annotation.services.submission import HELD, assignment_lock, assignment_submit_locked, slots_settle
from annotation.services.uncounted import votes_uncount

_Reason = UncountedVote.Reason


def votes_record(*, assignment_id: int, worker: Worker, answers: Sequence[Answer], submit: bool = True) -> Receipt:
    """Record answers to the items of one assignment; all of those that are new, or none.

    Sending an answer again, with the same client id, changes nothing and is answered alike. An answer that comes after
    its lease ended takes up the lease again where the slot is still free, or fills another free slot of the question;
    else it is kept and not counted. A withdrawn answer stops counting, as long as the assignment is not submitted.

    Args:
        assignment_id: Whose items are answered.
        worker: Who answers.
        answers: In the order in which they were given.
        submit: Submit the assignment where nothing remains; else its answers can still be taken back.

    Raises:
        VoteRejected: The assignment is not this worker's, a question is not in it, an answer is of the wrong kind, or
            a client id was used for something else.
    """
    if not Assignment.objects.filter(pk=assignment_id, worker=worker).exists():
        raise VoteRejected("This HIT is not yours.")
    try:
        return _record(assignment_id, worker, answers, submit)
    except IntegrityError:
        # Another request wrote at the same moment what a constraint lets only one write: the lease of another HIT that
        # this worker claimed, or a client id that somebody else used. It is there now, and is seen this time.
        return _record(assignment_id, worker, answers, submit)


def _record(assignment_id: int, worker: Worker, answers: Sequence[Answer], submit: bool) -> Receipt:
    with transaction.atomic():
        assignment = assignment_lock(assignment_id)
        known = _known(worker, answers)
        desk = _Desk.open(assignment, answers)
        desk.withdraw([answer for answer in answers if answer.withdrawn], known)
        desk.record([answer for answer in answers if answer.client_id not in known and not answer.withdrawn])
        remaining = items_missing(assignment)
        if submit and remaining == 0 and assignment.status == Assignment.Status.ACTIVE:
            assignment_submit_locked(assignment=assignment, now=desk.now)
    ids = [answer.client_id for answer in answers]
    uncounted = dict(UncountedVote.objects.filter(client_id__in=ids).values_list("client_id", "reason"))
    saved = [client_id for client_id in ids if client_id not in uncounted]
    return Receipt(saved, uncounted, remaining, assignment.status == Assignment.Status.SUBMITTED)


def _known(worker: Worker, answers: Sequence[Answer]) -> set[UUID]:
    """Client ids of answers that an earlier call recorded.

    Raises:
        VoteRejected: An id was used by another worker, or for another question: that is no repetition.
    """
    question_of = {answer.client_id: answer.question_id for answer in answers}
    rows: list[tuple[Any, int, int]] = []
    for known in (Vote.objects, UncountedVote.objects, Probe.objects):
        found = known.filter(client_id__in=list(question_of)).order_by()
        rows += found.values_list("client_id", "worker", "question")
    for client_id, worker_id, question_id in rows:
        if worker_id != worker.pk:
            raise VoteRejected(f"The client id {client_id} was used by another worker.")
        if question_id != question_of[client_id]:
            raise VoteRejected(f"The client id {client_id} was used for another question.")
    return {row[0] for row in rows}


@dataclass(frozen=True)
class _Desk:
    """One post being worked on: the locked assignment, and what each answer is to.

    Attributes:
        assignment: Locked, and its HIT with it.
        kinds: Triplet or label, by question of the HIT.
        lefts: The candidate that a probe showed on the left, by its place.
        now: When the post came.
    """

    assignment: Assignment
    kinds: dict[int, str]
    lefts: dict[int, str]
    now: datetime

    @classmethod
    def open(cls, assignment: Assignment, answers: Sequence[Answer]) -> "_Desk":
        asked = {answer.question_id for answer in answers if not answer.probes}
        rows = Question.objects.filter(hit=assignment.hit_id, pk__in=asked).order_by()
        kinds = dict(rows.values_list("pk", "kind"))
        if unknown := asked - set(kinds):
            raise VoteRejected(f"Question {min(unknown)} is not part of this HIT.")
        lefts = {}
        for answer in answers:
            kind = kinds.get(answer.question_id, "")
            if answer.probes:
                probe = probe_get(assignment=assignment, answer=answer)
                lefts[probe.place], kind = probe.left, probe.question.kind
            answer_check(answer=answer, kind=kind, campaign=assignment.hit.round.campaign)
        return cls(assignment, kinds, lefts, timezone.now())

    def withdraw(self, answers: Sequence[Answer], known: set[UUID]) -> None:
        """Take answers back. One that never came is noted, so that it does not count if it comes after all."""
        if not answers:
            return
        votes = Vote.objects.filter(assignment=self.assignment, client_id__in=[one.client_id for one in answers])
        back = [vote for vote in votes if self._can_be_taken_back(vote)]
        votes_uncount(votes=back, reason=_Reason.WITHDRAWN, now=self.now)
        if any(not self._holds(vote.slot) for vote in back):
            slots_settle(hit=self.assignment.hit)
        for answer in answers:
            was_a_probe = (
                answer.probes and self._in_time() and probe_withdraw(assignment=self.assignment, answer=answer)
            )
            if was_a_probe or answer.client_id not in known:
                self._keep([answer], _Reason.WITHDRAWN)

    def _in_time(self) -> bool:
        """Whether answers may still be taken back: until the HIT is submitted, or the round closed."""
        done = (Assignment.Status.SUBMITTED, Assignment.Status.EXCLUDED)
        return self.assignment.status not in done and not self._closed()

    def _can_be_taken_back(self, vote: Vote) -> bool:
        """Not out of a slot that is finished, or that somebody else works on: nobody would be asked for that vote."""
        if not self._in_time():
            return False
        hit = self.assignment.hit
        if hit.assignments.filter(slot=vote.slot, status__in=HELD).exists():
            return self._holds(vote.slot)
        return questions_missing(hit.pk, vote.slot).exists()

    def _holds(self, slot: int) -> bool:
        return self.assignment.status == Assignment.Status.ACTIVE and self.assignment.slot == slot

    def _closed(self) -> bool:
        round = self.assignment.hit.round
        return round.status != Round.Status.OPEN or round.campaign.status == Campaign.Status.CLOSED

    def record(self, answers: Sequence[Answer]) -> None:
        asked = {answer.question_id for answer in answers if not answer.probes}
        done = set(
            Vote.objects.filter(worker=self.assignment.worker_id, question__in=asked).values_list("question", flat=True)
        )
        fresh: list[Answer] = []
        for answer in answers:
            if answer.probes:
                if not probe_record(assignment=self.assignment, answer=answer, now=self.now):
                    self._keep([answer], _Reason.REPEATED)
            elif answer.question_id in done:
                self._keep([answer], _Reason.REPEATED)
            else:
                done.add(answer.question_id)
                fresh.append(answer)
        if fresh:
            self._count(fresh)

    def _count(self, answers: list[Answer]) -> None:
        """Put answers into the assignment's slot; where that is lost, into a free one; keep what finds no room."""
        reason = self._why_not()
        if reason is None:
            answers, reason = self._fill(self.assignment.slot, answers), _Reason.LATE
        if reason is _Reason.LATE and answers:
            answers = self._fill_free_slots(answers)
        self._keep(answers, reason)

    def _why_not(self) -> UncountedVote.Reason | None:
        """None where the slot is this worker's (again), else why their answers cannot count in it."""
        assignment, campaign = self.assignment, self.assignment.hit.round.campaign
        if self._closed():
            return _Reason.CLOSED
        if assignment.status == Assignment.Status.EXCLUDED:
            return _Reason.EXCLUDED
        if assignment.status == Assignment.Status.ACTIVE:
            lease_extend(assignment=assignment, campaign=campaign, now=self.now)
            return None
        if assignment.status == Assignment.Status.SUBMITTED:
            return _Reason.LATE
        standing = Participation.objects.filter(campaign=campaign, worker=assignment.worker_id)
        if standing.filter(standing=Participation.Standing.EXCLUDED).exists():
            return _Reason.EXCLUDED
        return None if assignment_revive(assignment=assignment, now=self.now) else _Reason.LATE

    def _fill(self, slot: int, answers: list[Answer]) -> list[Answer]:
        """Put answers into a slot as far as it misses them; returns the others."""
        missing = set(questions_missing(self.assignment.hit_id, slot).values_list("pk", flat=True))
        fitting = [answer for answer in answers if answer.question_id in missing]
        Vote.objects.bulk_create(Vote(**self._answered(answer), slot=slot) for answer in fitting)
        return [answer for answer in answers if answer.question_id not in missing]

    def _fill_free_slots(self, answers: list[Answer]) -> list[Answer]:
        """Put late answers where nobody sits; returns those for which there is no room. The HIT is locked."""
        hit, left = self.assignment.hit, answers
        taken = set(hit.assignments.filter(status__in=HELD).values_list("slot", flat=True))
        for slot in sorted(set(range(hit.slots)) - taken):
            if left:
                left = self._fill(slot, left)
        if len(left) < len(answers):
            slots_settle(hit=hit)
        return left

    def _keep(self, answers: Iterable[Answer], reason: UncountedVote.Reason) -> None:
        UncountedVote.objects.bulk_create(
            UncountedVote(**self._answered(answer), reason=reason, since=self.now) for answer in answers
        )

    def _answered(self, answer: Answer) -> dict[str, Any]:
        left = self._left(answer)
        return {
            "question_id": answer.question_id,
            "assignment": self.assignment,
            "worker_id": self.assignment.worker_id,
            "left": left,
            "choice": choice_of(answer.answer, left),
            "response_ms": min(max(answer.response_ms, 0), MAX_RESPONSE_MS),
            "client_id": answer.client_id,
            "created": self.now,
        }

    def _left(self, answer: Answer) -> str:
        """The candidate that was shown on the left; nothing for a label."""
        if answer.probes:
            return self.lefts[answer.place or 0]
        if self.kinds[answer.question_id] == Question.Kind.LABEL:
            return ""
        return left_candidate(seed=self.assignment.seed, question_id=answer.question_id)
