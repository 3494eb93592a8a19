"""What the tests do with pages, and read off them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

PASSWORD = "correct horse battery"
# The page takes presses within this time of a question's appearance for a bounce of the one before.
BOUNCE_MS = 120
PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
_PICTURES = "() => ['#reference img', '#left img', '#right img'].map((one) => document.querySelector(one)?.src)"


def sign_in(page: Page, username: str) -> None:
    """Through the sign-in page, wherever it leads to."""
    page.get_by_label("Username").fill(username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda url: "/accounts/login/" not in url)


def begin(page: Page, campaign: Any) -> None:
    """Open the voting page for the first time: instructions, then questions."""
    page.goto(f"/annotate/{campaign.slug}/")
    page.get_by_role("button", name="Begin").click()


def asked(page: Page, number: int, total: int) -> None:
    """Wait for the item of that number, and until an answer to it counts."""
    expect(page.locator("#announce")).to_have_text(re.compile(rf"(Triplet|Label) {number} of {total}\."))
    page.wait_for_selector("body[data-state=asking]")
    page.wait_for_timeout(BOUNCE_MS + 30)


def saved(page: Page) -> None:
    expect(page.locator("#saved")).to_have_text("Saved")


def pictures(page: Page) -> list[str]:
    """Addresses of the three pictures on the screen."""
    return page.evaluate(_PICTURES)


def boxes(page: Page) -> list[dict[str, float]]:
    """Where the three pictures are: reference, left, right."""
    places = ("#reference .frame", "#left .frame", "#right .frame")
    found = [page.locator(place).bounding_box() for place in places]
    assert all(found)
    return [box for box in found if box]


def stimulus_of(address: str) -> int:
    """The stimulus that a picture's address shows."""
    return int(re.search(r"/stimuli/(\d+)/", address)[1])  # type: ignore[index]


def assert_fits(page: Page) -> None:
    """Nothing reaches beyond the window's sides."""
    widths = page.evaluate("() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    assert widths[0] <= widths[1], f"{page.url} is {widths[0]} px wide in a window of {widths[1]} px"


def press(page: Page, keys: str) -> None:
    """Answer the items that come, from the one on the screen on: a key each."""
    number, total = numbers(page)
    for key in keys.split():
        asked(page, number, total)
        page.keyboard.press(key)
        number += 1


def numbers(page: Page) -> tuple[int, int]:
    """Which item is on the screen, of how many."""
    page.wait_for_selector("body[data-state=asking]")
    found = re.fullmatch(r"(\d+) of (\d+)", page.locator("#count").inner_text())
    assert found
    return int(found[1]), int(found[2])


def swipe(page: Page, dx: float, *, end: str = "touchEnd", meanwhile: Callable[[], None] | None = None) -> None:
    """A finger on the stimuli that draws to one side, and is lifted there or taken over by the browser."""
    box = page.locator(".trio").bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] * 0.7
    touch = page.context.new_cdp_session(page)
    touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
    for step in range(1, 9):
        page.wait_for_timeout(16)  # faster than this is no finger, and a browser takes the next tap for its end
        point = {"x": x + dx * step / 8, "y": y + step}
        touch.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [point]})
    if meanwhile:
        meanwhile()
    touch.send("Input.dispatchTouchEvent", {"type": end, "touchPoints": []})
    touch.detach()
