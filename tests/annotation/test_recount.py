"""`manage.py recount`."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from annotation.models import Campaign, Consensus
from annotation.selectors.agreement import consensus_of, margins_of
from tests.factories import closed_round, small_campaign

pytestmark = pytest.mark.django_db


def recount(campaign: Campaign) -> str:
    out = StringIO()
    call_command("recount", campaign.slug, stdout=out)
    return out.getvalue()


def test_it_prints_what_votes_come_to_by_margin(alice: Any, collection: Any) -> None:
    campaign = small_campaign(owner=alice, collection=collection, kind="both", weighting="calibrated")
    closed_round(campaign)
    rows = Consensus.objects.count()
    said = recount(campaign)
    assert "margin/calibrated 1." in said
    assert "calibrated by: standing" in said
    total = consensus_of(campaign).count()
    for margin in (5, 3, 1):
        found = list(consensus_of(campaign).filter(margin=margin))
        weight = sum(row.weight for row in found) / len(found)
        right = sum(row.posterior for row in found) / len(found)
        line = f"| {margin} | {len(found)} | {100 * len(found) / total:.1f} % | {right:.3f} | {weight:.3f} |"
        assert line in said
    assert said.count("by margin") == 2, "triplets, and labels"
    assert sum(row.share for row in margins_of(campaign, "label")) == pytest.approx(1)
    assert recount(campaign) == said
    assert Consensus.objects.count() == rows


def test_one_sentence_where_there_is_nothing_to_count(campaign: Campaign) -> None:
    with pytest.raises(CommandError, match="No round is closed"):
        recount(campaign)
    with pytest.raises(CommandError):
        call_command("recount", "nowhere")


def test_a_method_that_cannot_use_the_votes_is_one_sentence(campaign: Campaign) -> None:
    round, _ = closed_round(campaign)
    round.questions.first().votes.update(left="")
    Campaign.objects.update(aggregator="side-frame")
    with pytest.raises(CommandError, match="shown on the left"):
        recount(campaign)
