"""Known questions made by the product: easy, never asked twice, and as many as the plan needs."""

import numpy as np
import pytest

from annotation.models import Campaign, Question, Stimulus
from annotation.selectors.known import known_of, own_choices
from annotation.services.golds import GoldsMade, golds_make, probes_prepare
from annotation.services.proposals import round_propose_balanced
from tests.factories import EXPRESSIONS, small_campaign

pytestmark = pytest.mark.django_db
Role = Question.Role


def expression(stimulus):
    return stimulus.labels["expression"]


def answer(question):
    """(the right candidate, the wrong one)."""
    return (question.a, question.b) if question.expected == "a" else (question.b, question.a)


def test_gold_shows_the_references_expression_beside_another(campaign):
    made = golds_make(campaign=campaign, gold=40, seed=3)
    assert made == GoldsMade(gold=40)
    for question in Question.objects.filter(role=Role.GOLD).select_related("reference", "a", "b"):
        right, wrong = answer(question)
        assert expression(right) == expression(question.reference) != expression(wrong)
        assert {question.reference.split, right.split, wrong.split} == {question.split}
        assert question.round is None


def test_what_is_near_is_near_in_what_the_face_does_and_not_in_who_it_is(campaign):
    """Features are taken against the neutral face, so two people with one expression are near each other."""
    keys, known = known_of(campaign, 0, np.random.default_rng(0))
    stimuli = Stimulus.objects.in_bulk(keys.tolist())
    shown = [stimuli[key] for key in keys.tolist()]
    assert known.vectors.shape == (len(keys), 12)
    for row, stimulus in enumerate(shown):
        if expression(stimulus) == "neutral":
            assert not known.vectors[row].any()
    happy = [row for row, one in enumerate(shown) if expression(one) == "happy"]
    sad = [row for row, one in enumerate(shown) if expression(one) == "sad"]
    between = [np.linalg.norm(known.vectors[happy[0]] - known.vectors[row]) for row in happy[1:]]
    across = [np.linalg.norm(known.vectors[happy[0]] - known.vectors[row]) for row in sad]
    assert max(between) < min(across)


def test_action_units_come_before_features(campaign):
    for stimulus in Stimulus.objects.all():
        stimulus.labels |= {"AU1": "0", "AU12": "3" if expression(stimulus) == "happy" else ""}
        stimulus.save()
    _, known = known_of(campaign, 0, np.random.default_rng(0))
    assert sorted(set(map(tuple, known.vectors.tolist()))) == [(0.0, 0.0), (0.0, 3.0)]


def test_nothing_that_was_asked_becomes_gold_and_no_gold_is_asked(campaign):
    golds_make(campaign=campaign, gold=60, attention=20, seed=1)
    known = {(one.reference_id, one.a_id, one.b_id) for one in Question.objects.all()}
    first = round_propose_balanced(campaign=campaign, per_stimulus=9)
    asked = {(one.reference_id, one.a_id, one.b_id) for one in first.questions.all()}
    assert not known & asked
    golds_make(campaign=campaign, gold=200, seed=2)
    golds = {(one.reference_id, one.a_id, one.b_id) for one in Question.objects.filter(role=Role.GOLD)}
    assert len(golds) > 150
    assert not golds & asked


def test_attention_checks_show_the_reference_itself(campaign):
    golds_make(campaign=campaign, attention=20)
    for question in Question.objects.filter(role=Role.ATTENTION).select_related("reference", "a", "b"):
        right, wrong = answer(question)
        assert right == question.reference
        assert expression(wrong) != expression(right)


def test_the_same_seed_makes_the_same_questions(alice, collection):
    def made(name, seed):
        campaign = small_campaign(owner=alice, collection=collection, name=name)
        golds_make(campaign=campaign, gold=15, attention=5, practice=3, seed=seed)
        return list(campaign.questions.order_by("pk").values_list("role", "reference", "a", "b", "expected"))

    first, again, other = made("One", 4), made("Two", 4), made("Three", 5)
    assert first == again != other


def test_the_plan_is_met_for_ten_hits_and_a_second_call_adds_nothing(alice, collection):
    campaign = small_campaign(owner=alice, collection=collection)
    plan = {"golds_first": 2, "golds_later": 1, "attention": 1, "repeats": 1, "practice": 4}
    Campaign.objects.filter(pk=campaign.pk).update(**plan)
    campaign.refresh_from_db()
    assert probes_prepare(campaign=campaign) == GoldsMade(gold=13, attention=10, practice=4)
    assert probes_prepare(campaign=campaign) == GoldsMade()
    campaign.golds_later = 2
    assert probes_prepare(campaign=campaign) == GoldsMade(gold=7)
    assert str(GoldsMade(1, 2, 3)) == "1 gold questions, 2 attention checks, 3 practice questions"


def test_a_campaign_without_a_plan_gets_nothing(campaign, django_assert_num_queries):
    with django_assert_num_queries(1):
        assert probes_prepare(campaign=campaign) == GoldsMade()


def label_campaign(alice, collection, **settings):
    fields = {"kind": Campaign.Kind.LABEL, "choices": ["Happy", "sad", "angry"], **settings}
    return small_campaign(owner=alice, collection=collection, **fields)


def test_labels_are_gold_where_the_stimulus_names_a_choice_in_equal_shares(alice, collection):
    campaign = label_campaign(alice, collection)
    assert golds_make(campaign=campaign, gold=6, attention=5) == GoldsMade(gold=6)
    questions = Question.objects.select_related("reference")
    assert sorted(one.expected for one in questions) == ["0", "0", "1", "1", "2", "2"]
    for question in questions:
        assert campaign.choices[int(question.expected)].lower() == expression(question.reference)
    # Known labels are not asked for, and most stimuli stay to be asked about.
    asked = set(round_propose_balanced(campaign=campaign).questions.values_list("reference", flat=True))
    assert asked.isdisjoint(question.reference_id for question in questions)
    assert golds_make(campaign=campaign, gold=100) == GoldsMade()


def test_at_most_a_fifth_of_the_labels_is_known_beforehand(alice, collection):
    campaign = label_campaign(alice, collection)
    assert golds_make(campaign=campaign, gold=100, practice=2) == GoldsMade(gold=5, practice=2)  # 36 // 5 in all


def test_another_column_that_holds_the_choices_will_do(alice, collection):
    campaign = label_campaign(alice, collection, label="")
    assert len(own_choices(campaign)) == 36
    campaign.choices = ["cold", "hot"]
    assert own_choices(campaign) == {}
    assert golds_make(campaign=campaign, gold=3) == GoldsMade()


def test_a_campaign_of_both_kinds_gets_half_of_each(alice, collection):
    campaign = label_campaign(alice, collection, kind=Campaign.Kind.BOTH)
    assert golds_make(campaign=campaign, gold=8, practice=4, attention=3) == GoldsMade(8, 3, 4)
    kinds = list(Question.objects.order_by().values_list("role", "kind"))
    assert kinds.count((Role.GOLD, "label")) == kinds.count((Role.GOLD, "triplet")) == 4
    assert kinds.count((Role.PRACTICE, "label")) == kinds.count((Role.PRACTICE, "triplet")) == 2
    assert kinds.count((Role.ATTENTION, "triplet")) == 3


def test_texts_without_features_have_their_labels_and_attention_checks(alice, tmp_path):
    from annotation.services.collections import collection_get, stimuli_import

    lines = ["id,text,mood"] + [f"t{i},This is sentence number {i}.,{EXPRESSIONS[i % 3]}" for i in range(12)]
    (tmp_path / "texts.csv").write_text("\n".join(lines))
    collection = collection_get(owner=alice, name="Texts")
    stimuli_import(collection=collection, path=tmp_path / "texts.csv")
    campaign = small_campaign(owner=alice, collection=collection, label="mood")
    made = golds_make(campaign=campaign, gold=5, attention=5)
    assert made == GoldsMade(gold=5, attention=5)
    for question in Question.objects.filter(role=Role.GOLD).select_related("reference", "a", "b"):
        right, wrong = answer(question)
        assert right.labels["mood"] == question.reference.labels["mood"] != wrong.labels["mood"]
