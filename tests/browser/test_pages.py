"""Every page, wide and narrow, by day and by night. SEMBLANCE_SCREENSHOTS=FOLDER keeps pictures of them there."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import FloatRect, Page, ViewportSize, expect

from annotation.models import Campaign
from learning.models import Run
from learning.registry import PAPER_000
from learning.services.runs import plan_set, run_create
from learning.tasks import jobs_ring
from tests.browser.pages import assert_fits
from tests.browser.world import TINY, almost_done, counted_campaign
from tests.factories import simulate

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
FOLDER = os.environ.get("SEMBLANCE_SCREENSHOTS", "")
# How each page is looked at: suffix of the pictures' names (None: not kept), size of the window, colours of the system.
LOOKS: list[tuple[str | None, ViewportSize, Literal["light", "dark"]]] = [
    ("", {"width": 1280, "height": 800}, "light"),
    ("-dark", {"width": 1280, "height": 800}, "dark"),
    (None, {"width": 360, "height": 740}, "dark"),
    ("-phone", {"width": 360, "height": 740}, "light"),
]
LABELS = "What do these faces show?"
# A list of questions goes on and on; its beginning says how the page looks.
_TALLEST, _TALLEST_LIST = 2800, 1300
_PICTURES_THERE = """async () => {
  const shown = [...document.images].filter((image) => image.getAttribute("src"));
  for (const image of shown) image.loading = "eager";
  await Promise.all(shown.map((image) => image.decode()));
  await document.fonts.ready;
  return shown.length;
}"""


@dataclass(frozen=True)
class Size:
    """A world to look at: small to see that every page works, larger to be shown."""

    world: dict[str, int]
    training: dict[str, Any]
    select_count: int


SMALL = Size({"people": 6, "per_stimulus": 1, "votes_per_question": 3, "hit_size": 10, "crowd": 6}, TINY, 40)
LARGE = Size(
    {"people": 20, "per_stimulus": 6, "votes_per_question": 5, "hit_size": 20, "crowd": 30},
    {"iterations": 800, "learning_rate": 1e-3, "evaluate_every": 40, "anneal_iterations": 800},
    200,
)


@pytest.fixture
def campaign(alice: Any, bob: Any, workers: Any, settings: Any) -> Any:
    """A round closed, five models trained, a second round chosen by the last of them and open; Bob is in its midst."""
    from annotation.services.rounds import round_open

    settings.CODE_VERSION = "0.1.0"  # a commit that has no meaning to who looks at the pictures

    size = LARGE if FOLDER else SMALL
    campaign, dataset = counted_campaign(owner=alice, name="Expressions of made-up people", **size.world)
    plan_set(campaign=campaign, select_count=size.select_count, pool_size=20_000)
    for model in PAPER_000:
        config = size.training if model.endswith("vae") else {}
        run_create(campaign=campaign, dataset=dataset, model=model, config=config, select_after=model == "triplet-vae")
    jobs_ring()
    workers.work()
    assert set(Run.objects.values_list("status", "error")) == {("done", "")}
    round_open(round=campaign.rounds.get(number=2))
    almost_done(campaign=campaign, user=bob, left=3)
    _other_campaigns(campaign, bob)
    return campaign


def _other_campaigns(campaign: Any, annotator: Any) -> None:
    """On the same faces: a draft, one that is paid and has begun, one about labels that is counted."""
    from annotation.services.campaigns import campaign_create, campaign_start
    from annotation.services.proposals import round_propose_balanced
    from annotation.services.rounds import round_close, round_finish

    shared = {"owner": campaign.owner, "collection": campaign.collection, "hit_size": campaign.hit_size}
    labels = campaign_create(
        name=LABELS, seed=13, kind="label", choices=["negative", "neutral", "positive"], label="expression",
        cant_tell=True, votes_per_question=5, votes_first=3, access="guests", reward_cents=60, currency="EUR", **shared,
    )  # fmt: skip
    round_propose_balanced(campaign=labels)
    first = campaign_start(campaign=labels)
    simulate(first, workers=8, seed=13)
    round_finish(round=round_close(round=first))
    mood = campaign_create(name="Who is in the same mood?", seed=11, reward_cents=80, **shared)
    round_propose_balanced(campaign=mood, per_stimulus=2)
    campaign_start(campaign=mood)
    for left in (0, 0, 3):
        almost_done(campaign=mood, user=annotator, left=left)
    draft = campaign_create(name="Strength of a smile", seed=12, **shared)
    round_propose_balanced(campaign=draft, per_stimulus=1)


def test_every_page_fits_and_shows_no_error_in_any_light(windows: Any, campaign: Any, alice: Any, bob: Any) -> None:
    windows.forgive("status of 404")  # what the page that does not exist is answered with
    visitor = windows.open()
    visitor.goto("/accounts/login/")
    _look(visitor, "login", axe=True)
    _see_the_researchers_pages(windows.open(alice), campaign)
    page = windows.open(bob)
    page.goto("/")
    expect(page.get_by_role("link", name=f"Continue {campaign.name}")).to_be_visible()
    expect(page.get_by_role("link", name="Continue Who is in the same mood?")).to_be_visible()
    _look(page, "home-annotator", axe=True)
    visitor.goto(f"/join/{Campaign.objects.get(name=LABELS).invitation}/")
    expect(visitor.get_by_role("button", name="Begin")).to_be_visible()
    _look(visitor, "join", axe=True)


def _see_the_researchers_pages(page: Page, campaign: Any) -> None:
    home = f"/campaigns/{campaign.slug}/"
    labels = f"/campaigns/{Campaign.objects.get(name=LABELS).slug}/"
    draft = f"/campaigns/{Campaign.objects.get(status='draft').slug}/"
    run = Run.objects.get(campaign=campaign, model="triplet-vae")
    for name, address, sign in (
        ("home", "/", "#mine"),
        ("campaigns", "/campaigns/", ".campaign-card"),
        ("campaign-new", "/campaigns/new/", "#estimate"),
        ("campaign", home, "#runs-list"),
        ("round", f"{home}rounds/1/", "article.question"),
        ("campaign-labels", labels, "#invitation-link"),
        ("round-labels", f"{labels}rounds/1/", ".question .tally"),
        ("campaign-settings", f"{draft}settings/", ".folds summary"),
        ("learning", f"{home}learning/", "#comparison"),
        ("run", f"/runs/{run.pk}/", "#map .legend button"),
        ("not-found", "/nowhere/", "h1"),
    ):
        response = page.goto(address)
        assert response
        assert response.status == (404 if name == "not-found" else 200), address
        expect(page.locator(sign).first).to_be_visible()
        if name == "run":
            expect(page.locator("#curves canvas")).to_have_count(5)
        _look(page, name)


def _look(page: Page, name: str, *, axe: bool = False) -> None:
    """Turn the page to every look that there is; what is drawn on canvases has to follow."""
    page.evaluate(_PICTURES_THERE)
    for suffix, size, scheme in LOOKS:
        page.set_viewport_size(size)
        page.emulate_media(color_scheme=scheme)
        assert_fits(page)
        if axe:
            page.wait_for_timeout(300)  # colours that change have changed
            found = Axe().run(page).response["violations"]
            assert [f"{one['id']}: {[node['target'] for node in one['nodes']]}" for one in found] == []
        if FOLDER and suffix is not None:
            _keep(page, f"{name}{suffix}")


def _keep(page: Page, name: str) -> None:
    folder = Path(FOLDER)
    folder.mkdir(parents=True, exist_ok=True)
    page.wait_for_timeout(400)  # canvases are drawn anew with the next frames
    size = page.evaluate("() => [document.documentElement.clientWidth, document.documentElement.scrollHeight]")
    tallest = _TALLEST_LIST if name.startswith("round") else _TALLEST
    clip: FloatRect = {"x": 0, "y": 0, "width": size[0], "height": min(size[1], tallest)}
    page.screenshot(path=folder / f"{name}.png", full_page=True, clip=clip, animations="disabled", caret="hide")
