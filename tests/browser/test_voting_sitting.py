"""A sitting as it goes: consent, practice, bundles, breaks, other tabs, and its end."""

from __future__ import annotations

import time
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from annotation.models import Assignment, Participation, Vote
from tests.browser.pages import asked, begin, pictures, press, saved
from tests.browser.world import almost_done, open_campaign, practice_add

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def _campaign(owner: Any, **settings: Any) -> Any:
    fields = {"people": 3, "per_stimulus": 3, "hit_size": 6, "votes_per_question": 1, **settings}
    return open_campaign(owner=owner, **fields)


def test_consent_then_practice_then_the_real_questions(windows: Any, alice: Any, bob: Any) -> None:
    campaign = _campaign(alice, consent="Your answers are kept without your name.")
    practice_add(campaign=campaign, triplets=2)
    page = windows.open(bob)
    page.goto(f"/annotate/{campaign.slug}/")
    expect(page.get_by_text("Your answers are kept without your name.")).to_be_visible()
    assert not Assignment.objects.exists()
    assert Participation.objects.get().consented is None
    with page.expect_response(lambda one: one.url.endswith("/claim/") and "items" in one.text()) as claimed:
        page.get_by_role("button", name="I agree").click()
    expected = [item["expected"] for item in claimed.value.json()["items"]]
    assert Participation.objects.get().consented is not None
    expect(page.get_by_role("dialog", name=campaign.name)).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_text("2 questions to get used to it.")).to_be_visible()
    page.keyboard.press("Enter")

    asked(page, 1, 2)
    expect(page.locator("#announce")).to_contain_text("Practice. Triplet 1 of 2.")
    wrong = "right" if expected[0] == "left" else "left"
    page.locator(f"#{wrong}").click()
    feedback = page.locator("#feedback")
    expect(feedback).to_have_text(f"Most people choose the {expected[0]} one; look again.")
    asked(page, 1, 2)
    page.locator(f"#{expected[0]}").click()
    expect(feedback).to_have_text("Right")
    asked(page, 2, 2)
    expect(feedback).to_be_empty()
    page.locator(f"#{expected[1]}").click()
    expect(page.get_by_role("heading", name="1 of 2 right")).to_be_visible()
    participation = Participation.objects.get()
    assert (participation.practice_right, participation.practice_given) == (1, 2)
    assert participation.practised is not None
    page.keyboard.press("Enter")
    asked(page, 1, 6)
    assert not Vote.objects.exists()
    page.reload()
    asked(page, 1, 6)  # neither is asked for twice


def test_who_does_not_agree_is_led_out(windows: Any, alice: Any, bob: Any) -> None:
    campaign = _campaign(alice, consent="Your answers are kept without your name.")
    page = windows.open(bob)
    page.goto(f"/annotate/{campaign.slug}/")
    page.get_by_role("link", name="I do not agree").click()
    page.wait_for_url(lambda url: url.endswith("/"))
    assert "/annotate/" not in page.url
    assert Participation.objects.get().consented is None


def test_two_tabs_do_not_fight(windows: Any, alice: Any, bob: Any) -> None:
    campaign = _campaign(alice)
    first = windows.open(bob)
    begin(first, campaign)
    press(first, "ArrowLeft ArrowLeft")
    asked(first, 3, 6)
    second = first.context.new_page()
    second.goto(f"/annotate/{campaign.slug}/")
    asked(second, 3, 6)
    expect(first.get_by_role("heading", name="You went on in another tab")).to_be_visible()
    first.keyboard.press("ArrowLeft")  # answers nothing: the other tab asks
    press(second, "ArrowRight ArrowRight")
    asked(second, 5, 6)
    saved(second)
    first.bring_to_front()
    first.get_by_role("button", name="Continue here").click()
    asked(first, 5, 6)
    expect(second.get_by_role("heading", name="You went on in another tab")).to_be_visible()
    press(first, "ArrowLeft ArrowLeft")
    expect(first.get_by_role("heading", name="That was a bundle of 6")).to_be_visible()
    saved(first)
    second.close()
    assert Assignment.objects.get().status == Assignment.Status.ACTIVE, "a tab that does not ask submits nothing"
    sides = [vote.choice == vote.left for vote in Vote.objects.order_by("question__position")]
    assert sides == [True, True, False, False, True, True]


def test_a_tab_that_takes_over_brings_what_the_other_could_not_send(windows: Any, alice: Any, bob: Any) -> None:
    windows.forgive("ERR_FAILED")
    campaign = _campaign(alice)
    first = windows.open(bob)
    begin(first, campaign)
    asked(first, 1, 6)
    first.route("**/votes/", lambda route: route.abort())
    press(first, "ArrowLeft ArrowRight")
    asked(first, 3, 6)
    second = first.context.new_page()
    second.goto(f"/annotate/{campaign.slug}/")
    asked(second, 3, 6)
    saved(second)
    assert Vote.objects.count() == 2


def test_leaving_from_the_end_of_a_bundle_submits_it(windows: Any, alice: Any, bob: Any, carol: Any) -> None:
    campaign = _campaign(alice, votes_per_question=2)
    for user, way in ((bob, "stop"), (carol, "close")):
        almost_done(campaign=campaign, user=user, left=1)
        page = windows.open(user)
        begin(page, campaign)
        press(page, "ArrowLeft")
        expect(page.get_by_role("heading", name="That was a bundle of 6")).to_be_visible()
        saved(page)
        held = Assignment.objects.get(worker__user=user)
        assert held.status == Assignment.Status.ACTIVE
        if way == "stop":
            page.get_by_role("link", name="Stop for now").click()
            page.wait_for_url(lambda url: "/annotate/" not in url)
        else:
            page.goto("about:blank")
        _wait_for(page, lambda held=held: Assignment.objects.get(pk=held.pk).status == Assignment.Status.SUBMITTED)


def test_stopping_in_the_midst_gives_the_rest_to_others(windows: Any, alice: Any, bob: Any) -> None:
    campaign = _campaign(alice)
    page = windows.open(bob)
    begin(page, campaign)
    press(page, "ArrowLeft")
    asked(page, 2, 6)
    page.get_by_role("button", name="Stop").click()
    page.wait_for_url(lambda url: "/annotate/" not in url)
    assert Assignment.objects.get().status == Assignment.Status.RETURNED
    assert Vote.objects.count() == 1


def _wait_for(page: Page, true: Any) -> None:
    for _ in range(50):
        if true():
            return
        page.wait_for_timeout(100)
    raise AssertionError("It did not come to pass within 5 s.")


@pytest.mark.parametrize(
    ("why", "heading", "sentence"),
    [
        ("share", "Thank you", "You have given as many answers as one person may give here"),
        ("paused", "A pause for now", "Those who run this campaign want to look at your answers first."),
        ("excluded", "Thank you", "We have enough answers from you."),
        ("campaign-paused", "A pause for now", "This campaign is paused."),
        ("campaign-closed", "This campaign is over", "It takes no more answers."),
        ("nothing", "Thank you", "You have answered all that there is for you here."),
    ],
)
def test_there_are_words_for_every_end(
    windows: Any, alice: Any, bob: Any, why: str, heading: str, sentence: str
) -> None:
    campaign = _campaign(alice, thanks="The results will be on our page in spring.")
    page = windows.open(bob)
    done = {"done": True, "why": why, "votes": 1240, "hits": 62}
    page.route("**/claim/", lambda route: route.fulfill(json=done))
    page.goto(f"/annotate/{campaign.slug}/")
    expect(page.get_by_role("heading", name=heading)).to_be_visible()
    expect(page.get_by_text(sentence)).to_be_visible()
    facts = page.locator("#panel-facts")
    expect(facts).to_contain_text("1,240")
    expect(facts).to_contain_text("62")
    expect(page.get_by_text("The results will be on our page in spring.")).to_be_visible(visible="paused" not in why)
    expect(page.get_by_role("link", name="To the start page")).to_be_visible()


def test_after_long_work_a_break_is_offered_and_the_time_is_told_at_the_end(windows: Any, alice: Any, bob: Any) -> None:
    campaign = _campaign(alice, break_minutes=3)
    page = windows.open(bob)
    page.clock.install()
    page.goto(f"/annotate/{campaign.slug}/")
    page.get_by_role("button", name="Begin").click()
    for number in range(1, 7):
        expect(page.locator("#announce")).to_contain_text(f"Triplet {number} of 6")
        page.clock.run_for(50_000)
        page.keyboard.press("ArrowLeft")
        page.clock.run_for(1_000)
    expect(page.get_by_text("You have worked for 5 minutes without a pause.")).to_be_visible()
    expect(page.get_by_role("link", name="Take a break")).to_be_visible()
    saved(page)
    campaign.status = "closed"
    campaign.save(update_fields=["status"])
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="This campaign is over")).to_be_visible()
    expect(page.locator("#panel-facts")).to_contain_text("5 min")


def test_time_in_the_instructions_is_not_time_on_a_question(windows: Any, alice: Any, bob: Any) -> None:
    page = windows.open(bob)
    begin(page, _campaign(alice))
    asked(page, 1, 6)
    shown = pictures(page)
    page.keyboard.press("?")
    page.wait_for_timeout(2000)
    page.keyboard.press("ArrowLeft")  # means nothing here
    expect(page.get_by_role("dialog")).to_be_visible()
    uncovered = time.monotonic()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    page.wait_for_timeout(300)
    assert pictures(page) == shown
    page.keyboard.press("ArrowLeft")
    took = 1000 * (time.monotonic() - uncovered)
    asked(page, 2, 6)
    saved(page)
    assert 150 <= Vote.objects.get().response_ms <= took
