"""The votes of a campaign as arrays, against one vote after the other."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from annotation.models import Campaign, Participation, Question, Vote
from annotation.selectors.votes import campaign_votes
from annotation.services.proposals import round_propose_balanced
from annotation.services.rounds import round_open
from tests.factories import closed_round, simulate, small_campaign

pytestmark = pytest.mark.django_db


@pytest.fixture
def both(alice: Any, collection: Any) -> Campaign:
    """A closed round of triplets and labels, some of whose answers are "can't tell", and an open one."""
    choices = ["neutral", "happy", "sad", "angry"]
    campaign = small_campaign(owner=alice, collection=collection, kind="both", choices=choices, cant_tell=True)
    closed_round(campaign)
    for vote in Vote.objects.order_by("pk")[::7]:
        Vote.objects.filter(pk=vote.pk).update(choice="x")
    simulate(round_open(round=round_propose_balanced(campaign=campaign, per_stimulus=3)), seed=4)
    return campaign


@pytest.mark.parametrize("kind", ["triplet", "label"])
@pytest.mark.parametrize("rounds", [None, [1], [1, 2], [2], []])
def test_the_arrays_are_the_votes(both: Campaign, kind: str, rounds: list[int] | None) -> None:
    got = campaign_votes(both, kind=kind, rounds=rounds)
    questions = list(
        Question.objects.filter(kind=kind, round__number__in=[1] if rounds is None else rounds).order_by("pk")
    )
    assert got.keys.tolist() == [one.pk for one in questions]
    assert got.round.tolist() == [one.round.number for one in questions if one.round]
    assert got.split.tolist() == [one.split for one in questions]
    assert got.wanted.tolist() == [one.wanted for one in questions]
    assert got.workers.tolist() == sorted(set(got.workers.tolist()))
    table = got.table
    assert table.n_choices == (2 if kind == "triplet" else 4)
    given = Counter(
        (got.keys[question], got.workers[worker], str(choice) if kind == "label" else "ab"[choice])
        for question, worker, choice in zip(
            table.question.tolist(), table.worker.tolist(), table.choice.tolist(), strict=True
        )
    )
    votes = Vote.objects.filter(question__in=questions)
    assert given == Counter(votes.exclude(choice="x").values_list("question", "worker", "choice"))
    unsure = Counter(votes.filter(choice="x").values_list("question", flat=True))
    assert got.counts_x.tolist() == [unsure[one.pk] for one in questions]
    if kind == "triplet":
        assert table.left is not None
        left = {(vote.question_id, vote.worker_id): "ab".index(vote.left) for vote in votes}
        pairs = zip(got.keys[table.question].tolist(), got.workers[table.worker].tolist(), strict=True)
        assert table.left.tolist() == [left[pair] for pair in pairs]
    else:
        assert table.left is None


def test_a_vote_whose_side_is_not_known_leaves_none(both: Campaign) -> None:
    Vote.objects.filter(pk=Vote.objects.filter(question__kind="triplet").exclude(choice="x").first().pk).update(left="")
    assert campaign_votes(both).table.left is None


def test_standing_weighs_votes_or_leaves_them_out(both: Campaign) -> None:
    whole = campaign_votes(both)
    first, second = whole.workers[:2].tolist()
    assert whole.table.weighted is None
    for worker, standing, weight in ((first, "excluded", 0.0), (second, "downweighted", 0.5)):
        Participation.objects.update_or_create(
            campaign=both, worker_id=worker, defaults={"standing": standing, "weight": weight}
        )
    got = campaign_votes(both)
    assert first not in got.workers
    assert len(got.table) == Vote.objects.filter(
        question__round__number=1, question__kind="triplet"
    ).exclude(choice="x").exclude(worker=first).count()  # fmt: skip
    assert got.table.weight is not None
    weights = set(zip(got.workers[got.table.worker].tolist(), got.table.weight.tolist(), strict=True))
    assert weights == {(worker, 0.5 if worker == second else 1.0) for worker in got.workers.tolist()}
    again = campaign_votes(both, with_excluded=True)
    assert again.workers.tolist() == whole.workers.tolist()
    assert again.table.question.tolist() == whole.table.question.tolist()
    assert again.table.weight is not None
    assert set(again.table.weight[again.table.worker == 0].tolist()) == {1.0}


def test_a_campaign_without_votes_has_empty_arrays(campaign: Campaign) -> None:
    got = campaign_votes(campaign)
    assert (len(got.keys), len(got.table), len(got.workers)) == (0, 0, 0)
