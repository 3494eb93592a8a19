"""A campaign's datasets in a real browser: in every light and by keyboard."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.looks import look
from tests.browser.world import counted_campaign

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_from_the_list_to_the_datasheet(windows: Any, alice: Any, tmp_path: Path) -> None:
    campaign, _ = counted_campaign(crowd=8, owner=alice, people=8, per_stimulus=4)
    page = windows.open(alice)
    page.goto(f"/campaigns/{campaign.slug}/")
    page.get_by_role("link", name="Datasets").click()
    look(page, "datasets")
    page.get_by_label("Least margin").fill("3")
    page.get_by_label("Licence").fill("CC-BY-4.0")
    page.get_by_role("button", name="Freeze").press("Enter")
    expect(page.locator(".note.success").last).to_contain_text("triplets")
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Download Bundle").press("Enter")
    waiting.value.save_as(tmp_path / "bundle.zip")
    page.reload()
    expect(page.get_by_role("row", name="Bundle").locator("code")).to_have_count(1)
    look(page, "dataset")
    with zipfile.ZipFile(tmp_path / "bundle.zip") as bundle:
        inside = next(name for name in bundle.namelist() if name.endswith("datasheet.html"))
        sheet = Path(bundle.extract(inside, tmp_path))
    page.goto(sheet.as_uri())  # as a file, as people open it: no server of ours says how it may look
    expect(page.get_by_role("heading", name="Agreement")).to_be_visible()
    look(page, "datasheet")
