"""The page about a campaign's workers: who may see it, what it says, and what its buttons do."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from annotation.models import Campaign, Participation, Vote
from annotation.services.conduct import workers_assess_due
from annotation.services.golds import golds_make
from annotation.services.proposals import round_propose_balanced
from annotation.services.rounds import round_open
from annotation.services.workers import worker_get
from tests.factories import answer_all, small_campaign

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign(alice, collection):
    made = small_campaign(owner=alice, collection=collection, hit_size=12)
    golds_make(campaign=made, gold=30, attention=10, seed=2)
    Campaign.objects.filter(pk=made.pk).update(golds_first=3, golds_later=2, attention=1, repeats=1)
    made.refresh_from_db()
    round_open(round=round_propose_balanced(campaign=made, per_stimulus=9))
    return made


@pytest.fixture
def page(client, alice, campaign):
    client.force_login(alice)
    return lambda query="": client.get(f"/campaigns/{campaign.slug}/workers/{query}")


def lefty(campaign, name="lefty", hits=4):
    from annotation.services.assignments import assignment_claim

    for _ in range(hits):
        answer_all(assignment_claim(campaign=campaign, worker=worker_get(channel="test", external_id=name)))
    return Participation.objects.select_related("worker").get(worker__external_id=name)


@pytest.fixture
def decide(client, alice, campaign):
    client.force_login(alice)

    def post(who, step, query=""):
        address = f"/campaigns/{campaign.slug}/workers/{who.pk}/{query}"
        return client.post(address, {"step": step}, follow=True)

    return post


def test_roles(client, campaign, alice, bob, mallory, admin):
    who = lefty(campaign, hits=1)
    expected = {None: 302, bob: 403, mallory: 404, alice: 200, admin: 200}
    for user, status in expected.items():
        client.logout()
        if user:
            client.force_login(user)
        assert client.get(f"/campaigns/{campaign.slug}/workers/").status_code == status
        posted = client.post(f"/campaigns/{campaign.slug}/workers/{who.pk}/", {"step": "nonsense"})
        assert posted.status_code == (302 if status == 200 else status)
    assert Participation.objects.get().standing == "good"


def test_a_worker_of_another_campaign_is_not_found_here(decide, campaign, alice, collection):
    other = small_campaign(owner=alice, collection=collection, name="Other")
    who = Participation.objects.create(campaign=other, worker=worker_get(channel="test", external_id="x"))
    assert decide(who, "exclude").status_code == 404
    who.refresh_from_db()
    assert who.standing == "good"


def test_the_page_says_what_was_done_and_what_is_odd(page, campaign):
    who = lefty(campaign)
    workers_assess_due()
    text = page().content.decode()
    assert who.worker.pseudonym in text
    assert "lefty" not in text  # the id by which a channel knows a person is nobody's business
    assert "Excluded" in text
    assert "63 of 63" in text  # 48 votes, 3 + 3 + 3 + 2 gold, 4 attention checks; repeats mirror other answers
    assert "answers are on the left." in text
    assert "Known answers right" in text


def test_buttons_lead_up_and_back_with_what_came_of_it(decide, campaign):
    who = lefty(campaign)
    assert "gets no more HITs" in decide(who, "pause").content.decode()
    text = decide(who, "exclude").content.decode()
    assert "is excluded. The questions of 4 HITs are asked again." in text
    assert not Vote.objects.exists()
    text = decide(who, "reinstate").content.decode()
    assert "48 answers count again." in text
    assert Vote.objects.count() == 48
    assert "Left alone by the rules" in text
    assert "good standing already" in decide(who, "reinstate").content.decode()
    assert "not a decision" in decide(who, "promote").content.decode()


def test_a_rejection_is_confirmed_or_declined_here(decide, page, campaign):
    who = lefty(campaign, hits=1)
    assert "Reject, do not pay" not in page().content.decode()
    assert "No rejection of this worker is proposed" in decide(who, "confirm").content.decode()
    Participation.objects.update(rejection="proposed")
    assert "Reject, do not pay" in page().content.decode()
    assert "is rejected and is not paid" in decide(who, "confirm").content.decode()
    assert "Rejected, not paid" in page().content.decode()
    assert "is in good standing again" in decide(who, "reinstate").content.decode()
    assert Participation.objects.get().rejection == ""
    Participation.objects.update(rejection="proposed")
    assert "is paid all the same" in decide(who, "decline").content.decode()


def test_every_decision_asks_first(page, campaign):
    lefty(campaign, hits=1)
    Participation.objects.update(standing="downweighted", rejection="proposed")
    text = page().content.decode()
    buttons = [one for one in text.split("<button")[1:] if 'name="step"' in one]
    assert len(buttons) == 5
    assert all("data-confirm=" in one for one in buttons)


def test_filters_and_the_way_back(page, decide, campaign):
    paused, good = lefty(campaign, "p", hits=1), lefty(campaign, "g", hits=1)
    Participation.objects.filter(pk=paused.pk).update(standing="paused")
    shown = page("?standing=paused").content.decode()
    assert paused.worker.pseudonym in shown
    assert good.worker.pseudonym not in shown
    assert "?standing=paused" in shown
    response = decide(paused, "reinstate", "?standing=paused")
    assert response.redirect_chain == [(f"/campaigns/{campaign.slug}/workers/?standing=paused", 302)]
    assert "Nobody stands like this." in response.content.decode()
    everybody = page("?standing=nonsense&page=99").content.decode()
    assert paused.worker.pseudonym in everybody
    assert good.worker.pseudonym in everybody
    text = page().content.decode()
    assert text.index(min(paused.worker.pseudonym, good.worker.pseudonym)) < text.index(
        max(paused.worker.pseudonym, good.worker.pseudonym)
    )


def test_nobody_yet_and_a_campaign_that_checks_nothing(page, campaign):
    assert "Nobody has answered yet." in page().content.decode()
    assert "asks no questions with a known answer" not in page().content.decode()
    Campaign.objects.update(golds_first=0, golds_later=0, attention=0)
    assert "asks no questions with a known answer" in page().content.decode()


def test_as_many_queries_for_a_full_page_as_for_one_worker(page, campaign):
    def cost():
        with CaptureQueriesContext(connection) as seen:
            assert page().status_code == 200
        return len(seen)

    lefty(campaign, "0", hits=1)
    one = cost()
    for number in range(1, 15):
        lefty(campaign, str(number), hits=1)
    assert cost() == one <= 20
    assert "Page 1 of 2" in page().content.decode()
    assert page("?page=2").content.decode().count('class="card worker"') == 3
