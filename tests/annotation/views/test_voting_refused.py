"""A sentence for everything that makes no sense in a request of the voting page; and nothing is kept of it."""

from __future__ import annotations

from typing import Any

import pytest
from django.core import signing

from annotation.models import Assignment, Round, UncountedVote, Vote
from tests.annotation.views.voting import answer

GOOD = {"question": 1, "answer": "left", "response_ms": 5, "client_id": "8e6fdc6b-1d4d-4d0c-a1a0-0c7d9a2b3c4d"}


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({"answers": None}, "answers"),
        ({"answers": []}, "answers"),
        ({"answers": {}}, "answers"),
        ({"answers": [GOOD] * 801}, "answers"),
        ({"answers": ["left"]}, "answers[0]"),
        ({"answers": [GOOD, GOOD]}, "client_id"),
        ({"answers": [GOOD | {"question": None}]}, "answers[0].question"),
        ({"answers": [GOOD | {"question": True}]}, "answers[0].question"),
        ({"answers": [GOOD | {"question": 1.5}]}, "answers[0].question"),
        ({"answers": [GOOD | {"question": 2**63}]}, "answers[0].question"),
        ({"answers": [GOOD | {"place": "4"}]}, "answers[0].place"),
        ({"answers": [GOOD | {"place": -1}]}, "answers[0].place"),
        ({"answers": [GOOD | {"answer": "up"}]}, "answers[0].answer"),
        ({"answers": [GOOD | {"answer": "9"}]}, "answers[0].answer"),
        ({"answers": [GOOD | {"answer": ["left"]}]}, "answers[0].answer"),
        ({"answers": [GOOD | {"withdrawn": "yes"}]}, "answers[0].withdrawn"),
        ({"answers": [GOOD | {"response_ms": -1}]}, "answers[0].response_ms"),
        ({"answers": [GOOD | {"response_ms": 86_400_001}]}, "answers[0].response_ms"),
        ({"answers": [GOOD | {"response_ms": "5"}]}, "answers[0].response_ms"),
        ({"answers": [GOOD | {"client_id": "x"}]}, "answers[0].client_id"),
        ({"answers": [GOOD | {"client_id": 7}]}, "answers[0].client_id"),
    ],
)
def test_an_answer_that_makes_no_sense_is_refused_by_field(page: Any, changes: Any, names: str) -> None:
    _, bundle = page("claim")
    status, refusal = page("votes", {"ticket": bundle["ticket"], **changes})
    assert status == 400
    assert names in refusal["message"]
    assert refusal["message"].endswith(".")
    assert Vote.objects.count() == UncountedVote.objects.count() == 0


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b"[]", b"null"])
@pytest.mark.parametrize("name", ["votes", "heartbeat", "return", "practice"])
def test_what_is_no_json_object_is_refused(page: Any, name: str, body: bytes) -> None:
    status, refusal = page(name, body)
    assert status == 400
    assert "JSON" in refusal["message"]


def test_questions_that_are_not_in_the_bundle_are_refused(page: Any, open_round: Round) -> None:
    _, bundle = page("claim")
    other = open_round.questions.exclude(hit=Assignment.objects.get(pk=bundle["assignment"]).hit).first()
    for question in (other.pk, 10**12):
        for submit in (True, False):
            body = {"ticket": bundle["ticket"], "answers": [answer(question)], "submit": submit}
            assert page("votes", body)[0] == 409
    body = {"ticket": bundle["ticket"], "answers": [answer(bundle["items"][0] | {"place": 1})]}
    assert page("votes", body)[0] == 409, "there is no probe at that place"
    assert Vote.objects.count() == 0


def test_one_bad_answer_keeps_its_whole_post_out(page: Any) -> None:
    _, bundle = page("claim")
    good, bad = answer(bundle["items"][0]), answer(10**9)
    assert page("votes", {"ticket": bundle["ticket"], "answers": [good, bad]})[0] == 409
    assert Vote.objects.count() == 0


# Named, for its text holds the time; tests that run side by side must be the same ones in each process.
ANOTHER_SALT = pytest.param(signing.dumps([1, 1, 1, 3, 0], salt="another"), id="another salt")


@pytest.mark.parametrize("ticket", [None, "", 7, "x:y:z", ANOTHER_SALT])
@pytest.mark.parametrize("name", ["votes", "heartbeat", "return"])
def test_a_ticket_that_we_did_not_make_opens_nothing(page: Any, name: str, ticket: Any) -> None:
    page("claim")
    status, refusal = page(name, {"ticket": ticket, "answers": [GOOD]})
    assert status == 409
    assert "ticket" in refusal["message"]
    assert Vote.objects.count() == 0
