"""One job, from its claimed row to its written end. The kinds of jobs by name, loaded when they are done."""

import logging
from collections.abc import Callable

from django.utils.module_loading import import_string

from annotation.errors import AnnotationError
from learning.errors import JobLost, LearningError
from learning.models import Job
from learning.services.jobs import job_heartbeat
from learning.services.runs import run_cancelled, run_fail

logger = logging.getLogger(__name__)
JOBS = {
    Job.Kind.TRAIN: "learning.jobs.train.train",
    Job.Kind.SELECT: "learning.jobs.select.select",
}


class JobCancelled(Exception):
    """Somebody asked the job to stop, and it did."""


def execute(*, job_id: int, attempt: int) -> None:
    """Do a job; an error that another attempt would only repeat is written to its row.

    Raises:
        JobLost: Another worker has the job; nothing was written.
    """
    job = Job.objects.select_related("run__campaign", "run__dataset").get(pk=job_id)
    job_heartbeat(job_id=job_id, attempt=attempt)
    work: Callable[[Job, int], None] = import_string(JOBS[Job.Kind(job.kind)])
    try:
        work(job, attempt)
    except JobCancelled:
        run_cancelled(job=job, attempt=attempt)
    except JobLost:
        raise
    except (LearningError, AnnotationError) as error:
        run_fail(job=job, attempt=attempt, message=error.message)
    except Exception as error:
        logger.exception("Job %s failed.", job_id)
        run_fail(job=job, attempt=attempt, message=f"{type(error).__name__}: {error}")
