"""What the votes on a question come to, by one version of one method. Rows are added, never changed."""

from __future__ import annotations

from django.db import models

from annotation.models.question import Question


class Consensus(models.Model):
    question = models.ForeignKey(Question, on_delete=models.CASCADE, related_name="consensus")
    method = models.CharField(max_length=32)
    version = models.CharField(max_length=16)
    votes_a = models.PositiveSmallIntegerField(default=0)
    votes_b = models.PositiveSmallIntegerField(default=0)
    counts = models.JSONField(default=dict, help_text="Votes by choice, “x” for can't tell; of label questions too.")
    margin = models.PositiveSmallIntegerField()
    winner = models.CharField(max_length=1, blank=True, help_text="The choice with most votes; nothing where level.")
    weight = models.FloatField()

    class Meta:
        verbose_name_plural = "consensus"
        constraints = (
            models.UniqueConstraint(fields=("question", "method", "version"), name="annotation_consensus_unique"),
        )

    def __str__(self) -> str:
        return f"{self.question_id}: {self.winner or 'level'} by {self.margin}"
