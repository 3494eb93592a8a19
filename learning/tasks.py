"""Celery's doorway. A message only says "look at row n"; the ledger (services/jobs.py) is the truth.

Training runs in a process of its own: this worker never imports torch (a fork after torch has started its threads
hangs), memory and devices are freed for certain when the process ends, and it dies with its worker.
"""

from __future__ import annotations

import ctypes
import logging
import signal
import subprocess
import sys
import tempfile
import time
from typing import IO, Any

from celery import shared_task
from celery.signals import worker_ready
from django.conf import settings
from django.db import transaction

from learning.errors import JobLost
from learning.models import Job
from learning.services.jobs import Claim, job_claim, job_heartbeat, job_release, jobs_due
from learning.services.runs import run_cancelled, run_fail

logger = logging.getLogger(__name__)
# A process that was asked to stop gets this long to write its last checkpoint.
STOP_SECONDS = 30.0
_PR_SET_PDEATHSIG = 1


@shared_task(name="learning.tasks.jobs_ring")
def jobs_ring() -> None:
    """Tell the workers of every job that waits."""
    for job_id in jobs_due():
        job_run.delay(job_id)


def ring_after_commit() -> None:
    """For doorways: ring when the rows are there. A broker that is away costs a minute, never a job."""
    transaction.on_commit(jobs_ring, robust=True)


@shared_task(name="learning.tasks.jobs_reap")
def jobs_reap() -> None:
    """The clock's turn at the same: jobs whose worker died, messages that were lost."""
    jobs_ring()


@worker_ready.connect
def ring_at_start(sender: Any, **kwargs: Any) -> None:
    jobs_ring()


@shared_task(name="learning.tasks.job_run")
def job_run(job_id: int) -> None:
    """Claim a job and see it through in a process of its own."""
    claim = job_claim(job_id=job_id)
    if claim is None:
        return
    with tempfile.TemporaryFile() as errors:
        process = _start(claim, errors)
        try:
            asked_to_stop = _watch(process, claim)
        except JobLost as lost:
            if _ended_itself(claim):
                process.wait()
                return
            logger.warning(lost.message)
            _stop(process)
            return
        except BaseException:
            _stop(process)
            job_release(job_id=job_id, attempt=claim.attempt)
            raise
        _settle(process.returncode, asked_to_stop, claim, errors)


def _ended_itself(claim: Claim) -> bool:
    """Whether the job is over by this very attempt: its process has written the end and is about to exit."""
    return (
        Job.objects.filter(pk=claim.job.pk, attempt=claim.attempt)
        .exclude(status__in=(Job.Status.QUEUED, Job.Status.RUNNING))
        .exists()
    )


def _die_with_parent() -> None:
    """Ask Linux to kill this process when its worker dies, so that an orphan never holds a device or a lease."""
    if sys.platform == "linux":
        ctypes.CDLL("libc.so.6").prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _start(claim: Claim, errors: IO[bytes]) -> subprocess.Popen[bytes]:
    command = [sys.executable, str(settings.ROOT / "manage.py"), "job_execute", str(claim.job.pk), str(claim.attempt)]
    return subprocess.Popen(  # noqa: S603  (our own command with two numbers)
        command, cwd=settings.ROOT, stderr=errors, start_new_session=True, preexec_fn=_die_with_parent
    )


def _watch(process: subprocess.Popen[bytes], claim: Claim) -> bool:
    """Keep the lease while the process lives; returns whether it was stopped on request."""
    pause = min(1.0, settings.JOB_LEASE_SECONDS / 4)
    stop_by: float | None = None
    while process.poll() is None:
        if job_heartbeat(job_id=claim.job.pk, attempt=claim.attempt) and stop_by is None:
            stop_by = time.monotonic() + STOP_SECONDS
        if stop_by is not None and time.monotonic() > stop_by:
            _stop(process)
        time.sleep(pause)
    return stop_by is not None


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()


def _settle(code: int, asked_to_stop: bool, claim: Claim, errors: IO[bytes]) -> None:
    """Write what the process could not write itself: it was killed, or it broke before it could say why."""
    job = Job.objects.select_related("run").get(pk=claim.job.pk)
    if job.status != Job.Status.RUNNING or job.attempt != claim.attempt:
        return
    if asked_to_stop:
        run_cancelled(job=job, attempt=claim.attempt)
    elif code < 0:  # killed by a signal: by somebody, or by the kernel for want of memory; worth another attempt
        logger.warning("Job %s was killed by signal %s at attempt %s.", job.pk, -code, claim.attempt)
        job_release(job_id=job.pk, attempt=claim.attempt)
        jobs_ring()
    else:
        run_fail(job=job, attempt=claim.attempt, message=_last_line(errors) or f"The process ended with code {code}.")


def _last_line(errors: IO[bytes]) -> str:
    errors.seek(0, 2)
    errors.seek(max(0, errors.tell() - 8192))
    lines = errors.read().decode(errors="replace").strip().splitlines()
    return lines[-1][:1000] if lines else ""
