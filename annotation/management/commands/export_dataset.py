"""`manage.py export_dataset ID --format csv --output FILE`"""

import shutil
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.files.storage import default_storage
from django.core.management.base import BaseCommand, CommandError

from annotation.errors import AnnotationError
from annotation.models import Dataset
from annotation.selectors.datasets import FORMATS
from annotation.services.dataset_files import dataset_file_get


class Command(BaseCommand):
    help = "Write a frozen dataset to a file: weighted triplets, its votes, or a bundle of everything."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("dataset", type=int)
        parser.add_argument("--format", default="csv", choices=sorted(FORMATS))
        parser.add_argument("--output", type=Path, required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        dataset = Dataset.objects.filter(pk=options["dataset"]).first()
        if dataset is None:
            raise CommandError(f"There is no dataset {options['dataset']}.")
        target: Path = options["output"]
        # Written beside and renamed, so that a broken-off export never looks like a whole one.
        unfinished = target.with_name(f".{target.name}.unfinished")
        try:
            made = dataset_file_get(dataset=dataset, format=options["format"])
            with default_storage.open(made.file, "rb") as source, unfinished.open("wb") as file:
                shutil.copyfileobj(source, file)
            unfinished.replace(target)
        except (AnnotationError, OSError) as error:
            unfinished.unlink(missing_ok=True)
            raise CommandError(str(error)) from error
        self.stdout.write(f"{target}: {dataset.triplets} triplets, sha256 of the content {dataset.content_sha256}")
