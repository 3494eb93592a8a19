"""Rows about training. Never torch: Django imports this module into every web process."""

from __future__ import annotations

from typing import Self

from django.db import models
from django.db.models import Q

from accounts.models import User
from annotation.models import Campaign, Dataset, Round


class Plan(models.Model):
    """What a campaign does by itself when a round closes: which model it trains and what it asks next."""

    campaign = models.OneToOneField(Campaign, on_delete=models.CASCADE, related_name="plan")
    model = models.CharField(max_length=32, default="triplet-vae")
    config = models.JSONField(
        default=dict, blank=True, help_text="Settings of the model that differ from its defaults."
    )
    selector = models.CharField(max_length=32, default="uncertainty")
    select_count = models.PositiveIntegerField(default=500, help_text="Triplets that a new round asks.")
    pool_size = models.PositiveIntegerField(default=100_000, help_text="Candidates that the selector looks at.")
    automatic = models.BooleanField(default=True, help_text="Train and propose the next round when a round closes.")
    seed = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"Plan of {self.campaign}"


class RunQuerySet(models.QuerySet["Run"]):
    def visible_to(self, user: User) -> Self:
        return self.filter(campaign__in=Campaign.objects.visible_to(user))


class Run(models.Model):
    """One training: reproducible from its model, config, seed, data hash and code version."""

    class Status(models.TextChoices):
        QUEUED = "queued", "Queued"
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"
        CANCELLED = "cancelled", "Cancelled"

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="runs")
    dataset = models.ForeignKey(Dataset, on_delete=models.PROTECT, related_name="runs")
    model = models.CharField(max_length=32)
    config = models.JSONField(default=dict)
    seed = models.PositiveIntegerField(default=0)
    data_sha256 = models.CharField(max_length=64)
    code_version = models.CharField(max_length=64)
    device = models.CharField(max_length=64, blank=True)
    status = models.CharField(max_length=16, choices=Status, default=Status.QUEUED)
    select_after = models.BooleanField(default=False, help_text="Propose the next round when the run is done.")
    progress = models.JSONField(default=dict, help_text="Iteration, losses, curves, time left.")
    error = models.TextField(blank=True)
    best_iteration = models.PositiveIntegerField(null=True, blank=True)
    best_value = models.FloatField(null=True, blank=True, help_text="Validation score of the model that was kept.")
    embedding_file = models.CharField(max_length=200, blank=True)
    encoder_file = models.CharField(max_length=200, blank=True, help_text="The encoder as ONNX.")
    created = models.DateTimeField(auto_now_add=True)
    started = models.DateTimeField(null=True, blank=True)
    finished = models.DateTimeField(null=True, blank=True)

    objects = RunQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"Run {self.pk}: {self.model}"

    @property
    def is_over(self) -> bool:
        return self.status in {self.Status.DONE, self.Status.FAILED, self.Status.CANCELLED}


class Checkpoint(models.Model):
    """A file of weights (safetensors) that a run wrote and kept."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="checkpoints")
    iteration = models.PositiveIntegerField()
    file = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("run", "iteration"), name="learning_checkpoint_unique"),)

    def __str__(self) -> str:
        return f"Run {self.run_id} at {self.iteration}"


class Evaluation(models.Model):
    run = models.OneToOneField(Run, on_delete=models.CASCADE, related_name="evaluation")
    metrics = models.JSONField()
    created = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"Evaluation of run {self.run_id}"


class Selection(models.Model):
    """The triplets that a run proposed to ask next; they became the questions of a proposed round."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="selections")
    round = models.OneToOneField(Round, on_delete=models.CASCADE, related_name="selection")
    selector = models.CharField(max_length=32)
    seed = models.PositiveIntegerField()
    pool_size = models.PositiveIntegerField()
    summary = models.JSONField(default=dict)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("run",), name="learning_selection_once_a_run"),)

    def __str__(self) -> str:
        return f"{self.selector} from run {self.run_id}"


class Job(models.Model):
    """The ledger of long work. A row is claimed for a lease, kept by heartbeats, and given back when they stop.

    The broker's message only says "look at row n"; losing or doubling it is harmless. `attempt` fences: a process
    whose lease went to another one can no longer write the job's end.
    """

    class Kind(models.TextChoices):
        TRAIN = "train", "Train and evaluate"
        SELECT = "select", "Select the next triplets"

    class Status(models.TextChoices):
        QUEUED = "queued", "Queued"
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"
        CANCELLED = "cancelled", "Cancelled"

    kind = models.CharField(max_length=16, choices=Kind)
    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="jobs")
    status = models.CharField(max_length=16, choices=Status, default=Status.QUEUED)
    attempt = models.PositiveSmallIntegerField(default=0)
    cancel = models.BooleanField(default=False)
    lease_until = models.DateTimeField(null=True, blank=True)
    enqueued = models.DateTimeField(null=True, blank=True, help_text="When the broker was last told.")
    error = models.TextField(blank=True)
    created = models.DateTimeField(auto_now_add=True)
    finished = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(
                fields=("run", "kind"), condition=Q(status__in=("queued", "running")), name="learning_job_one_alive"
            ),
        )
        indexes = (models.Index(fields=("status", "lease_until"), name="learning_job_due"),)

    def __str__(self) -> str:
        return f"Job {self.pk}: {self.kind} run {self.run_id} ({self.status})"
