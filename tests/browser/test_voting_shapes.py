"""Shapes on the voting page: they turn together, by hand and by keys, and are answered like everything else."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from annotation.models import Vote
from tests.browser.pages import PHONE, asked, begin, saved, swipe
from tests.browser.world import open_campaign, shape_campaign

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
_DRAWN = """async () => {
  await new Promise((done) => setTimeout(done, 400));
  return [...document.querySelectorAll("#asking canvas")].map((one) => one.toDataURL());
}"""


def _drawn(page: Page) -> list[str]:
    return page.evaluate(_DRAWN)


def test_shapes_turn_together_and_keys_answer(windows: Any, alice: Any, bob: Any) -> None:
    page = windows.open(bob)
    begin(page, shape_campaign(owner=alice, hit_size=8))
    asked(page, 1, 8)
    start = _drawn(page)
    assert len(set(start)) == 3
    page.keyboard.press("Shift+ArrowRight")
    turned = _drawn(page)
    assert all(before != after for before, after in zip(start, turned, strict=True))
    page.keyboard.press("0")
    assert _drawn(page) == start
    box = page.locator("#left canvas").bounding_box()
    assert box
    page.mouse.move(box["x"] + 50, box["y"] + 50)
    page.mouse.down()
    page.mouse.move(box["x"] + 120, box["y"] + 60, steps=4)
    page.mouse.up()
    assert all(before != after for before, after in zip(start, _drawn(page), strict=True))
    assert page.locator("#count").inner_text() == "1 of 8", "the end of a drag is no answer"
    page.keyboard.press("ArrowRight")
    asked(page, 2, 8)
    page.locator("#left canvas").click()
    asked(page, 3, 8)
    saved(page)
    votes = list(Vote.objects.order_by("question__position"))
    assert [vote.choice == vote.left for vote in votes] == [False, True]


def test_a_finger_turns_shapes_and_swipes_nothing(windows: Any, alice: Any, bob: Any) -> None:
    page = windows.open(bob, **PHONE)
    begin(page, shape_campaign(owner=alice, hit_size=8))
    asked(page, 1, 8)
    swipe(page, 120)
    page.wait_for_timeout(300)
    assert page.locator("#count").inner_text() == "1 of 8"
    page.locator("#right").tap()
    asked(page, 2, 8)
    saved(page)
    assert Vote.objects.count() == 1


def test_what_draws_shapes_is_fetched_only_where_there_are_some(windows: Any, alice: Any, bob: Any) -> None:
    page = windows.open(bob)
    fetched: list[str] = []
    page.on("request", lambda request: fetched.append(request.url))
    begin(page, open_campaign(owner=alice, people=3, per_stimulus=1, hit_size=8))
    asked(page, 1, 8)
    page.wait_for_load_state("networkidle")
    assert not [url for url in fetched if "three" in url or "solids" in url]
    expect(page.locator("#asking canvas")).to_have_count(0)
