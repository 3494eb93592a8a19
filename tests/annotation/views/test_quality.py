"""The quality page: who may see it, and every figure derived again from the raw votes by plain loops."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from statistics import median
from typing import Any

import pytest

from annotation.models import Campaign, Consensus, Participation, Question, Vote
from annotation.quality.registry import load_aggregator
from annotation.selectors.quality import campaign_quality
from annotation.selectors.votes import campaign_votes
from annotation.services.workers import worker_get
from tests.annotation.views.quality_naive import (
    answers,
    margin_of,
    naive_alpha,
    naive_kappa,
    naive_others,
    naive_percent,
    naive_plurality,
    percent_text,
    plain,
    raw,
    round_of,
)
from tests.factories import small_campaign

pytestmark = pytest.mark.django_db


@pytest.fixture
def page(client: Any, alice: Any, counted: Campaign) -> Any:
    client.force_login(alice)
    return lambda query="": client.get(f"/campaigns/{counted.slug}/quality/{query}")


KINDS = [("triplet", 2), ("label", 3)]


@pytest.mark.parametrize(("kind", "choices"), KINDS)
def test_agreement_and_the_ceiling_are_of_the_votes(page: Any, counted: Campaign, kind: str, choices: int) -> None:
    by_question = answers(raw(counted, kind))
    shown = page(f"?kind={kind}").context["shown"]
    assert [row.text for row in shown.headline] == [
        percent_text(naive_percent(by_question)),
        plain(naive_alpha(by_question)),
        plain(naive_kappa(by_question)),
    ]
    assert [row.text for row in shown.ceiling.rows[:3]] == [
        percent_text(naive_percent(by_question)),
        percent_text(naive_others(by_question, choices)),
        percent_text(naive_plurality(by_question)),
    ]
    facts = {name: figure for name, figure, _ in shown.facts}
    assert facts["Votes"] == f"{sum(map(len, by_question.values())):,}"
    assert facts["Questions"] == f"{len(by_question):,}"
    assert facts["People"] == str(len({vote.worker_id for vote in raw(counted, kind)}))


@pytest.mark.parametrize(("kind", "choices"), KINDS)
def test_intervals_hold_their_figure_and_narrow_with_more_votes(
    page: Any, counted: Campaign, kind: str, choices: int
) -> None:
    found = campaign_quality(counted, kind)
    whole, parts = found.agreement.alpha, [one.alpha for _, one in found.by_round]
    for one in (whole, *parts, found.agreement.kappa, found.ceiling.others, found.ceiling.plurality):
        assert one.low < one.value < one.high
    assert len(parts) == 1 or all(whole.high - whole.low < one.high - one.low for one in parts)


@pytest.mark.parametrize(("kind", "choices"), KINDS)
def test_each_round_and_split_has_its_own_agreement(page: Any, counted: Campaign, kind: str, choices: int) -> None:
    votes = raw(counted, kind)
    parts = {"All": votes}
    for number in sorted({vote.question.round.number for vote in votes}):
        parts[f"Round {number}"] = [vote for vote in votes if vote.question.round.number == number]
    if len(parts) == 2:
        del parts["Round 1"]
    for split, name in ((0, "Train"), (1, "Validation"), (2, "Test")):
        parts[name] = [vote for vote in votes if vote.question.split == split]
    rows = page(f"?kind={kind}").context["shown"].part_rows
    assert [row[0] for row in rows] == [name for name, part in parts.items() if part]
    for row in rows:
        by_question = answers(parts[row[0]])
        assert row[1] == str(sum(len(given) >= 2 for given in by_question.values()))
        assert row[2] == percent_text(naive_percent(by_question))
        assert row[3] == plain(naive_alpha(by_question))
        assert row[5] == plain(naive_kappa(by_question))


@pytest.mark.parametrize(("kind", "choices"), KINDS)
def test_the_table_by_margin(page: Any, counted: Campaign, kind: str, choices: int) -> None:
    by_question = answers(raw(counted, kind))
    counted_by = Counter(margin_of(given) for given in by_question.values())
    expected = [
        ["Tie" if margin == 0 else str(margin), f"{count:,}", percent_text(count / len(by_question))]
        for margin, count in sorted(counted_by.items(), reverse=True)
    ]
    shown = page(f"?kind={kind}").context["shown"]
    assert [row[:3] for row in shown.margins] == expected
    # Raw weights are the margins themselves.
    assert [row[4] for row in shown.margins] == [plain(margin) for margin in sorted(counted_by, reverse=True)]
    assert [one.count for one in shown.margin_columns] == [row[1] for row in expected]


def test_how_often_a_majority_is_right_follows_from_the_evidence(page: Any, counted: Campaign) -> None:
    """The evidence, standing table and pooling written out; here it comes from the model's posterior."""
    shown = page("?kind=triplet").context["shown"]
    assert "the model of workers" in shown.source
    votes = campaign_votes(counted, rounds=[1, 2])
    posterior = load_aggregator("side-frame")().fit(votes.table).posterior
    seen: dict[int, list[float]] = defaultdict(list)
    for key, given in answers(raw(counted, "triplet")).items():
        margin = margin_of(given)
        if margin and len(given) >= 3:
            winner = "ab".index(Counter(given).most_common(1)[0][0])
            seen[margin].append(posterior[list(votes.keys).index(key), winner])
    log_odds = {one: math.log(p / (1 - p)) for one, p in ((1, 0.7), (3, 0.911), (5, 0.97))}
    log_odds |= {2: (log_odds[1] + log_odds[3]) / 2, 4: (log_odds[3] + log_odds[5]) / 2}
    right = {row.margin: row.right for row in campaign_quality(counted, "triplet").margins}
    masses = {one: len(seen[one]) + 10 for one in range(1, max(seen) + 1)}
    sums = {one: sum(seen[one]) + 10 / (1 + math.exp(-log_odds[one])) for one in masses}

    def mean(low: int, high: int) -> float:
        return sum(sums[one] for one in range(low, high + 1)) / sum(masses[one] for one in range(low, high + 1))

    # Isotonic regression, by its minimax formula.
    expected = {
        one: max(min(mean(low, high) for high in masses if high >= one) for low in masses if low <= one)
        for one in masses
    }
    assert {one: right[one] for one in seen} == pytest.approx({one: expected[one] for one in seen}, abs=1e-9)
    assert right.get(0, 0.5) == 0.5
    assert [row[3] for row in shown.margins] == [percent_text(one) for one in right.values()]


@pytest.mark.parametrize(("kind", "choices"), KINDS)
def test_the_most_disputed_come_first(page: Any, counted: Campaign, kind: str, choices: int) -> None:
    by_question = answers(raw(counted, kind))
    several = {key: given for key, given in by_question.items() if len(given) >= 2}
    order = sorted(several, key=lambda key: (margin_of(several[key]) / len(several[key]), -len(several[key]), key))
    response = page(f"?kind={kind}")
    cards = response.context["shown"].disputed
    assert [card.question.pk for card in cards] == order[:12]
    names = ["a", "b"] if kind == "triplet" else [str(place) for place in range(choices)]
    for card in cards:
        given = Counter(by_question[card.question.pk])
        assert [option.votes for option in card.options] == [given[name] for name in names]
        unsure = Vote.objects.filter(question=card.question, choice="x").count()
        assert card.unsure == unsure
    html = response.content.decode()
    ids = [int(one) for one in re.findall(r'aria-label="Question (\d+)"', html)]
    assert ids == order[:12]


def test_the_share_of_answers_on_the_left(page: Any, counted: Campaign) -> None:
    votes = raw(counted, "triplet")
    left = sum(vote.choice == vote.left for vote in votes)
    row = page("?kind=triplet").context["shown"].left
    assert row.text == percent_text(left / len(votes))
    assert row.detail == f"{left:,} of {len(votes):,}"
    n, p, z = len(votes), left / len(votes), 1.96
    middle, half = (p + z * z / (2 * n)) / (1 + z * z / n), z * (p * (1 - p) / n + z * z / (4 * n * n)) ** 0.5
    half /= 1 + z * z / n
    assert row.interval == f"{100 * (middle - half):.1f}–{100 * (middle + half):.1f} %"
    assert page("?kind=label").context["shown"].left is None


@pytest.mark.parametrize(("kind", "choices"), KINDS)
def test_response_times(page: Any, counted: Campaign, kind: str, choices: int) -> None:
    few = Vote.objects.filter(question__campaign=counted, question__kind=kind)
    first = few.order_by("pk")
    for number, ms in enumerate((0, 299, 300, 799, 800, 60_000, 60_001, 3_600_000)):
        Vote.objects.filter(pk=first[number].pk).update(response_ms=ms)
    times = list(few.values_list("response_ms", flat=True))
    shown = page(f"?kind={kind}").context["shown"]
    expected = {
        "Under 300 ms": sum(ms < 300 for ms in times),
        "Under 800 ms": sum(ms < 800 for ms in times),
        "Over 60 s": sum(ms > 60_000 for ms in times),
    }
    middle = median(times)
    assert shown.time_facts[0][1] == (f"{middle:.0f} ms" if middle < 1000 else f"{middle / 1000:.1f} s")
    assert {name: detail for name, _, detail in shown.time_facts[1:]} == {k: f"{v:,}" for k, v in expected.items()}
    assert [share for _, share, _ in shown.time_facts[1:]] == [
        percent_text(count / len(times)) for count in expected.values()
    ]
    for column in shown.time_columns:
        low, _, high = column.label.partition("–")
        start = 1000 * float(low.rstrip("+"))
        end = 1000 * float(high) if high else float("inf")
        assert column.count == f"{sum(start <= ms < end for ms in times):,}"
    assert sum(int(one.count.replace(",", "")) for one in shown.time_columns) == len(times)


def test_labels_kept_are_those_that_enough_agree_on(page: Any, counted: Campaign) -> None:
    by_question = answers(raw(counted, "label"))
    votes = Counter(choice for given in by_question.values() for choice in given)
    kept: Counter[str] = Counter()
    for given in by_question.values():
        label, count = Counter(given).most_common(1)[0]
        if count >= 3:
            kept[label] += 1
    shown = page("?kind=label").context["shown"]
    assert [one.votes for one in shown.labels] == [str(votes[str(place)]) for place in range(3)]
    assert [one.kept for one in shown.labels] == [str(kept[str(place)]) for place in range(3)]
    assert shown.kept.startswith(f"{sum(kept.values())} of {len(by_question)} stimuli keep a label: 3 votes")


def test_every_figure_reaches_the_page(page: Any) -> None:
    response = page("?kind=triplet")
    html, shown = response.content.decode(), response.context["shown"]
    figures = [figure for _, figure, _ in (*shown.facts, *shown.time_facts)]
    figures += [row.text for row in (*shown.headline, *shown.ceiling.rows, shown.left)]
    figures += [row.interval for row in (*shown.headline, *shown.ceiling.rows, shown.left)]
    figures += [cell for row in (*shown.margins, *shown.part_rows) for cell in row]
    assert [one for one in figures if one not in html] == []
    assert html.count('class="scatter') == 0 or html.count("<circle class=") == len(shown.dots)
    assert "w3" not in re.findall(r"<title>(\w+):", html)  # by pseudonym only


def test_roles(client: Any, counted: Campaign, alice: Any, bob: Any, mallory: Any, admin: Any) -> None:
    body = {"kind": "triplet", "method": "one-coin", "weighting": "unit"}
    for user, status in {None: 302, bob: 403, mallory: 404, alice: 200, admin: 200}.items():
        client.logout()
        if user:
            client.force_login(user)
        assert client.get(f"/campaigns/{counted.slug}/quality/").status_code == status
        posted = client.post(f"/campaigns/{counted.slug}/quality/apply/", body)
        assert posted.status_code == (302 if status == 200 else status)
        counted.refresh_from_db()
        assert counted.aggregator == ("one-coin" if status == 200 else "margin")
        Campaign.objects.update(aggregator="margin", weighting="raw")


def test_a_campaign_that_nobody_has_answered(client: Any, alice: Any, campaign: Campaign, open_round: Any) -> None:
    client.force_login(alice)
    for query in ("", "?kind=label", "?kind=nonsense&method=margin&weighting=raw", "?method=side-frame&weighting=raw"):
        response = client.get(f"/campaigns/{campaign.slug}/quality/{query}")
        assert response.status_code == 200
        assert "Nobody has answered yet." in response.content.decode()


def test_one_vote_alone_is_no_agreement(client: Any, alice: Any, campaign: Campaign, open_round: Any) -> None:
    from annotation.services.assignments import assignment_claim
    from tests.factories import answer_all

    answer_all(assignment_claim(campaign=campaign, worker=worker_get(channel="test", external_id="only")))
    client.force_login(alice)
    response = client.get(f"/campaigns/{campaign.slug}/quality/?method=side-frame&weighting=raw")
    html = response.content.decode()
    assert [row.text for row in response.context["shown"].headline] == ["–", "–", "–"]
    assert "No question has two votes yet." in html
    assert "No round is closed yet" in html


def test_as_many_queries_for_two_rounds_as_for_one(
    client: Any, alice: Any, collection: Any, django_assert_max_num_queries: Any
) -> None:
    made = small_campaign(owner=alice, collection=collection)
    round_of(made, 1)
    round_of(made, 2)
    client.force_login(alice)
    with django_assert_max_num_queries(26):
        assert client.get(f"/campaigns/{made.slug}/quality/").status_code == 200
    assert Consensus.objects.exists()
    assert Question.objects.filter(campaign=made, round__number=2).exists()
    assert Participation.objects.filter(campaign=made).count() == 9
