"""The voting page's requests: what comes, what is kept, and a sentence for everything that makes no sense."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from annotation.models import Assignment, Campaign, Participation, Question, Round, Vote
from annotation.selectors.queue import left_candidate
from tests.annotation.views.voting import answer


def test_a_bundle_comes_with_pictures_and_says_nothing_about_them(page: Any, open_round: Round) -> None:
    status, bundle = page("claim")
    assert status == 200
    assert len(bundle["items"]) == 12
    assert bundle["lease_until"] > "2020"
    shown = bundle["items"][0]
    assert set(shown) == {"place", "question", "kind", "reference", "left", "right"}
    assert all(set(shown[place]) == {"kind", "url"} for place in ("reference", "left", "right"))
    assert [one["place"] for one in bundle["items"]] == [4 * position for position in range(12)]
    text = json.dumps(bundle)
    keys = open_round.campaign.collection.stimuli.values_list("key", flat=True)
    assert not any(key in text for key in keys), "keys such as p01-happy would give the answer away"
    assert not any(word in text for word in ("happy", "sad", "angry", "neutral"))


def test_the_pictures_of_a_bundle_can_be_fetched(page: Any, client: Client) -> None:
    _, bundle = page("claim")
    shown = bundle["items"][0]
    assert all(client.get(shown[place]["url"]).status_code == 200 for place in ("reference", "left", "right"))


def test_claiming_again_gives_the_same_bundle_and_says_what_was_answered(page: Any) -> None:
    _, first = page("claim")
    given = answer(first["items"][0], "right")
    status, receipt = page("votes", {"ticket": first["ticket"], "answers": [given]})
    assert (status, receipt["remaining"], receipt["submitted"]) == (200, 11, False)
    _, second = page("claim")
    assert second["assignment"] == first["assignment"]
    assert second["items"][0].pop("given") == {"client_id": given["client_id"], "answer": "right"}
    assert second["items"] == first["items"]


def test_a_whole_bundle_is_voted_through(page: Any, bob: Any) -> None:
    _, bundle = page("claim")
    answers = [answer(one, side) for one, side in zip(bundle["items"], ["left", "right"] * 6, strict=True)]
    status, receipt = page("votes", {"ticket": bundle["ticket"], "answers": answers})
    assert status == 200
    assert receipt == {
        "saved": [one["client_id"] for one in answers],
        "uncounted": {},
        "remaining": 0,
        "submitted": True,
    }
    assignment = Assignment.objects.get(pk=bundle["assignment"])
    assert assignment.status == Assignment.Status.SUBMITTED
    for one in answers:
        vote = Vote.objects.get(client_id=one["client_id"])
        left = left_candidate(seed=assignment.seed, question_id=one["question"])
        assert vote.left == left
        assert (vote.choice == left) == (one["answer"] == "left")
        assert (vote.response_ms, vote.worker.user) == (812, bob)


@pytest.mark.parametrize("submit", [True, False])
def test_the_page_shows_on_the_left_what_the_vote_stores_as_left(page: Any, submit: bool) -> None:
    _, bundle = page("claim")
    shown = bundle["items"][3]
    page("votes", {"ticket": bundle["ticket"], "answers": [answer(shown)], "submit": submit})
    vote = Vote.objects.select_related("question__a", "question__b").get()
    chosen = vote.question.a if vote.choice == "a" else vote.question.b
    assert shown["left"]["url"].startswith(f"/stimuli/{chosen.pk}/")


@pytest.mark.parametrize("submit", [True, False])
def test_sending_twice_counts_once(page: Any, submit: bool) -> None:
    _, bundle = page("claim")
    post = {"ticket": bundle["ticket"], "answers": [answer(bundle["items"][0])], "submit": submit}
    first, second = page("votes", post), page("votes", post)
    assert (first[0], first[1]["saved"]) == (second[0], second[1]["saved"])
    assert Vote.objects.count() == 1


@pytest.mark.parametrize("submit", [True, False])
def test_a_second_answer_to_a_question_is_kept_and_does_not_count(page: Any, submit: bool) -> None:
    _, bundle = page("claim")
    item = bundle["items"][0]
    page("votes", {"ticket": bundle["ticket"], "answers": [answer(item)], "submit": submit})
    again = answer(item, "right")
    status, receipt = page("votes", {"ticket": bundle["ticket"], "answers": [again], "submit": submit})
    assert (status, receipt["saved"], receipt["uncounted"]) == (200, [], {again["client_id"]: "repeated"})
    assert Vote.objects.count() == 1


def test_a_bundle_is_submitted_by_the_next_claim_and_answers_can_be_taken_back_until_then(page: Any) -> None:
    _, bundle = page("claim")
    answers = [answer(item) for item in bundle["items"]]
    for one in answers:
        assert page("votes", {"ticket": bundle["ticket"], "answers": [one], "submit": False})[0] == 200
    last = answers[-1] | {"withdrawn": True}
    _, receipt = page("votes", {"ticket": bundle["ticket"], "answers": [last], "submit": False})
    assert receipt["uncounted"] == {last["client_id"]: "withdrawn"}
    _, again = page("claim")
    assert again["assignment"] == bundle["assignment"]
    assert "given" not in again["items"][-1]
    page("votes", {"ticket": bundle["ticket"], "answers": [answer(bundle["items"][-1], "right")], "submit": False})
    _, following = page("claim")
    assert following["assignment"] != bundle["assignment"]
    assert Assignment.objects.get(pk=bundle["assignment"]).status == Assignment.Status.SUBMITTED
    _, receipt = page("votes", {"ticket": bundle["ticket"], "answers": [answers[0] | {"withdrawn": True}]})
    assert receipt["saved"] == [answers[0]["client_id"]], "what is submitted stays"
    assert Vote.objects.filter(client_id=answers[0]["client_id"]).exists()


def test_votes_need_the_ticket_and_no_sign_in(page: Any, client: Client) -> None:
    _, bundle = page("claim")
    client.logout()
    one = answer(bundle["items"][0])
    status, receipt = page("votes", {"ticket": bundle["ticket"], "answers": [one], "submit": False})
    assert (status, receipt["saved"]) == (200, [one["client_id"]])
    assert page("heartbeat", {"ticket": bundle["ticket"]})[1]["held"] is True
    assert page("claim")[0] == 401


def test_a_returned_bundle_is_free_for_others(page: Any) -> None:
    _, bundle = page("claim")
    assert page("return", {"ticket": bundle["ticket"]}) == (
        200,
        {"returned": bundle["assignment"], "status": "returned"},
    )
    assert page("heartbeat", {"ticket": bundle["ticket"]}) == (200, {"held": False, "lease_until": None})


def test_when_nothing_is_left_the_page_is_told_what_was_given(page: Any, open_round: Round) -> None:
    while "done" not in (bundle := page("claim")[1]):
        answers = [answer(one) for one in bundle["items"]]
        assert page("votes", {"ticket": bundle["ticket"], "answers": answers})[0] == 200
    assert bundle == {
        "done": True,
        "why": "nothing",
        "votes": open_round.questions.count(),
        "hits": open_round.hits.count(),
    }


def test_a_paused_campaign_says_so(page: Any, open_round: Round) -> None:
    from annotation.services.campaigns import campaign_status_set

    campaign_status_set(campaign=open_round.campaign, status="paused")
    assert page("claim") == (200, {"done": True, "votes": 0, "hits": 0, "why": "campaign-paused"})


@pytest.mark.parametrize("standing", ["paused", "excluded"])
def test_a_paused_worker_is_told_so(page: Any, open_round: Round, standing: str) -> None:
    page("claim")
    page("return", {"ticket": page("claim")[1]["ticket"]})
    Participation.objects.update(standing=standing)
    assert page("claim")[1]["why"] == standing


def test_consent_and_practice_come_before_the_first_bundle(page: Any, open_round: Round) -> None:
    campaign = open_round.campaign
    Campaign.objects.filter(pk=campaign.pk).update(consent="We keep your answers.", practice=2)
    asked = open_round.questions.first()
    stimuli = list(campaign.collection.stimuli.order_by("pk")[:4])
    for a, b in ((1, 2), (1, 3)):
        Question.objects.create(
            campaign=campaign, role="practice", expected="a", split=asked.split,
            reference=stimuli[0], a=stimuli[a], b=stimuli[b],
        )  # fmt: skip
    assert page("claim") == (200, {"needs": "consent"})
    assert page("consent") == (200, {"consented": True})
    _, bundle = page("claim")
    assert bundle["needs"] == "practice"
    for item in bundle["items"]:
        assert item[item["expected"]]["url"].startswith(f"/stimuli/{Question.objects.get(pk=item['question']).a_id}/")
    given = [{"question": item["question"], "answer": item["expected"]} for item in bundle["items"]]
    assert page("practice", {"answers": given[:1]})[0] == 409
    given[0]["answer"] = "left" if given[0]["answer"] == "right" else "right"
    assert page("practice", {"answers": given}) == (200, {"right": 1, "given": 2})
    assert len(page("claim")[1]["items"]) == 12
    assert Vote.objects.count() == 0


def test_labels_are_asked_and_answered(page: Any, open_round: Round) -> None:
    from annotation.services.proposals import round_propose_balanced
    from annotation.services.rounds import round_close, round_open

    campaign = open_round.campaign
    round_close(round=open_round)
    Campaign.objects.filter(pk=campaign.pk).update(kind="label", cant_tell=True, choices=["bad", "good"])
    campaign.refresh_from_db()
    round_open(round=round_propose_balanced(campaign=campaign))
    _, bundle = page("claim")
    first, second, third = bundle["items"][:3]
    assert set(first) == {"place", "question", "kind", "stimulus"}
    for item, given in ((first, "1"), (second, "cant-tell")):
        one = answer(item, given)
        assert page("votes", {"ticket": bundle["ticket"], "answers": [one], "submit": False})[1]["saved"]
    assert list(Vote.objects.order_by("pk").values_list("choice", "left")) == [("1", ""), ("x", "")]
    for wrong in ("2", "left"):
        status, refusal = page(
            "votes", {"ticket": bundle["ticket"], "answers": [answer(third, wrong)], "submit": False}
        )
        assert (status, wrong in refusal["message"]) == (409, True)


def test_the_page_itself_gives_the_script_all_it_needs(client: Client, bob: Any, open_round: Round) -> None:
    client.force_login(bob)
    html = client.get(f"/annotate/{open_round.campaign.slug}/").content.decode()
    slug = open_round.campaign.slug
    for name in ("claim", "votes", "return", "heartbeat", "consent", "practice"):
        assert f"/annotate/{slug}/{name}/" in html
    assert "csrftoken" in client.cookies


def test_a_picture_is_data_and_kept_for_ever(client: Client, bob: Any, open_round: Round) -> None:
    from annotation.views.doorway import picture_url

    client.force_login(bob)
    stimulus = open_round.questions.first().a
    response = client.get(picture_url(stimulus))
    assert response["Content-Type"] == "image/svg+xml"
    assert "immutable" in response["Cache-Control"]
    assert "private" in response["Cache-Control"]
    assert response["Content-Security-Policy"].startswith("default-src 'none'")
    assert response["X-Content-Type-Options"] == "nosniff"
    assert client.get(f"/stimuli/{stimulus.pk}/{'0' * 12}/").status_code == 404


def test_how_the_questions_are_looked_at_is_kept_with_the_assignment(page: Any) -> None:
    _, bundle = page("claim", {"client": {"width": 390, "touch": True}})
    page("claim", {"client": {"width": 1280}})
    assert Assignment.objects.get(pk=bundle["assignment"]).client == {"width": 390, "touch": True}


TOO_MUCH = [7, {"width": [390]}, {"x" * 81: 1}, {"agent": "x" * 81}, {str(number): number for number in range(13)}]


@pytest.mark.parametrize("about", TOO_MUCH)
def test_a_browser_that_says_too_much_is_refused(page: Any, about: Any) -> None:
    status, refusal = page("claim", {"client": about})
    assert status == 400
    assert "client" in refusal["message"]
