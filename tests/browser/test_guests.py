"""A guest's way: a link, a look at what is asked, a bundle; and the researcher's, who makes the link."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from annotation.models import Campaign, Vote, Worker
from tests.browser.pages import PHONE, asked, assert_fits, press, saved
from tests.browser.world import open_campaign

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def campaign(alice: Any) -> Any:
    return open_campaign(owner=alice, people=4, per_stimulus=1, hit_size=4, votes_per_question=3, access="guests")


def test_a_guest_follows_the_link_answers_and_comes_back_to_the_same_place(windows: Any, campaign: Any) -> None:
    page = windows.open(**PHONE)
    page.goto(f"/join/{campaign.invitation}/")
    assert_fits(page)
    page.get_by_role("button", name="Begin").click()
    page.wait_for_url(f"**/annotate/{campaign.slug}/")
    assert page.evaluate("document.referrer").find(campaign.invitation) < 0, "the next page is not told the key"
    page.get_by_role("button", name="Begin").click()
    press(page, "ArrowLeft ArrowRight")
    saved(page)
    asked(page, 3, 4)
    worker = Worker.objects.get()
    assert worker.channel == "guest"

    page.goto(f"/join/{campaign.invitation}/")
    page.get_by_role("button", name="Go on").click()
    asked(page, 3, 4)
    assert Worker.objects.get() == worker
    assert Vote.objects.filter(worker=worker).count() == 2


def _copied(page: Page) -> str:
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    return str(page.evaluate("navigator.clipboard.readText()"))


def test_a_researcher_copies_renews_and_revokes_the_link(windows: Any, campaign: Any, alice: Any) -> None:
    windows.forgive("status of 404")  # what a dead link is answered with
    lab = windows.open(alice, permissions=["clipboard-read", "clipboard-write"])
    lab.goto(f"/campaigns/{campaign.slug}/")
    first = _copied(lab)
    assert first.endswith(f"/join/{campaign.invitation}/")
    visitor = windows.open()
    assert visitor.goto(first).status == 200

    lab.once("dialog", lambda dialog: dialog.accept())
    lab.get_by_role("button", name="New link").click()
    expect(lab.get_by_text("There is a new link; the old one is dead.")).to_be_visible()
    second = _copied(lab)
    assert visitor.goto(first).status == 404
    assert visitor.goto(second).status == 200

    lab.once("dialog", lambda dialog: dialog.accept())
    lab.get_by_role("button", name="Revoke").click()
    expect(lab.get_by_text("There is no invitation link")).to_be_visible()
    assert visitor.goto(second).status == 404
    assert Campaign.objects.get().invitation == ""


def test_the_form_of_a_new_campaign_shows_what_its_questions_need(windows: Any, campaign: Any, alice: Any) -> None:
    lab = windows.open(alice)
    lab.goto("/campaigns/new/")
    triplet, label = lab.get_by_label("Question above triplets"), lab.get_by_label("Question above single stimuli")
    for kind, shown, hidden, sentence in (
        ("triplet", triplet, label, r"100 stimuli make 200 triplets in 10 bundles: 1,000 votes"),
        ("label", label, triplet, r"100 stimuli make 100 labels in 5 bundles: 500 votes"),
        ("both", label, None, r"100 stimuli make 200 triplets and 100 labels in 15 bundles: 1,500 votes"),
    ):
        lab.get_by_label("Questions", exact=True).select_option(kind)
        expect(shown).to_be_visible()
        if hidden is not None:
            expect(hidden).to_be_hidden()
        expect(lab.locator("#estimate")).to_contain_text(sentence)
    lab.locator("summary", has_text="asked in two steps").click()
    lab.get_by_label("How they are asked").select_option("3")
    expect(lab.locator("#estimate")).to_contain_text("900 to 1,500 votes")
