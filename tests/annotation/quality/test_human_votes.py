"""Real people's answers about 36 faces, beside the counts that were published with them."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from annotation.quality.agreement import agreement_table
from annotation.quality.margin import MarginAggregator
from annotation.quality.votes import VoteTable

FOLDER = Path(__file__).parents[3] / "../shared/data/triplets/cfd36_faces"
pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not FOLDER.exists(), reason="../shared/data/triplets/cfd36_faces is not beside the checkout"),
]


def rows(name: str) -> list[dict[str, str]]:
    with (FOLDER / name).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_the_margins_are_the_published_ones() -> None:
    published = rows("votes.csv")
    number = {(row["head"], row["a"], row["b"]): at for at, row in enumerate(published)}
    question, worker, choice = [], [], []
    for row in rows("responses.csv"):
        a, b = sorted((row["winner"], row["loser"]), key=int)
        question.append(number[row["head"], a, b])
        worker.append(int(row["worker_id"]))
        choice.append(int(row["winner"] == b))
    got = MarginAggregator().fit(VoteTable(np.array(question), np.array(worker), np.array(choice), len(published)))
    for name, values in (
        ("votes_a", got.votes_a),
        ("votes_b", got.votes_b),
        ("margin", got.margin),
        ("n_votes", got.votes),
    ):
        np.testing.assert_array_equal(values, [int(row[name]) for row in published], err_msg=name)
    table = agreement_table(got.margin, np.zeros(len(published), int), got.winner, votes=got.votes)
    assert table.rows[-1].total == len(published) == 18_597
    share = np.mean([max(int(row["votes_a"]), int(row["votes_b"])) / int(row["n_votes"]) for row in published])
    assert table.rows[-1].agreement == pytest.approx(float(share))
