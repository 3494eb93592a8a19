"""The ledger of long work: claimed for a lease, kept by heartbeats, given back when they stop.

Every write names the attempt that it belongs to. A process whose lease went to another one finds that its attempt is
not the row's any more (JobLost) and can write nothing, however late it wakes up.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from learning.errors import JobLost
from learning.models import Job, Run

# A queued job whose message was lost is announced again after this time.
RING_AGAIN = timedelta(seconds=60)


@dataclass(frozen=True)
class Claim:
    job: Job
    attempt: int


def job_claim(*, job_id: int) -> Claim | None:
    """Take a waiting job, or one whose lease ran out; None if it is neither."""
    now = timezone.now()
    free = Q(status=Job.Status.QUEUED) | Q(status=Job.Status.RUNNING, lease_until__lt=now)
    with transaction.atomic():
        taken = Job.objects.filter(free, pk=job_id).update(
            status=Job.Status.RUNNING, attempt=F("attempt") + 1, lease_until=_lease()
        )
        if not taken:
            return None
        job = Job.objects.select_related("run").get(pk=job_id)
    return Claim(job, job.attempt)


def _lease() -> datetime:
    return timezone.now() + timedelta(seconds=settings.JOB_LEASE_SECONDS)


def job_heartbeat(*, job_id: int, attempt: int) -> bool:
    """Extend the lease. Returns whether somebody asked the job to stop.

    Raises:
        JobLost: Another worker has the job.
    """
    mine = Job.objects.filter(pk=job_id, attempt=attempt, status=Job.Status.RUNNING)
    if not mine.update(lease_until=_lease()):
        raise JobLost(f"Attempt {attempt} of job {job_id} has lost its lease.")
    return mine.filter(cancel=True).exists()


def job_end(*, job_id: int, attempt: int, status: str, error: str = "") -> None:
    """Write the end of an attempt. Call it first in the transaction that writes the job's effects.

    Raises:
        JobLost: Another worker has the job.
    """
    ended = Job.objects.filter(pk=job_id, attempt=attempt, status=Job.Status.RUNNING).update(
        status=status, error=error, finished=timezone.now(), lease_until=None
    )
    if not ended:
        raise JobLost(f"Attempt {attempt} of job {job_id} has lost its lease.")


def job_release(*, job_id: int, attempt: int) -> None:
    """Give a job back unfinished, to be claimed again at once; nothing if another worker has it."""
    Job.objects.filter(pk=job_id, attempt=attempt, status=Job.Status.RUNNING).update(
        status=Job.Status.QUEUED, enqueued=None, lease_until=None
    )


def jobs_release_all() -> int:
    """Give back every running job. Only for a site whose workers were all stopped."""
    return Job.objects.filter(status=Job.Status.RUNNING).update(
        status=Job.Status.QUEUED, enqueued=None, lease_until=None
    )


def jobs_due() -> list[int]:
    """The jobs that workers should be told of now, each marked as told: new, unheard, or left by a dead worker.

    A job that died on every attempt fails here, so that it cannot kill workers for ever.
    """
    now = timezone.now()
    lost = Q(status=Job.Status.RUNNING, lease_until__lt=now)
    unheard = Q(status=Job.Status.QUEUED) & (Q(enqueued=None) | Q(enqueued__lt=now - RING_AGAIN))
    told = []
    for job in Job.objects.filter(lost | unheard).order_by("pk"):
        if job.attempt >= settings.JOB_MAX_ATTEMPTS:
            _give_up(job)
            continue
        same = Job.objects.filter(pk=job.pk, status=job.status, attempt=job.attempt, enqueued=job.enqueued)
        if same.update(status=Job.Status.QUEUED, enqueued=now, lease_until=None):
            told.append(job.pk)
    return told


def _give_up(job: Job) -> None:
    message = f"The worker died {job.attempt} times on this job; it is not tried again."
    with transaction.atomic():
        ended = Job.objects.filter(pk=job.pk, attempt=job.attempt, status=job.status).update(
            status=Job.Status.FAILED, error=message, finished=timezone.now()
        )
        if ended and job.kind == Job.Kind.TRAIN:
            Run.objects.filter(pk=job.run_id).update(status=Run.Status.FAILED, error=message, finished=timezone.now())
