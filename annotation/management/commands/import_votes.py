"""`manage.py import_votes FILE --new-collection NAME [--format NAME] [--items FILE] [--campaign NAME] [--dry-run]`"""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from annotation.errors import AnnotationError
from annotation.formats.votes.registry import VOTE_FORMATS
from annotation.management.lookup import owner_named
from annotation.models import Collection
from annotation.services.import_report import report_lines
from annotation.services.vote_imports import votes_import


class Command(BaseCommand):
    help = "Take votes that were given elsewhere in as a campaign with a closed round: all or nothing, with a report."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--format", choices=sorted(VOTE_FORMATS), default="", help="found out where it is left out")
        where = parser.add_mutually_exclusive_group(required=True)
        where.add_argument("--collection", help="address (slug) of the collection that the votes are about")
        where.add_argument("--new-collection", default="", help="name of a collection of texts to make for them")
        parser.add_argument(
            "--items", type=Path, help="CSV of what the votes' names stand for: item_id, name, text, ..."
        )
        parser.add_argument("--owner", help="username of the researcher; by default the only one who runs campaigns")
        parser.add_argument("--campaign", default="", help="name of the campaign to make; the file's by default")
        parser.add_argument(
            "--map",
            action="append",
            default=[],
            metavar="ROLE=COLUMN",
            help="for mturk: which column holds head, left, right, answer (worker, created, ms)",
        )
        parser.add_argument(
            "--leave-out-mixed", action="store_true", help="leave out triplets across splits instead of refusing them"
        )
        parser.add_argument("--dry-run", action="store_true", help="check and count everything, keep nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            found = votes_import(
                owner=owner_named(options["owner"], of="votes"),
                path=options["file"],
                format=options["format"],
                options=_mapping(options["map"]),
                collection=_collection(options["collection"]),
                new_collection=options["new_collection"],
                items=options["items"],
                name=options["campaign"],
                leave_out_mixed=options["leave_out_mixed"],
                dry_run=options["dry_run"],
            )
        except AnnotationError as error:
            raise CommandError(error.message) from error
        for line in report_lines(found):
            self.stdout.write(line)
        if options["dry_run"]:
            self.stdout.write("Nothing was kept: this was a dry run.")


def _mapping(pairs: list[str]) -> dict[str, str]:
    mapping = {}
    for pair in pairs:
        role, equals, column = pair.partition("=")
        if not (role and equals and column):
            raise CommandError(f"--map takes ROLE=COLUMN, not {pair!r}.")
        mapping[role] = column
    return mapping


def _collection(slug: str | None) -> Collection | None:
    if slug is None:
        return None
    if (collection := Collection.objects.filter(slug=slug).first()) is None:
        raise CommandError(f"There is no collection {slug!r}.")
    return collection
