"""The page about workers in a real browser: in every light, by keyboard, and what its buttons ask before they act."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from annotation.models import Campaign, Participation
from annotation.services.conduct import workers_assess_due
from tests.browser.looks import look
from tests.browser.world import open_campaign

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def campaign(alice: Any) -> Any:
    """Answered by people who look, by one who leans, one who takes the wrong one, and a machine."""
    from annotation.crowd.simulated import SimulatedWorker, crowd_work

    made = open_campaign(
        owner=alice, people=8, per_stimulus=6, hit_size=20, cant_tell=True,
        golds_first=2, golds_later=1, attention=1, repeats=1,
    )  # fmt: skip

    def person(name: str, **traits: Any) -> SimulatedWorker:
        fields = {"competence": 4.0, "bias": 0.0, "speed_ms": 1900.0, "drop_out": 0.0, "spam": False, **traits}
        return SimulatedWorker(name=name, **fields)

    crowd = [
        person("a"),
        person("b", speed_ms=1500.0),
        person("leans", competence=0.6, bias=1.4),
        person("contrary", competence=-1.0),
        person("machine", competence=0.0, bias=8.0, speed_ms=140.0),
    ]
    crowd_work(round=made.rounds.get(), workers=crowd, seed=4)
    workers_assess_due()
    assert set(Participation.objects.values_list("standing", flat=True)) >= {"good", "paused", "excluded"}
    return made


def test_the_page_in_every_light(windows: Any, campaign: Any, alice: Any) -> None:
    page = windows.open(alice)
    page.goto(f"/campaigns/{campaign.slug}/workers/")
    expect(page.locator(".worker")).to_have_count(5)
    page.get_by_text("What the figures say, and what the rules do").click()
    look(page, "workers")


def _press(page: Page, name: str) -> None:
    """Reach a button by the Tab key alone, and press it."""
    for _ in range(200):
        page.keyboard.press("Tab")
        text = page.evaluate("() => document.activeElement.textContent.trim().replace(/\\s+/g, ' ')")
        if text == name:
            page.keyboard.press("Enter")
            return
    raise AssertionError(f"The Tab key does not lead to {name!r}.")


def test_a_decision_by_keyboard_asks_first_and_is_taken_back_with_one_press(
    windows: Any, campaign: Any, alice: Any
) -> None:
    who = Participation.objects.select_related("worker").get(worker__external_id="a")
    name = who.worker.pseudonym
    page = windows.open(alice)
    asked: list[str] = []
    answers = [False, True, True]

    def answer(dialog: Any) -> None:
        asked.append(dialog.message)
        dialog.accept() if answers.pop(0) else dialog.dismiss()

    page.on("dialog", answer)
    page.goto(f"/campaigns/{campaign.slug}/workers/?standing=good")
    _press(page, f"Exclude {name}")
    expect(page.locator(".note")).to_have_count(0)
    who.refresh_from_db()
    assert who.standing == "good"
    page.reload()
    _press(page, f"Exclude {name}")
    expect(page.locator(".note.success")).to_contain_text(f"{name} is excluded.")
    page.get_by_role("link", name="Excluded").click()
    expect(page.get_by_role("heading", name=name)).to_be_visible()
    _press(page, f"Reinstate {name}")
    expect(page.locator(".note.success")).to_contain_text("answers count again")
    assert [one.split(" ")[0] for one in asked] == ["Exclude", "Exclude", "Reinstate"]
    who.refresh_from_db()
    assert (who.standing, who.trusted, who.decided_by) == ("good", True, alice)
    assert Campaign.objects.count() == 1
