"""The forms of a campaign: the long one to make it, and the settings that change it afterwards."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from annotation.models import Campaign, Participation
from annotation.services.campaigns import campaign_create, campaign_start
from annotation.services.proposals import round_propose_balanced
from annotation.views.forms import CampaignForm, SettingsForm


def sent(form: Any, **changes: Any) -> dict[str, Any]:
    """What a browser sends of a form: no disabled field, and of boxes those that are ticked."""
    shown = {name: form[name].value() for name, field in form.fields.items() if not field.disabled}
    return {name: value for name, value in (shown | changes).items() if value is not None and value is not False}


@pytest.fixture
def researcher(client: Client, alice: Any) -> Client:
    client.force_login(alice)
    return client


@pytest.fixture
def draft(alice: Any, collection: Any) -> Campaign:
    made = campaign_create(owner=alice, collection=collection, name="Draft", hit_size=12, reward_cents=80)
    round_propose_balanced(campaign=made, per_stimulus=3)
    return made


def errors(response: Any) -> set[str]:
    return set(response.context["form"].errors)


def test_the_short_path_makes_an_honest_campaign(researcher: Client, alice: Any, collection: Any) -> None:
    form = CampaignForm(user=alice)
    researcher.post("/campaigns/new/", sent(form, name="Smiles", collection=collection.pk))
    made = Campaign.objects.get()
    plan = (made.golds_first, made.golds_later, made.repeats, made.attention, made.practice)
    assert plan == (2, 1, 1, 1, 5)
    assert made.questions.filter(role="practice").count() == 5
    assert (made.access, made.invitation, made.votes_first, made.reward_cents) == ("members", "", None, 0)


def test_everything_that_there_is_can_be_said_in_the_form(researcher: Client, alice: Any, collection: Any) -> None:
    changes = {
        "name": "Faces", "collection": collection.pk, "kind": "both", "choices": "sad\r\n\r\n happy \r\n",
        "cant_tell": True, "votes_per_question": 5, "votes_first": 3, "max_share": 30, "access": "guests",
        "consent": "I agree.", "thanks": "Thank you.", "reward": "0.85", "currency": "eur", "break_minutes": 0,
        "practice": 0, "golds_first": 0, "golds_later": 0, "repeats": 2, "attention": 0, "label": "expression",
        "per_stimulus": 2, "lease_minutes": 45, "label_prompt": "What is it?", "prompt": "Which?",
        "instructions": "Look.",
    }  # fmt: skip
    response = researcher.post("/campaigns/new/", sent(CampaignForm(user=alice), **changes))
    assert response.status_code == 302
    made = Campaign.objects.get()
    assert made.choices == ["sad", "happy"]
    assert (made.reward_cents, made.currency, made.cant_tell, made.votes_first) == (85, "EUR", True, 3)
    assert made.invitation
    same = set(changes) - {"collection", "choices", "reward", "currency", "per_stimulus"}
    assert {name: getattr(made, name) for name in same} == {name: changes[name] for name in same}
    assert {kind for (kind,) in made.questions.values_list("kind")} == {"triplet", "label"}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"votes_per_question": 3, "votes_first": 3}, "votes_first"),
        ({"votes_per_question": 1, "votes_first": 2}, "votes_first"),
        ({"choices": "one"}, "choices"),
        ({"choices": "one\nOne"}, "choices"),
        ({"choices": "\n".join("abcdefghij")}, "choices"),
        ({"reward": "-1"}, "reward"),
        ({"reward": "0.001"}, "reward"),
        ({"currency": "12"}, "currency"),
        ({"max_share": "0"}, "max_share"),
        ({"kind": "essay"}, "kind"),
        ({"practice": "21"}, "practice"),
        ({"lease_minutes": ""}, "lease_minutes"),
    ],
)
def test_what_makes_no_sense_is_said_beside_its_field(
    researcher: Client, alice: Any, collection: Any, changes: dict[str, Any], field: str
) -> None:
    filled = sent(CampaignForm(user=alice), name="Wrong", collection=collection.pk, **changes)
    response = researcher.post("/campaigns/new/", filled)
    assert errors(response) == {field}
    assert not Campaign.objects.exists()
    if field not in ("kind",):
        assert b"<details open>" in response.content or field == "choices", "a fold with an error in it is open"


def test_what_only_the_service_sees_is_one_sentence(researcher: Client, alice: Any, collection: Any) -> None:
    filled = sent(CampaignForm(user=alice), name="Wrong", collection=collection.pk, hit_size=3)
    response = researcher.post("/campaigns/new/", filled)
    assert "there must not be more checks than questions" in response.content.decode()
    assert not Campaign.objects.exists()


def test_a_campaign_for_labels_needs_nothing_said_about_triplets(
    researcher: Client, alice: Any, collection: Any
) -> None:
    filled = sent(CampaignForm(user=alice), name="Labels", collection=collection.pk, kind="label")
    researcher.post("/campaigns/new/", filled | {"prompt": "", "per_stimulus": ""})
    assert set(Campaign.objects.get().questions.values_list("kind", flat=True)) == {"label"}


def test_the_settings_of_a_draft_change(researcher: Client, draft: Campaign) -> None:
    address = f"/campaigns/{draft.slug}/settings/"
    shown = researcher.get(address).context["form"]
    assert not [name for name, field in shown.fields.items() if field.disabled]
    assert shown["reward"].value() == "0.80"
    response = researcher.post(
        address, sent(SettingsForm(campaign=draft), reward="1.20", kind="label", access="invited")
    )
    assert response.status_code == 302
    draft.refresh_from_db()
    assert (draft.reward_cents, draft.kind) == (120, "label")
    assert draft.invitation


def test_saving_without_a_change_changes_nothing(researcher: Client, draft: Campaign) -> None:
    before = Campaign.objects.filter(pk=draft.pk).values().get()
    questions = list(draft.questions.values_list("pk", flat=True))
    researcher.post(f"/campaigns/{draft.slug}/settings/", sent(SettingsForm(campaign=draft)))
    assert Campaign.objects.filter(pk=draft.pk).values().get() == before
    assert list(draft.questions.values_list("pk", flat=True)) == questions


def test_what_is_fixed_is_grey_and_a_post_that_claims_otherwise_is_not_heard(
    researcher: Client, draft: Campaign
) -> None:
    campaign_start(campaign=draft)
    address = f"/campaigns/{draft.slug}/settings/"
    form = researcher.get(address).context["form"]
    grey = {name for name, field in form.fields.items() if field.disabled}
    assert grey == {"kind", "choices", "cant_tell", "votes_per_question", "votes_first", "reward", "currency"}
    forged = {"kind": "label", "votes_per_question": 9, "reward": "0", "cant_tell": "on", "thanks": "Thank you."}
    researcher.post(address, sent(form) | forged)
    draft.refresh_from_db()
    assert (draft.kind, draft.votes_per_question, draft.reward_cents, draft.cant_tell) == ("triplet", 5, 80, False)
    assert draft.thanks == "Thank you."


def test_closing_the_door_keeps_those_who_are_in(researcher: Client, draft: Campaign, bob: Any, carol: Any) -> None:
    from annotation.services.participations import participation_get
    from annotation.services.workers import worker_for_user

    campaign_start(campaign=draft)
    participation_get(campaign=draft, worker=worker_for_user(user=bob))
    address = f"/campaigns/{draft.slug}/settings/"
    researcher.post(address, sent(researcher.get(address).context["form"], access="invited"))
    for user, status in ((bob, 200), (carol, 404)):
        guest = Client()
        guest.force_login(user)
        assert guest.get(f"/annotate/{draft.slug}/").status_code == status
    assert Participation.objects.count() == 1
