"""`manage.py import_golds CAMPAIGN FILE [--practice]`"""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from annotation.errors import AnnotationError
from annotation.management.lookup import campaign_named
from annotation.models import Question
from annotation.services.golds_given import golds_import


class Command(BaseCommand):
    help = (
        "Take questions whose answer is known from a CSV file: reference,a,b,answer (a or b) or stimulus,answer (a "
        "label). All or nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("campaign")
        parser.add_argument("file", type=Path)
        parser.add_argument("--practice", action="store_true", help="for the practice round instead of as gold")

    def handle(self, *args: Any, **options: Any) -> None:
        campaign, path = campaign_named(options["campaign"]), options["file"]
        role = Question.Role.PRACTICE if options["practice"] else Question.Role.GOLD
        try:
            data = path.read_bytes()
        except OSError as error:
            raise CommandError(f"{path} cannot be read: {error.strerror}.") from error
        try:
            count = golds_import(campaign=campaign, data=data, file=path.name, role=role)
        except AnnotationError as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"{campaign.name}: {count} {role.label.lower()} questions taken.")
