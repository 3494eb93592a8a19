"""A frozen set of weighted triplets: what is trained on is what is published."""

from __future__ import annotations

from typing import Self

from django.db import models

from accounts.models import User
from annotation.models.campaign import Campaign, Round


class DatasetQuerySet(models.QuerySet["Dataset"]):
    def visible_to(self, user: User) -> Self:
        """The datasets of the campaigns that a user may look into."""
        return self.filter(campaign__in=Campaign.objects.visible_to(user))


class Dataset(models.Model):
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="datasets")
    round = models.ForeignKey(
        Round, on_delete=models.PROTECT, null=True, blank=True, related_name="datasets", help_text="The newest inside."
    )
    content_sha256 = models.CharField(max_length=64, help_text="Hash of the arrays, whatever file holds them.")
    file = models.CharField(max_length=200)
    file_sha256 = models.CharField(max_length=64)
    stimuli = models.PositiveIntegerField()
    triplets = models.PositiveIntegerField()
    manifest = models.JSONField()
    licence = models.CharField(max_length=120, blank=True, help_text="Under which it is published; empty: none given.")
    created = models.DateTimeField(auto_now_add=True)

    objects = DatasetQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(
                fields=("campaign", "content_sha256", "licence"), name="annotation_dataset_content_unique"
            ),
        )

    def __str__(self) -> str:
        return f"Dataset {self.pk} ({self.triplets:,} triplets)"


class DatasetFile(models.Model):
    """A dataset as a file in one format: made when it is first asked for, and the same bytes ever after."""

    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="files")
    format = models.CharField(max_length=32)
    file = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    size = models.PositiveBigIntegerField(help_text="In bytes.")
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("dataset", "format")
        constraints = (
            models.UniqueConstraint(fields=("dataset", "format"), name="annotation_dataset_file_format_once"),
        )

    def __str__(self) -> str:
        return f"{self.format} of dataset {self.dataset_id}"
