"""`manage.py worker -Q gpu`: Celery's worker with the right path and nothing in the environment."""

from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = "Run a Celery worker; all arguments are Celery's own (for example: worker -B -c 1 -Q default,gpu)."

    def run_from_argv(self, argv: list[str]) -> None:
        from config.celery import app

        app.worker_main(["worker", *argv[2:]])
