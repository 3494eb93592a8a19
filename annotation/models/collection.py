"""Stimuli and where they are kept: pictures as content-addressed files, features as blocks of one array each."""

from __future__ import annotations

from typing import Self

from django.conf import settings
from django.db import models

from accounts.models import User


class CollectionQuerySet(models.QuerySet["Collection"]):
    def visible_to(self, user: User) -> Self:
        return self if user.is_admin else self.filter(owner=user)


class Collection(models.Model):
    """A set of stimuli that campaigns draw from. All features in it have one shape."""

    name = models.CharField(max_length=120)
    slug = models.SlugField(max_length=120, unique=True)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="collections")
    landmark_scheme = models.CharField(max_length=32, blank=True, help_text="Layout of the landmarks, such as bu83.")
    feature_shape = models.JSONField(default=list, help_text="Shape of one stimulus's features, [] where none.")
    created = models.DateTimeField(auto_now_add=True)

    objects = CollectionQuerySet.as_manager()

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class FeatureBlock(models.Model):
    """One .npy array (rows, ...) float32: the features of one import. Stimuli point at its rows."""

    collection = models.ForeignKey(Collection, on_delete=models.CASCADE, related_name="blocks")
    file = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    rows = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"{self.file} ({self.rows} rows)"


class Split(models.IntegerChoices):
    TRAIN = 0, "Train"
    VALIDATION = 1, "Validation"
    TEST = 2, "Test"


class Stimulus(models.Model):
    class Kind(models.TextChoices):
        IMAGE = "image", "Image"
        LANDMARKS = "landmarks", "Landmarks"
        POINTS = "points", "Point cloud"
        MESH = "mesh", "Mesh"
        TEXT = "text", "Text"

    collection = models.ForeignKey(Collection, on_delete=models.CASCADE, related_name="stimuli")
    key = models.CharField(max_length=200, help_text="The researcher's own id.")
    kind = models.CharField(max_length=16, choices=Kind)
    sha256 = models.CharField(max_length=64, help_text="Hash of the picture's and the features' content.")
    subject = models.CharField(max_length=200, blank=True, help_text="Who is shown.")
    neutral = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, blank=True, related_name="expressions")
    split = models.PositiveSmallIntegerField(choices=Split, default=Split.TRAIN)
    labels = models.JSONField(default=dict)
    picture = models.CharField(max_length=200, blank=True, help_text="Name of the picture's file in the storage.")
    text = models.TextField(blank=True, help_text="What is read, where the stimulus is a text.")
    mesh = models.CharField(max_length=200, blank=True, help_text="Name of the mesh's file in the storage.")
    block = models.ForeignKey(FeatureBlock, on_delete=models.PROTECT, null=True, blank=True, related_name="stimuli")
    block_row = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        ordering = ("id",)
        verbose_name_plural = "stimuli"
        constraints = (
            models.UniqueConstraint(fields=("collection", "key"), name="annotation_stimulus_key_unique"),
            models.CheckConstraint(
                condition=models.Q(block__isnull=True, block_row__isnull=True)
                | models.Q(block__isnull=False, block_row__isnull=False),
                name="annotation_stimulus_block_has_row",
            ),
        )
        indexes = (models.Index(fields=("collection", "split"), name="annotation_stimulus_split"),)

    def __str__(self) -> str:
        return self.key
