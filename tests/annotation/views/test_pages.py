"""Pages render with data and without, in a number of queries that does not grow, and their buttons do what they say."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from annotation.models import Campaign, Round
from tests.factories import answer_all, closed_round, small_campaign


@pytest.fixture
def researcher(client: Client, alice: Any) -> Client:
    client.force_login(alice)
    return client


def text(response: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def queries(client: Client, address: str) -> int:
    """How many queries a page makes."""
    with CaptureQueriesContext(connection) as seen:
        assert client.get(address).status_code == 200
    return len(seen)


def test_pages_render_before_there_is_anything(researcher: Client) -> None:
    for address in ("/", "/campaigns/", "/campaigns/new/"):
        assert researcher.get(address).status_code == 200
    assert "import_stimuli" in text(researcher.get("/campaigns/new/"))


def test_the_campaign_page_renders_in_every_state(researcher: Client, campaign: Campaign) -> None:
    address = f"/campaigns/{campaign.slug}/"
    assert "No round yet" in text(researcher.get(address))
    closed_round(campaign)
    page = text(researcher.get(address))
    assert "Whole data set" in page
    assert "Closed" in page


def test_the_agreement_table_adds_up(researcher: Client, campaign: Campaign) -> None:
    round, _ = closed_round(campaign)
    page = researcher.get(f"/campaigns/{campaign.slug}/").content.decode()
    total = re.search(r"Whole data set</th>(.*?)</tr>", page, re.S)
    assert total is not None
    cells = [int(cell.replace(",", "")) for cell in re.findall(r'right">([\d,]+)<', total[1])]
    assert sum(cells[:-1]) == cells[-1] == round.questions.count()


def test_progress_is_votes_of_votes_wanted(researcher: Client, bob: Any, open_round: Round) -> None:
    from annotation.services.assignments import assignment_claim
    from annotation.services.workers import worker_for_user

    answer_all(assignment_claim(campaign=open_round.campaign, worker=worker_for_user(user=bob)))
    wanted = open_round.questions.count() * 5
    assert f"12 of {wanted}" in text(researcher.get(f"/campaigns/{open_round.campaign.slug}/live/"))


@pytest.mark.parametrize("address", ["/", "/campaigns/"])
def test_lists_ask_no_more_for_more_campaigns(
    researcher: Client, alice: Any, collection: Any, campaign: Campaign, address: str
) -> None:
    from annotation.services.proposals import round_propose_balanced
    from annotation.services.rounds import round_open

    def grow(name: str) -> None:
        one = small_campaign(owner=alice, collection=collection, name=name)
        round_open(round=round_propose_balanced(campaign=one, per_stimulus=3))

    grow("One")
    few = queries(researcher, address)
    for name in ("Two", "Three", "Four"):
        grow(name)
    assert queries(researcher, address) == few


def test_the_question_browser_asks_no_more_for_more_questions(
    researcher: Client, alice: Any, collection: Any, campaign: Campaign
) -> None:
    from annotation.services.proposals import round_propose_balanced

    counts = []
    for one, per_stimulus in ((campaign, 1), (small_campaign(owner=alice, collection=collection, name="More"), 6)):
        round_propose_balanced(campaign=one, per_stimulus=per_stimulus)
        counts.append(queries(researcher, f"/campaigns/{one.slug}/rounds/1/"))
    assert counts[0] == counts[1]


def test_the_question_browser_filters_by_margin(researcher: Client, campaign: Campaign) -> None:
    from annotation.models import Consensus

    round, _ = closed_round(campaign)
    address = f"/campaigns/{campaign.slug}/rounds/{round.number}/"
    for margin in (5, 3, 1):
        expected = Consensus.objects.filter(question__round=round, margin=margin).count()
        assert expected > 0
        assert f" {expected} question" in text(researcher.get(address, {"margin": margin}))
    everything = round.questions.count()
    for nonsense in ("x", "", "99999999999999999999", "-1"):
        assert f" {everything} question" in text(researcher.get(address, {"margin": nonsense}))
    assert " 0 question" in text(researcher.get(address, {"margin": "none"}))
    assert researcher.get(address, {"page": "nonsense"}).status_code == 200
    assert researcher.get(address, {"split": "2"}).status_code == 200


def test_the_browser_shows_votes_and_weight(researcher: Client, campaign: Campaign) -> None:
    round, _ = closed_round(campaign)
    page = text(researcher.get(f"/campaigns/{campaign.slug}/rounds/{round.number}/", {"margin": 5}))
    assert "Margin 5 of 5" in page
    assert "Weight 5" in page


def new_campaign(stimuli: Any, **changes: Any) -> dict[str, Any]:
    """What a browser sends when somebody fills in the short path and leaves the rest as it is."""
    from annotation.views.forms import CampaignForm

    shown = CampaignForm(user=stimuli.owner)
    sent = {name: shown[name].value() for name in shown.fields}
    sent |= {"name": "Smiles", "collection": stimuli.pk, "votes_per_question": 3, "hit_size": 10, "per_stimulus": 3}
    return {name: value for name, value in (sent | changes).items() if value is not None and value is not False}


def test_a_campaign_is_made_with_its_first_round_and_started(researcher: Client, collection: Any) -> None:
    response = researcher.post("/campaigns/new/", new_campaign(collection))
    assert response.status_code == 302
    made = Campaign.objects.get(name="Smiles")
    assert (made.status, made.votes_per_question, made.rounds.get().status) == ("draft", 3, "proposed")
    researcher.post(f"/campaigns/{made.slug}/status/", {"status": "running"})
    made.refresh_from_db()
    assert (made.status, made.rounds.get().status) == ("running", "open")


@pytest.mark.parametrize(
    "changes",
    [{"name": ""}, {"collection": 10**9}, {"votes_per_question": 4}, {"hit_size": 0}, {"per_stimulus": "many"}],
)
def test_a_form_that_makes_no_sense_makes_nothing(researcher: Client, collection: Any, changes: dict[str, Any]) -> None:
    response = researcher.post("/campaigns/new/", new_campaign(collection, **changes))
    assert response.status_code == 200
    assert "errorlist" in response.content.decode()
    assert not Campaign.objects.exists()


def test_somebody_elses_stimuli_cannot_be_taken(client: Client, mallory: Any, collection: Any) -> None:
    client.force_login(mallory)
    assert client.post("/campaigns/new/", new_campaign(collection)).status_code == 200
    assert not Campaign.objects.exists()


def test_a_campaign_called_new_has_an_address_of_its_own(researcher: Client, collection: Any) -> None:
    researcher.post("/campaigns/new/", new_campaign(collection, name="New"))
    made = Campaign.objects.get()
    assert researcher.get(f"/campaigns/{made.slug}/").context["campaign"] == made


def test_a_round_is_proposed_opened_and_closed_by_buttons(
    researcher: Client, campaign: Campaign, announced: list[Any], django_capture_on_commit_callbacks: Any
) -> None:
    address = f"/campaigns/{campaign.slug}/rounds/"
    researcher.post(address, {"per_stimulus": 3})
    assert campaign.rounds.get(number=1).status == "proposed"
    researcher.post(f"{address}1/open/")
    assert campaign.rounds.get(number=1).status == "open"
    with django_capture_on_commit_callbacks(execute=True):
        researcher.post(f"{address}1/close/")
    assert campaign.rounds.get(number=1).status == "closing"
    assert ("annotation.tasks.round_finish", (campaign.rounds.get(number=1).pk,)) in announced


def test_a_step_that_cannot_be_taken_is_explained(researcher: Client, campaign: Campaign) -> None:
    researcher.post(f"/campaigns/{campaign.slug}/rounds/", {"per_stimulus": 3})
    response = researcher.post(f"/campaigns/{campaign.slug}/rounds/1/close/", follow=True)
    assert "Round 1 is not open." in text(response)
    response = researcher.post(f"/campaigns/{campaign.slug}/status/", {"status": "draft"}, follow=True)
    assert "cannot become draft" in text(response)
    response = researcher.post(f"/campaigns/{campaign.slug}/status/", {"status": "flying"}, follow=True)
    assert "not a state" in text(response)


def test_datasets_come_in_every_format(researcher: Client, campaign: Campaign) -> None:
    _, dataset = closed_round(campaign)
    starts = {"csv": b"", "jsonl": b"{", "parquet": b"PAR1", "npz": b"PK"}
    for name, start in starts.items():
        response = researcher.get(f"/datasets/{dataset.pk}/{name}/")
        content = b"".join(response.streaming_content)
        assert content.startswith(start)
        assert int(response["Content-Length"]) == len(content) > 100
        assert f"dataset-{dataset.pk}.{name}" in response["Content-Disposition"]
    assert researcher.get(f"/datasets/{dataset.pk}/exe/").status_code == 404


def test_the_annotators_home_counts_what_they_gave(client: Client, bob: Any, open_round: Round) -> None:
    from annotation.services.assignments import assignment_claim
    from annotation.services.workers import worker_for_user

    client.force_login(bob)
    assert "Start" in text(client.get("/"))
    while (claimed := assignment_claim(campaign=open_round.campaign, worker=worker_for_user(user=bob))) is not None:
        answer_all(claimed)
    page = text(client.get("/"))
    assert f"You gave {open_round.questions.count()} answers" in page
    assert "all that there is for you" in page
    assert "Your campaigns" not in page


def test_error_pages_are_ours(client: Client, bob: Any) -> None:
    client.force_login(bob)
    assert "There is nothing here" in text(client.get("/nothing/"))
    assert "not yours to open" in text(client.get("/campaigns/"))


def test_no_page_breaks_the_content_security_policy(researcher: Client, campaign: Campaign) -> None:
    """Inline script and style would be dropped by the browser without a word."""
    closed_round(campaign)
    for address in (
        "/",
        "/campaigns/",
        "/campaigns/new/",
        f"/campaigns/{campaign.slug}/",
        f"/annotate/{campaign.slug}/",
    ):
        response = researcher.get(address)
        html = response.content.decode()
        assert "default-src 'self'" in response["Content-Security-Policy"]
        assert not re.search(r"<[^>]+\s(style|on[a-z]+)=", html)
        assert not re.search(r"<style|javascript:|https?://(?!www\.w3\.org)", html)
        # Data for a script is no script.
        assert not re.search(r'<script(?![^>]*\s(?:src=|type="application/json"))', html)


def test_vendored_files_are_the_ones_that_were_vendored() -> None:
    folder: Path = settings.ROOT / "static" / "vendor"
    sums = json.loads((folder / "vendor.json").read_text())
    found = {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.glob("*/*")
    }
    assert found == sums
    assert {path.parent.name for path in folder.glob("*/LICENSE")} == {
        path.name for path in folder.iterdir() if path.is_dir()
    }
