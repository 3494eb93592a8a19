"""The page of a run: started from a form, finished before one's eyes, with its tables, curves and map."""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from learning.models import Run
from learning.selectors import comparison_rows, run_map
from learning.services.runs import run_create
from tests.browser.world import TINY, counted_campaign

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def pixels(shown: Locator) -> NDArray[np.int16]:
    """(H, W, 3) what is on the screen there."""
    return np.asarray(Image.open(io.BytesIO(shown.screenshot())).convert("RGB"), dtype=np.int16)


def having(picture: NDArray[np.int16], colour: str) -> NDArray[np.bool_]:
    """(H, W) where a picture has the colour "#rrggbb", give or take rounding."""
    wanted = np.array([int(colour[place : place + 2], 16) for place in (1, 3, 5)])
    return (np.abs(picture - wanted) <= 3).all(axis=2)


def changed(picture: NDArray[np.int16], before: NDArray[np.int16]) -> int:
    """Pixels that differ so that one sees it."""
    return int((np.abs(picture - before) > 30).any(axis=2).sum())


def test_a_run_trains_and_shows_tables_curves_and_a_map_that_keys_can_use(
    windows: Any, workers: Any, alice: Any
) -> None:
    campaign, dataset = counted_campaign(owner=alice, people=6, per_stimulus=2, votes_per_question=3, crowd=8)
    for model in ("pca", "vae"):
        run_create(campaign=campaign, dataset=dataset, model=model, config={"latent": 4} if model == "pca" else TINY)
    page = windows.open(alice, viewport={"width": 1280, "height": 900})
    page.goto(f"/campaigns/{campaign.slug}/learning/")
    form = page.locator("form", has=page.get_by_role("button", name="Train"))
    form.get_by_label("Model").select_option(label="M2: triplet-prior VAE")
    form.locator("summary", has_text="Other settings").click()
    form.locator("textarea").fill(json.dumps(TINY))
    form.get_by_role("button", name="Train").click()
    expect(page.locator("#status")).to_have_text("Queued")
    run = Run.objects.get(model="triplet-vae")
    assert {name: run.config[name] for name in TINY} == TINY
    workers.work()
    expect(page.locator("#map-hint")).to_have_text("150 stimuli", timeout=30_000)  # the page found out by itself
    expect(page.locator("#status")).to_have_text("Done")
    run.refresh_from_db()
    _see_tables(page, run)
    _see_curves(page, run)
    _use_map(page, run)


def _see_tables(page: Page, run: Run) -> None:
    rows = {row.name: row for row in comparison_rows(run.campaign)}
    assert set(rows) == {"PCA", "VAE", "M2"}
    table = page.get_by_role("table", name="Accuracy and share of satisfied triplets")
    for name, row in rows.items():
        line = table.get_by_role("row").filter(has=page.get_by_role("link", name=name, exact=True))
        wanted = [str(row.dim), f"{row.accuracy:.3f}", f"{row.satisfied:.3f}"]
        assert line.locator("td").all_inner_texts()[:3] == wanted
    expect(table.get_by_text("not trained")).to_have_count(2)
    test = run.evaluation.metrics["triplets"]["test"]
    expect(page.get_by_role("row", name="Test").first).to_contain_text(f"{test['count']}{test['satisfied']:.3f}")


def _see_curves(page: Page, run: Run) -> None:
    panels = page.locator("#curves figure")
    expect(panels).to_have_count(5)
    assert panels.locator("strong").all_inner_texts() == ["Validation ELBO", "Reconstruction", "KL", "Triplets", "β"]
    assert len(run.progress["history"]) == 5
    accent = page.evaluate("() => getComputedStyle(document.documentElement).getPropertyValue('--accent').trim()")
    for place in range(5):
        assert having(pixels(panels.nth(place).locator("canvas")), accent).sum() > 50, f"panel {place} has no line"
    value = panels.first.locator(".num")
    before = value.inner_text()
    panels.first.locator(".u-over").hover(position={"x": 2, "y": 40})
    expect(value).to_contain_text(" at 8")
    page.mouse.move(0, 0)
    expect(value).to_have_text(before)


def _use_map(page: Page, run: Run) -> None:
    """Points of every category in its colour; the legend hides and shows them; the pointer names them."""
    seen = run_map(run)
    canvas = page.locator("#map canvas")
    canvas.scroll_into_view_if_needed()
    buttons = page.locator("#map .legend button")
    expect(buttons).to_have_count(len(seen.categories))
    colours = [buttons.nth(place).locator("path").get_attribute("fill") or "" for place in range(7)]
    sizes = [int(having(pixels(canvas), colour).sum()) for colour in colours]
    assert min(sizes) > 20, sizes

    buttons.first.focus()
    page.keyboard.press("Space")
    expect(buttons.first).to_have_attribute("aria-pressed", "false")
    page.wait_for_timeout(200)
    assert not having(pixels(canvas), colours[0]).any(), "a hidden category is not drawn"
    assert having(pixels(canvas), colours[1]).sum() > 20
    page.keyboard.press("Enter")
    expect(buttons.first).to_have_attribute("aria-pressed", "true")
    page.wait_for_timeout(200)
    assert having(pixels(canvas), colours[0]).sum() > 20

    for place in range(1, 7):
        buttons.nth(place).click()
    page.wait_for_timeout(200)
    rows, columns = np.nonzero(having(pixels(canvas), colours[0]))
    middle = len(rows) // 2
    canvas.hover(position={"x": int(columns[middle]), "y": int(rows[middle])})
    expect(page.locator("#map .peek")).to_be_visible()
    key, category = page.locator("#map .peek figcaption").inner_text().split("\n")
    assert category == seen.categories[0] == seen.categories[seen.category[seen.keys.index(key)]]
    assert page.locator("#map .peek img").evaluate("(image) => image.decode().then(() => image.naturalWidth)") > 0

    page.locator("#map .stage").focus()
    page.mouse.move(0, 0)
    page.keyboard.press("0")
    page.wait_for_timeout(200)
    home = pixels(canvas)
    page.keyboard.press("ArrowRight")
    page.wait_for_timeout(200)
    assert changed(pixels(canvas), home) > 200, "an arrow key turns the map"
    page.keyboard.press("0")
    page.wait_for_timeout(200)
    assert changed(pixels(canvas), home) < 20, "zero turns it back"

    page.get_by_text("The map as a table").click()
    lines = page.locator(".map-text tbody tr")
    assert lines.locator("th").all_inner_texts() == seen.categories
    counts = [int(text) for text in lines.locator("td:nth-of-type(1)").all_inner_texts()]
    assert counts == np.bincount(seen.category).tolist()


def test_a_run_that_waits_can_be_cancelled_on_its_page(windows: Any, alice: Any, campaign: Any) -> None:
    from tests.factories import closed_round

    run = run_create(campaign=campaign, dataset=closed_round(campaign)[1], model="vae", config=TINY)
    page = windows.open(alice)
    page.goto(f"/runs/{run.pk}/")
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Cancel run").click()
    expect(page.get_by_text("The run is cancelled.")).to_be_visible()
    expect(page.locator("#status")).to_have_text("Cancelled")
    run.refresh_from_db()
    assert run.status == Run.Status.CANCELLED
