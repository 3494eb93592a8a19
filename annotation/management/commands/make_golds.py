"""`manage.py make_golds CAMPAIGN [--gold N] [--attention N] [--practice N]`"""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from annotation.errors import AnnotationError
from annotation.management.lookup import campaign_named
from annotation.services.golds import golds_make, probes_prepare


class Command(BaseCommand):
    help = (
        "Make questions whose answer is known from easy cases. Without numbers, as many as the campaign's plan needs "
        "beside those that it has."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("campaign")
        parser.add_argument("--gold", type=int, default=0)
        parser.add_argument("--attention", type=int, default=0, help="the reference itself beside something else")
        parser.add_argument("--practice", type=int, default=0)
        parser.add_argument("--seed", type=int, default=0)

    def handle(self, *args: Any, **options: Any) -> None:
        campaign = campaign_named(options["campaign"])
        wanted = {name: options[name] for name in ("gold", "attention", "practice")}
        if any(count < 0 for count in wanted.values()):
            raise CommandError("Numbers of questions must not be negative.")
        try:
            if any(wanted.values()):
                made = golds_make(campaign=campaign, seed=options["seed"], **wanted)
            else:
                made = probes_prepare(campaign=campaign)
        except AnnotationError as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"{campaign.name}: {made} made.")
        short = [name for name, count in wanted.items() if getattr(made, name) < count]
        if short:
            self.stdout.write(f"There are not enough easy cases for more of: {', '.join(short)}.")
