"""One answer, as it was given. Append-only: a vote is never changed."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from annotation.models.hit import Assignment, Worker
from annotation.models.question import Question


class Vote(models.Model):
    class Candidate(models.TextChoices):
        A = "a", "a"
        B = "b", "b"

    question = models.ForeignKey(Question, on_delete=models.PROTECT, related_name="votes")
    assignment = models.ForeignKey(Assignment, on_delete=models.PROTECT, related_name="votes")
    worker = models.ForeignKey(Worker, on_delete=models.PROTECT, related_name="votes")
    slot = models.PositiveSmallIntegerField()
    left = models.CharField(max_length=1, choices=Candidate, help_text="The candidate that was shown on the left.")
    choice = models.CharField(max_length=1, choices=Candidate)
    response_ms = models.PositiveIntegerField(help_text="From pictures visible to answer, on the browser's clock.")
    client_id = models.UUIDField(unique=True, help_text="Made by the client: the same answer sent twice counts once.")
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(fields=("question", "slot"), name="annotation_vote_slot_once"),
            models.UniqueConstraint(fields=("worker", "question"), name="annotation_vote_worker_once"),
            models.CheckConstraint(
                condition=Q(choice__in=("a", "b")) & Q(left__in=("a", "b")), name="annotation_vote_candidates"
            ),
        )

    def __str__(self) -> str:
        return f"{self.worker} on {self.question_id}: {self.choice}"
