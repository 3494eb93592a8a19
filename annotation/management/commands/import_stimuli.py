"""`manage.py import_stimuli PATH [--collection NAME] [--owner USER]`"""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from annotation.errors import AnnotationError
from annotation.management.lookup import owner_named
from annotation.models import Collection
from annotation.services.collections import collection_get, stimuli_import
from annotation.services.faces import neutrals_choose


class Command(BaseCommand):
    help = (
        "Import stimuli from a folder, a .zip or a manifest (CSV, JSONL): all or nothing, and again only what is new."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("path", type=Path)
        parser.add_argument("--collection", help="its name, the path's own by default; made if it does not exist")
        parser.add_argument("--owner", help="username of the researcher; by default the only one who runs campaigns")
        parser.add_argument("--scheme", default="", help="layout of the landmarks, such as bu83")
        parser.add_argument(
            "--choose-neutrals",
            action="store_true",
            help="give each person without a neutral one: all action units absent, nearest to the others",
        )
        parser.add_argument("--seed", type=int, default=0, help="of the person-wise split where none is given")

    def handle(self, *args: Any, **options: Any) -> None:
        owner = owner_named(options["owner"], of="stimuli")
        name = options["collection"] or options["path"].resolve().stem
        known = Collection.objects.filter(owner=owner, name=name).exists()
        try:
            collection = collection_get(owner=owner, name=name, landmark_scheme=options["scheme"])
            report = stimuli_import(collection=collection, path=options["path"], seed=options["seed"])
            neutrals = neutrals_choose(collection=collection) if options["choose_neutrals"] else None
        except AnnotationError as error:
            if not known:  # a refused first import leaves nothing behind, its collection included
                Collection.objects.filter(owner=owner, name=name, stimuli=None).delete()
            raise CommandError(error.message) from error
        split = ", ".join(f"{count} {name}" for name, count in report.by_split.items())
        self.stdout.write(
            f"{collection.name}: {report.added} added{f' ({split})' if split else ''}, {report.unchanged} unchanged."
        )
        if neutrals is not None:
            self.stdout.write(f"{neutrals} people were given a neutral.")
