"""The quality page in a real browser: in every light, by keyboard, and what would change before anything does."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from annotation.models import Campaign, Participation
from tests.browser.looks import look
from tests.browser.world import open_campaign

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def campaign(alice: Any) -> Any:
    """Triplets and labels, one round closed and counted, answered by careful people, some who lean, and a spammer."""
    from annotation.crowd.simulated import SimulatedWorker, crowd_work
    from annotation.services.rounds import round_close, round_finish

    made = open_campaign(owner=alice, people=10, per_stimulus=12, hit_size=20, kind="both", cant_tell=True)

    def person(number: int) -> SimulatedWorker:
        bias = {3: 2.2, 7: -1.8, 11: 2.0}.get(number, 0.1)
        return SimulatedWorker(
            name=f"w{number}",
            competence=0.0 if number == 5 else 0.7 + 0.25 * number,
            bias=bias,
            speed_ms=520.0 if number == 5 else 1200.0 + 90 * number,
            drop_out=0.0,
            spam=False,
        )

    first = made.rounds.get()
    crowd_work(round=first, workers=[person(number) for number in range(14)], seed=4)
    round_finish(round=round_close(round=first))
    return made


def test_the_page_in_every_light(windows: Any, campaign: Any, alice: Any) -> None:
    page = windows.open(alice)
    page.goto(f"/campaigns/{campaign.slug}/")
    page.get_by_role("link", name="Quality").click()
    expect(page.get_by_role("heading", name="Most disputed")).to_be_visible()
    look(page, "quality")
    page.get_by_role("link", name="Labels").click()
    expect(page.locator(".tally").first).to_contain_text("positive")
    look(page, "quality-labels")


def test_what_would_change_is_shown_and_then_applied(windows: Any, campaign: Any, alice: Any) -> None:
    who = Participation.objects.select_related("worker").get(worker__external_id="w5")
    page = windows.open(alice)
    page.goto(f"/campaigns/{campaign.slug}/quality/")
    form = page.locator("form.what-if")
    form.get_by_label("Method").select_option("side-frame")
    form.get_by_label("Weights").select_option("calibrated")
    form.get_by_text("Without somebody, or with somebody again").click()
    form.get_by_label(f"Leave out {who.worker.pseudonym}").check()
    form.get_by_role("button", name="Show what would change").press("Enter")
    outcome = page.locator(".outcome")
    expect(outcome).to_contain_text("get another answer")
    expect(outcome).to_contain_text(f"{who.worker.pseudonym} is excluded: others are asked again")
    campaign.refresh_from_db()
    assert (campaign.aggregator, campaign.weighting) == ("margin", "raw")
    look(page, "quality-change")
    asked: list[str] = []
    page.on("dialog", lambda dialog: [asked.append(dialog.message), dialog.accept()])
    outcome.get_by_role("button", name="Apply").press("Enter")
    expect(page.locator(".note.success").last).to_contain_text("counted by Side-frame Dawid–Skene, weights: Calibrated")
    assert [who.worker.pseudonym in one for one in asked] == [True]
    assert Campaign.objects.filter(aggregator="side-frame", weighting="calibrated").count() == 1
    who.refresh_from_db()
    assert who.standing == "excluded"
