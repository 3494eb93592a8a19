"""What a researcher runs, and the batches of questions that it is run in."""

from __future__ import annotations

from typing import Self

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_noop

from accounts.models import User
from annotation.models.collection import Collection

# Annotators read these in their language as long as a researcher leaves them as they are (templatetags/campaign_words).
DEFAULT_PROMPT = gettext_noop("Which of these two is more like the one above?")
DEFAULT_INSTRUCTIONS = gettext_noop(
    "Look at the face on top, then choose the one below whose expression is more like it. "
    "Judge the expression, not the person. There is no right answer: your first impression counts."
)
DEFAULT_LABEL_PROMPT = gettext_noop("Which expression does this face show?")
# A vote holds the number of its label in one character.
MAX_CHOICES = 9


def default_choices() -> list[str]:
    return [gettext_noop("negative"), gettext_noop("neutral"), gettext_noop("positive")]


def validate_choices(value: object) -> None:
    """Two to nine different, short, non-empty texts."""
    if not isinstance(value, list) or not 2 <= len(value) <= MAX_CHOICES:
        raise ValidationError(f"There must be 2 to {MAX_CHOICES} labels to choose from.")
    if any(not isinstance(one, str) or not one.strip() or len(one) > 40 for one in value):
        raise ValidationError("Each label must be a text of 1 to 40 characters.")
    if len({one.strip().casefold() for one in value}) < len(value):
        raise ValidationError("Two labels are the same.")


class CampaignQuerySet(models.QuerySet["Campaign"]):
    def visible_to(self, user: User) -> Self:
        """The campaigns that a user may look into: an admin all, a researcher their own."""
        if user.is_admin:
            return self
        return self.filter(owner=user) if user.runs_campaigns else self.none()

    def open_to(self, user: User) -> Self:
        """The campaigns that a user may answer: those that run, have an open round, and let this user in."""
        open_rounds = Round.objects.filter(campaign=models.OuterRef("pk"), status=Round.Status.OPEN)
        allowed = models.Q(access=Campaign.Access.MEMBERS) | models.Q(participations__worker__user=user)
        return self.filter(models.Exists(open_rounds), allowed, status=Campaign.Status.RUNNING).distinct()


class Campaign(models.Model):
    class Kind(models.TextChoices):
        TRIPLET = "triplet", "Triplets"
        LABEL = "label", "Labels"
        BOTH = "both", "Triplets and labels"

    class Access(models.TextChoices):
        MEMBERS = "members", "Everybody who is signed in"
        INVITED = "invited", "People with the invitation link"
        GUESTS = "guests", "People with the invitation link, without an account too"

    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        RUNNING = "running", "Running"
        PAUSED = "paused", "Paused"
        CLOSED = "closed", "Closed"

    class Weighting(models.TextChoices):
        RAW = "raw", "Margin (5, 3, 1)"
        UNIT = "unit", "Margin ÷ votes"
        CALIBRATED = "calibrated", "Calibrated (2p − 1)"

    name = models.CharField(max_length=120)
    slug = models.SlugField(max_length=120, unique=True)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="campaigns")
    collection = models.ForeignKey(Collection, on_delete=models.PROTECT, related_name="campaigns")
    kind = models.CharField(max_length=16, choices=Kind, default=Kind.TRIPLET)
    status = models.CharField(max_length=16, choices=Status, default=Status.DRAFT)
    channel = models.CharField(max_length=32, default="local")
    prompt = models.CharField(max_length=200, default=DEFAULT_PROMPT)
    label_prompt = models.CharField(max_length=200, default=DEFAULT_LABEL_PROMPT)
    choices = models.JSONField(
        default=default_choices, validators=[validate_choices], help_text="Labels to choose from."
    )
    cant_tell = models.BooleanField(default=False, help_text="Whether “can't tell” is an answer.")
    instructions = models.TextField(default=DEFAULT_INSTRUCTIONS, blank=True)
    consent = models.TextField(blank=True, help_text="What a person agrees to before the first question.")
    thanks = models.TextField(blank=True, help_text="Said at the end.")
    votes_per_question = models.PositiveSmallIntegerField(
        default=5, validators=[MinValueValidator(1), MaxValueValidator(99)]
    )
    votes_first = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(2)],
        help_text="Votes asked first; the rest only where these disagree. Empty: all votes at once.",
    )
    max_share = models.PositiveSmallIntegerField(
        default=100,
        validators=[MinValueValidator(1), MaxValueValidator(100)],
        help_text="Per cent of the campaign's votes that one worker may give.",
    )
    hit_size = models.PositiveSmallIntegerField(default=20, validators=[MinValueValidator(1), MaxValueValidator(200)])
    lease_minutes = models.PositiveSmallIntegerField(
        default=30, validators=[MinValueValidator(1), MaxValueValidator(1440)]
    )
    golds_first = models.PositiveSmallIntegerField(
        default=0, help_text="Gold questions in a worker's first three HITs."
    )
    golds_later = models.PositiveSmallIntegerField(default=0, help_text="Gold questions in each later HIT.")
    repeats = models.PositiveSmallIntegerField(default=0, help_text="Questions of a HIT asked again, sides swapped.")
    attention = models.PositiveSmallIntegerField(default=0, help_text="Attention checks in a HIT.")
    practice = models.PositiveSmallIntegerField(default=0, help_text="Practice questions before the first HIT.")
    break_minutes = models.PositiveSmallIntegerField(
        default=20, help_text="Work after which a break is offered; 0: never."
    )
    reward_cents = models.PositiveIntegerField(default=0, help_text="Paid for each HIT, in hundredths of the currency.")
    currency = models.CharField(max_length=3, default="USD")
    access = models.CharField(max_length=16, choices=Access, default=Access.MEMBERS)
    invitation = models.CharField(max_length=64, blank=True, help_text="Secret of the invitation link; empty: none.")
    aggregator = models.CharField(max_length=32, default="margin")
    weighting = models.CharField(max_length=16, choices=Weighting, default=Weighting.RAW)
    label_aggregator = models.CharField(max_length=32, default="plurality")
    label_threshold = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(99)],
        help_text="Votes that a label needs to be kept. Empty: the majority of the votes wanted.",
    )
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
            models.CheckConstraint(
                condition=models.Q(votes_first__isnull=True)
                | models.Q(votes_first__gte=2, votes_first__lt=models.F("votes_per_question")),
                name="annotation_campaign_votes_first",
            ),
            models.UniqueConstraint(
                fields=("invitation",), condition=~models.Q(invitation=""), name="annotation_campaign_invitation_unique"
            ),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def paid(self) -> bool:
        return self.reward_cents > 0

    @property
    def opening_votes(self) -> int:
        """Votes that every question is asked for at first."""
        return self.votes_first or self.votes_per_question

    @property
    def method(self) -> str:
        """The aggregator of triplets with its settings, as consensus rows name it."""
        return f"{self.aggregator}/{self.weighting}"

    @property
    def label_method(self) -> str:
        """The aggregator of labels with its settings, as consensus rows name it."""
        return f"{self.label_aggregator}/{self.weighting}"

    @property
    def votes_for_label(self) -> int:
        """Votes that a label needs to be kept: 3 of 5, unless the campaign says otherwise."""
        return self.label_threshold or self.votes_per_question // 2 + 1


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
    size = models.PositiveIntegerField(default=0, help_text="Questions in it.")
    opened = models.DateTimeField(null=True, blank=True)
    closed = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("campaign", "number")
        constraints = (models.UniqueConstraint(fields=("campaign", "number"), name="annotation_round_number_unique"),)

    def __str__(self) -> str:
        return f"{self.campaign.name}, round {self.number}"
