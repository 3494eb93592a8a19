"""What campaigns held before a migration is what they hold after it."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.migrations.executor import MigrationExecutor

from annotation.models import Campaign, Consensus, Tally, Vote
from annotation.selectors.agreement import consensus_of
from annotation.services.consensus import consensus_recount
from tests.factories import closed_round, small_campaign

BEFORE = [("annotation", "0001_initial")]


@pytest.fixture
def latest() -> Any:
    """The newest migrations, whatever a test went back to."""
    yield
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())


@pytest.mark.django_db(transaction=True)
def test_rows_of_consensus_are_given_tallies(alice: Any, collection: Any, latest: Any) -> None:
    campaign = small_campaign(owner=alice, collection=collection, kind="both")
    round, _ = closed_round(campaign)
    kept = ("pk", "question", "method", "votes_a", "votes_b", "counts", "margin", "winner", "weight")
    rows = list(Consensus.objects.order_by("pk").values_list(*kept))
    votes = list(Vote.objects.order_by("pk").values())
    Consensus.objects.update(version="1")
    executor = MigrationExecutor(connection)
    executor.migrate(BEFORE)
    assert "annotation_tally" not in connection.introspection.table_names()
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())
    campaign = Campaign.objects.get(pk=campaign.pk)
    assert list(Consensus.objects.order_by("pk").values_list(*kept)) == rows
    assert list(Vote.objects.order_by("pk").values()) == votes
    for wrong in ({"choice": "q"}, {"left": "x"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Vote.objects.filter(pk=votes[0]["id"]).update(**wrong)
    assert set(Tally.objects.values_list("campaign", "round", "kind", "method", "version", "current")) == {
        (campaign.pk, round.pk, "triplet", "margin/raw", "1", True),
        (campaign.pk, round.pk, "label", "plurality/raw", "1", True),
    }
    triplets = round.questions.filter(kind="triplet").count()
    assert consensus_of(campaign).count() == triplets
    consensus_recount(campaign=campaign)
    assert consensus_of(campaign).count() == triplets, "the old rows give way to those of the new count"
    assert Consensus.objects.count() == 2 * len(rows)
