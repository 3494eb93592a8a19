"""A frozen set of weighted triplets: what is trained on is what is published."""

from __future__ import annotations

from django.db import models

from annotation.models.campaign import Campaign, Round


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
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(fields=("campaign", "content_sha256"), name="annotation_dataset_content_unique"),
        )

    def __str__(self) -> str:
        return f"Dataset {self.pk} ({self.triplets:,} triplets)"
