"""What calibrates a campaign's margins: gold where there is enough, else a model of its workers, else the table."""

from __future__ import annotations

from collections import Counter
from itertools import combinations
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
from django.utils import timezone

from annotation.models import Assignment, Campaign, Participation, Probe, Question
from annotation.quality.calibration import STRENGTH, standing
from annotation.quality.registry import load_aggregator
from annotation.selectors import calibration as selector
from annotation.selectors.agreement import consensus_of
from annotation.selectors.calibration import calibration_of, gold_counts
from annotation.selectors.votes import campaign_votes
from annotation.services.campaign_settings import campaign_change
from annotation.services.consensus import consensus_recount
from annotation.services.golds import golds_make
from tests.factories import closed_round

pytestmark = pytest.mark.django_db


def answer_golds(campaign: Campaign, right: float, seed: int = 0, count: int = 24) -> None:
    """Gold questions, each answered by six workers who are right with this probability."""
    golds_make(campaign=campaign, gold=count, seed=1)
    rng = np.random.default_rng(seed)
    assignments = {one.worker_id: one for one in Assignment.objects.filter(campaign=campaign).order_by("pk")}
    for place, question in enumerate(campaign.questions.filter(role=Question.Role.GOLD, kind="triplet").order_by("pk")):
        for worker in rng.choice(sorted(assignments), 6, replace=False).tolist():
            wrong = "b" if question.expected == "a" else "a"
            Probe.objects.create(
                assignment=assignments[worker],
                worker_id=worker,
                question=question,
                kind=Probe.Kind.GOLD,
                place=1000 + place,
                left="a",
                choice=question.expected if rng.random() < right else wrong,
                response_ms=900,
                client_id=uuid4(),
                answered=timezone.now(),
            )


def naive_gold(drawn: int) -> tuple[dict[int, float], dict[int, float]]:
    """Expected gold questions, and right ones, by the margin of every way to draw so many answers."""
    asked: dict[int, float] = {}
    right: dict[int, float] = {}
    for question in Question.objects.filter(role="gold"):
        given = list(question.probes.values_list("choice", flat=True))
        draws = list(combinations(given, drawn))
        for draw in draws:
            votes = Counter(draw)
            margin = abs(votes["a"] - votes["b"])
            asked[margin] = asked.get(margin, 0) + 1 / len(draws)
            if max("ab", key=lambda name: votes[name]) == question.expected:
                right[margin] = right.get(margin, 0) + 1 / len(draws)
    return asked, right


def table_by_hand(asked: dict[int, float], right: dict[int, float]) -> dict[int, float]:
    """p by margin 1 to 5: shares with ten questions of the standing table, made to rise by the min-max formula."""
    usual = standing(np.arange(6))
    mass = {margin: asked.get(margin, 0) + STRENGTH for margin in range(1, 6)}
    share = {m: max((right.get(m, 0) + STRENGTH * usual[m]) / mass[m], 0.5) for m in mass}

    def mean(low: int, high: int) -> float:
        between = range(low, high + 1)
        return float(sum(mass[m] * share[m] for m in between) / sum(mass[m] for m in between))

    return {m: max(min(mean(low, high) for high in range(m, 6)) for low in range(1, m + 1)) for m in mass}


def test_weights_by_gold_equal_counting_by_hand(campaign: Campaign) -> None:
    closed_round(campaign)
    answer_golds(campaign, 0.75)
    changed = campaign_change(campaign=campaign, weighting="calibrated")
    asked, right = naive_gold(5)
    p = table_by_hand(asked, right)
    for row in consensus_of(changed):
        assert row.posterior == pytest.approx(p[row.margin])
        assert row.weight == pytest.approx(2 * p[row.margin] - 1)
    (tally,) = consensus_recount(campaign=changed)
    kept = tally.evidence["calibration"]
    assert kept["source"] == "gold"
    assert kept["asked"] == pytest.approx([asked.get(margin, 0) for margin in range(6)], abs=1e-6)
    assert [kept["p"][margin] for margin in (1, 3, 5)] == pytest.approx([p[margin] for margin in (1, 3, 5)], abs=1e-6)


def test_another_gold_answer_is_other_evidence(campaign: Campaign) -> None:
    closed_round(campaign)
    answer_golds(campaign, 0.75)
    (before,) = consensus_recount(campaign=campaign_change(campaign=campaign, weighting="calibrated"))
    probe = Probe.objects.first()
    Probe.objects.filter(pk=probe.pk).update(choice="b" if probe.choice == "a" else "a")
    campaign.refresh_from_db()
    (after,) = consensus_recount(campaign=campaign)
    assert after.version != before.version


@pytest.mark.parametrize("short", [{"count": 12}, {"right": 1.0}])
def test_too_little_gold_or_too_easy_gold_is_left(campaign: Campaign, short: dict[str, Any], monkeypatch: Any) -> None:
    """People agree on easy gold as they never do on what is asked: it says nothing of that."""
    monkeypatch.setattr(selector, "MODEL_LEAST", 50)
    closed_round(campaign)
    answer_golds(campaign, **{"right": 0.75, **short})
    assert len(gold_counts(campaign)) > 0
    assert calibration_of(campaign, campaign_votes(campaign)).source == "posterior"


def test_gold_answers_that_do_not_count_are_left_out(campaign: Campaign) -> None:
    closed_round(campaign)
    answer_golds(campaign, 0.75)
    whole = gold_counts(campaign)
    assert whole[:, :2].sum() == Probe.objects.count()
    worker = Probe.objects.first().worker_id
    theirs = Probe.objects.filter(worker=worker).count()
    Participation.objects.update_or_create(
        campaign=campaign, worker_id=worker, defaults={"standing": "excluded", "weight": 0}
    )
    unsure = Probe.objects.exclude(worker=worker).first()
    Probe.objects.filter(pk=unsure.pk).update(choice="x")
    assert gold_counts(campaign)[:, :2].sum() == Probe.objects.count() - theirs - 1


def test_weights_by_the_model_equal_counting_by_hand(campaign: Campaign, monkeypatch: Any) -> None:
    monkeypatch.setattr(selector, "MODEL_LEAST", 50)
    closed_round(campaign)
    changed = campaign_change(campaign=campaign, weighting="calibrated")
    votes = campaign_votes(changed)
    model = load_aggregator("side-frame")().fit(votes.table).posterior
    asked, right = dict.fromkeys(range(6), 0.0), dict.fromkeys(range(6), 0.0)
    for row, question in enumerate(Question.objects.filter(role="asked").order_by("pk")):
        told = Counter(question.votes.values_list("choice", flat=True))
        margin = abs(told["a"] - told["b"])
        asked[margin] += 1
        right[margin] += model[row, int(told["b"] > told["a"])]
    p = table_by_hand(asked, right)
    for row in consensus_of(changed):
        assert row.weight == pytest.approx(2 * p[row.margin] - 1)
    (tally,) = consensus_recount(campaign=changed)
    assert tally.evidence["calibration"]["source"] == "posterior"


def test_few_questions_or_unknown_sides_leave_the_standing_table(campaign: Campaign, monkeypatch: Any) -> None:
    round, _ = closed_round(campaign)
    assert round.size < selector.MODEL_LEAST
    assert calibration_of(campaign, campaign_votes(campaign)).source == "standing"
    monkeypatch.setattr(selector, "MODEL_LEAST", 50)
    assert calibration_of(campaign, campaign_votes(campaign)).source == "posterior"
    round.questions.first().votes.update(left="")
    assert calibration_of(campaign, campaign_votes(campaign)).source == "standing"
    changed = campaign_change(campaign=campaign, weighting="calibrated")
    assert {(row.margin, round_to(row.weight)) for row in consensus_of(changed)} <= {(5, 0.94), (3, 0.822), (1, 0.4)}


def round_to(value: float) -> float:
    return round(value, 6)
