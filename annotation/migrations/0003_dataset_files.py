import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = (("annotation", "0002_tallies"),)

    operations = (
        migrations.AddField(
            model_name="dataset",
            name="licence",
            field=models.CharField(
                blank=True, default="", help_text="Under which it is published; empty: none given.", max_length=120
            ),
            preserve_default=False,
        ),
        migrations.RemoveConstraint(model_name="dataset", name="annotation_dataset_content_unique"),
        migrations.AddConstraint(
            model_name="dataset",
            constraint=models.UniqueConstraint(
                fields=("campaign", "content_sha256", "licence"), name="annotation_dataset_content_unique"
            ),
        ),
        migrations.CreateModel(
            name="DatasetFile",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("format", models.CharField(max_length=32)),
                ("file", models.CharField(max_length=200)),
                ("sha256", models.CharField(max_length=64)),
                ("size", models.PositiveBigIntegerField(help_text="In bytes.")),
                ("created", models.DateTimeField(auto_now_add=True)),
                (
                    "dataset",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="files", to="annotation.dataset"
                    ),
                ),
            ],
            options={"ordering": ("dataset", "format")},
        ),
        migrations.AddConstraint(
            model_name="datasetfile",
            constraint=models.UniqueConstraint(
                fields=("dataset", "format"), name="annotation_dataset_file_format_once"
            ),
        ),
    )
