"""A browser of the voting page, without the browser."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from annotation.models import Campaign, Round
from tests.annotation.views.quality_naive import round_of
from tests.factories import small_campaign


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


@pytest.fixture
def counted(alice: Any, collection: Any) -> Campaign:
    """Triplets and labels in two rounds, of which one is closed."""
    made = small_campaign(owner=alice, collection=collection, kind="both", cant_tell=True)
    round_of(made, 1)
    round_of(made, 2, close=False)
    made.refresh_from_db()
    return made
