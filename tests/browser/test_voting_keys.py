"""Answering with nothing but keys: triplets, labels, back again, and with keys of one's own."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from annotation.models import Assignment, Question, UncountedVote, Vote
from tests.browser.pages import asked, begin, boxes, pictures, press, saved, stimulus_of
from tests.browser.world import open_campaign

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def _campaign(owner: Any, **settings: Any) -> Any:
    fields = {"people": 3, "per_stimulus": 3, "hit_size": 8, "votes_per_question": 1, **settings}
    return open_campaign(owner=owner, **fields)


def test_twenty_triplets_by_keyboard_alone(windows: Any, alice: Any, bob: Any) -> None:
    campaign = _campaign(alice, people=4, per_stimulus=6, hit_size=20)
    page = windows.open(bob)
    page.goto(f"/annotate/{campaign.slug}/")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Enter")
    given = {}
    for number in range(1, 21):
        asked(page, number, 20)
        reference, left, right = map(stimulus_of, pictures(page))
        side = "left" if number % 3 else "right"
        given[reference, frozenset((left, right))] = (left, left if side == "left" else right)
        page.keyboard.press("ArrowLeft" if side == "left" else "ArrowRight")
    expect(page.get_by_role("heading", name="That was a bundle of 20")).to_be_visible()
    saved(page)
    bundle = Assignment.objects.get()
    assert bundle.status == Assignment.Status.ACTIVE, "until the next one is asked for, answers can be taken back"
    votes = Vote.objects.select_related("question")
    stored = {}
    for vote in votes:
        candidate = {"a": vote.question.a_id, "b": vote.question.b_id}
        key = (vote.question.reference_id, frozenset(candidate.values()))
        stored[key] = (candidate[vote.left], candidate[vote.choice])
    assert stored == given
    page.keyboard.press("Enter")
    asked(page, 1, 20)
    bundle.refresh_from_db()
    assert bundle.status == Assignment.Status.SUBMITTED


def test_backspace_takes_answers_back_one_by_one_and_after_a_reload_too(windows: Any, alice: Any, bob: Any) -> None:
    campaign = _campaign(alice)
    page = windows.open(bob)
    begin(page, campaign)
    expect(page.locator("#undo")).to_have_attribute("aria-disabled", "true")
    page.keyboard.press("Backspace")  # there is nothing to take back, and nothing happens
    asked(page, 1, 8)
    shown = []
    for number in range(1, 4):
        asked(page, number, 8)
        shown.append(pictures(page))
        page.keyboard.press("ArrowLeft")
    asked(page, 4, 8)
    page.keyboard.press("Backspace")
    asked(page, 3, 8)
    expect(page.locator("#announce")).to_contain_text("Taken back.")
    assert pictures(page) == shown[2]
    page.keyboard.press("ArrowRight")
    asked(page, 4, 8)
    saved(page)
    third = Vote.objects.get(question__reference=stimulus_of(shown[2][0]), question__hit__number=1, pk=_last_vote().pk)
    assert third.choice != third.left, "the second answer is the one that counts"
    assert list(UncountedVote.objects.values_list("reason", flat=True)) == ["withdrawn"]

    page.reload()
    asked(page, 4, 8)
    page.get_by_role("button", name="Undo").click()
    asked(page, 3, 8)
    page.keyboard.press("Backspace")
    asked(page, 2, 8)
    assert pictures(page) == shown[1]
    saved(page)
    assert Vote.objects.count() == 1
    press(page, " ".join(["ArrowLeft"] * 7))
    expect(page.get_by_role("heading", name="That was a bundle of 8")).to_be_visible()
    page.keyboard.press("Backspace")
    asked(page, 8, 8)
    saved(page)
    assert Vote.objects.count() == 7
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_role("button", name="Take the last answer back")).to_be_visible()
    page.get_by_role("button", name="Next bundle").click()
    asked(page, 1, 8)
    submitted = Assignment.objects.get(status="submitted")
    assert Vote.objects.filter(assignment=submitted).count() == 8
    assert Counter(UncountedVote.objects.values_list("reason", flat=True)) == {"withdrawn": 4}
    page.keyboard.press("Backspace")
    page.wait_for_timeout(300)
    asked(page, 1, 8)
    assert Vote.objects.count() == 8, "what is submitted stays"


def _last_vote() -> Vote:
    return Vote.objects.order_by("-pk")[0]


def test_labels_by_one_two_three_and_cant_tell_by_the_arrow_down(windows: Any, alice: Any, bob: Any) -> None:
    campaign = _campaign(alice, kind="label", cant_tell=True)
    page = windows.open(bob)
    begin(page, campaign)
    given: dict[int, str] = {}
    for number, (key, choice) in enumerate([("1", "0"), ("2", "1"), ("3", "2"), ("ArrowDown", "x")], start=1):
        asked(page, number, 8)
        expect(page.locator("#announce")).to_have_text(f"Label {number} of 8. Which expression does this face show?")
        given[stimulus_of(_only(page))] = choice
        page.keyboard.press("ArrowLeft")  # an answer that a label does not have
        page.keyboard.press("4")
        page.keyboard.press(key)
    asked(page, 5, 8)
    given[stimulus_of(_only(page))] = "1"
    page.get_by_role("button", name="neutral").click()
    asked(page, 6, 8)
    saved(page)
    assert dict(Vote.objects.values_list("question__reference", "choice")) == given
    assert set(Vote.objects.values_list("left", flat=True)) == {""}


def _only(page: Page) -> str:
    return page.locator("#only img").get_attribute("src") or ""


def test_triplets_and_labels_are_mixed_in_a_bundle(windows: Any, alice: Any, bob: Any) -> None:
    campaign = _campaign(alice, kind="both", hit_size=12)
    page = windows.open(bob)
    begin(page, campaign)
    kinds = []
    for number in range(1, 13):
        asked(page, number, 12)
        kinds.append(page.evaluate("() => document.body.dataset.asks"))
        page.keyboard.press("ArrowRight" if kinds[-1] == "triplet" else "2")
    expect(page.get_by_role("heading", name="That was a bundle of 12")).to_be_visible()
    saved(page)
    questions = Question.objects.filter(hit=Assignment.objects.get().hit).order_by("position")
    assert kinds == list(questions.values_list("kind", flat=True))
    assert set(kinds) == {"triplet", "label"}
    assert Vote.objects.count() == 12


def test_where_one_may_not_be_able_to_tell_the_answer_is_kept(windows: Any, alice: Any, bob: Any) -> None:
    campaign = _campaign(alice, cant_tell=True)
    page = windows.open(bob)
    begin(page, campaign)
    asked(page, 1, 8)
    page.keyboard.press("ArrowDown")
    asked(page, 2, 8)
    page.get_by_role("button", name="Can’t tell").click()
    asked(page, 3, 8)
    saved(page)
    assert list(Vote.objects.values_list("choice", flat=True)) == ["x", "x"]


def test_keys_can_be_changed_and_two_deeds_never_share_one(windows: Any, alice: Any, bob: Any) -> None:
    campaign = _campaign(alice)
    page = windows.open(bob)
    begin(page, campaign)
    asked(page, 1, 8)
    page.keyboard.press("?")
    page.get_by_role("button", name="Change the keys").click()
    dialog = page.get_by_role("dialog", name="Keys")
    dialog.get_by_role("button", name="the left one").click()
    page.keyboard.press("ArrowRight")
    expect(dialog.get_by_role("status")).to_have_text("→ is the key for “the right one” already; choose another one.")
    dialog.get_by_role("button", name="the left one").click()
    page.keyboard.press("Enter")
    expect(dialog.get_by_role("status")).to_have_text("Enter means something else on this page; choose another one.")
    dialog.get_by_role("button", name="the left one").click()
    page.keyboard.press("f")
    expect(dialog.get_by_role("status")).to_have_text("“the left one” is on F now.")
    dialog.get_by_role("button", name="the right one").click()
    page.keyboard.press("Escape")
    expect(dialog).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(page.locator("#left")).to_have_attribute("aria-keyshortcuts", "F")
    page.wait_for_timeout(200)
    page.keyboard.press("ArrowLeft")  # means nothing any more
    asked(page, 1, 8)
    page.keyboard.press("f")
    asked(page, 2, 8)
    page.reload()
    asked(page, 2, 8)
    page.keyboard.press("f")
    asked(page, 3, 8)
    saved(page)
    assert all(vote.choice == vote.left for vote in Vote.objects.all())
    assert Vote.objects.count() == 2


def test_the_zoom_shows_the_same_three_larger_and_answers_still_count(windows: Any, alice: Any, bob: Any) -> None:
    campaign = _campaign(alice)
    page = windows.open(bob)
    begin(page, campaign)
    asked(page, 1, 8)
    small = boxes(page)
    page.keyboard.press("z")
    large = boxes(page)
    assert len({(round(box["width"], 2), round(box["height"], 2)) for box in large}) == 1
    assert large[0]["width"] > 1.12 * small[0]["width"]
    page.keyboard.press("ArrowLeft")
    asked(page, 2, 8)
    assert boxes(page) == large
    page.mouse.move(large[1]["x"] + 20, large[1]["y"] + 20)
    expect(page.locator("#asking")).to_have_class(re.compile("loupe"))
    page.keyboard.press("Escape")
    assert boxes(page) == small
    page.keyboard.down("z")
    assert boxes(page) == large
    page.wait_for_timeout(500)
    page.keyboard.up("z")
    assert boxes(page) == small, "a key that was held lets go"
    page.get_by_role("button", name="Zoom").click()
    page.get_by_role("button", name="Leave the zoom").click()
    assert boxes(page) == small
    saved(page)
    assert Vote.objects.count() == 1
