"""The ledger: one worker a job at a time, whoever dies, wakes late or is told twice."""

from datetime import timedelta

import pytest
from django.utils import timezone

from learning.errors import JobLost
from learning.models import Job, Run
from learning.services.jobs import job_claim, job_end, job_heartbeat, job_release, jobs_due, jobs_release_all
from learning.services.runs import run_cancel, run_create
from tests.factories import closed_round

pytestmark = pytest.mark.django_db


@pytest.fixture
def job(campaign):
    _, dataset = closed_round(campaign)
    return run_create(campaign=campaign, dataset=dataset, model="pca", config={"latent": 3}).jobs.get()


def expire(job):
    Job.objects.filter(pk=job.pk).update(lease_until=timezone.now() - timedelta(seconds=1))


def test_only_one_claim_wins(job):
    assert job_claim(job_id=job.pk).attempt == 1
    assert job_claim(job_id=job.pk) is None


def test_a_job_whose_lease_ran_out_is_claimed_again_and_the_first_worker_is_fenced_off(job):
    first = job_claim(job_id=job.pk)
    expire(job)
    second = job_claim(job_id=job.pk)
    assert second.attempt == 2
    for late in (
        lambda: job_heartbeat(job_id=job.pk, attempt=first.attempt),
        lambda: job_end(job_id=job.pk, attempt=first.attempt, status="done"),
    ):
        with pytest.raises(JobLost):
            late()
    assert job_heartbeat(job_id=job.pk, attempt=second.attempt) is False
    job_end(job_id=job.pk, attempt=second.attempt, status="done")


def test_an_ended_job_cannot_be_ended_or_claimed_again(job):
    claim = job_claim(job_id=job.pk)
    job_end(job_id=job.pk, attempt=claim.attempt, status="done")
    with pytest.raises(JobLost):
        job_end(job_id=job.pk, attempt=claim.attempt, status="failed")
    assert job_claim(job_id=job.pk) is None
    assert jobs_due() == []


def test_workers_are_told_of_a_job_once_a_minute(job):
    assert jobs_due() == [job.pk]
    assert jobs_due() == []
    Job.objects.filter(pk=job.pk).update(enqueued=timezone.now() - timedelta(seconds=61))
    assert jobs_due() == [job.pk]


def test_a_dead_workers_job_is_announced_again(job):
    jobs_due()
    job_claim(job_id=job.pk)
    assert jobs_due() == []
    expire(job)
    assert jobs_due() == [job.pk]
    assert Job.objects.get(pk=job.pk).status == Job.Status.QUEUED


def test_a_job_that_kills_every_worker_is_given_up(job, settings):
    for _ in range(settings.JOB_MAX_ATTEMPTS):
        assert job_claim(job_id=job.pk) is not None
        expire(job)
    assert jobs_due() == []
    job.refresh_from_db()
    assert job.status == Job.Status.FAILED
    assert "died 5 times" in job.run.error
    assert job.run.status == Run.Status.FAILED


def test_a_released_job_can_be_claimed_at_once(job):
    claim = job_claim(job_id=job.pk)
    job_release(job_id=job.pk, attempt=claim.attempt)
    assert job_claim(job_id=job.pk).attempt == 2
    assert jobs_release_all() == 1


def test_cancelling_a_waiting_run_ends_it_at_once(job):
    assert run_cancel(run=job.run).status == Run.Status.CANCELLED
    assert job_claim(job_id=job.pk) is None


def test_cancelling_a_training_run_asks_its_worker(job):
    claim = job_claim(job_id=job.pk)
    run_cancel(run=job.run)
    assert job_heartbeat(job_id=job.pk, attempt=claim.attempt) is True
