"""The loop as people go through it: a campaign made, a bundle answered, a round closed, its weights seen."""

from __future__ import annotations

import csv
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from annotation.models import Assignment, Campaign, Dataset, Question, Round, Vote
from annotation.selectors.queue import assignment_questions
from tests.browser.pages import asked, pictures, saved, sign_in, stimulus_of
from tests.browser.world import faces
from tests.factories import simulate

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
_CARD = """(cards) => cards.map((card) => ({
  question: Number(card.getAttribute("aria-label").split(" ")[1]),
  keys: [...card.querySelectorAll("img")].map((one) => one.alt.split(" ")[1]),
  winner: card.querySelector(".winner img")?.alt.split(" ")[1] ?? null,
  footer: card.querySelector("footer").innerText,
}))"""


def test_a_campaign_is_made_answered_and_closed_and_shows_its_weights(
    windows: Any, workers: Any, alice: Any, bob: Any, tmp_path: Path
) -> None:
    collection = faces(owner=alice, people=6)
    lab = windows.open()
    lab.goto("/campaigns/new/")
    sign_in(lab, "alice")
    assert lab.url.endswith("/campaigns/new/"), "signing in leads to where one was going"
    _make_campaign(lab)
    campaign = Campaign.objects.get()
    assert (campaign.status, campaign.collection, campaign.hit_size) == ("draft", collection, 10)
    lab.get_by_role("button", name="Start").click()
    expect(lab.get_by_text("Its first round is open.")).to_be_visible()

    first = Round.objects.get()
    _answer_a_bundle(windows.open(), campaign)
    bundle = Assignment.objects.get()
    assert bundle.status == Assignment.Status.SUBMITTED
    expect(lab.locator("#live .facts")).to_contain_text(f"10 of {3 * first.questions.count()}")
    assert simulate(first, workers=9) == 3 * first.questions.count() - 10

    dataset = _close_round(lab, workers, first)
    _see_weights(lab, first)
    _download(lab, campaign, dataset, tmp_path)
    _propose_and_open(lab, campaign)


def _make_campaign(lab: Page) -> None:
    lab.get_by_label("Name").fill("Which is more alike?")
    lab.get_by_label("Triplets per stimulus").fill("1")
    lab.get_by_label("Votes per question").select_option("3")
    lab.get_by_label("Questions in a bundle").fill("10")
    _set_aside(lab)
    estimate = lab.locator("#estimate").inner_text()
    lab.get_by_role("button", name="Create the draft").click()
    expect(lab.get_by_role("heading", level=1, name="Which is more alike?")).to_be_visible()
    expect(lab.locator(".badge.proposed")).to_have_count(1)
    count = Question.objects.count()
    assert estimate.startswith(f"150 stimuli make {count} triplets in {-(-count // 10)} bundles: {3 * count} votes")


def _set_aside(lab: Page) -> None:
    """What most never need is folded away: here the checks are taken out, and a map's colours named."""
    expect(lab.get_by_label("Practice questions")).to_be_hidden()
    lab.get_by_text("Honest work").click()
    for field in ("Practice questions", "Attention checks", "Repeats", "first three bundles", "later bundles"):
        lab.get_by_label(field).fill("0")
    lab.get_by_text("Looking at it later").click()
    lab.get_by_label("Colour maps by").fill("expression")


def _answer_a_bundle(page: Page, campaign: Campaign) -> None:
    """Bob signs in, reads the instructions and answers ten questions: nine by key, one by click."""
    page.goto("/")
    sign_in(page, "bob")
    page.get_by_role("link", name="Start").click()
    expect(page.get_by_role("dialog")).to_contain_text("Judge the expression", timeout=20_000)
    page.keyboard.press("Enter")
    given: list[tuple[list[str], str]] = []
    for number in range(1, 11):
        asked(page, number, 10)
        expect(page.locator("#count")).to_have_text(f"{number} of 10")
        side = "right" if number % 3 == 0 else "left"
        given.append((pictures(page), side))
        if number == 4:
            page.locator(f"#{side}").click()
        else:
            page.keyboard.press("ArrowRight" if side == "right" else "ArrowLeft")
    expect(page.get_by_role("heading", name="That was a bundle of 10")).to_be_visible()
    saved(page)
    page.get_by_role("link", name="Stop for now").click()
    expect(page.get_by_role("heading", name="Open to answer")).to_be_visible()
    expect(page.get_by_text("You gave 10 answers")).to_be_visible()
    votes = {vote.question_id: vote for vote in Vote.objects.filter(worker__user__username="bob")}
    assert len(votes) == 10
    for shown, side in given:
        reference, left, right = map(stimulus_of, shown)
        question = campaign.questions.get(reference=reference, a=min(left, right), b=max(left, right), pk__in=votes)
        vote = votes[question.pk]
        candidate = {"a": question.a_id, "b": question.b_id}
        assert candidate[vote.left] == left, "the side that was shown is stored"
        assert candidate[vote.choice] == (left if side == "left" else right), "the picture that was chosen is stored"


def _close_round(lab: Page, workers: Any, first: Round) -> Dataset:
    lab.reload()
    questions: list[str] = []
    lab.once("dialog", lambda dialog: (questions.append(dialog.message), dialog.dismiss()))
    lab.get_by_role("button", name="Close round 1").click()
    assert questions == ["Close round 1? It takes no more votes after that."]
    first.refresh_from_db()
    assert first.status == Round.Status.OPEN, "who says no to the question keeps the round open"
    lab.once("dialog", lambda dialog: dialog.accept())
    lab.get_by_role("button", name="Close round 1").click()
    expect(lab.get_by_text("Counting…")).to_be_visible()
    assert workers.work() == ["annotation.tasks.round_finish"]
    expect(lab.locator("#live .badge.closed")).to_be_visible()  # the page sees it by itself
    dataset = Dataset.objects.get()
    lab.reload()
    expect(lab.get_by_role("row", name=re.compile("Whole data set")).last).to_contain_text(str(first.questions.count()))
    return dataset


def _see_weights(lab: Page, first: Round) -> None:
    """Every question of the round, page by page, with margin and weight as its votes make them."""
    lab.get_by_role("link", name="Round 1").click()
    cards: list[dict[str, Any]] = []
    while True:
        cards += lab.locator("article.question").evaluate_all(_CARD)
        following = lab.get_by_role("link", name="Next →")
        if not following.count():
            break
        following.click()
        expect(lab.get_by_text(re.compile(rf"Page {len(cards) // 24 + 1} of"))).to_be_visible()
    asked_questions = {
        one.pk: one for one in Question.objects.filter(round=first).select_related("reference", "a", "b")
    }
    assert [card["question"] for card in cards] == sorted(asked_questions)
    margins = Counter()
    for card in cards:
        question = asked_questions[card["question"]]
        assert card["keys"] == [question.reference.key, question.a.key, question.b.key]
        for_a = Vote.objects.filter(question=question, choice="a").count()
        for_b = Vote.objects.filter(question=question, choice="b").count()
        assert for_a + for_b == 3
        margin = abs(for_a - for_b)
        margins[margin] += 1
        assert f"Margin {margin} of 3" in card["footer"]
        assert f"Weight {margin}" in card["footer"].replace(".00", "")
        assert card["winner"] == (question.a.key if for_a > for_b else question.b.key)
    assert set(margins) == {1, 3}
    lab.get_by_role("link", name="Margin 3", exact=True).click()
    expect(lab.locator("p.count")).to_have_text(f"{margins[3]} questions")


def _download(lab: Page, campaign: Campaign, dataset: Dataset, folder: Path) -> None:
    """The dataset as CSV: one row a question with a majority, the nearer candidate first."""
    lab.goto(f"/campaigns/{campaign.slug}/")
    with lab.expect_download() as download:
        lab.get_by_role("link", name="CSV", exact=True).click()
    assert download.value.suggested_filename == f"{campaign.slug}-dataset-{dataset.pk}.csv"
    download.value.save_as(folder / "dataset.csv")
    with (folder / "dataset.csv").open(newline="") as file:
        rows = {(row["anchor"], row["nearer"], row["farther"]): row for row in csv.DictReader(file)}
    expected = {}
    for question in Question.objects.filter(round__campaign=campaign).select_related("reference", "a", "b"):
        count = Counter(question.votes.values_list("choice", flat=True))
        if count["a"] != count["b"]:
            nearer, farther = (question.a, question.b) if count["a"] > count["b"] else (question.b, question.a)
            expected[question.reference.key, nearer.key, farther.key] = abs(count["a"] - count["b"])
    assert {triplet: float(row["weight"]) for triplet, row in rows.items()} == expected
    assert {triplet: int(row["margin"]) for triplet, row in rows.items()} == expected
    assert len(rows) == dataset.triplets == campaign.questions.count()


def _propose_and_open(lab: Page, campaign: Campaign) -> None:
    """The next round: proposed, opened, and nothing in it was asked before."""
    lab.get_by_label("Triplets per stimulus").fill("1")
    lab.get_by_role("button", name="Propose a balanced round").click()
    expect(lab.get_by_text("Round 2 is proposed.")).to_be_visible()
    lab.get_by_role("button", name="Open round 2").click()
    expect(lab.get_by_text("Round 2 is open.")).to_be_visible()
    second = campaign.rounds.get(number=2)
    assert second.status == Round.Status.OPEN
    assert second.questions.count() == campaign.questions.filter(round__number=1).count()


def test_who_gives_a_bundle_back_leaves_the_rest_of_it_to_others(windows: Any, open_round: Round, bob: Any) -> None:
    page = windows.open(bob)
    page.goto(f"/annotate/{open_round.campaign.slug}/")
    page.get_by_role("button", name="Begin").click()
    asked(page, 1, 12)
    page.keyboard.press("ArrowLeft")
    asked(page, 2, 12)
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("heading", name="Open to answer")).to_be_visible()
    held = Assignment.objects.get()
    assert (held.status, held.votes.count()) == (Assignment.Status.RETURNED, 1)
    assert len(assignment_questions(held)) == 11
