"""The shortest way in answers success, with the site's headers, and leaves all else to the view."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from annotation.models import Assignment, Round, UncountedVote, Vote
from annotation.views.quick import ADDRESS


@pytest.fixture
def bundle(client: Client, bob: Any, open_round: Round) -> Any:
    client.force_login(bob)
    address = reverse("annotation:claim", args=[open_round.campaign.slug])
    return client.post(address, "{}", content_type="application/json").json()


@pytest.fixture
def address(open_round: Round) -> str:
    return reverse("annotation:votes", args=[open_round.campaign.slug])


def answer(bundle: Any, place: int = 0, **changes: Any) -> dict[str, Any]:
    item = next(one for one in bundle["items"] if one["place"] == 4 * place)
    given = {"question": item["question"], "place": item["place"], "answer": "left", "response_ms": 900}
    return {**given, "client_id": str(uuid4()), **changes}


def post(client: Client, address: str, bundle: Any, *answers: Any, **changes: Any) -> Any:
    body = {"ticket": bundle["ticket"], "submit": False, "answers": list(answers), **changes}
    return client.post(address, json.dumps(body), content_type="application/json")


def test_it_knows_the_address_of_votes_and_no_other() -> None:
    assert ADDRESS.fullmatch(reverse("annotation:votes", args=["A-campaign_7"]))
    for name in ("claim", "heartbeat", "return", "consent", "practice", "vote"):
        assert not ADDRESS.fullmatch(reverse(f"annotation:{name}", args=["a"]))
    for other in ("/annotate/a/b/votes/", "/annotate//votes/", "/x/annotate/a/votes/", "/annotate/a/votes/\n"):
        assert not ADDRESS.fullmatch(other)


def test_a_vote_is_one_message_to_the_database(client: Client, bundle: Any, address: str) -> None:
    given = answer(bundle)
    with CaptureQueriesContext(connection) as queries:
        response = post(client, address, bundle, given)
    assert response.json() == {"saved": [given["client_id"]], "uncounted": {}}
    assert str(Vote.objects.get().client_id) == given["client_id"]
    assert len(queries) == 1


def test_its_headers_are_those_of_the_long_way(client: Client, bundle: Any, address: str) -> None:
    short = post(client, address, bundle, answer(bundle, 0))
    long = post(client, address, bundle, answer(bundle, 1), answer(bundle, 2))
    assert "remaining" not in short.json()
    assert "remaining" in long.json()
    # What says in which language a sentence is, is not said where there is no sentence.
    assert set(long.headers) - set(short.headers) <= {"Content-Language", "Vary"}
    assert set(short.headers) <= set(long.headers)
    for name in ("Content-Type", "X-Frame-Options", "X-Content-Type-Options", "Referrer-Policy"):
        assert short[name] == long[name]
    # Nothing is loaded by JSON, so its policy is the strictest, and a constant.
    assert short["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert int(short["Content-Length"]) == len(short.content)


def test_it_needs_no_session_and_leaves_none(bundle: Any, address: str) -> None:
    stranger = Client(enforce_csrf_checks=True)
    assert post(stranger, address, bundle, answer(bundle)).status_code == 200
    assert not stranger.cookies
    assert Vote.objects.count() == 1


def test_hosts_that_are_not_ours_are_refused(client: Client, bundle: Any, address: str, settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["semblance.example.org"]
    assert post(client, address, bundle, answer(bundle)).status_code == 400
    assert not Vote.objects.exists()


@pytest.mark.parametrize(
    ("changes", "status", "words"),
    [
        ({"ticket": "x"}, 409, "ticket"),
        ({"ticket": None}, 409, "ticket"),
        ({"answers": []}, 400, "answers"),
        ({"answers": [7]}, 400, "answers[0]"),
        ({"answers": [{"question": "1"}]}, 400, "answers[0]"),
    ],
)
def test_what_makes_no_sense_is_refused_by_the_view(
    client: Client, bundle: Any, address: str, changes: Any, status: int, words: str
) -> None:
    response = post(client, address, bundle, answer(bundle), **changes)
    assert response.status_code == status
    assert words in response.json()["message"]
    assert not Vote.objects.exists()


def test_a_body_that_is_not_json_and_another_method_are_the_views(client: Client, bundle: Any, address: str) -> None:
    assert client.post(address, "{", content_type="application/json").status_code == 400
    assert client.get(address).status_code == 405
    assert client.put(address, "{}").status_code == 405


def test_too_long_a_body_is_refused(client: Client, bundle: Any, address: str, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    assert post(client, address, bundle, answer(bundle)).status_code == 400
    assert not Vote.objects.exists()


def test_a_repetition_an_undo_and_a_lost_lease_take_the_long_way(client: Client, bundle: Any, address: str) -> None:
    given = answer(bundle)
    assert "remaining" not in post(client, address, bundle, given).json()
    again = post(client, address, bundle, given).json()
    assert (again["saved"], again["uncounted"]) == ([given["client_id"]], {})
    undone = post(client, address, bundle, {**given, "withdrawn": True}).json()
    assert (undone["saved"], undone["uncounted"]) == ([], {given["client_id"]: "withdrawn"})
    assert UncountedVote.objects.count() == 1
    Assignment.objects.update(status="returned")
    assert "remaining" in post(client, address, bundle, answer(bundle, 1)).json()


def test_submitting_takes_the_long_way(client: Client, bundle: Any, address: str) -> None:
    for submit in (True, None, 0, "false"):
        response = post(client, address, bundle, answer(bundle), submit=submit)
        assert response.status_code != 500
        if response.status_code == 200:
            assert "remaining" in response.json()
