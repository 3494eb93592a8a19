"""What annotators read comes in their language; pages for researchers stay English, and their own words theirs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.template import Context, Template
from django.template.loader import get_template
from django.test import Client
from django.utils import translation

from annotation.models import Campaign
from annotation.views.wording import duration_text, money_text

pytestmark = pytest.mark.django_db
_END = "{% endblocktranslate %}"
_GERMAN = {"Accept-Language": "de"}


@pytest.fixture(autouse=True)
def _the_next_test_is_english() -> Iterator[None]:
    """A request leaves its language behind in the thread."""
    yield
    translation.activate("en")


def _page(client: Client, address: str, language: str = "de") -> str:
    return client.get(address, headers={"Accept-Language": language}).content.decode()


def test_the_browsers_language_is_used(client: Client) -> None:
    page = client.get("/accounts/login/", headers={"Accept-Language": "de-CH,de;q=0.9,en;q=0.5"})
    assert '<html lang="de">' in page.content.decode()
    assert page.headers["Content-Language"] == "de"


def test_a_language_that_we_do_not_have_gives_english(client: Client) -> None:
    assert '<html lang="en">' in _page(client, "/accounts/login/", "fi")


def test_a_chosen_language_is_kept_and_stronger_than_the_browsers(client: Client) -> None:
    response = client.post("/language/", {"language": "fr", "next": "/accounts/login/"})
    assert response.headers["Location"] == "/accounts/login/"
    assert '<html lang="fr">' in _page(client, "/accounts/login/")


def test_choosing_a_language_leads_nowhere_else(client: Client) -> None:
    response = client.post("/language/", {"language": "fr", "next": "https://elsewhere.example/"})
    assert "elsewhere" not in response.headers["Location"]


def test_pages_for_researchers_are_english(client: Client, alice: Any) -> None:
    client.force_login(alice)
    assert '<html lang="en">' in _page(client, "/campaigns/")
    home = _page(client, "/")
    assert '<html lang="de">' in home
    assert '<section aria-labelledby="mine" lang="en">' in home


@pytest.mark.parametrize(
    ("language", "sentence"),
    [("de", "Passwort"), ("fr", "Se connecter"), ("es", "Iniciar sesión"), ("en", "Sign in")],
)
def test_the_sign_in_page_speaks_every_language(client: Client, language: str, sentence: str) -> None:
    page = _page(client, "/accounts/login/", language)
    assert sentence in page
    names = re.findall(r'<button name="language" value="(..)" lang="\1"[^>]*>(\w+)</button>', page)
    assert names == [("en", "English"), ("de", "Deutsch"), ("fr", "Français"), ("es", "Español")], "each in itself"


@pytest.mark.parametrize(
    ("language", "sentence"), [("de", "Hier ist nichts"), ("fr", "Il n’y a rien ici"), ("es", "Aquí no hay nada")]
)
def test_an_error_page_speaks_every_language(client: Client, bob: Any, language: str, sentence: str) -> None:
    client.force_login(bob)
    assert sentence in _page(client, "/annotate/no-such-campaign/", language)


def test_a_page_that_is_refused_says_so_in_the_readers_language(client: Client, bob: Any) -> None:
    client.force_login(bob)
    answer = client.get("/campaigns/", headers=_GERMAN)
    assert answer.status_code == 403
    assert "Diese Seite ist nicht für Sie freigegeben" in answer.content.decode()


def test_the_words_that_a_campaign_began_with_are_translated(client: Client, bob: Any, open_round: Any) -> None:
    Campaign.objects.update(kind="both", prompt=Campaign().prompt, instructions=Campaign().instructions)
    client.force_login(bob)
    vote = _page(client, f"/annotate/{open_round.campaign.slug}/")
    assert "Welches der beiden ist dem oberen ähnlicher?" in vote
    assert "Ihr erster Eindruck zählt." in vote
    assert "Welchen Ausdruck zeigt dieses Gesicht?" in vote
    assert vote.count('<span class="name">negativ</span>') == 1
    assert 'data-name="negativ"' in vote
    assert "Welches der beiden" in _page(client, "/")
    assert "Which of these two is more like" in _page(client, "/", "en")


def test_a_researchers_own_words_stay_as_they_are(client: Client, bob: Any, open_round: Any) -> None:
    own = {"prompt": "50 % {n} %(x)s <b>?", "label_prompt": "Left", "instructions": "", "choices": ["neutral", "%s"]}
    Campaign.objects.update(kind="both", **own)
    client.force_login(bob)
    vote = _page(client, f"/annotate/{open_round.campaign.slug}/")
    assert 'data-prompt="triplet">50 % {n} %(x)s &lt;b&gt;?</p>' in vote
    assert 'data-prompt="label">Left</p>' in vote, "a word that the catalogue has is not ours for that"
    assert '<span class="name">neutral</span>' in vote
    assert '<span class="name">%s</span>' in vote
    assert "Project-Id-Version" not in vote, "the catalogue's header is what an empty text would be translated to"
    assert "50 % {n} %(x)s &lt;b&gt;?" in _page(client, "/")


@pytest.mark.parametrize("own", [["negative", "neutral"], ["positive", "neutral", "negative"], ["neutral", "joy"]])
def test_labels_are_translated_all_or_none(own: list[str]) -> None:
    template = Template("{% load campaign_words %}{{ labels|labels_in_their_language|join:' ' }}")
    with translation.override("de"):
        assert template.render(Context({"labels": own})) == " ".join(own)
        assert template.render(Context({"labels": Campaign().choices})) == "negativ neutral positiv"


def test_an_invitation_speaks_the_visitors_language(client: Client, open_round: Any) -> None:
    Campaign.objects.update(access="guests", invitation="a-secret", prompt=Campaign().prompt, hit_size=20)
    page = _page(client, "/join/a-secret/", "fr")
    assert '<html lang="fr">' in page
    assert "Lequel des deux ressemble le plus à celui du dessus\u202f?" in page
    assert "<dd>2 <small>minutes</small></dd>" in page
    assert "<dd>2 <small>Minuten</small></dd>" in _page(client, "/join/a-secret/")
    Campaign.objects.update(status="closed")
    assert "Cette campagne est terminée. Merci de votre visite." in _page(client, "/join/a-secret/", "fr")
    refused = client.post("/join/a-secret/", headers={"Accept-Language": "es"}).content.decode()
    assert "Esta campaña ha terminado." in refused


@pytest.mark.parametrize("language", ["en", "de", "fr", "es"])
def test_the_scripts_of_the_voting_page_get_their_texts(
    client: Client, bob: Any, open_round: Any, language: str
) -> None:
    client.force_login(bob)
    page = _page(client, f"/annotate/{open_round.campaign.slug}/", language)
    texts = json.loads(page.split('<script id="texts" type="application/json">')[1].split("</script>")[0])
    ones, others = ({key.rsplit(".", 1)[0] for key in texts if key.endswith(end)} for end in (".one", ".other"))
    assert ones == others, "every text for a number has both forms"
    assert all("{n}" in texts[f"{name}.other"] for name in others)
    saved = {"en": "Saved", "de": "Gespeichert", "fr": "Enregistré", "es": "Guardado"}
    assert texts["saved"] == saved[language]


@pytest.mark.parametrize(
    ("language", "spans", "money", "one", "many"),
    [
        ("en", ["under a minute", "1 minute", "10 minutes", "2 h 1 min"], "1,234.50 EUR", "answer", "1,234"),
        ("de", ["unter 1\xa0Min.", "1 Minute", "10 Minuten", "2 Std. 1 Min."], "1.234,50 EUR", "Antwort", "1.234"),
        ("fr", ["moins d’1\xa0min", "1 minute", "10 minutes", "2 h 1 min"], "1\xa0234,50 EUR", "réponse", "1\xa0234"),
        (
            "es",
            ["menos de 1\xa0min", "1 minuto", "10 minutos", "2 h 1 min"],
            "1\xa0234,50 EUR",
            "respuesta",
            "1\xa0234",
        ),
    ],
)
def test_numbers_have_their_languages_forms(language: str, spans: list[str], money: str, one: str, many: str) -> None:
    card = get_template("annotation/home.html").template.source
    start = card.index("{% blocktranslate count n=card.work.answers")
    counted = Template("{% load humanize i18n %}" + card[start : card.index("{% endblocktranslate %}", start)] + _END)
    with translation.override(language):
        assert [duration_text(seconds) for seconds in (5, 60, 600, 7260)] == spans
        assert money_text(123_450, "EUR") == money
        single, several = (counted.render(Context({"card": {"work": {"answers": n}}})) for n in (1, 1234))
    assert f"<strong>1</strong> {one}" in single
    assert f"<strong>{many}</strong> {one}" in several
    assert not re.search(rf"{one}(s|en)", single)
    assert re.search(rf"{one}(s|en)", several)
