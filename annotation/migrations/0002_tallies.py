"""Consensus rows belong to a tally, which says what they rest on; they keep the posterior. Labels have a method."""

import django.core.validators
import django.db.models.deletion
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps
from django.db.models import F
from django.utils import timezone

_ALL_THERE = models.Q(current=False) | models.Q(counted__isnull=False)


def tally_rows(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Give the rows that are there a tally for each round, kind, method and version. It holds no evidence."""
    consensus, tally = apps.get_model("annotation", "Consensus"), apps.get_model("annotation", "Tally")
    parts = consensus.objects.order_by().values("method", "version").distinct()
    parts = parts.annotate(campaign=F("question__campaign"), round=F("question__round"), kind=F("question__kind"))
    for part in list(parts):
        made = tally.objects.create(
            campaign_id=part["campaign"],
            round_id=part["round"],
            kind=part["kind"],
            method=part["method"],
            version=part["version"],
            current=True,
            counted=timezone.now(),
        )
        rows = consensus.objects.filter(method=part["method"], version=part["version"])
        rows.filter(question__round=part["round"], question__kind=part["kind"]).update(tally=made)
    # PostgreSQL alters no table on which checks are still to be made.
    schema_editor.connection.check_constraints()


class Migration(migrations.Migration):
    dependencies = (("annotation", "0001_initial"),)

    operations = (
        migrations.AddField(
            model_name="campaign",
            name="label_aggregator",
            field=models.CharField(default="plurality", max_length=32),
        ),
        migrations.AddField(
            model_name="campaign",
            name="label_threshold",
            field=models.PositiveSmallIntegerField(
                blank=True,
                help_text="Votes that a label needs to be kept. Empty: the majority of the votes wanted.",
                null=True,
                validators=[
                    django.core.validators.MinValueValidator(1),
                    django.core.validators.MaxValueValidator(99),
                ],
            ),
        ),
        migrations.AlterField(
            model_name="campaign",
            name="weighting",
            field=models.CharField(
                choices=[
                    ("raw", "Margin (5, 3, 1)"),
                    ("unit", "Margin ÷ votes"),
                    ("calibrated", "Calibrated (2p − 1)"),
                ],
                default="raw",
                max_length=16,
            ),
        ),
        migrations.CreateModel(
            name="Tally",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(choices=[("triplet", "Triplet"), ("label", "Label")], max_length=16)),
                ("method", models.CharField(max_length=32)),
                (
                    "version",
                    models.CharField(
                        help_text="Version of the algorithm, and a digest of what it was given.", max_length=16
                    ),
                ),
                (
                    "evidence",
                    models.JSONField(
                        default=dict, help_text="Votes, workers, who was left out, and what calibrated it."
                    ),
                ),
                (
                    "current",
                    models.BooleanField(default=False, help_text="Whether this is what the method says now."),
                ),
                ("created", models.DateTimeField(auto_now_add=True)),
                (
                    "counted",
                    models.DateTimeField(
                        blank=True,
                        help_text="When the votes behind it were last read; empty while rows are missing.",
                        null=True,
                    ),
                ),
                (
                    "campaign",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="tallies", to="annotation.campaign"
                    ),
                ),
                (
                    "round",
                    models.ForeignKey(
                        blank=True,
                        help_text="Empty: all of them.",
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="tallies",
                        to="annotation.round",
                    ),
                ),
            ],
            options={"verbose_name_plural": "tallies"},
        ),
        migrations.AddConstraint(
            model_name="tally",
            constraint=models.UniqueConstraint(
                condition=models.Q(round__isnull=True),
                fields=("campaign", "kind", "method", "version"),
                name="annotation_tally_campaign_unique",
            ),
        ),
        migrations.AddConstraint(
            model_name="tally",
            constraint=models.UniqueConstraint(
                condition=models.Q(round__isnull=False),
                fields=("round", "kind", "method", "version"),
                name="annotation_tally_round_unique",
            ),
        ),
        migrations.AddConstraint(
            model_name="tally",
            constraint=models.CheckConstraint(condition=_ALL_THERE, name="annotation_tally_current_is_whole"),
        ),
        migrations.AddField(
            model_name="consensus",
            name="posterior",
            field=models.FloatField(blank=True, help_text="Probability that the winner is right.", null=True),
        ),
        migrations.AddField(
            model_name="consensus",
            name="chances",
            field=models.JSONField(blank=True, help_text="Probability of each label; empty for triplets.", null=True),
        ),
        migrations.AlterField(
            model_name="consensus",
            name="margin",
            field=models.PositiveSmallIntegerField(
                help_text="The most votes less the second most, whatever the winner."
            ),
        ),
        migrations.AlterField(
            model_name="consensus",
            name="winner",
            field=models.CharField(
                blank=True, help_text="The method's choice; nothing where it is level.", max_length=1
            ),
        ),
        migrations.AddField(
            model_name="consensus",
            name="tally",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.CASCADE, related_name="rows", to="annotation.tally"
            ),
        ),
        migrations.RunPython(tally_rows, migrations.RunPython.noop),
        migrations.AlterField(
            model_name="consensus",
            name="tally",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="rows", to="annotation.tally"
            ),
        ),
        migrations.AddConstraint(
            model_name="consensus",
            constraint=models.CheckConstraint(
                condition=models.Q(posterior__isnull=True) | models.Q(posterior__gte=0, posterior__lte=1),
                name="annotation_consensus_posterior",
            ),
        ),
    )
