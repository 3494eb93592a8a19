"""`manage.py freeze_dataset CAMPAIGN --rounds 1 2 --splits train --min-margin 3 --licence CC0-1.0`"""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from annotation.errors import AnnotationError
from annotation.formats.frozen import SPLITS
from annotation.management.lookup import campaign_named
from annotation.selectors.triplets import Selection
from annotation.services.datasets import dataset_freeze


class Command(BaseCommand):
    help = "Freeze weighted triplets of closed rounds as a dataset that never changes."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("campaign")
        parser.add_argument("--rounds", type=int, nargs="+", help="numbers; all closed ones where left out")
        parser.add_argument("--splits", nargs="+", choices=SPLITS, help="all where left out")
        parser.add_argument("--min-margin", type=int, default=0, help="how many more votes the nearer must have")
        parser.add_argument("--method", default="", help="such as margin/raw; the campaign's where left out")
        parser.add_argument("--licence", default="", help="such as CC-BY-4.0")

    def handle(self, *args: Any, **options: Any) -> None:
        campaign = campaign_named(options["campaign"])
        selection = Selection(
            rounds=tuple(options["rounds"]) if options["rounds"] else None,
            splits=tuple(SPLITS.index(name) for name in options["splits"]) if options["splits"] else None,
            min_margin=options["min_margin"],
            method=options["method"],
        )
        try:
            dataset = dataset_freeze(campaign=campaign, selection=selection, licence=options["licence"])
        except AnnotationError as refused:
            raise CommandError(refused.message) from refused
        self.stdout.write(f"Dataset {dataset.pk}: {dataset.triplets} triplets, sha256 {dataset.content_sha256}")
