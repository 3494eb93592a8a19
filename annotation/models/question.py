"""One question: a triplet in canonical order (the two candidates sorted by id), asked once in a campaign."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from annotation.models.campaign import Campaign, Round
from annotation.models.collection import Split, Stimulus
from annotation.models.hit import Hit


class Question(models.Model):
    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="questions")
    round = models.ForeignKey(Round, on_delete=models.CASCADE, related_name="questions")
    hit = models.ForeignKey(Hit, on_delete=models.SET_NULL, null=True, blank=True, related_name="questions")
    position = models.PositiveSmallIntegerField(default=0, help_text="Place within the HIT.")
    reference = models.ForeignKey(Stimulus, on_delete=models.PROTECT, related_name="+")
    a = models.ForeignKey(Stimulus, on_delete=models.PROTECT, related_name="+")
    b = models.ForeignKey(Stimulus, on_delete=models.PROTECT, related_name="+")
    split = models.PositiveSmallIntegerField(choices=Split, help_text="The split of all three stimuli.")
    score = models.FloatField(null=True, blank=True, help_text="The selector's score, where one chose it.")

    class Meta:
        ordering = ("hit", "position", "id")
        constraints = (
            models.CheckConstraint(condition=Q(a__lt=F("b")), name="annotation_question_canonical"),
            models.CheckConstraint(
                condition=~Q(reference=F("a")) & ~Q(reference=F("b")), name="annotation_question_no_self"
            ),
            models.UniqueConstraint(fields=("campaign", "reference", "a", "b"), name="annotation_question_asked_once"),
        )

    def __str__(self) -> str:
        return f"{self.reference_id}: {self.a_id} or {self.b_id}?"
