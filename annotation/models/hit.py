"""Bundles of questions, the workers who take them, and the leases they hold.

A HIT wants K answers to each of its questions (the campaign's votes per question), so it has K slots. An assignment
holds one slot for one worker. A slot whose lease ran out, or was returned, is given to another worker with what is
still unanswered in it; so every question gets exactly one vote a slot, and K in all. Where a campaign asks for fewer
votes at first, the later slots are opened only for the questions on which the first votes disagree.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from annotation.models.campaign import Campaign, Round


class Worker(models.Model):
    """An annotator on some channel. Outside the admin only the pseudonym is shown."""

    channel = models.CharField(max_length=32)
    external_id = models.CharField(max_length=128)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="workers"
    )
    pseudonym = models.CharField(max_length=32, unique=True)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("channel", "external_id"), name="annotation_worker_unique"),)

    def __str__(self) -> str:
        return self.pseudonym


class Hit(models.Model):
    round = models.ForeignKey(Round, on_delete=models.CASCADE, related_name="hits")
    number = models.PositiveIntegerField()
    slots = models.PositiveSmallIntegerField()
    open_slots = models.PositiveSmallIntegerField(help_text="Slots that nobody holds and nobody has finished.")

    class Meta:
        ordering = ("round", "number")
        constraints = (
            models.UniqueConstraint(fields=("round", "number"), name="annotation_hit_number_unique"),
            models.CheckConstraint(
                condition=Q(open_slots__gte=0, open_slots__lte=models.F("slots")), name="annotation_hit_slots"
            ),
        )
        indexes = (
            # Claiming looks only at HITs with a free slot; the index holds no others, so it stays as small as the work.
            models.Index(fields=("round", "number"), condition=Q(open_slots__gt=0), name="annotation_hit_claimable"),
        )

    def __str__(self) -> str:
        return f"HIT {self.number} of {self.round}"


class Assignment(models.Model):
    class Status(models.TextChoices):
        ACTIVE = "active", "Active"
        SUBMITTED = "submitted", "Submitted"
        RETURNED = "returned", "Returned"
        EXPIRED = "expired", "Expired"
        EXCLUDED = "excluded", "Excluded"

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="assignments")
    hit = models.ForeignKey(Hit, on_delete=models.CASCADE, related_name="assignments")
    worker = models.ForeignKey(Worker, on_delete=models.PROTECT, related_name="assignments")
    slot = models.PositiveSmallIntegerField()
    status = models.CharField(max_length=16, choices=Status, default=Status.ACTIVE)
    seed = models.PositiveIntegerField(help_text="Decides which candidate is shown on the left, question by question.")
    client = models.JSONField(default=dict, help_text="What the browser said of itself: viewport, pointer, version.")
    claimed = models.DateTimeField(auto_now_add=True)
    lease_until = models.DateTimeField()
    submitted = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("hit", "worker"), name="annotation_assignment_worker_once"),
            models.UniqueConstraint(
                fields=("hit", "slot"),
                condition=Q(status__in=("active", "submitted")),
                name="annotation_assignment_slot_once",
            ),
            models.UniqueConstraint(
                fields=("campaign", "worker"), condition=Q(status="active"), name="annotation_assignment_one_at_a_time"
            ),
        )
        indexes = (
            models.Index(fields=("lease_until",), condition=Q(status="active"), name="annotation_assignment_due"),
            # Every claim asks whether its worker lost a HIT by time; how many they finished is nothing to it.
            models.Index(
                fields=("campaign", "worker"), condition=Q(status="expired"), name="annotation_assignment_lost"
            ),
        )

    def __str__(self) -> str:
        return f"{self.worker}: {self.hit}, slot {self.slot}"
