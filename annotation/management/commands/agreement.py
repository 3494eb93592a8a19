"""`manage.py agreement CAMPAIGN`: Table I of paper 000."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from annotation.management.lookup import campaign_named
from annotation.selectors.agreement import campaign_agreement


class Command(BaseCommand):
    help = (
        "Print how far the annotators agree: questions by difference of votes and split (Table I of the first paper)."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("campaign", help="the campaign's address, as in its page's URL")
        parser.add_argument("--round", type=int, help="one round only")

    def handle(self, *args: Any, **options: Any) -> None:
        campaign = campaign_named(options["campaign"])
        round = campaign.rounds.filter(number=options["round"]).first() if options["round"] else None
        if options["round"] and round is None:
            raise CommandError(f"The campaign has no round {options['round']}.")
        self.stdout.write(campaign_agreement(campaign, round).to_markdown())
