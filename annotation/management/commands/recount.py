"""`manage.py recount CAMPAIGN`: count all closed rounds by the campaign's method as it is now."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from annotation.errors import AnnotationError
from annotation.management.lookup import campaign_named
from annotation.models import Tally
from annotation.selectors.agreement import MarginRow, margins_of
from annotation.services.consensus import consensus_recount


class Command(BaseCommand):
    help = (
        "Count the votes of all closed rounds again, by the campaign's method and without excluded workers, and print "
        "what they come to by margin. Counting the same votes again changes nothing; datasets stay as they are."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("campaign", help="the campaign's address, as in its page's URL")

    def handle(self, *args: Any, **options: Any) -> None:
        campaign = campaign_named(options["campaign"])
        try:
            tallies = consensus_recount(campaign=campaign)
        except AnnotationError as refused:
            raise CommandError(str(refused)) from refused
        if not tallies:
            raise CommandError("No round is closed; there is nothing to count.")
        for tally in tallies:
            self.stdout.write(_line(tally))
        for kind in dict.fromkeys(tally.kind for tally in tallies):
            self.stdout.write(f"\n{kind.capitalize()}s by margin\n\n{_table(margins_of(campaign, kind))}")


def _line(tally: Tally) -> str:
    seen, what = (
        tally.evidence,
        f"{tally.kind}s" if tally.round is None else f"round {tally.round.number}, {tally.kind}s",
    )
    left_out = f", without {len(seen['excluded'])} excluded" if seen["excluded"] else ""
    source = f"; calibrated by: {seen['calibration']['source']}" if "calibration" in seen else ""
    return (
        f"{tally.method} {tally.version}: {what}, {seen['votes']} votes on {seen['questions']} questions "
        f"by {seen['workers']} workers{left_out}{source}"
    )


def _table(rows: list[MarginRow]) -> str:
    lines = [["Margin", "Questions", "Share", "P(right)", "Weight"], ["---:"] * 5]
    for row in rows:
        right = "–" if row.right is None else f"{row.right:.3f}"
        lines.append([str(row.margin), f"{row.questions:,}", f"{100 * row.share:.1f} %", right, f"{row.weight:.3f}"])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"
