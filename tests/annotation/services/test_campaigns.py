"""Campaigns: what may be said of them, when it may change, and how they start."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from annotation.errors import AnnotationError, WrongState
from annotation.models import Campaign, Question, Round
from annotation.services.campaign_settings import campaign_change
from annotation.services.campaigns import campaign_create, campaign_start, campaign_status_set
from annotation.services.proposals import round_propose_balanced
from annotation.services.rounds import round_open


@pytest.fixture
def draft(alice: Any, collection: Any) -> Campaign:
    made = campaign_create(owner=alice, collection=collection, name="Draft", hit_size=12)
    round_propose_balanced(campaign=made, per_stimulus=3)
    return made


WRONG = [
    ({"votes_first": 5}, "votes_first"),
    ({"votes_first": 7}, "votes_first"),
    ({"votes_first": 1}, "votes_first"),
    ({"votes_per_question": 0}, "votes_per_question"),
    ({"choices": ["one"]}, "choices"),
    ({"choices": ["one", "One "]}, "choices"),
    ({"choices": [str(n) for n in range(10)]}, "choices"),
    ({"max_share": 0}, "max_share"),
    ({"max_share": 101}, "max_share"),
    ({"hit_size": 201}, "hit_size"),
    ({"kind": "essay"}, "kind"),
    ({"access": "everybody"}, "access"),
    ({"currency": "eur"}, "currency"),
    ({"golds_first": 10, "repeats": 2, "attention": 1}, "golds_first"),
    ({"lease_minutes": 0}, "lease_minutes"),
    ({"practice": -1}, "practice"),
]


@pytest.mark.parametrize(("wrong", "field"), WRONG)
def test_what_makes_no_sense_is_refused_in_one_sentence_that_names_the_field(
    alice: Any, collection: Any, draft: Campaign, wrong: dict[str, Any], field: str
) -> None:
    fields = {"hit_size": 12, **wrong}
    with pytest.raises(AnnotationError, match=field) as refused:
        campaign_create(owner=alice, collection=collection, name="Wrong", **fields)
    assert len(refused.value.message.splitlines()) == 1
    with pytest.raises(AnnotationError, match=field):
        campaign_change(campaign=draft, **wrong)
    assert Campaign.objects.count() == 1
    assert Campaign.objects.filter(**{name: getattr(draft, name) for name in wrong}).exists()


@pytest.mark.parametrize(
    ("name", "kind", "message"),
    [("channel", "pigeon", "channel 'pigeon' is unknown"), ("aggregator", "dice", "aggregator 'dice' is unknown")],
)
def test_unknown_parts_are_refused(alice: Any, collection: Any, name: str, kind: str, message: str) -> None:
    with pytest.raises(AnnotationError, match=message):
        campaign_create(owner=alice, collection=collection, name="Wrong", **{name: kind})


def test_three_then_five_is_a_setting(alice: Any, collection: Any) -> None:
    made = campaign_create(owner=alice, collection=collection, name="Stepwise", votes_first=3)
    round_propose_balanced(campaign=made, per_stimulus=3)
    campaign_start(campaign=made)
    assert set(Question.objects.filter(campaign=made, role="asked").values_list("wanted", flat=True)) == {3}


def test_starting_a_draft_opens_its_first_round_and_no_other(draft: Campaign) -> None:
    round_propose_balanced(campaign=draft, per_stimulus=3)
    opened = campaign_start(campaign=draft)
    assert opened is not None
    assert (opened.number, draft.status) == (1, "running")
    assert list(Round.objects.order_by("number").values_list("status", flat=True)) == ["open", "proposed"]


def test_a_campaign_without_a_round_starts_as_well(alice: Any, collection: Any) -> None:
    made = campaign_create(owner=alice, collection=collection, name="Empty")
    assert campaign_start(campaign=made) is None
    assert Campaign.objects.get(pk=made.pk).status == "running"


def test_a_campaign_starts_once(draft: Campaign) -> None:
    campaign_start(campaign=draft)
    with pytest.raises(WrongState, match="not a draft"):
        campaign_start(campaign=draft)
    stale = Campaign(pk=draft.pk, status="draft", slug=draft.slug)
    with pytest.raises(WrongState):
        campaign_start(campaign=stale)
    assert Round.objects.get().status == "open"


def test_in_a_draft_everything_may_change(draft: Campaign) -> None:
    changed = campaign_change(
        campaign=draft, votes_per_question=7, votes_first=3, reward_cents=80, currency="EUR", cant_tell=True
    )
    changed.refresh_from_db()
    assert (changed.votes_per_question, changed.votes_first, changed.reward_cents) == (7, 3, 80)


def test_a_drafts_first_round_follows_the_kind_and_the_bundles(draft: Campaign) -> None:
    triplets = draft.questions.count()
    campaign_change(campaign=draft, kind="label", hit_size=20)
    first = draft.rounds.get()
    assert first.number == 1
    assert set(draft.questions.values_list("kind", flat=True)) == {"label"}
    assert draft.questions.count() == draft.collection.stimuli.count()
    assert first.hits.count() == -(-draft.questions.count() // 20)
    campaign_change(campaign=draft, kind="triplet")
    assert draft.questions.count() == triplets


def test_a_round_that_can_not_be_made_again_keeps_kind_and_bundles(draft: Campaign) -> None:
    draft.rounds.update(origin={"selector": "uncertainty"})
    with pytest.raises(WrongState, match="kind and hit_size"):
        campaign_change(campaign=draft, kind="both")
    draft.refresh_from_db()
    assert draft.kind == "triplet"


def known(campaign: Campaign) -> Counter[tuple[str, str]]:
    """Questions whose answer is known, by role and kind."""
    return Counter(campaign.questions.exclude(role="asked").values_list("role", "kind"))


def test_what_the_plan_needs_is_there_before_anybody_is_asked(alice: Any, collection: Any) -> None:
    plan = {"golds_first": 2, "golds_later": 1, "attention": 1, "practice": 3}
    made = campaign_create(owner=alice, collection=collection, name="Honest", label="expression", **plan)
    assert known(made) == {("gold", "triplet"): 13, ("attention", "triplet"): 10, ("practice", "triplet"): 3}
    round_propose_balanced(campaign=made, per_stimulus=3)
    campaign_start(campaign=made)
    assert sum(known(made).values()) == 26


def test_a_plan_that_grows_while_it_runs_gets_its_questions(draft: Campaign) -> None:
    campaign_start(campaign=draft)
    assert not known(draft)
    campaign_change(campaign=draft, attention=1)
    assert known(draft) == {("attention", "triplet"): 10}


def test_known_questions_follow_the_kind_and_the_labels(alice: Any, collection: Any) -> None:
    made = campaign_create(
        owner=alice, collection=collection, name="Labels", kind="label", label="expression",
        choices=["neutral", "happy", "sad", "angry"], practice=4,
    )  # fmt: skip
    round_propose_balanced(campaign=made)
    assert known(made) == {("practice", "label"): 4}
    assert made.questions.filter(role="asked").count() == 44, "what is known is not asked"
    changed = campaign_change(campaign=made, choices=["angry", "sad", "happy", "neutral"])
    for question in changed.questions.filter(role="practice").select_related("reference"):
        assert changed.choices[int(question.expected)] == question.reference.labels["expression"]
    assert changed.questions.filter(role="asked").count() == 44
    changed = campaign_change(campaign=changed, kind="triplet")
    assert known(changed) == {("practice", "triplet"): 4}
    assert set(changed.questions.values_list("kind", flat=True)) == {"triplet"}


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": "both"},
        {"choices": ["yes", "no"]},
        {"cant_tell": True},
        {"votes_per_question": 3},
        {"votes_first": 3},
        {"reward_cents": 10},
        {"currency": "EUR"},
    ],
)
def test_what_people_were_asked_under_stays(draft: Campaign, changes: dict[str, Any]) -> None:
    campaign_start(campaign=draft)
    with pytest.raises(WrongState, match=min(changes)):
        campaign_change(campaign=draft, thanks="changed as well", **changes)
    assert Campaign.objects.get(pk=draft.pk).thanks == ""


@pytest.mark.parametrize(
    "changes",
    [
        {"prompt": "Which is more alike?"},
        {"instructions": "Look."},
        {"consent": "I agree."},
        {"thanks": "Thank you."},
        {"max_share": 20},
        {"lease_minutes": 60},
        {"golds_later": 2},
        {"break_minutes": 0},
        {"label": "expression"},
        {"name": "Another name"},
    ],
)
def test_the_rest_may_change_while_it_runs_and_not_at_its_end(draft: Campaign, changes: dict[str, Any]) -> None:
    campaign_start(campaign=draft)
    campaign_change(campaign=draft, **changes)
    assert Campaign.objects.filter(pk=draft.pk, **changes).exists()
    campaign_status_set(campaign=draft, status="closed")
    other = {name: value + 1 if isinstance(value, int) else f"{value} again" for name, value in changes.items()}
    if set(changes) <= {"name", "label"}:
        campaign_change(campaign=draft, **other)
    else:
        with pytest.raises(WrongState):
            campaign_change(campaign=draft, **other)


@pytest.mark.parametrize("field", ["slug", "owner", "status", "invitation", "collection", "nonsense"])
def test_nothing_else_is_a_setting(draft: Campaign, field: str) -> None:
    with pytest.raises(AnnotationError, match=field):
        campaign_change(campaign=draft, **{field: "x"})


def test_a_second_round_opened_by_hand_fixes_as_well(draft: Campaign) -> None:
    campaign_status_set(campaign=draft, status="running")
    campaign_change(campaign=draft, votes_per_question=3)
    round_open(round=draft.rounds.get())
    with pytest.raises(WrongState):
        campaign_change(campaign=draft, votes_per_question=5)
