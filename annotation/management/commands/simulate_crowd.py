"""`manage.py simulate_crowd CAMPAIGN`: let simulated workers answer the open round."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from annotation.crowd.simulated import crowd_make, crowd_work
from annotation.management.lookup import campaign_named
from annotation.models import Round


class Command(BaseCommand):
    help = "Let a simulated crowd answer a campaign's open rounds, through the same services as people."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("campaign")
        parser.add_argument("--workers", type=int, default=40)
        parser.add_argument("--seed", type=int, default=0)

    def handle(self, *args: Any, **options: Any) -> None:
        campaign = campaign_named(options["campaign"])
        rounds = list(campaign.rounds.filter(status=Round.Status.OPEN))
        if not rounds:
            raise CommandError(f"The campaign {campaign.name!r} has no open round.")
        crowd = crowd_make(size=options["workers"], seed=options["seed"])
        for round in rounds:
            votes = crowd_work(round=round, workers=crowd, seed=options["seed"])
            self.stdout.write(f"Round {round.number}: {votes} votes by {len(crowd)} simulated workers.")
