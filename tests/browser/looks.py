"""A page in every light and width: looked at by axe, and kept as pictures where they are wanted."""

from __future__ import annotations

import os
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, ViewportSize

from tests.browser.pages import assert_fits

FOLDER = os.environ.get("SEMBLANCE_SCREENSHOTS", "")
_WIDE, _PHONE = ViewportSize(width=1280, height=800), ViewportSize(width=360, height=740)
# What is added to a picture's name; a phone in the dark is looked at, and no picture is kept.
_LOOKS = (("", _WIDE, "light"), ("-dark", _WIDE, "dark"), ("-phone", _PHONE, "light"), (None, _PHONE, "dark"))


def look(page: Page, name: str) -> None:
    """Nothing sticks out, nothing fails a rule of accessibility."""
    for suffix, size, scheme in _LOOKS:
        page.set_viewport_size(size)
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
        assert_fits(page)
        page.wait_for_timeout(300)  # colours that change have changed
        found = Axe().run(page).response["violations"]
        assert [f"{one['id']}: {[node['target'] for node in one['nodes']]}" for one in found] == []
        if suffix is not None:
            picture(page, f"{name}{suffix}")


def picture(page: Page, name: str) -> None:
    """The whole page as a picture, where pictures are wanted; the window stays as high as the page."""
    if not FOLDER:
        return
    Path(FOLDER).mkdir(parents=True, exist_ok=True)
    size = page.evaluate("() => [document.documentElement.clientWidth, document.documentElement.scrollHeight]")
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.wait_for_timeout(300)  # pictures that load when they are seen
    page.screenshot(path=Path(FOLDER) / f"{name}.png")
