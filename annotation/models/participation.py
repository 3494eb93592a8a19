"""A worker in a campaign: what they agreed to, how they stand, and what was decided about them."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from annotation.models.campaign import Campaign
from annotation.models.hit import Worker


class Participation(models.Model):
    class Standing(models.TextChoices):
        GOOD = "good", "In good standing"
        DOWNWEIGHTED = "downweighted", "Counts less"
        PAUSED = "paused", "Paused"
        EXCLUDED = "excluded", "Excluded"

    class Rejection(models.TextChoices):
        NONE = "", "None"
        PROPOSED = "proposed", "Proposed"
        CONFIRMED = "confirmed", "Confirmed"

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="participations")
    worker = models.ForeignKey(Worker, on_delete=models.PROTECT, related_name="participations")
    consented = models.DateTimeField(null=True, blank=True)
    practised = models.DateTimeField(null=True, blank=True)
    practice_right = models.PositiveSmallIntegerField(default=0)
    practice_given = models.PositiveSmallIntegerField(default=0)
    standing = models.CharField(max_length=16, choices=Standing, default=Standing.GOOD)
    weight = models.FloatField(default=1.0, help_text="How much this worker's votes count: 0 to 1.")
    reason = models.TextField(blank=True, help_text="Why the standing is what it is.")
    decided = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        help_text="Nobody: the rules.",
    )
    trusted = models.BooleanField(default=False, help_text="Reinstated by a person: the rules leave this worker alone.")
    rejection = models.CharField(max_length=16, choices=Rejection, default=Rejection.NONE, blank=True)
    assessed = models.DateTimeField(null=True, blank=True, help_text="When the rules last looked at this worker.")
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("campaign", "worker"), name="annotation_participation_unique"),
            models.CheckConstraint(condition=Q(weight__gte=0, weight__lte=1), name="annotation_participation_weight"),
        )

    def __str__(self) -> str:
        return f"{self.worker} in {self.campaign}: {self.standing}"
