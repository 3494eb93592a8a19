"""`manage.py artificial_triplets CAMPAIGN --label expression --level level --neutral neutral`"""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from annotation.errors import AnnotationError
from annotation.management.lookup import campaign_named
from annotation.models import Split
from annotation.services.artificial import dataset_from_labels


class Command(BaseCommand):
    help = "Freeze a dataset of triplets that labels decide: same class nearer, nearer degree nearer, neutral nearer."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("campaign")
        parser.add_argument("--label", default="expression")
        parser.add_argument("--level", default="level")
        parser.add_argument("--neutral", default="neutral")
        parser.add_argument("--counts", type=int, nargs=3, default=[8000, 1000, 1000], metavar=("TRAIN", "VAL", "TEST"))
        parser.add_argument("--seed", type=int, default=0)

    def handle(self, *args: Any, **options: Any) -> None:
        campaign = campaign_named(options["campaign"])
        try:
            dataset = dataset_from_labels(
                campaign=campaign,
                label=options["label"],
                level=options["level"],
                neutral=options["neutral"],
                counts=dict(zip(Split, options["counts"], strict=True)),
                seed=options["seed"],
            )
        except AnnotationError as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"Dataset {dataset.pk}: {dataset.triplets} triplets, sha256 {dataset.content_sha256}")
