"""`manage.py propose_round CAMPAIGN`: a balanced first round."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from annotation.errors import AnnotationError
from annotation.management.lookup import campaign_named
from annotation.services.proposals import round_propose_balanced
from annotation.services.rounds import round_open


class Command(BaseCommand):
    help = "Propose a round in which every stimulus appears in exactly k triplets of its split."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("campaign")
        parser.add_argument("--per-stimulus", type=int, default=6, metavar="K")
        parser.add_argument("--seed", type=int)
        parser.add_argument(
            "--subset", action="store_true", help="one stimulus for each person and set of action units, no blinks"
        )
        parser.add_argument("--open", action="store_true", help="put it before the crowd at once")

    def handle(self, *args: Any, **options: Any) -> None:
        campaign = campaign_named(options["campaign"])
        try:
            round = round_propose_balanced(
                campaign=campaign,
                per_stimulus=options["per_stimulus"],
                seed=options["seed"],
                subset=options["subset"],
            )
            round = round_open(round=round) if options["open"] else round
        except AnnotationError as error:
            raise CommandError(error.message) from error
        self.stdout.write(
            f"Round {round.number} of {campaign.name}: {round.questions.count()} triplets, {round.status}."
        )
