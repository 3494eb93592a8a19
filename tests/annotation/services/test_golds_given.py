"""Known questions that a researcher gives: all or nothing, with one sentence for what is wrong."""

import pytest
from django.core.management import CommandError, call_command

from annotation.errors import ImportRefused
from annotation.models import Campaign, Question
from annotation.services.golds_given import golds_import
from annotation.services.proposals import round_propose_balanced
from tests.factories import small_campaign

pytestmark = pytest.mark.django_db
HEADER = "reference,a,b,answer\n"


def give(campaign, text, **options):
    return golds_import(campaign=campaign, data=text.encode(), file="gold.csv", **options)


@pytest.fixture
def keys(campaign):
    """Keys of stimuli of one split, and one of another."""
    stimuli = list(campaign.collection.stimuli.filter(split=0).order_by("pk").values_list("key", flat=True))
    return [*stimuli[:6], campaign.collection.stimuli.exclude(split=0).first().key]


def test_the_answer_stays_with_its_stimulus_whatever_the_order(campaign, keys):
    r, a, b, c, *_ = keys
    # A byte-order mark, other columns' order, capitals and blank lines, as spreadsheets write them.
    given = f"\ufeffAnswer,b,a,reference\r\nA,{b},{a},{r}\r\n\r\nb,{a},{c},{r}\r\n"
    assert give(campaign, given) == 2
    for question, right, wrong in zip(Question.objects.order_by("pk"), (a, a), (b, c), strict=True):
        chosen = question.a if question.expected == "a" else question.b
        other = question.b if question.expected == "a" else question.a
        assert (question.reference.key, chosen.key, other.key) == (r, right, wrong)
        assert (question.role, question.round, question.split) == (Question.Role.GOLD, None, 0)


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ("{0},{1},{2},left\n", "gold.csv, row 2, field \"answer\": The answer is 'left'; it must be a or b."),
        ("{0},{1},{2},a\n{0},{1},,a\n", 'gold.csv, row 3, field "b": The cell is empty.'),
        ("{0},{1},{2}\n", "gold.csv, row 2: The row has 3 cells where the header has 4."),
        ("{0},{1},nobody,a\n", "gold.csv, row 2, field \"b\": The collection has no stimulus 'nobody'."),
        ("{0},{1},{1},a\n", "gold.csv, row 2: A triplet has three different stimuli."),
        ("{0},{0},{1},a\n", "gold.csv, row 2: A triplet has three different stimuli."),
        ("{0},{1},{6},a\n", "gold.csv, row 2: The three stimuli are not of one split."),
        ("{0},{1},{2},a\n{0},{2},{1},a\n", "gold.csv, row 3: The question is that of row 2."),
        ("", "gold.csv: The file holds no questions."),
    ],
)
def test_one_bad_row_leaves_nothing_behind(campaign, keys, rows, sentence):
    with pytest.raises(ImportRefused) as refused:
        give(campaign, HEADER + rows.format(*keys))
    assert refused.value.message == sentence
    assert not Question.objects.exists()


def test_the_header_must_be_one_of_two(campaign):
    with pytest.raises(ImportRefused, match="header must be reference,a,b,answer or stimulus,answer, not id,answer"):
        give(campaign, "id,answer\np00-happy,0\n")
    with pytest.raises(ImportRefused, match="UTF-8"):
        golds_import(campaign=campaign, data=b"reference,a,b,answer\n\xff\xfe", file="gold.csv")


def test_what_was_asked_is_refused(campaign):
    asked = round_propose_balanced(campaign=campaign, per_stimulus=3).questions.first()
    row = f"{asked.reference.key},{asked.b.key},{asked.a.key},a\n"
    with pytest.raises(ImportRefused, match="row 2: The campaign has this question already"):
        give(campaign, HEADER + row)


def test_labels_are_named_by_the_choices_in_any_case(alice, collection):
    campaign = small_campaign(
        owner=alice, collection=collection, kind=Campaign.Kind.LABEL, choices=["Negative", "Positive"]
    )
    text = "stimulus,answer\np00-happy,positive\np00-sad,NEGATIVE\n"
    assert give(campaign, text, role=Question.Role.PRACTICE) == 2
    found = Question.objects.order_by("pk").values_list("reference__key", "expected", "role", "kind")
    assert list(found) == [("p00-happy", "1", "practice", "label"), ("p00-sad", "0", "practice", "label")]
    with pytest.raises(ImportRefused, match="'neutral' is not one of Negative, Positive"):
        give(campaign, "stimulus,answer\np01-happy,neutral\n")
    with pytest.raises(ImportRefused, match="asks for labels only"):
        give(campaign, HEADER + "p00-happy,p00-sad,p00-angry,a\n")


def test_a_campaign_of_triplets_has_no_labels(campaign):
    with pytest.raises(ImportRefused, match="asks for no labels"):
        give(campaign, "stimulus,answer\np00-happy,positive\n")


def test_the_commands(campaign, keys, tmp_path, capsys):
    path = tmp_path / "mine.csv"
    path.write_text(HEADER + "{},{},{},b\n".format(*keys))
    call_command("import_golds", campaign.slug, str(path))
    assert "1 gold questions taken" in capsys.readouterr().out
    with pytest.raises(CommandError, match="row 2: The campaign has this question already"):
        call_command("import_golds", campaign.slug, str(path), "--practice")
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("import_golds", campaign.slug, str(tmp_path / "none.csv"))
    call_command("make_golds", campaign.slug, "--gold", "4", "--attention", "2")
    assert "4 gold questions, 2 attention checks, 0 practice questions made" in capsys.readouterr().out
    call_command("make_golds", campaign.slug, "--gold", "100000")
    assert "not enough easy cases for more of: gold" in capsys.readouterr().out
    with pytest.raises(CommandError, match="must not be negative"):
        call_command("make_golds", campaign.slug, "--gold", "-1")
