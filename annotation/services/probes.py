"""Probes: dealt with a HIT, answered like questions, never counted as votes."""

from datetime import datetime

from annotation.errors import VoteRejected
from annotation.models import Assignment, Campaign, Probe
from annotation.selectors.queue import choice_of
from annotation.services.answers import MAX_RESPONSE_MS, Answer, answer_check


def probes_deal(*, assignment: Assignment, campaign: Campaign) -> int:
    """Deal the campaign's plan of probes to a fresh assignment; returns how many. Call within a transaction."""
    return 0


def probe_record(*, assignment: Assignment, answer: Answer, now: datetime) -> None:
    """Note a worker's answer to a probe. The first one counts.

    Raises:
        VoteRejected: The assignment has no such probe, or a probe of its kind has no such answer.
    """
    probe = _probe(assignment, answer)
    answer_check(answer=answer, kind=probe.question.kind, campaign=probe.question.campaign)
    Probe.objects.filter(pk=probe.pk, choice="").update(
        choice=choice_of(answer.answer, probe.left),
        response_ms=min(max(answer.response_ms, 0), MAX_RESPONSE_MS),
        client_id=answer.client_id,
        answered=now,
    )


def probe_withdraw(*, assignment: Assignment, answer: Answer) -> None:
    """Take the answer to a probe back."""
    probe = _probe(assignment, answer)
    Probe.objects.filter(pk=probe.pk, client_id=answer.client_id).update(
        choice="", response_ms=None, client_id=None, answered=None
    )


def _probe(assignment: Assignment, answer: Answer) -> Probe:
    rows = Probe.objects.filter(assignment=assignment, place=answer.place or 0, question=answer.question_id)
    probe = rows.select_related("question__campaign").first()
    if probe is None:
        raise VoteRejected(f"Nothing at place {answer.place} of this HIT asks question {answer.question_id}.")
    return probe
