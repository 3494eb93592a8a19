"""The commands: the same services, from a terminal."""

import csv
import re

import pytest
from django.core.management import CommandError, call_command

from annotation.models import Vote
from annotation.services.rounds import round_close, round_finish
from tests.factories import closed_round

pytestmark = pytest.mark.django_db


def test_a_round_is_proposed_opened_and_answered_from_the_terminal(campaign, capsys):
    call_command("propose_round", campaign.slug, "--per-stimulus", "3", "--open")
    assert "48 triplets, open" in capsys.readouterr().out
    call_command("simulate_crowd", campaign.slug, "--workers", "10")
    assert f"{48 * 5} votes" in capsys.readouterr().out
    round = campaign.rounds.get()
    round_finish(round=round_close(round=round))
    call_command("agreement", campaign.slug, "--round", "1")
    whole = re.search(r"Whole data set \|(.*)", capsys.readouterr().out).group(1)
    assert "48" in whole
    assert Vote.objects.count() == 48 * 5


def test_a_dataset_is_written_in_every_format(campaign, tmp_path, capsys):
    _, dataset = closed_round(campaign)
    for format in ("csv", "jsonl", "parquet", "npz"):
        target = tmp_path / f"triplets.{format}"
        call_command("export_dataset", dataset.pk, "--format", format, "--output", target)
        assert target.stat().st_size > 0
        assert dataset.content_sha256 in capsys.readouterr().out
    with (tmp_path / "triplets.csv").open(newline="") as file:
        assert len(list(csv.DictReader(file))) == dataset.triplets
    assert not list(tmp_path.glob(".*.unfinished"))


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["propose_round", "nowhere"], "no campaign 'nowhere'"),
        (["simulate_crowd", "nowhere"], "no campaign 'nowhere'"),
        (["agreement", "nowhere"], "no campaign 'nowhere'"),
        (["artificial_triplets", "nowhere"], "no campaign 'nowhere'"),
        (["export_dataset", "99", "--output", "x.csv"], "no dataset 99"),
        (["simulate_crowd", "small-campaign"], "has no open round"),
        (["agreement", "small-campaign", "--round", "7"], "no round 7"),
        (["artificial_triplets", "small-campaign"], 'no whole number as "level"'),
    ],
)
def test_what_cannot_be_done_is_one_clear_sentence(campaign, words, sentence):
    with pytest.raises(CommandError, match=sentence):
        call_command(*words)
