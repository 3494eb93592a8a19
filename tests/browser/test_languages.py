"""What annotators read, in their language, where there is least room for it: a phone of 360 px, a narrow window.

SEMBLANCE_SCREENSHOTS=FOLDER keeps pictures there.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from annotation.models import Vote
from tests.browser.pages import BOUNCE_MS, PHONE, assert_fits
from tests.browser.world import almost_done, open_campaign, practice_add

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
FOLDER = os.environ.get("SEMBLANCE_SCREENSHOTS", "")
_LOCALES = {"de": "de-AT", "fr": "fr-CA", "es": "es-MX"}
_OF = {"en": "of", "de": "von", "fr": "sur", "es": "de"}
_WORDS = {
    "de": {"begin": "Beginnen", "saved": "Gespeichert", "waiting": "1 wartet", "next": "Nächstes Paket"},
    "fr": {"begin": "Commencer", "saved": "Enregistré", "waiting": "1 en attente", "next": "Lot suivant"},
    "es": {"begin": "Empezar", "saved": "Guardado", "waiting": "1 en espera", "next": "Siguiente lote"},
}
# Words that are wider than what holds them, or that a window's edge cuts.
_CUT = """() => [...document.querySelectorAll("button, a, p, dt, dd, li, h1, h2, kbd, legend")]
  .filter((one) => one.checkVisibility() && !one.closest(".visually-hidden"))
  .filter((one) => {
    const box = one.getBoundingClientRect();
    const full = one.clientWidth > 0 && one.scrollWidth > one.clientWidth + 1;
    return box.width > 1 && (full || box.left < -1 || box.right > innerWidth + 1);
  })
  .map((one) => `${one.tagName} ${one.id}: ${one.textContent.trim()}`)"""


def _look(page: Page, language: str, name: str, window: str = "phone") -> None:
    assert page.locator("html").get_attribute("lang") == language
    assert_fits(page)
    assert page.evaluate(_CUT) == []
    if FOLDER:
        page.evaluate("async () => { await document.fonts.ready }")
        page.wait_for_timeout(450)
        Path(FOLDER).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(FOLDER) / f"{name}-{language}-{window}.png", animations="disabled", full_page=True)


def _asked(page: Page, language: str, number: int, total: int) -> None:
    expect(page.locator("#announce")).to_have_text(re.compile(rf"\w {number} {_OF[language]} {total}\. "))
    page.wait_for_selector("body[data-state=asking]")
    page.wait_for_timeout(BOUNCE_MS + 30)


@pytest.mark.parametrize("language", list(_LOCALES))
def test_home_and_voting_on_a_phone(windows: Any, alice: Any, bob: Any, language: str) -> None:
    words = _WORDS[language]
    open_campaign(
        owner=alice, people=4, per_stimulus=1, hit_size=8, votes_per_question=3, kind="both", cant_tell=True,
        reward_cents=50, currency="EUR",
    )  # fmt: skip
    page = windows.open(bob, locale=_LOCALES[language], **PHONE)
    page.goto("/")
    _look(page, language, "home")
    page.get_by_role("link", name=words["begin"]).click()
    expect(page.get_by_role("dialog")).to_be_visible()
    _look(page, language, "instructions")
    page.get_by_role("button", name=words["begin"]).click()

    _asked(page, language, 1, 8)
    _look(page, language, "asked")
    windows.forgive("ERR_INTERNET_DISCONNECTED")
    page.context.set_offline(True)
    kinds = {_answer(page)}
    expect(page.locator("#saved")).to_have_text(words["waiting"])
    _look(page, language, "waiting")
    page.context.set_offline(False)
    expect(page.locator("#saved")).to_have_text(words["saved"])
    for number in range(2, 9):
        _asked(page, language, number, 8)
        if _kind(page) not in kinds:
            _look(page, language, f"asked-{_kind(page)}")
        if number == 3:
            page.keyboard.press("Backspace")
            _asked(page, language, 2, 8)
            _answer(page)
            _asked(page, language, 3, 8)
        kinds.add(_answer(page))
    expect(page.get_by_role("button", name=words["next"])).to_be_visible()
    _look(page, language, "end")
    assert kinds == {"triplet", "label"}
    expect(page.locator("#saved")).to_have_text(words["saved"])
    assert Vote.objects.count() == 8

    page.goto("/")
    _look(page, language, "home-begun")


def _kind(page: Page) -> str:
    return str(page.evaluate("() => document.body.dataset.asks"))


def _answer(page: Page) -> str:
    """By key. Returns what was asked."""
    kind = _kind(page)
    page.keyboard.press("ArrowLeft" if kind == "triplet" else "2")
    return kind


def test_the_language_can_be_changed_before_and_within_a_bundle(windows: Any, alice: Any, bob: Any) -> None:
    campaign = open_campaign(owner=alice, people=4, per_stimulus=1, hit_size=8, votes_per_question=3)
    total = almost_done(campaign=campaign, user=bob, left=2)
    page = windows.open(bob, **PHONE)
    page.goto(f"/annotate/{campaign.slug}/")
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Deutsch").click()
    expect(page.locator("html")).to_have_attribute("lang", "de")
    dialog.get_by_role("button", name="Beginnen").click()
    _asked(page, "de", total - 1, total)
    page.keyboard.press("ArrowLeft")
    _asked(page, "de", total, total)
    page.keyboard.press("?")
    dialog.get_by_role("button", name="Español").click()
    expect(page.locator("html")).to_have_attribute("lang", "es")
    _asked(page, "es", total, total)
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("heading", name=f"Un lote de {total} preguntas, terminado")).to_be_visible()
    expect(page.locator("#saved")).to_have_text("Guardado")
    assert Vote.objects.count() == total


@pytest.mark.parametrize("language", list(_LOCALES))
def test_keys_in_a_window(windows: Any, alice: Any, bob: Any, language: str) -> None:
    campaign = open_campaign(
        owner=alice, people=4, per_stimulus=1, hit_size=8, votes_per_question=3, kind="both", cant_tell=True
    )
    page = windows.open(bob, locale=_LOCALES[language], viewport={"width": 1280, "height": 800})
    page.goto(f"/annotate/{campaign.slug}/")
    expect(page.get_by_role("dialog")).to_be_visible()
    _look(page, language, "instructions", "desk")
    page.locator("#change-keys").click()
    page.locator('[data-change="left"]').click()
    page.keyboard.press("f")
    expect(page.locator("#keys-said")).to_contain_text("F")
    _look(page, language, "keys", "desk")
    page.keyboard.press("Escape")
    for number in range(1, 9):
        _asked(page, language, number, 8)
        for width in (821, 1000, 1280) if number == 1 else ():
            page.set_viewport_size({"width": width, "height": 700})
            _look(page, language, "asked", f"{width}")
        page.keyboard.press("f" if _kind(page) == "triplet" else "2")
    expect(page.get_by_role("button", name=_WORDS[language]["next"])).to_be_visible()
    _look(page, language, "end", "desk")
    expect(page.locator("#saved")).to_have_text(_WORDS[language]["saved"])
    assert set(Vote.objects.values_list("choice", flat=True)) - {"a", "b"} == {"1"}


@pytest.mark.parametrize("language", list(_LOCALES))
def test_doors_on_a_phone(windows: Any, alice: Any, language: str) -> None:
    campaign = open_campaign(
        owner=alice, people=4, per_stimulus=1, hit_size=8, votes_per_question=3, kind="both", access="guests",
        consent="Consent.", reward_cents=250, currency="EUR",
    )  # fmt: skip
    practice_add(campaign=campaign, triplets=1)
    page = windows.open(locale=_LOCALES[language], **PHONE)
    page.goto("/accounts/login/")
    _look(page, language, "login")
    windows.forgive("status of 404")
    page.goto("/join/nobody/")
    _look(page, language, "not-found")
    page.goto(f"/join/{campaign.invitation}/")
    _look(page, language, "join")
    page.locator("form:not(.languages) button").click()
    expect(page.locator("#panel-go")).to_be_visible()
    _look(page, language, "consent")
    page.locator("#panel-go").click()
    page.get_by_role("button", name=_WORDS[language]["begin"]).click()
    expect(page.locator("#panel-go")).to_be_visible()
    _look(page, language, "practice")
    page.locator("#panel-go").click()
    _asked(page, language, 1, 1)
    page.keyboard.press("ArrowRight")
    expect(page.locator("#feedback")).not_to_be_empty()
    _look(page, language, "practice-feedback")
