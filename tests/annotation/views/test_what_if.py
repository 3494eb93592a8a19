"""“What would change”: what it says before is what is there after, and looking changes nothing."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import pytest

from annotation.models import Campaign, Consensus, Dataset, Participation, Question, UncountedVote, Vote
from annotation.quality.side_bias import left_when_unsure
from annotation.selectors.agreement import consensus_of
from annotation.selectors.label_agreement import label_consensus_of
from annotation.selectors.quality_people import campaign_people
from annotation.services.workers import worker_get
from tests.annotation.views.quality_naive import (
    answers,
    naive_alpha,
    naive_others,
    naive_others_agree,
    naive_side_frame,
    percent_text,
    plain,
    raw,
)
from tests.factories import small_campaign

pytestmark = pytest.mark.django_db
CLOSED = {"question__round__status": "closed"}


@pytest.fixture
def ask(client: Any, alice: Any, counted: Campaign) -> Any:
    client.force_login(alice)

    def outcome(**query: Any) -> Any:
        response = client.get(f"/campaigns/{counted.slug}/quality/", {"kind": "triplet", **query})
        assert response.status_code == 200
        return response.context["what_if"].outcome, response

    return outcome


@pytest.fixture
def apply(client: Any, alice: Any, counted: Campaign) -> Any:
    client.force_login(alice)
    return lambda **body: client.post(f"/campaigns/{counted.slug}/quality/apply/", body, follow=True)


def worker(name: str) -> Participation:
    return Participation.objects.get(campaign__name="Small campaign", worker__external_id=name)


def winners(campaign: Campaign, kind: str = "triplet") -> dict[int, str]:
    rows = consensus_of(campaign) if kind == "triplet" else label_consensus_of(campaign)
    return dict(rows.values_list("question", "winner"))


def majority(given: list[str]) -> str:
    ranked = Counter(given).most_common()
    return "" if not ranked or (len(ranked) > 1 and ranked[0][1] == ranked[1][1]) else ranked[0][0]


def test_looking_changes_nothing(ask: Any, counted: Campaign) -> None:
    before = list(Consensus.objects.order_by("pk").values())
    standing = list(Participation.objects.order_by("pk").values())
    ask(method="side-frame", weighting="calibrated", without=worker("w5").worker_id)
    counted.refresh_from_db()
    assert (counted.aggregator, counted.weighting) == ("margin", "raw")
    assert list(Consensus.objects.order_by("pk").values()) == before
    assert list(Participation.objects.order_by("pk").values()) == standing


def test_without_a_worker_by_hand(ask: Any, counted: Campaign) -> None:
    out = worker("w5").worker_id
    now = raw(counted, "triplet", **CLOSED)
    then = [vote for vote in now if vote.worker_id != out]
    outcome, response = ask(method="margin", weighting="raw", without=out)
    before = {key: majority(given) for key, given in answers(now).items()}
    after = {key: majority(answers(then).get(key, [])) for key in before}
    changed = {key for key in before if before[key] != after[key]}
    change = outcome.change
    assert {int(change.keys[row]) for row in change.shown} == changed
    assert changed
    assert len(change.other) == sum(bool(before[key] and after[key]) for key in changed)
    assert len(change.lost) == sum(bool(before[key] and not after[key]) for key in changed)
    assert len(change.won) == sum(bool(after[key] and not before[key]) for key in changed)
    figures = {one.name: (one.now, one.then) for one in outcome.figures}
    assert figures["Votes counted"] == (f"{len(now):,}", f"{len(then):,}")
    assert figures["Triplets in a dataset"] == (
        f"{sum(map(bool, before.values())):,}",
        f"{sum(map(bool, after.values())):,}",
    )
    assert figures["Krippendorff’s α"] == (plain(naive_alpha(answers(now))), plain(naive_alpha(answers(then))))
    assert figures["The others predict a person"] == (
        percent_text(naive_others(answers(now), 2)),
        percent_text(naive_others(answers(then), 2)),
    )
    margins = {key: abs(given.count("a") - given.count("b")) for key, given in answers(now).items()}
    fewer = {key: abs(answers(then)[key].count("a") - answers(then)[key].count("b")) for key in answers(then)}
    for row in outcome.change.weights:
        keys = [key for key, margin in margins.items() if margin == row.margin]
        assert row.questions == len(keys)
        assert row.now == pytest.approx(row.margin)
        expected = sum(fewer.get(key, 0) for key in keys if after[key]) / len(keys)
        assert row.then == pytest.approx(expected)
    html = response.content.decode()
    assert f"{len(changed)} <small>of {len(before)} questions" in html
    assert "This is how the campaign counts now" not in html
    assert f"{worker('w5').worker.pseudonym} is excluded: others are asked again" in html
    # The dozen shown say what each was and would be.
    for card in outcome.cards:
        key = card.card.question.pk
        names = {"a": card.card.question.a.key, "b": card.card.question.b.key, "": "level"}
        assert (card.now, card.then) == (names[before[key]], names[after[key]])
    assert len(outcome.cards) == min(len(changed), 12)


def test_an_excluded_worker_counts_again(ask: Any, counted: Campaign) -> None:
    who = worker("w2")
    Participation.objects.filter(pk=who.pk).update(standing="excluded", weight=0)
    outcome, response = ask(method="margin", weighting="raw", back=who.worker_id)
    votes = raw(counted, "triplet", **CLOSED)
    kept = [vote for vote in votes if vote.worker_id != who.worker_id]
    figures = {one.name: (one.now, one.then) for one in outcome.figures}
    assert figures["Votes counted"] == (f"{len(kept):,}", f"{len(votes):,}")
    assert f"{who.worker.pseudonym} is reinstated" in response.content.decode()
    # Who is not excluded cannot be let in, and who is cannot be left out once more.
    same, _ = ask(method="margin", weighting="raw", without=who.worker_id)
    assert same.figures[0].now == f"{len(kept):,}"


@pytest.mark.parametrize(
    ("kind", "method", "weighting"),
    [
        ("triplet", "side-frame", "calibrated"),
        ("triplet", "margin", "calibrated"),
        ("triplet", "one-coin", "unit"),
        ("label", "dawid-skene", "calibrated"),
    ],
)
def test_what_is_shown_before_is_what_is_there_after(
    ask: Any, apply: Any, counted: Campaign, kind: str, method: str, weighting: str
) -> None:
    frozen = list(Dataset.objects.values_list("content_sha256", "file_sha256"))
    before = winners(counted, kind)
    outcome, _ = ask(kind=kind, method=method, weighting=weighting)
    text = apply(kind=kind, method=method, weighting=weighting).content.decode()
    assert "Closed rounds are counted by" in text
    counted.refresh_from_db()
    field = "aggregator" if kind == "triplet" else "label_aggregator"
    assert (getattr(counted, field), counted.weighting) == (method, weighting)
    after = winners(counted, kind)
    change = outcome.change
    assert {key for key in after if after[key] != before[key]} == {int(change.keys[row]) for row in change.shown}
    rows = consensus_of(counted) if kind == "triplet" else label_consensus_of(counted)
    weights = dict(rows.values_list("question", "weight"))
    got = dict(zip(change.keys.tolist(), change.then.fitted.result.weight.tolist(), strict=True))
    assert weights == pytest.approx(got, abs=1e-6)
    assert change.then.decided == sum(map(bool, after.values()))
    assert list(Dataset.objects.values_list("content_sha256", "file_sha256")) == frozen
    again, _ = ask(kind=kind, method=method, weighting=weighting)
    assert (again.change.changed, again.steps) == (0, [])


def test_leaving_somebody_out_is_applied_with_the_method(ask: Any, apply: Any, counted: Campaign, alice: Any) -> None:
    who, back = worker("w5"), worker("w2")
    Participation.objects.filter(pk=back.pk).update(standing="excluded", weight=0)
    frozen = list(Dataset.objects.values_list("content_sha256", flat=True))
    query = {"method": "side-frame", "weighting": "calibrated", "without": who.worker_id, "back": back.worker_id}
    outcome, _ = ask(**query)
    text = apply(kind="triplet", **query).content.decode()
    assert f"{who.worker.pseudonym} is excluded." in text
    assert f"{back.worker.pseudonym} is in good standing again." in text
    who.refresh_from_db()
    back.refresh_from_db()
    assert (who.standing, who.decided_by, back.standing, back.weight) == ("excluded", alice, "good", 1)
    change = outcome.change
    got = change.then.fitted.result
    expected = dict(zip(change.keys.tolist(), ["ab"[one] if one >= 0 else "" for one in got.winner], strict=True))
    counted.refresh_from_db()
    assert winners(counted) == expected
    weights = dict(consensus_of(counted).values_list("question", "weight"))
    assert weights == pytest.approx(dict(zip(change.keys.tolist(), got.weight.tolist(), strict=True)), abs=1e-6)
    assert UncountedVote.objects.filter(worker=who.worker_id, reason="excluded").exists()  # of the open round
    assert list(Dataset.objects.values_list("content_sha256", flat=True)) == frozen
    assert "is excluded already" in apply(kind="triplet", **query).content.decode()


def test_nobody_of_another_campaign_is_touched(apply: Any, counted: Campaign, alice: Any, collection: Any) -> None:
    other = small_campaign(owner=alice, collection=collection, name="Other")
    who = worker("w1")
    elsewhere = Participation.objects.create(campaign=other, worker=who.worker)
    only = Participation.objects.create(campaign=other, worker=worker_get(channel="test", external_id="elsewhere"))
    apply(kind="triplet", method="margin", weighting="raw", without=[who.worker_id, only.worker_id])
    for one in (elsewhere, only, who):
        one.refresh_from_db()
    assert (elsewhere.standing, only.standing, who.standing) == ("good", "good", "excluded")


def test_a_method_that_there_is_not_changes_nothing(ask: Any, apply: Any, counted: Campaign) -> None:
    for bad in ({"method": "magic", "weighting": "raw"}, {"method": "margin", "weighting": "heavy"}):
        outcome, response = ask(**bad)
        assert outcome is None
        assert "That is no method, or no weighting." in response.content.decode()
        assert "That is no method, or no weighting." in apply(kind="triplet", **bad).content.decode()
    assert "does not ask such questions" in apply(kind="x", method="margin", weighting="unit").content.decode()
    assert "no method" in apply(kind="label", method="side-frame", weighting="raw").content.decode()
    counted.refresh_from_db()
    assert (counted.aggregator, counted.label_aggregator, counted.weighting) == ("margin", "plurality", "raw")


def test_names_that_are_nobodys_change_nothing(ask: Any, counted: Campaign) -> None:
    outcome, _ = ask(method="margin", weighting="raw", without=["999999", "x", "-1", "9" * 40], back=["999999"])
    assert outcome.change.changed == 0
    assert not outcome.left_out
    assert not outcome.let_in


def test_votes_whose_side_nobody_noted_refuse_the_model_of_sides(ask: Any, counted: Campaign) -> None:
    Vote.objects.filter(question__kind="triplet").update(left="")
    outcome, response = ask(method="side-frame", weighting="calibrated")
    assert outcome is None
    assert "side-frame needs to know which candidate was shown on the left" in response.content.decode()
    assert response.context["shown"].left is None
    assert all(math.isnan(one.lean) for one in campaign_people(counted).values())


def test_skill_and_side_bias_are_those_of_the_votes(client: Any, alice: Any, counted: Campaign) -> None:
    votes = raw(counted, "triplet")
    posterior, sides = naive_side_frame(votes)
    others = naive_others_agree(votes)
    people = campaign_people(counted)
    assert set(people) == {vote.worker_id for vote in votes}
    for key, person in people.items():
        mine = [vote for vote in votes if vote.worker_id == key]
        right = sum(
            posterior[vote.question_id] if vote.choice == "b" else 1 - posterior[vote.question_id] for vote in mine
        )
        assert person.votes == len(mine)
        assert person.skill == pytest.approx(right / len(mine), abs=1e-4)
        assert person.others == pytest.approx(others[key])
        piles = [sides[key][truth][chosen] + (2 if truth == chosen else 1) for truth in (0, 1) for chosen in (0, 1)]
        bias = (math.log(piles[0] / piles[1]) + math.log(piles[2] / piles[3])) / 2
        half = 1.96 / 2 * math.sqrt(sum(1 / pile for pile in piles))
        expected = [float(left_when_unsure(one)) for one in (bias, bias - half, bias + half)]  # type: ignore[arg-type]
        assert [person.lean, person.lean_low, person.lean_high] == pytest.approx(expected, abs=1e-3)
        assert person.skill_low < person.skill < person.skill_high
    leaning = Participation.objects.get(worker__external_id="w3").worker_id
    assert people[leaning].leans
    assert people[leaning].lean > 0.6
    client.force_login(alice)
    cards = client.get(f"/campaigns/{counted.slug}/workers/").context["cards"]
    assert len(cards) == len(people)
    for card in cards:
        person = people[card.participation.worker_id]
        assert card.skills[0][1].text == f"{100 * person.skill:.0f} %"
        assert card.lean.text == f"{100 * person.lean:.0f} %"
        assert card.others == f"{100 * person.others:.0f} %"
        assert len(card.skills) == 2  # labels too


def test_an_excluded_worker_is_judged_by_the_others_alone(counted: Campaign) -> None:
    who = worker("w5")
    everybody = campaign_people(counted)
    Participation.objects.filter(pk=who.pk).update(standing="excluded", weight=0)
    found = campaign_people(counted)
    kept = [vote for vote in raw(counted, "triplet") if vote.worker_id != who.worker_id]
    posterior, _ = naive_side_frame(kept)
    mine = [vote for vote in raw(counted, "triplet") if vote.worker_id == who.worker_id]
    right = sum(
        posterior.get(vote.question_id, 0.5) if vote.choice == "b" else 1 - posterior.get(vote.question_id, 0.5)
        for vote in mine
    )
    assert found[who.worker_id].skill == pytest.approx(right / len(mine), abs=1e-4)
    assert found[who.worker_id].skill != everybody[who.worker_id].skill
    assert not UncountedVote.objects.exists()
    assert Question.objects.filter(votes__worker=who.worker_id).exists()
