"""The voting page under a thumb: swipes, taps, and targets that a thumb hits."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from annotation.models import Vote
from tests.browser.pages import PHONE, asked, assert_fits, begin, saved, swipe
from tests.browser.world import open_campaign

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_on_a_phone_a_swipe_to_a_side_chooses_that_side(windows: Any, alice: Any, bob: Any) -> None:
    campaign = open_campaign(owner=alice, people=3, per_stimulus=3, hit_size=8, votes_per_question=1)
    page = windows.open(bob, **PHONE)
    begin(page, campaign)
    sides = []
    for number in range(1, 9):
        asked(page, number, 8)
        swipe(page, 30)  # too short to mean anything
        assert page.locator("#count").inner_text() == f"{number} of 8"
        side = -1 if number in (1, 2, 5) else 1
        sides.append(side)
        swipe(page, 120 * side)
    expect(page.get_by_role("heading", name="That was a bundle of 8")).to_be_visible()
    saved(page)
    votes = Vote.objects.order_by("question__position")
    assert [-1 if vote.choice == vote.left else 1 for vote in votes] == sides, "one swipe, one answer, in that order"
    assert_fits(page)


def test_the_stimuli_follow_the_finger_and_come_back(windows: Any, alice: Any, bob: Any) -> None:
    campaign = open_campaign(owner=alice, people=3, per_stimulus=3, hit_size=8, votes_per_question=1)
    page = windows.open(bob, **PHONE)
    begin(page, campaign)
    asked(page, 1, 8)
    asking = page.locator("#asking")
    shifts = []

    def look() -> None:
        expect(asking).to_have_attribute("data-swipe", "right")
        expect(asking).to_have_attribute("data-swipe-sure", "true")
        shifts.append(_shift(page))

    swipe(page, 90, end="touchCancel", meanwhile=look)
    assert shifts[0] > 15
    assert _shift(page) == 0
    assert page.locator("#count").inner_text() == "1 of 8"
    page.emulate_media(reduced_motion="reduce")
    swipe(page, 90, end="touchCancel", meanwhile=look)
    assert shifts[1] == 0
    assert not Vote.objects.exists()


def _shift(page: Page) -> float:
    page.wait_for_timeout(200)
    return float(page.evaluate("() => new DOMMatrix(getComputedStyle(document.querySelector('.trio')).transform).e"))


def test_whatever_is_tapped_is_large_enough(windows: Any, alice: Any, bob: Any) -> None:
    campaign = open_campaign(
        owner=alice, people=3, per_stimulus=3, hit_size=12, votes_per_question=1, kind="both", cant_tell=True
    )
    page = windows.open(bob, **PHONE)
    begin(page, campaign)
    kinds = set()
    for number in range(1, 12):
        asked(page, number, 12)
        kinds.add(page.evaluate("() => document.body.dataset.asks"))
        for button in page.locator("button:visible").all():
            box = button.bounding_box()
            assert box
            assert box["height"] >= 48, button.inner_text()
            assert box["width"] >= 48, button.inner_text()
            assert 0 <= box["x"] <= box["x"] + box["width"] <= 360, button.inner_text()
            assert 0 <= box["y"] <= box["y"] + box["height"] <= 740, button.inner_text()
        page.locator("#asking button:visible").first.tap()
    assert kinds == {"triplet", "label"}
    asked(page, 12, 12)
    saved(page)
    assert Vote.objects.count() == 11
