"""The quality pages of real people's judgements, imported as they were published."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from annotation.services.vote_imports import votes_import
from tests.browser.looks import picture
from tests.browser.pages import assert_fits

pytestmark = [pytest.mark.browser, pytest.mark.shared, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize(("name", "shown"), [("cfd36_faces", "cfd36"), ("alien_eggs_30_next", "eggs")])
def test_the_page_of_a_real_set(name: str, shown: str, windows: Any, alice: Any, shared_data: Path) -> None:
    path = shared_data / "triplets" / name / "responses.csv"
    found = votes_import(owner=alice, path=path, new_collection=name, name=name)
    page = windows.open(alice, viewport={"width": 1280, "height": 800})
    page.goto(f"/campaigns/{found.campaign.slug}/quality/")
    expect(page.get_by_role("heading", name="Most disputed")).to_be_visible()
    for figure in ("nan", "None", "inf"):
        expect(page.locator("main").get_by_text(figure, exact=True)).to_have_count(0)
    assert_fits(page)
    picture(page, f"quality-{shown}")
    page.set_viewport_size({"width": 360, "height": 740})
    assert_fits(page)
