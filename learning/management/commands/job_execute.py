"""`manage.py job_execute ID ATTEMPT`: the process in which a worker does one job. Not for people."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from learning.jobs.execute import execute
from learning.tasks import jobs_ring


class Command(BaseCommand):
    help = "Do one claimed job of the ledger (started by a worker, not by hand)."
    requires_system_checks: list[str] = []  # noqa: RUF012  (Django's own way to say none)

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("job", type=int)
        parser.add_argument("attempt", type=int)

    def handle(self, *args: Any, **options: Any) -> None:
        execute(job_id=options["job"], attempt=options["attempt"])
        jobs_ring()
