"""What annotators read comes in their language; pages for researchers stay English."""

from typing import Any

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db


def test_the_browsers_language_is_used(client: Client) -> None:
    page = client.get("/accounts/login/", headers={"Accept-Language": "de-CH,de;q=0.9,en;q=0.5"})
    assert '<html lang="de">' in page.content.decode()


def test_a_language_that_we_do_not_have_gives_english(client: Client) -> None:
    page = client.get("/accounts/login/", headers={"Accept-Language": "fi"})
    assert '<html lang="en">' in page.content.decode()


def test_a_chosen_language_is_kept_and_stronger_than_the_browsers(client: Client) -> None:
    response = client.post("/language/", {"language": "fr", "next": "/accounts/login/"})
    assert response.headers["Location"] == "/accounts/login/"
    page = client.get("/accounts/login/", headers={"Accept-Language": "de"})
    assert '<html lang="fr">' in page.content.decode()


def test_choosing_a_language_leads_nowhere_else(client: Client) -> None:
    response = client.post("/language/", {"language": "fr", "next": "https://elsewhere.example/"})
    assert "elsewhere" not in response.headers["Location"]


def test_pages_for_researchers_are_english(client: Client, alice: Any) -> None:
    client.force_login(alice)
    page = client.get("/campaigns/", headers={"Accept-Language": "de"})
    assert '<html lang="en">' in page.content.decode()
    assert '<html lang="de">' in client.get("/", headers={"Accept-Language": "de"}).content.decode()
