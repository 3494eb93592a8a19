"""One question: a triplet in canonical order (the two candidates sorted by id) or a label; asked once in a campaign.

Beside the questions that a round asks stand those whose answer is known: gold, attention checks, practice. They belong
to the campaign and to no round, and no vote is ever cast on them; what workers answer is kept as probes.
"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from annotation.models.campaign import Campaign, Round
from annotation.models.collection import Split, Stimulus
from annotation.models.hit import Hit


class Question(models.Model):
    class Kind(models.TextChoices):
        TRIPLET = "triplet", "Triplet"
        LABEL = "label", "Label"

    class Role(models.TextChoices):
        ASKED = "asked", "Asked"
        GOLD = "gold", "Gold"
        ATTENTION = "attention", "Attention check"
        PRACTICE = "practice", "Practice"

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="questions")
    round = models.ForeignKey(Round, on_delete=models.CASCADE, null=True, blank=True, related_name="questions")
    hit = models.ForeignKey(Hit, on_delete=models.SET_NULL, null=True, blank=True, related_name="questions")
    position = models.PositiveSmallIntegerField(default=0, help_text="Place within the HIT.")
    kind = models.CharField(max_length=16, choices=Kind, default=Kind.TRIPLET)
    role = models.CharField(max_length=16, choices=Role, default=Role.ASKED)
    reference = models.ForeignKey(Stimulus, on_delete=models.PROTECT, related_name="+")
    a = models.ForeignKey(Stimulus, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    b = models.ForeignKey(Stimulus, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    split = models.PositiveSmallIntegerField(choices=Split, help_text="The split of all its stimuli.")
    wanted = models.PositiveSmallIntegerField(default=5, help_text="Votes wanted: slots 0 to wanted − 1 ask it.")
    expected = models.CharField(max_length=1, blank=True, help_text="The right choice, where the answer is known.")
    score = models.FloatField(null=True, blank=True, help_text="The selector's score, where one chose it.")

    class Meta:
        ordering = ("hit", "position", "id")
        constraints = (
            models.CheckConstraint(
                condition=Q(kind="triplet", a__isnull=False, b__isnull=False, a__lt=F("b"))
                | Q(kind="label", a__isnull=True, b__isnull=True),
                name="annotation_question_canonical",
            ),
            # An attention check may show the reference again beside another: nothing is more like it than itself.
            models.CheckConstraint(
                condition=Q(role="attention") | Q(kind="label") | (~Q(reference=F("a")) & ~Q(reference=F("b"))),
                name="annotation_question_no_self",
            ),
            models.CheckConstraint(
                condition=Q(role="asked", expected="", round__isnull=False)
                | (~Q(role="asked") & ~Q(expected="") & Q(round__isnull=True)),
                name="annotation_question_role",
            ),
            models.UniqueConstraint(fields=("campaign", "reference", "a", "b"), name="annotation_question_asked_once"),
            models.UniqueConstraint(
                fields=("campaign", "reference"), condition=Q(kind="label"), name="annotation_question_label_once"
            ),
        )
        indexes = (
            models.Index(fields=("campaign", "role"), condition=~Q(role="asked"), name="annotation_question_known"),
        )

    def __str__(self) -> str:
        return (
            f"{self.reference_id}: {self.a_id} or {self.b_id}?" if self.a_id else f"{self.reference_id}: which label?"
        )
