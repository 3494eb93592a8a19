"""Celery's doorway: each task re-reads its row and calls one service. All are safe to run twice."""

from celery import shared_task
from django.utils import timezone

from annotation.models import Campaign, Round
from annotation.services.assignments import assignments_expire
from annotation.services.conduct import workers_assess_due
from annotation.services.rounds import round_close_complete
from annotation.services.rounds import round_finish as finish


@shared_task(name="annotation.tasks.round_finish")
def round_finish(round_id: int) -> None:
    round = Round.objects.filter(pk=round_id, status=Round.Status.CLOSING).select_related("campaign").first()
    if round is not None:
        finish(round=round)


@shared_task(name="annotation.tasks.rounds_tend")
def rounds_tend() -> None:
    """The clock: end leases that ran out, judge who submitted, close rounds that are complete, finish what was left."""
    assignments_expire(now=timezone.now())
    workers_assess_due()
    complete = Round.objects.filter(status=Round.Status.OPEN, campaign__status=Campaign.Status.RUNNING).exclude(
        hits__open_slots__gt=0
    )
    for round in complete.exclude(hits__assignments__status="active").distinct():
        round_close_complete(round=round)
    for round_id in Round.objects.filter(status=Round.Status.CLOSING).values_list("pk", flat=True):
        round_finish.delay(round_id)
