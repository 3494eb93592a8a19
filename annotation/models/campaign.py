"""What a researcher runs, and the batches of questions that it is run in."""

from __future__ import annotations

from typing import Self

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from accounts.models import User
from annotation.models.collection import Collection

DEFAULT_PROMPT = "Which of these two is more like the one above?"
DEFAULT_INSTRUCTIONS = (
    "Look at the face on top, then choose the one below whose expression is more like it. "
    "Judge the expression, not the person. There is no right answer: your first impression counts."
)


class CampaignQuerySet(models.QuerySet["Campaign"]):
    def visible_to(self, user: User) -> Self:
        """The campaigns that a user may look into: an admin all, a researcher their own."""
        if user.is_admin:
            return self
        return self.filter(owner=user) if user.runs_campaigns else self.none()

    def open_to(self, user: User) -> Self:
        """The campaigns that a user may answer: those that run and have an open round."""
        open_rounds = Round.objects.filter(campaign=models.OuterRef("pk"), status=Round.Status.OPEN)
        return self.filter(models.Exists(open_rounds), status=Campaign.Status.RUNNING)


class Campaign(models.Model):
    class Kind(models.TextChoices):
        TRIPLET = "triplet", "Triplets"

    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        RUNNING = "running", "Running"
        PAUSED = "paused", "Paused"
        CLOSED = "closed", "Closed"

    class Weighting(models.TextChoices):
        RAW = "raw", "Margin (5, 3, 1)"
        UNIT = "unit", "Margin ÷ votes"

    name = models.CharField(max_length=120)
    slug = models.SlugField(max_length=120, unique=True)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="campaigns")
    collection = models.ForeignKey(Collection, on_delete=models.PROTECT, related_name="campaigns")
    kind = models.CharField(max_length=16, choices=Kind, default=Kind.TRIPLET)
    status = models.CharField(max_length=16, choices=Status, default=Status.DRAFT)
    channel = models.CharField(max_length=32, default="local")
    prompt = models.CharField(max_length=200, default=DEFAULT_PROMPT)
    instructions = models.TextField(default=DEFAULT_INSTRUCTIONS, blank=True)
    votes_per_question = models.PositiveSmallIntegerField(
        default=5, validators=[MinValueValidator(1), MaxValueValidator(99)]
    )
    hit_size = models.PositiveSmallIntegerField(default=20, validators=[MinValueValidator(1), MaxValueValidator(200)])
    lease_minutes = models.PositiveSmallIntegerField(
        default=30, validators=[MinValueValidator(1), MaxValueValidator(1440)]
    )
    aggregator = models.CharField(max_length=32, default="margin")
    weighting = models.CharField(max_length=16, choices=Weighting, default=Weighting.RAW)
    label = models.CharField(max_length=64, blank=True, help_text="The stimuli's label that maps are coloured by.")
    seed = models.PositiveIntegerField(default=0)
    created = models.DateTimeField(auto_now_add=True)

    objects = CampaignQuerySet.as_manager()

    class Meta:
        ordering = ("-created",)
        constraints = (
            models.CheckConstraint(
                condition=models.Q(votes_per_question__gte=1, hit_size__gte=1), name="annotation_campaign_sizes"
            ),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def method(self) -> str:
        """The aggregator with its settings, as consensus rows name it."""
        return f"{self.aggregator}/{self.weighting}"


class Round(models.Model):
    """A batch of questions: proposed → open → closing → closed. Reproducible from its origin."""

    class Status(models.TextChoices):
        PROPOSED = "proposed", "Proposed"
        OPEN = "open", "Open"
        CLOSING = "closing", "Closing"
        CLOSED = "closed", "Closed"

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="rounds")
    number = models.PositiveIntegerField()
    status = models.CharField(max_length=16, choices=Status, default=Status.PROPOSED)
    origin = models.JSONField(default=dict, help_text="What proposed it: design or selector, seed, run, data hash.")
    created = models.DateTimeField(auto_now_add=True)
    opened = models.DateTimeField(null=True, blank=True)
    closed = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("campaign", "number")
        constraints = (models.UniqueConstraint(fields=("campaign", "number"), name="annotation_round_number_unique"),)

    def __str__(self) -> str:
        return f"{self.campaign.name}, round {self.number}"
