"""Runs: created, started, finished. What a worker writes at the end is one transaction with its job's end."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from annotation.models import Campaign, Dataset
from learning.errors import LearningError
from learning.models import Checkpoint, Evaluation, Job, Plan, Run
from learning.registry import config_from_json
from learning.services.jobs import job_end


def run_create(
    *,
    campaign: Campaign,
    dataset: Dataset,
    model: str,
    config: Mapping[str, Any] | None = None,
    seed: int = 0,
    select_after: bool = False,
) -> Run:
    """Make a run and the job that trains it. The caller rings the workers after commit.

    Args:
        campaign: Whose run it is.
        dataset: What it trains on; one of the campaign's.
        model: A key of learning.registry.EMBEDDINGS.
        config: Settings that differ from the model's defaults.
        seed: Of everything random in it.
        select_after: Whether the run proposes the next round.

    Raises:
        LearningError: The model, a setting or the dataset does not fit.
    """
    if dataset.campaign_id != campaign.pk:
        raise LearningError(f"Dataset {dataset.pk} belongs to another campaign.")
    try:
        settled = config_from_json(model, _settings(campaign, model, config or {}, seed)).to_json()
    except ValueError as error:
        raise LearningError(str(error)) from error
    with transaction.atomic():
        run = Run.objects.create(
            campaign=campaign,
            dataset=dataset,
            model=model,
            config=settled,
            seed=seed,
            data_sha256=dataset.content_sha256,
            code_version=settings.CODE_VERSION,
            select_after=select_after,
        )
        Job.objects.create(kind=Job.Kind.TRAIN, run=run)
    return run


def _settings(campaign: Campaign, model: str, config: Mapping[str, Any], seed: int) -> dict[str, Any]:
    """The settings of a run: its seed, and the campaign's label where it names no other, for models that have them."""
    known = config_from_json(model, {}).to_json()
    settled = {"label": campaign.label, **config} if "label" in known else dict(config)
    return settled | ({"seed": seed} if "seed" in known else {})


def plan_follow(*, dataset: Dataset) -> Run | None:
    """Start what the campaign's plan says for a new dataset; None where it has no automatic plan."""
    plan = Plan.objects.filter(campaign=dataset.campaign_id, automatic=True).first()
    if plan is None:
        return None
    return run_create(
        campaign=dataset.campaign,
        dataset=dataset,
        model=plan.model,
        config=plan.config,
        seed=plan.seed,
        select_after=True,
    )


def plan_set(*, campaign: Campaign, **fields: Any) -> Plan:
    """Make or change a campaign's plan.

    Raises:
        LearningError: Model, setting or selector is unknown.
    """
    from learning.registry import SELECTORS

    plan = Plan.objects.filter(campaign=campaign).first() or Plan(campaign=campaign)
    for name, value in fields.items():
        setattr(plan, name, value)
    try:
        config_from_json(plan.model, plan.config)
    except ValueError as error:
        raise LearningError(str(error)) from error
    if plan.selector not in SELECTORS:
        raise LearningError(f"There is no selector {plan.selector!r}; there are {', '.join(sorted(SELECTORS))}.")
    plan.full_clean()
    plan.save()
    return plan


def run_cancel(*, run: Run) -> Run:
    """Stop a run: at once if it waits, at its next sign of life if it trains.

    Raises:
        LearningError: The run is over.
    """
    if run.is_over:
        raise LearningError(f"Run {run.pk} is over.")
    now = timezone.now()
    with transaction.atomic():
        Job.objects.filter(run=run, status__in=(Job.Status.QUEUED, Job.Status.RUNNING)).update(cancel=True)
        waiting = Job.objects.filter(run=run, status=Job.Status.QUEUED).update(
            status=Job.Status.CANCELLED, finished=now
        )
        if waiting:
            Run.objects.filter(pk=run.pk).update(status=Run.Status.CANCELLED, finished=now)
    run.refresh_from_db()
    return run


def run_start(*, run: Run, device: str) -> None:
    """Note that a worker trains the run now; a resumed run keeps the time of its first start."""
    Run.objects.filter(pk=run.pk).update(status=Run.Status.RUNNING, device=device, error="")
    Run.objects.filter(pk=run.pk, started__isnull=True).update(started=timezone.now())


def run_progress(*, run_id: int, progress: Mapping[str, Any]) -> None:
    Run.objects.filter(pk=run_id).update(progress=dict(progress))


@dataclass(frozen=True)
class Trained:
    """What a training leaves behind."""

    embedding_file: str
    encoder_file: str  # "" where it could not be exported
    weights_file: str  # "" for models without weights
    weights_sha256: str
    best_iteration: int
    best_value: float | None
    metrics: dict[str, Any]


def run_finish(*, job: Job, attempt: int, trained: Trained) -> None:
    """Write the end of a training: the run, its checkpoint, its evaluation, the next job; all or nothing.

    Raises:
        JobLost: Another worker has the job.
    """
    run = job.run
    now = timezone.now()
    with transaction.atomic():
        job_end(job_id=job.pk, attempt=attempt, status=Job.Status.DONE)
        Run.objects.filter(pk=run.pk).update(
            status=Run.Status.DONE,
            finished=now,
            embedding_file=trained.embedding_file,
            encoder_file=trained.encoder_file,
            best_iteration=trained.best_iteration,
            best_value=trained.best_value,
        )
        if trained.weights_file:
            Checkpoint.objects.update_or_create(
                run=run,
                iteration=trained.best_iteration,
                defaults={"file": trained.weights_file, "sha256": trained.weights_sha256},
            )
        Evaluation.objects.update_or_create(run=run, defaults={"metrics": trained.metrics})
        if run.select_after:
            Job.objects.create(kind=Job.Kind.SELECT, run=run)


def run_fail(*, job: Job, attempt: int, message: str) -> None:
    """Write that a job failed for good.

    Raises:
        JobLost: Another worker has the job.
    """
    with transaction.atomic():
        job_end(job_id=job.pk, attempt=attempt, status=Job.Status.FAILED, error=message)
        if job.kind == Job.Kind.TRAIN:
            Run.objects.filter(pk=job.run_id).update(status=Run.Status.FAILED, error=message, finished=timezone.now())
        else:
            Run.objects.filter(pk=job.run_id).update(error=message)


def run_cancelled(*, job: Job, attempt: int) -> None:
    """Write that a job stopped because somebody asked for it.

    Raises:
        JobLost: Another worker has the job.
    """
    with transaction.atomic():
        job_end(job_id=job.pk, attempt=attempt, status=Job.Status.CANCELLED)
        if job.kind == Job.Kind.TRAIN:
            Run.objects.filter(pk=job.run_id).update(status=Run.Status.CANCELLED, finished=timezone.now())
