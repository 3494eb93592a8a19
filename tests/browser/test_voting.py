"""The voting page under a thumb, over a bad network, and under a key that is held down."""

from __future__ import annotations

import time
from typing import Any

import pytest
from playwright.sync_api import Route, expect

from annotation.models import Round, UncountedVote, Vote
from tests.browser.pages import PHONE, asked, assert_fits, begin, boxes, pictures, saved
from tests.browser.world import open_campaign

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
_SHIFTS = """
window.shifts = [];
new PerformanceObserver((list) => window.shifts.push(...list.getEntries().map((one) => one.value)))
  .observe({type: "layout-shift", buffered: true});
"""


@pytest.fixture
def campaign(alice: Any, bob: Any) -> Any:
    """Three made-up people in one split: few, but with faces that are drawn."""
    return open_campaign(owner=alice, people=3, per_stimulus=3, hit_size=8, votes_per_question=1)


def test_on_a_phone_nothing_moves_between_questions_and_a_reload_keeps_the_place(windows: Any, campaign: Any, bob: Any):
    page = windows.open(bob, **PHONE)
    page.add_init_script(_SHIFTS)
    started = time.monotonic()
    begin(page, campaign)
    seen = []
    for number in range(1, 7):
        asked(page, number, 8)
        expect(page.locator("#count")).to_have_text(f"{number} of 8")
        expect(page.locator("#bar")).to_have_attribute("width", f"{100 * (number - 1) / 8:g}%")
        seen.append(boxes(page))
        page.locator("#right" if number % 2 else "#left").tap()
    asked(page, 7, 8)
    saved(page)
    assert all(where == seen[0] for where in seen), "the pictures stay where they are"
    assert len({(box["width"], box["height"]) for box in seen[0]}) == 1, "no picture is larger than another"
    assert seen[0][0]["width"] == seen[0][0]["height"] > 150
    assert page.evaluate("() => window.shifts") == []
    assert_fits(page)
    for place in (".prompt", "#left", "#right", "#undo", "#help", "#stop", "#count"):
        box = page.locator(place).bounding_box()
        assert box, place
        assert box["x"] >= 0, place
        assert box["x"] + box["width"] <= 360, place
        assert box["y"] + box["height"] <= 740, place

    shown = pictures(page)
    page.reload()
    asked(page, 7, 8)
    assert pictures(page) == shown, "the same question, with the same sides"
    page.locator("#left").tap()
    asked(page, 8, 8)
    page.locator("#left").tap()
    expect(page.get_by_role("heading", name="That was a bundle of")).to_be_visible()
    saved(page)
    took = 1000 * (time.monotonic() - started)
    times = list(Vote.objects.order_by("pk").values_list("response_ms", flat=True))
    assert len(times) == 8
    assert all(150 <= one < took for one in times), times
    assert sum(times) < took, "one question is on the screen at a time"


def test_answers_given_offline_wait_and_each_arrives_once(windows: Any, campaign: Any, bob: Any) -> None:
    windows.forgive("ERR_INTERNET_DISCONNECTED")
    page = windows.open(bob)
    begin(page, campaign)
    asked(page, 1, 8)
    page.keyboard.press("ArrowLeft")
    asked(page, 2, 8)
    saved(page)
    page.wait_for_load_state("networkidle")  # the pictures of the bundle have come
    page.context.set_offline(True)
    for number in (2, 3, 4):
        asked(page, number, 8)
        page.keyboard.press("ArrowRight")
        expect(page.locator("#saved")).to_have_text(f"{number - 1} waiting")
    assert Vote.objects.count() == 1
    page.context.set_offline(False)
    saved(page)
    assert Vote.objects.count() == 4
    asked(page, 5, 8)

    # What waits survives the window: the next one on the same machine delivers it.
    page.context.set_offline(True)
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#saved")).to_have_text("1 waiting")
    context = page.context
    page.close()
    assert Vote.objects.count() == 4
    context.set_offline(False)
    again = context.new_page()
    again.goto(f"/annotate/{campaign.slug}/")
    asked(again, 6, 8)
    assert Vote.objects.count() == Vote.objects.values("question").distinct().count() == 5


def test_an_answer_whose_receipt_is_lost_is_sent_again_and_counts_once(windows: Any, campaign: Any, bob: Any) -> None:
    windows.forgive("ERR_FAILED")
    page = windows.open(bob)
    sent: list[Any] = []

    def lose_the_first_receipt(route: Route) -> None:
        sent.append(route.request.post_data_json)
        if len(sent) == 1:
            route.fetch()
            route.abort()
        else:
            route.continue_()

    page.route("**/votes/", lose_the_first_receipt)
    begin(page, campaign)
    asked(page, 1, 8)
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#saved")).to_have_text("1 waiting")
    assert Vote.objects.count() == 1, "the server has it, and the page does not know"
    saved(page)
    assert len(sent) >= 2
    assert sent[1]["answers"] == sent[0]["answers"]
    assert str(Vote.objects.get().client_id) == sent[0]["answers"][0]["client_id"]


def test_a_key_that_is_held_down_answers_one_question(windows: Any, campaign: Any, bob: Any) -> None:
    page = windows.open(bob)
    begin(page, campaign)
    asked(page, 1, 8)
    for _ in range(6):
        page.keyboard.down("ArrowLeft")
        page.wait_for_timeout(80)
    asked(page, 2, 8)
    page.keyboard.up("ArrowLeft")
    saved(page)
    assert Vote.objects.count() == 1


def test_a_round_that_closes_under_an_annotators_hands_says_so(windows: Any, campaign: Any, bob: Any) -> None:
    from annotation.services.rounds import round_close

    page = windows.open(bob)
    begin(page, campaign)
    asked(page, 1, 8)
    page.wait_for_load_state("networkidle")
    windows.forgive("404")  # the pictures of a closed round are shown to nobody, fetched ahead or not
    round_close(round=Round.objects.get())
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_role("heading", name="On to another bundle")).to_be_visible()
    sentence = "1 answer came after this round was closed; it is kept but does not count."
    expect(page.get_by_text(sentence)).to_be_visible()
    assert not Vote.objects.exists()
    assert [kept.reason for kept in UncountedVote.objects.all()] == ["closed"]
    page.keyboard.press("Enter")
    expect(page.get_by_text("There is nothing to answer here at the moment.")).to_be_visible()
