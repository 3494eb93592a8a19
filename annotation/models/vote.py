"""Answers, as they were given.

A Vote counts: it fills one slot of its question. What does not count, or no more, is kept as an UncountedVote: answers
that came too late, that their worker took back, or that were excluded. Nothing that a person answered is thrown away,
and no query of votes has to remember to leave something out.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import models
from django.db.models import Q

from annotation.models.hit import Assignment, Worker
from annotation.models.question import Question

CANT_TELL = "x"
# a or b of a triplet, the number of a label, or "can't tell".
CHOICES = ("a", "b", CANT_TELL, *"012345678")


def _one_of(field: str, values: Iterable[str]) -> Q:
    return Q(*((field, value) for value in values), _connector=Q.OR)


class Answered(models.Model):
    """What both kinds of answers hold."""

    # Question and worker are first in indexes of each table's own; one more would be written with every answer.
    question = models.ForeignKey(Question, on_delete=models.PROTECT, db_index=False, related_name="%(class)ss")
    assignment = models.ForeignKey(Assignment, on_delete=models.PROTECT, related_name="%(class)ss")
    worker = models.ForeignKey(Worker, on_delete=models.PROTECT, db_index=False, related_name="%(class)ss")
    left = models.CharField(max_length=1, blank=True, help_text="The candidate shown on the left; empty for a label.")
    choice = models.CharField(max_length=1, help_text="a, b, the number of the label, or x for can't tell.")
    response_ms = models.PositiveIntegerField(help_text="From pictures visible to answer, on the browser's clock.")
    client_id = models.UUIDField(unique=True, help_text="Made by the client: the same answer sent twice counts once.")
    created = models.DateTimeField(help_text="When the server had it, on its own clock.")

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.worker} on {self.question_id}: {self.choice}"

    def as_given(self) -> dict[str, Any]:
        """The fields that an answer keeps, whether it counts or not."""
        names = ("question_id", "assignment_id", "worker_id", "left", "choice", "response_ms", "client_id", "created")
        return {name: getattr(self, name) for name in names}


class Vote(Answered):
    slot = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(fields=("question", "slot"), name="annotation_vote_slot_once"),
            models.UniqueConstraint(fields=("worker", "question"), name="annotation_vote_worker_once"),
            # Compared one by one: for a list SQLite makes a table of it in each statement, which costs half an INSERT.
            models.CheckConstraint(
                condition=_one_of("choice", CHOICES) & _one_of("left", ("a", "b", "")),
                name="annotation_vote_candidates",
            ),
        )


class UncountedVote(Answered):
    class Reason(models.TextChoices):
        WITHDRAWN = "withdrawn", "Taken back by the worker"
        LATE = "late", "Came when every slot was taken"
        CLOSED = "closed", "Came after the round was closed"
        REPEATED = "repeated", "The worker had answered the question already"
        EXCLUDED = "excluded", "The worker was excluded"

    slot = models.PositiveSmallIntegerField(null=True, blank=True, help_text="The slot that it filled, if it ever did.")
    reason = models.CharField(max_length=16, choices=Reason)
    since = models.DateTimeField(help_text="When it stopped counting, or came.")

    class Meta:
        ordering = ("id",)
        indexes = (
            models.Index(fields=("worker", "reason"), name="annotation_uncounted_worker"),
            models.Index(fields=("question",), name="annotation_uncounted_question"),
        )
