"""Questions put into a HIT to learn about the worker: gold, attention checks, and repeats with the sides swapped.

They are dealt when a HIT is claimed and answered like any other. Their answers are no votes.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from annotation.models.hit import Assignment, Worker
from annotation.models.question import Question


class Probe(models.Model):
    class Kind(models.TextChoices):
        GOLD = "gold", "Gold"
        ATTENTION = "attention", "Attention check"
        REPEAT = "repeat", "Repeat"

    assignment = models.ForeignKey(Assignment, on_delete=models.CASCADE, related_name="probes")
    worker = models.ForeignKey(Worker, on_delete=models.PROTECT, related_name="probes")
    question = models.ForeignKey(Question, on_delete=models.PROTECT, related_name="probes")
    kind = models.CharField(max_length=16, choices=Kind)
    place = models.PositiveSmallIntegerField(help_text="Its place among all that the assignment shows.")
    left = models.CharField(max_length=1, blank=True, help_text="The candidate shown on the left; empty for a label.")
    choice = models.CharField(max_length=1, blank=True, help_text="Empty until it is answered.")
    response_ms = models.PositiveIntegerField(null=True, blank=True)
    client_id = models.UUIDField(unique=True, null=True, blank=True)
    answered = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("assignment", "place")
        constraints = (
            models.UniqueConstraint(fields=("assignment", "place"), name="annotation_probe_place_once"),
            models.UniqueConstraint(fields=("worker", "question", "kind"), name="annotation_probe_worker_once"),
            models.CheckConstraint(
                condition=Q(choice="", answered__isnull=True, client_id__isnull=True)
                | (~Q(choice="") & Q(answered__isnull=False, client_id__isnull=False)),
                name="annotation_probe_answered_whole",
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} for {self.worker} at {self.place}"
