"""`manage.py worker -Q gpu`: Celery's worker with the right path and nothing in the environment."""

from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = "Run a Celery worker; all arguments are Celery's own (for example: worker -B -c 1 -Q default,gpu)."

    def run_from_argv(self, argv: list[str]) -> None:
        from config.celery import app
        from config.fsatomic import litter_clear

        # What killed workers left half-written or half-taken in the embedded queue; other brokers have no such folder.
        options = getattr(settings, "CELERY_BROKER_TRANSPORT_OPTIONS", {})
        if "data_folder_in" in options:
            for folder in ("data_folder_in", "control_folder"):
                litter_clear(Path(options[folder]))
        app.worker_main(["worker", *argv[2:]])
