"""Who is signed in is looked up where it matters, and only there."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from annotation.models import Round, Vote


def test_a_page_that_is_not_for_everybody_asks_to_sign_in(client: Client, db: None) -> None:
    response = client.get("/campaigns/")
    assert response.status_code == 302
    assert response["Location"].startswith("/accounts/")


def test_who_is_signed_in_gets_in(client: Client, alice: Any) -> None:
    client.force_login(alice)
    assert client.get("/campaigns/").status_code == 200


def test_a_vote_comes_by_its_ticket_and_nobody_looks_up_who_is_signed_in(
    client: Client, bob: Any, open_round: Round
) -> None:
    client.force_login(bob)
    address = f"/annotate/{open_round.campaign.slug}/"
    bundle = client.post(f"{address}claim/", "{}", content_type="application/json").json()
    item = bundle["items"][0]
    answer = {"question": item["question"], "place": item["place"], "answer": "left", "response_ms": 900}
    answer["client_id"] = str(uuid4())
    body = json.dumps({"ticket": bundle["ticket"], "submit": False, "answers": [answer]})
    with CaptureQueriesContext(connection) as queries:
        response = client.post(f"{address}votes/", body, content_type="application/json")
    assert response.json() == {"saved": [answer["client_id"]], "uncounted": {}}
    assert Vote.objects.count() == 1
    said = " ".join(one["sql"] for one in queries)
    assert "annotation_vote" in said
    assert "django_session" not in said
    assert "accounts_user" not in said
