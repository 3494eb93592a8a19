"""What the votes on a question come to, by one version of one method. Rows are added, never changed.

A Tally is one count of a campaign's votes: method, version, and what it rests on. Its version names the algorithm and
the evidence, so that counting the same votes again finds the tally that is there, and other votes make another. Rows
of consensus belong to a tally; those of the present ones are what the campaign's votes come to now.
"""

from __future__ import annotations

from typing import Self

from django.db import models
from django.db.models import Q

from annotation.models.campaign import Campaign, Round
from annotation.models.question import Question


class TallyQuerySet(models.QuerySet["Tally"]):
    def of_method(self, campaign: Campaign, kind: str) -> Self:
        """What a campaign's questions of a kind come to now, by its present method."""
        method = campaign.method if kind == Question.Kind.TRIPLET else campaign.label_method
        return self.filter(campaign=campaign, kind=kind, method=method, current=True)


class Tally(models.Model):
    """One count of the votes on a campaign's questions of a kind, or on those of one round of it.

    Methods that count take one round at a time, since no question's result depends on others. Methods that learn, of
    workers or of margins, take all rounds that are counted.
    """

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="tallies")
    round = models.ForeignKey(
        Round, on_delete=models.CASCADE, null=True, blank=True, related_name="tallies", help_text="Empty: all of them."
    )
    kind = models.CharField(max_length=16, choices=Question.Kind)
    method = models.CharField(max_length=32)
    version = models.CharField(max_length=16, help_text="Version of the algorithm, and a digest of what it was given.")
    evidence = models.JSONField(default=dict, help_text="Votes, workers, who was left out, and what calibrated it.")
    current = models.BooleanField(default=False, help_text="Whether this is what the method says now.")
    created = models.DateTimeField(auto_now_add=True)
    counted = models.DateTimeField(
        null=True, blank=True, help_text="When the votes behind it were last read; empty while rows are missing."
    )

    objects = TallyQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "tallies"
        constraints = (
            models.UniqueConstraint(
                fields=("campaign", "kind", "method", "version"),
                condition=Q(round__isnull=True),
                name="annotation_tally_campaign_unique",
            ),
            models.UniqueConstraint(
                fields=("round", "kind", "method", "version"),
                condition=Q(round__isnull=False),
                name="annotation_tally_round_unique",
            ),
            models.CheckConstraint(
                condition=Q(current=False) | Q(counted__isnull=False), name="annotation_tally_current_is_whole"
            ),
        )

    def __str__(self) -> str:
        return f"{self.method} {self.version}"


class Consensus(models.Model):
    """One question.

    The posterior is the probability that the winner is the right answer; where answers are level, that of each of
    these. It says all there is of a triplet: the other candidate has the rest. Of labels `chances` holds every one's.
    """

    question = models.ForeignKey(Question, on_delete=models.CASCADE, related_name="consensus")
    tally = models.ForeignKey(Tally, on_delete=models.CASCADE, related_name="rows")
    method = models.CharField(max_length=32)
    version = models.CharField(max_length=16)
    votes_a = models.PositiveSmallIntegerField(default=0)
    votes_b = models.PositiveSmallIntegerField(default=0)
    counts = models.JSONField(default=dict, help_text="Votes by choice, “x” for can't tell; of label questions too.")
    margin = models.PositiveSmallIntegerField(help_text="The most votes less the second most, whatever the winner.")
    winner = models.CharField(max_length=1, blank=True, help_text="The method's choice; nothing where it is level.")
    weight = models.FloatField()
    posterior = models.FloatField(null=True, blank=True, help_text="Probability that the winner is right.")
    chances = models.JSONField(null=True, blank=True, help_text="Probability of each label; empty for triplets.")

    class Meta:
        verbose_name_plural = "consensus"
        constraints = (
            models.UniqueConstraint(fields=("question", "method", "version"), name="annotation_consensus_unique"),
            models.CheckConstraint(
                condition=Q(posterior__isnull=True) | Q(posterior__gte=0, posterior__lte=1),
                name="annotation_consensus_posterior",
            ),
        )

    def __str__(self) -> str:
        return f"{self.question_id}: {self.winner or 'level'} by {self.margin}"
