"""The voting page in every state, by day, by night and on a phone: nothing for axe to find, nothing beyond the window.

SEMBLANCE_SCREENSHOTS=FOLDER keeps pictures there.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, ViewportSize, expect

from tests.browser.pages import PHONE, asked, assert_fits, press, saved
from tests.browser.world import almost_done, open_campaign, practice_add, shape_campaign, text_campaign

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
FOLDER = os.environ.get("SEMBLANCE_SCREENSHOTS", "")
_WIDE: ViewportSize = {"width": 1280, "height": 800}
_SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
_CONSENT = (
    "This study is run by the Laboratory of Made-up Faces. You look at faces and say which are more alike. It takes "
    "about ten minutes, and you can stop at any time without giving a reason.\n\nYour answers are kept without your "
    "name. They are published together with those of the others."
)
_THANKS = "Your answers teach a model which expressions are alike. The results will be on our page in spring."


class Looks:
    """One page on a desk and one under a thumb, which go through the same states."""

    def __init__(self, desk: Page, phone: Page) -> None:
        self.desk = desk
        self.phone = phone
        self.found: list[str] = []

    def at(self, page: Page, name: str) -> None:
        page.mouse.move(0, 0)
        page.evaluate("async () => { await document.fonts.ready }")
        for scheme in _SCHEMES:
            page.emulate_media(color_scheme=scheme)
            assert_fits(page)
            page.wait_for_timeout(450)  # what moves has come to rest
            self.found += [f"{name} ({scheme}): {problem}" for problem in violations(page)]
            suffix = "-phone" if page is self.phone else ""
            if FOLDER and not (suffix and scheme == "dark"):
                Path(FOLDER).mkdir(parents=True, exist_ok=True)
                dark = "-dark" if scheme == "dark" else ""
                page.screenshot(path=Path(FOLDER) / f"{name}{suffix}{dark}.png", animations="disabled", caret="hide")
        page.emulate_media(color_scheme="light")


def violations(page: Page) -> list[str]:
    """What axe has to say, by all its rules."""
    found = Axe().run(page).response["violations"]
    return [f"{one['id']}: {one['help']} {[node['target'] for node in one['nodes']]}" for one in found]


@pytest.fixture
def looks(windows: Any, bob: Any, carol: Any) -> Any:
    looks = Looks(windows.open(bob, viewport=_WIDE), windows.open(carol, **PHONE))
    yield looks
    assert looks.found == []


def _open(page: Page, campaign: Any) -> None:
    page.goto(f"/annotate/{campaign.slug}/")


def test_triplets_instructions_zoom_and_the_end(looks: Looks, alice: Any, bob: Any, carol: Any) -> None:
    campaign = open_campaign(
        owner=alice, people=8, per_stimulus=2, hit_size=20, votes_per_question=5, cant_tell=True, thanks=_THANKS,
        name="Expressions of made-up people",
    )  # fmt: skip
    for page, user in ((looks.desk, bob), (looks.phone, carol)):
        almost_done(campaign=campaign, user=user, left=9)
        _open(page, campaign)
        expect(page.get_by_role("dialog")).to_be_visible()
        looks.at(page, "vote-intro")
        page.get_by_role("button", name="Begin").click()
        asked(page, 12, 20)
        page.keyboard.press("ArrowLeft")
        asked(page, 13, 20)
        saved(page)
        looks.at(page, "vote-triplet")
        if page is looks.desk:
            page.keyboard.press("z")
            looks.at(page, "vote-zoom")
            page.keyboard.press("Escape")
            page.keyboard.press("?")
            page.get_by_role("button", name="Change the keys").click()
            looks.at(page, "vote-keys")
            page.keyboard.press("Escape")
            page.wait_for_timeout(200)
        press(page, "ArrowLeft " * 8)
        expect(page.get_by_role("heading", name="That was a bundle of 20")).to_be_visible()
        saved(page)
        looks.at(page, "vote-bundle-end")
    campaign.status = "closed"
    campaign.save(update_fields=["status"])
    for page in (looks.desk, looks.phone):
        page.get_by_role("button", name="Next bundle").click()
        expect(page.get_by_role("heading", name="This campaign is over")).to_be_visible()
        looks.at(page, "vote-thanks")


def test_labels(looks: Looks, alice: Any, bob: Any, carol: Any) -> None:
    campaign = open_campaign(
        owner=alice, people=4, per_stimulus=2, hit_size=20, votes_per_question=5, cant_tell=True, kind="label",
        name="Expressions of made-up people",
    )  # fmt: skip
    for page, user in ((looks.desk, bob), (looks.phone, carol)):
        almost_done(campaign=campaign, user=user, left=12)
        _open(page, campaign)
        page.get_by_role("button", name="Begin").click()
        asked(page, 9, 20)
        looks.at(page, "vote-label")


def test_texts(looks: Looks, alice: Any, bob: Any, carol: Any) -> None:
    campaign = text_campaign(owner=alice, hit_size=8)
    for page, user in ((looks.desk, bob), (looks.phone, carol)):
        almost_done(campaign=campaign, user=user, left=5)
        _open(page, campaign)
        page.get_by_role("button", name="Begin").click()
        asked(page, 4, 8)
        looks.at(page, "vote-text")


def test_shapes(looks: Looks, alice: Any, bob: Any, carol: Any) -> None:
    campaign = shape_campaign(owner=alice, hit_size=8)
    for page, user in ((looks.desk, bob), (looks.phone, carol)):
        almost_done(campaign=campaign, user=user, left=5)
        _open(page, campaign)
        page.get_by_role("button", name="Begin").click()
        asked(page, 4, 8)
        expect(page.locator("#asking canvas")).to_have_count(3)
        looks.at(page, "vote-mesh")


def test_consent_and_practice(looks: Looks, alice: Any) -> None:
    campaign = open_campaign(
        owner=alice, people=4, per_stimulus=2, hit_size=20, votes_per_question=5, consent=_CONSENT,
        name="Expressions of made-up people",
    )  # fmt: skip
    practice_add(campaign=campaign, triplets=2)
    for page in (looks.desk, looks.phone):
        _open(page, campaign)
        expect(page.get_by_role("heading", name="Before you begin")).to_be_visible()
        looks.at(page, "vote-consent")
        with page.expect_response(lambda one: one.url.endswith("/claim/") and "items" in one.text()) as claimed:
            page.get_by_role("button", name="I agree").click()
        wrong = {"left": "ArrowRight", "right": "ArrowLeft"}[claimed.value.json()["items"][0]["expected"]]
        page.get_by_role("button", name="Begin").click()
        expect(page.get_by_role("heading", name="First, some practice")).to_be_visible()
        looks.at(page, "vote-practice-first")
        page.get_by_role("button", name="Start practising").click()
        asked(page, 1, 2)
        page.keyboard.press(wrong)
        expect(page.locator("#feedback")).to_contain_text("look again")
        looks.at(page, "vote-practice")


def test_axe_sees_what_is_there_to_see(windows: Any) -> None:
    page = windows.open()
    page.goto("/accounts/login/")
    assert violations(page) == []
    page.evaluate("() => document.querySelector('main').append(document.createElement('button'))")
    assert [problem.split(":")[0] for problem in violations(page)] == ["button-name"]
