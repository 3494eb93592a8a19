"""Votes counted: by one method and then by another, without a worker, anew. Nothing that was counted ever changes."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
from django.utils import timezone

from annotation.errors import AnnotationError
from annotation.models import Campaign, Consensus, Participation, Question, Round, Tally, Vote
from annotation.quality.registry import AGGREGATORS, LABEL_AGGREGATORS, load_aggregator, load_label_aggregator
from annotation.quality.votes import VoteTable
from annotation.selectors.agreement import campaign_agreement, consensus_of
from annotation.selectors.datasets import dataset_load
from annotation.selectors.label_agreement import label_consensus_of
from annotation.services.campaign_settings import campaign_change
from annotation.services.conduct import worker_exclude, worker_reinstate
from annotation.services.consensus import consensus_aggregate, consensus_recount
from annotation.services.proposals import round_propose_balanced
from annotation.services.rounds import round_close, round_finish, round_open
from annotation.services.tallies import Scope, tally_hold
from tests.factories import closed_round, simulate, small_campaign

pytestmark = pytest.mark.django_db

METHODS = [(name, weight) for name in AGGREGATORS for weight in ("raw", "unit", "calibrated")]
LABELS = ["neutral", "happy", "sad", "angry"]


def rows_now() -> dict[int, dict[str, Any]]:
    return {row["id"]: row for row in Consensus.objects.values()}


def excluded(campaign: Campaign, by: Any) -> Participation:
    """The worker with the most votes, excluded."""
    worker = Counter(Vote.objects.values_list("worker", flat=True)).most_common(1)[0][0]
    participation, _ = Participation.objects.get_or_create(campaign=campaign, worker_id=worker)
    worker_exclude(participation=participation, by=by)
    return participation


def by_hand(keys: list[int]) -> VoteTable:
    """The table of votes on triplets, one vote after the other."""
    rows = [
        (keys.index(vote.question_id), vote.worker_id, "ab".index(vote.choice), "ab".index(vote.left))
        for vote in Vote.objects.exclude(choice="x").order_by("question", "worker")
    ]
    workers = sorted({row[1] for row in rows})
    return VoteTable(
        question=np.array([row[0] for row in rows]),
        worker=np.array([workers.index(row[1]) for row in rows]),
        choice=np.array([row[2] for row in rows]),
        left=np.array([row[3] for row in rows]),
        n_questions=len(keys),
    )


@pytest.mark.parametrize(("name", "weight"), METHODS)
def test_a_row_says_what_the_method_says(alice: Any, collection: Any, name: str, weight: str) -> None:
    campaign = small_campaign(owner=alice, collection=collection, aggregator=name, weighting=weight)
    round, _ = closed_round(campaign)
    keys = list(round.questions.order_by("pk").values_list("pk", flat=True))
    got = load_aggregator(name)(weight=weight).fit(by_hand(keys))  # so few questions leave the standing table
    rows = list(consensus_of(campaign).order_by("question"))
    assert [row.question_id for row in rows] == keys
    assert [row.winner for row in rows] == [["a", "b", ""][place] for place in got.winner]
    assert [row.weight for row in rows] == pytest.approx(got.weight.tolist())
    assert [row.posterior for row in rows] == pytest.approx(got.posterior.max(axis=1).tolist())
    assert all(row.method == f"{name}/{weight}" for row in rows)
    for row in rows:
        votes = Counter(row.question.votes.values_list("choice", flat=True))
        assert row.counts == votes
        assert (row.votes_a, row.votes_b, row.margin) == (votes["a"], votes["b"], abs(votes["a"] - votes["b"]))
        assert row.chances is None


def test_another_method_adds_rows_and_a_frozen_dataset_stays(campaign: Campaign) -> None:
    round, dataset = closed_round(campaign)
    before, content = rows_now(), dataset_load(dataset).content_sha256()
    changed = campaign_change(campaign=campaign, aggregator="side-frame", weighting="calibrated")
    after = rows_now()
    assert {key: after[key] for key in before} == before
    assert len(after) == 2 * len(before)
    shown = consensus_of(changed)
    assert set(shown.values_list("pk", flat=True)) == set(after) - set(before)
    assert shown.count() == round.size == campaign_agreement(changed).rows[-1].total
    dataset.refresh_from_db()
    assert dataset_load(dataset).content_sha256() == content == dataset.content_sha256
    assert campaign.datasets.count() == 1


def test_the_way_back_finds_the_rows_that_are_there(campaign: Campaign) -> None:
    closed_round(campaign)
    first = set(consensus_of(campaign).values_list("pk", flat=True))
    for method in ("one-coin", "margin", "one-coin", "margin"):
        campaign = campaign_change(campaign=campaign, aggregator=method)
        assert consensus_of(campaign).count() == len(first)
    assert set(consensus_of(campaign).values_list("pk", flat=True)) == first
    assert Consensus.objects.count() == 2 * len(first)


@pytest.mark.parametrize(("name", "weight"), METHODS)
def test_counting_again_changes_nothing(alice: Any, collection: Any, name: str, weight: str) -> None:
    campaign = small_campaign(owner=alice, collection=collection, aggregator=name, weighting=weight)
    round, _ = closed_round(campaign)
    rows, tallies = rows_now(), list(Tally.objects.values_list("pk", "version", "current", "evidence"))
    consensus_recount(campaign=campaign)
    consensus_aggregate(round=round)
    assert rows_now() == rows
    assert list(Tally.objects.values_list("pk", "version", "current", "evidence")) == tallies
    assert len(tallies) == 1


@pytest.mark.parametrize("name", ["margin", "side-frame"])
def test_an_excluded_workers_votes_leave_closed_rounds_when_they_are_counted_again(
    alice: Any, collection: Any, name: str
) -> None:
    campaign = small_campaign(owner=alice, collection=collection, aggregator=name)
    closed_round(campaign)
    before = {row.question_id: row for row in consensus_of(campaign)}
    participation = excluded(campaign, alice)
    assert {row.pk for row in consensus_of(campaign)} == {row.pk for row in before.values()}, "until it is asked for"
    (tally,) = consensus_recount(campaign=campaign)
    after = {row.question_id: row for row in consensus_of(campaign)}
    theirs = set(Vote.objects.filter(worker=participation.worker_id).values_list("question", flat=True))
    assert theirs
    assert after.keys() == before.keys()
    for question, row in after.items():
        left = Counter(
            Vote.objects.filter(question=question)
            .exclude(worker=participation.worker_id)
            .values_list("choice", flat=True)
        )
        assert row.counts == left
        assert row.version == tally.version != before[question].version
        assert sum(row.counts.values()) == sum(before[question].counts.values()) - (question in theirs)
    assert tally.evidence["excluded"] == [participation.worker.pseudonym]
    assert tally.evidence["votes"] == Vote.objects.exclude(worker=participation.worker_id).count()
    worker_reinstate(participation=participation, by=alice)
    consensus_recount(campaign=campaign)
    assert {row.pk for row in consensus_of(campaign)} == {row.pk for row in before.values()}, "the old rows hold again"


def test_votes_that_count_less_are_other_evidence(campaign: Campaign) -> None:
    closed_round(campaign)
    (before,) = consensus_recount(campaign=campaign)
    worker = Vote.objects.first().worker
    Participation.objects.update_or_create(
        campaign=campaign, worker=worker, defaults={"standing": "downweighted", "weight": 0.5}
    )
    (after,) = consensus_recount(campaign=campaign)
    assert after.version != before.version
    assert after.evidence["counted_less"] == {worker.pseudonym: 0.5}
    question = Vote.objects.filter(worker=worker).first().question
    weight = consensus_of(campaign).get(question=question).weight
    assert weight * 2 == int(weight * 2), "halves"
    assert weight != before.rows.get(question=question).weight


def two_rounds(campaign: Campaign) -> list[Round]:
    made = []
    for seed in (1, 2):
        round = round_open(round=round_propose_balanced(campaign=campaign, per_stimulus=3, seed=seed))
        simulate(round, seed=seed)
        round_finish(round=round_close(round=round))
        made.append(round)
    return made


def test_a_count_of_votes_leaves_earlier_rounds_alone(campaign: Campaign) -> None:
    first, second = two_rounds(campaign)
    assert Consensus.objects.count() == first.size + second.size
    assert set(Tally.objects.values_list("round", "current")) == {(first.pk, True), (second.pk, True)}
    assert consensus_of(campaign, second).count() == second.size


@pytest.mark.parametrize(("name", "weight"), [("side-frame", "raw"), ("dawid-skene", "unit"), ("margin", "calibrated")])
def test_what_learns_counts_all_rounds_together(alice: Any, collection: Any, name: str, weight: str) -> None:
    campaign = small_campaign(owner=alice, collection=collection, aggregator=name, weighting=weight)
    first, second = two_rounds(campaign)
    assert Consensus.objects.count() == 2 * first.size + second.size
    now = Tally.objects.get(current=True)
    assert now.round is None
    assert now.evidence["rounds"] == [1, 2]
    assert consensus_of(campaign).count() == first.size + second.size
    newest = campaign.datasets.first()
    decided = consensus_of(campaign).exclude(winner="").order_by("question").values_list("weight", flat=True)
    assert dataset_load(newest).weight.tolist() == pytest.approx(list(decided))


def test_a_tally_that_was_not_finished_is_not_shown_and_is_finished_later(campaign: Campaign) -> None:
    round, _ = closed_round(campaign)
    rows = set(rows_now())
    consensus_of(campaign).filter(pk__in=sorted(rows)[::2]).delete()
    Tally.objects.update(current=False, counted=None)
    kept = rows_now()
    assert not consensus_of(campaign).exists()
    consensus_recount(campaign=campaign)
    assert consensus_of(campaign).count() == round.size
    assert {key: row for key, row in rows_now().items() if key in kept} == kept
    assert Tally.objects.count() == 1


def test_who_read_the_votes_last_is_believed(campaign: Campaign) -> None:
    round, _ = closed_round(campaign)
    early = timezone.now()
    old = Tally.objects.get()
    excluded(campaign, campaign.owner)
    (new,) = consensus_recount(campaign=campaign)
    tally_hold(tally=old, scope=Scope(campaign, "triplet", campaign.method, round), read=early)
    assert Tally.objects.get(current=True) == new


def test_a_method_that_cannot_use_the_votes_is_refused_and_nothing_changes(campaign: Campaign) -> None:
    closed_round(campaign)
    Vote.objects.filter(pk=Vote.objects.first().pk).update(left="")
    shown = list(consensus_of(campaign).values_list("pk", flat=True))
    with pytest.raises(AnnotationError, match="which candidate was shown on the left"):
        campaign_change(campaign=campaign, aggregator="side-frame", name="Renamed")
    campaign.refresh_from_db()
    assert (campaign.aggregator, campaign.name) == ("margin", "Small campaign")
    assert list(consensus_of(campaign).values_list("pk", flat=True)) == shown


@pytest.mark.parametrize("name", sorted(LABEL_AGGREGATORS))
def test_labels_by_every_method(alice: Any, collection: Any, name: str) -> None:
    campaign = small_campaign(
        owner=alice, collection=collection, kind="label", choices=LABELS, label_aggregator=name, weighting="calibrated"
    )
    round, _ = closed_round(campaign)
    rows = list(label_consensus_of(campaign).order_by("question"))
    keys = [row.question_id for row in rows]
    votes = list(Vote.objects.order_by("question", "worker"))
    workers = sorted({vote.worker_id for vote in votes})
    got = load_label_aggregator(name)(weight="calibrated").fit(
        VoteTable(
            question=np.array([keys.index(vote.question_id) for vote in votes]),
            worker=np.array([workers.index(vote.worker_id) for vote in votes]),
            choice=np.array([int(vote.choice) for vote in votes]),
            n_questions=len(keys),
            n_choices=4,
        )
    )
    assert len(rows) == round.size
    assert [row.winner for row in rows] == ["" if one < 0 else str(one) for one in got.winner]
    assert [row.weight for row in rows] == pytest.approx(got.weight.tolist())
    assert np.array([row.chances for row in rows]) == pytest.approx(got.posterior, abs=1e-8)
    assert [row.posterior for row in rows] == pytest.approx([max(row.chances) for row in rows], abs=1e-8)
    assert all((row.votes_a, row.votes_b, row.method) == (0, 0, f"{name}/calibrated") for row in rows)
    right = [LABELS[int(row.winner)] == row.question.reference.labels["expression"] for row in rows if row.winner]
    assert np.mean(right) > 0.9


def test_triplets_and_labels_have_methods_of_their_own(alice: Any, collection: Any) -> None:
    campaign = small_campaign(
        owner=alice,
        collection=collection,
        kind="both",
        choices=LABELS,
        aggregator="one-coin",
        label_aggregator="dawid-skene",
    )
    closed_round(campaign)
    assert set(Tally.objects.values_list("kind", "method")) == {
        (Question.Kind.TRIPLET, "one-coin/raw"),
        (Question.Kind.LABEL, "dawid-skene/raw"),
    }
    changed = campaign_change(campaign=campaign, label_aggregator="plurality")
    assert set(label_consensus_of(changed).values_list("method", flat=True)) == {"plurality/raw"}
    assert set(consensus_of(changed).values_list("method", flat=True)) == {"one-coin/raw"}


def test_an_unknown_method_is_one_sentence(campaign: Campaign) -> None:
    closed_round(campaign)
    for field in ("aggregator", "label_aggregator", "weighting"):
        with pytest.raises(AnnotationError, match=field):
            campaign_change(campaign=campaign, **{field: "magic"})
    campaign.aggregator = "magic"
    with pytest.raises(AnnotationError, match="no aggregator of triplets called 'magic'"):
        consensus_recount(campaign=campaign)
