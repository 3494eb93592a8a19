"""The voting page's three requests: what comes, what is kept, and a sentence for everything that makes no sense."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from annotation.models import Assignment, Round, Vote
from annotation.selectors.queue import left_candidate


@pytest.fixture
def page(client: Client, bob: Any, open_round: Round) -> Any:
    """Bob's browser: page("claim", {...}) gives status and JSON."""
    client.force_login(bob)

    def post(name: str, body: Any = None) -> tuple[int, dict[str, Any]]:
        content = body if isinstance(body, (str, bytes)) else json.dumps({} if body is None else body)
        address = f"/annotate/{open_round.campaign.slug}/{name}/"
        response = client.post(address, content, content_type="application/json")
        return response.status_code, response.json()

    return post


def answer(question: int, side: str = "left", **changes: Any) -> dict[str, Any]:
    return {"question": question, "side": side, "response_ms": 812, "client_id": str(uuid4()), **changes}


def test_a_bundle_comes_with_pictures_and_says_nothing_about_them(page: Any, open_round: Round) -> None:
    status, bundle = page("claim")
    assert status == 200
    assert (bundle["total"], bundle["answered"], len(bundle["questions"])) == (12, 0, 12)
    assert bundle["lease_until"] > "2020"
    shown = bundle["questions"][0]
    assert set(shown) == {"id", "reference", "left", "right"}
    assert [shown[place]["alt"] for place in ("reference", "left", "right")] == [
        "Reference picture",
        "Left picture",
        "Right picture",
    ]
    text = json.dumps(bundle)
    keys = open_round.campaign.collection.stimuli.values_list("key", flat=True)
    assert not any(key in text for key in keys), "keys such as p01-happy would give the answer away"
    assert not any(word in text for word in ("happy", "sad", "angry", "neutral"))


def test_the_pictures_of_a_bundle_can_be_fetched(page: Any, client: Client) -> None:
    _, bundle = page("claim")
    shown = bundle["questions"][0]
    assert all(client.get(shown[place]["url"]).status_code == 200 for place in ("reference", "left", "right"))


def test_claiming_again_gives_the_same_bundle_less_what_was_answered(page: Any) -> None:
    _, first = page("claim")
    status, receipt = page(
        "votes", {"assignment": first["assignment"], "answers": [answer(first["questions"][0]["id"])]}
    )
    assert (status, receipt["remaining"], receipt["submitted"]) == (200, 11, False)
    _, second = page("claim")
    assert second["assignment"] == first["assignment"]
    assert (second["total"], second["answered"]) == (12, 1)
    assert [one["id"] for one in second["questions"]] == [one["id"] for one in first["questions"][1:]]


def test_a_whole_bundle_is_voted_through(page: Any, open_round: Round, bob: Any) -> None:
    _, bundle = page("claim")
    answers = [answer(one["id"], side) for one, side in zip(bundle["questions"], ["left", "right"] * 6, strict=True)]
    status, receipt = page("votes", {"assignment": bundle["assignment"], "answers": answers})
    assert status == 200
    assert receipt == {
        "saved": [one["client_id"] for one in answers],
        "superseded": [],
        "remaining": 0,
        "submitted": True,
    }
    assignment = Assignment.objects.get(pk=bundle["assignment"])
    assert assignment.status == Assignment.Status.SUBMITTED
    for one in answers:
        vote = Vote.objects.get(client_id=one["client_id"])
        left = left_candidate(seed=assignment.seed, question_id=one["question"])
        assert vote.left == left
        assert (vote.choice == left) == (one["side"] == "left")
        assert (vote.response_ms, vote.worker.user) == (812, bob)


def test_the_page_shows_on_the_left_what_the_vote_stores_as_left(page: Any) -> None:
    _, bundle = page("claim")
    shown = bundle["questions"][3]
    page("votes", {"assignment": bundle["assignment"], "answers": [answer(shown["id"], "left")]})
    vote = Vote.objects.select_related("question__a", "question__b").get()
    chosen = vote.question.a if vote.choice == "a" else vote.question.b
    assert shown["left"]["url"].startswith(f"/stimuli/{chosen.pk}/")


def test_sending_twice_counts_once(page: Any) -> None:
    _, bundle = page("claim")
    post = {"assignment": bundle["assignment"], "answers": [answer(bundle["questions"][0]["id"])]}
    assert page("votes", post) == page("votes", post)
    assert Vote.objects.count() == 1


def test_a_second_answer_to_a_question_is_superseded_by_the_first(page: Any) -> None:
    _, bundle = page("claim")
    question = bundle["questions"][0]["id"]
    page("votes", {"assignment": bundle["assignment"], "answers": [answer(question, "left")]})
    again = answer(question, "right")
    status, receipt = page("votes", {"assignment": bundle["assignment"], "answers": [again]})
    assert (status, receipt["saved"], receipt["superseded"]) == (200, [], [again["client_id"]])
    assert Vote.objects.count() == 1


def test_a_returned_bundle_is_free_for_others(page: Any, carol: Any, open_round: Round) -> None:
    _, bundle = page("claim")
    assert page("return", {"assignment": bundle["assignment"]}) == (200, {"returned": bundle["assignment"]})
    assert Assignment.objects.get(pk=bundle["assignment"]).status == Assignment.Status.RETURNED


def test_when_nothing_is_left_the_page_is_told_what_was_given(page: Any, open_round: Round) -> None:
    while "done" not in (bundle := page("claim")[1]):
        answers = [answer(one["id"]) for one in bundle["questions"]]
        assert page("votes", {"assignment": bundle["assignment"], "answers": answers})[0] == 200
    assert bundle == {
        "done": True,
        "votes": open_round.questions.count(),
        "hits": open_round.hits.count(),
        "paused": False,
    }


def test_a_paused_campaign_says_so(page: Any, open_round: Round) -> None:
    from annotation.services.campaigns import campaign_status_set

    campaign_status_set(campaign=open_round.campaign, status="paused")
    assert page("claim") == (200, {"done": True, "votes": 0, "hits": 0, "paused": True})


GOOD = {"question": 1, "side": "left", "response_ms": 5, "client_id": "8e6fdc6b-1d4d-4d0c-a1a0-0c7d9a2b3c4d"}


@pytest.mark.parametrize(
    ("body", "names"),
    [
        (b"", "JSON"),
        (b"{", "JSON"),
        (b"\xff\xfe", "JSON"),
        (b"[" * 100_000, "JSON"),
        (b"[]", "object"),
        (b"null", "object"),
        ({}, "assignment"),
        ({"assignment": "1", "answers": [GOOD]}, "assignment"),
        ({"assignment": True, "answers": [GOOD]}, "assignment"),
        ({"assignment": 1.5, "answers": [GOOD]}, "assignment"),
        ({"assignment": 0, "answers": [GOOD]}, "assignment"),
        ({"assignment": 10**30, "answers": [GOOD]}, "assignment"),
        ({"assignment": 1}, "answers"),
        ({"assignment": 1, "answers": []}, "answers"),
        ({"assignment": 1, "answers": {}}, "answers"),
        ({"assignment": 1, "answers": [GOOD] * 201}, "answers"),
        ({"assignment": 1, "answers": ["left"]}, "answers[0]"),
        ({"assignment": 1, "answers": [GOOD, GOOD]}, "client_id"),
        ({"assignment": 1, "answers": [GOOD | {"question": None}]}, "answers[0].question"),
        ({"assignment": 1, "answers": [GOOD | {"question": 2**63}]}, "answers[0].question"),
        ({"assignment": 1, "answers": [GOOD | {"side": "up"}]}, "answers[0].side"),
        ({"assignment": 1, "answers": [GOOD | {"side": ["left"]}]}, "answers[0].side"),
        ({"assignment": 1, "answers": [GOOD | {"response_ms": -1}]}, "answers[0].response_ms"),
        ({"assignment": 1, "answers": [GOOD | {"response_ms": 86_400_001}]}, "answers[0].response_ms"),
        ({"assignment": 1, "answers": [GOOD | {"response_ms": "5"}]}, "answers[0].response_ms"),
        ({"assignment": 1, "answers": [GOOD | {"client_id": "x"}]}, "answers[0].client_id"),
        ({"assignment": 1, "answers": [GOOD | {"client_id": 7}]}, "answers[0].client_id"),
    ],
)
def test_an_answer_that_makes_no_sense_is_refused_by_field(page: Any, body: Any, names: str) -> None:
    status, refusal = page("votes", body)
    assert status == 400
    assert names in refusal["message"]
    assert refusal["message"].endswith(".")
    assert Vote.objects.count() == 0


def test_ids_that_are_not_ones_own_are_refused(page: Any, carol: Any, open_round: Round) -> None:
    from annotation.services.assignments import assignment_claim
    from annotation.services.workers import worker_for_user

    hers = assignment_claim(campaign=open_round.campaign, worker=worker_for_user(user=carol))
    assert hers is not None
    assert page("votes", {"assignment": hers.pk, "answers": [GOOD]})[0] == 409
    assert page("votes", {"assignment": 10**12, "answers": [GOOD]})[0] == 409
    assert page("return", {"assignment": hers.pk})[0] == 409
    _, bundle = page("claim")
    assert page("votes", {"assignment": bundle["assignment"], "answers": [GOOD | {"question": 10**12}]})[0] == 409
    assert Vote.objects.count() == 0


def test_one_bad_answer_keeps_its_whole_post_out(page: Any) -> None:
    _, bundle = page("claim")
    good, bad = answer(bundle["questions"][0]["id"]), answer(10**9)
    assert page("votes", {"assignment": bundle["assignment"], "answers": [good, bad]})[0] == 409
    assert Vote.objects.count() == 0


def test_the_page_itself_gives_the_script_all_it_needs(client: Client, bob: Any, open_round: Round) -> None:
    client.force_login(bob)
    html = client.get(f"/annotate/{open_round.campaign.slug}/").content.decode()
    slug = open_round.campaign.slug
    for part in (f"/annotate/{slug}/claim/", f"/annotate/{slug}/votes/", f"/annotate/{slug}/return/", "data-csrf="):
        assert part in html
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
