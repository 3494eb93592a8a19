from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from annotation.quality.agreement import agreement_table
from annotation.quality.margin import MarginAggregator
from annotation.quality.votes import VoteTable

# Paper 000, Table I: questions with a difference of 5, 3 and 1, and the printed totals.
PAPER = {
    "Train": ((2426, 2364, 2206), 6996),
    "Validation": ((652, 686, 643), 1981),
    "Test": ((728, 767, 719), 2214),
    "Whole data set": ((3806, 3817, 3568), 11191),
}


def papers_questions() -> dict[str, np.ndarray]:
    counts = [PAPER[name][0] for name in ("Train", "Validation", "Test")]
    margin = np.concatenate([np.repeat([5, 3, 1], row) for row in counts])
    split = np.repeat([0, 1, 2], [sum(row) for row in counts])
    return {"margin": margin, "split": split, "winner": np.arange(len(margin)) % 2}


def test_the_papers_table_is_reproduced_from_its_counts() -> None:
    """Every printed row and column of Table I adds up."""
    questions = papers_questions()
    table = agreement_table(**questions, votes=np.full(len(questions["margin"]), 5))
    assert table.levels == (5, 3, 1)
    assert {row.subset: (row.counts, row.total) for row in table.rows} == PAPER
    whole = table.rows[-1].agreement
    assert whole == pytest.approx((3806 * 1.0 + 3817 * 0.8 + 3568 * 0.6) / 11191)


def test_the_text_is_the_papers_table() -> None:
    questions = papers_questions()
    table = agreement_table(**questions, votes=np.full(len(questions["margin"]), 5))
    lines = table.to_markdown().splitlines()
    assert lines[0] == "| Data subset | 5 | 3 | 1 | Total | Agreement |"
    assert lines[1] == "| --- | ---: | ---: | ---: | ---: | ---: |"
    assert lines[-1] == "| Whole data set | 3,806 | 3,817 | 3,568 | 11,191 | 80.4 % |"
    assert table.to_rows()[1] == {"Data subset": "Validation", "5": 652, "3": 686, "1": 643, "Total": 1981} | {
        "Agreement": pytest.approx((652 + 686 * 0.8 + 643 * 0.6) / 1981)
    }


@pytest.mark.parametrize("seed", range(5))
def test_the_table_agrees_with_a_plain_loop(seed: int) -> None:
    rng = np.random.default_rng(seed)
    votes = VoteTable(rng.integers(0, 60, 200), rng.integers(0, 9, 200), rng.integers(0, 2, 200), 60)
    got = MarginAggregator().fit(votes)
    split = rng.integers(0, 3, 60)
    table = agreement_table(got.margin, split, got.winner, votes=got.votes)
    for row, codes in zip(table.rows, ([0], [1], [2], [0, 1, 2]), strict=True):
        counts: dict[int, int] = {}
        shares, unanswered = [], 0
        for q in range(60):
            if split[q] not in codes:
                continue
            a, b = int(got.votes_a[q]), int(got.votes_b[q])
            if a + b == 0:
                unanswered += 1
                continue
            counts[abs(a - b)] = counts.get(abs(a - b), 0) + 1
            shares.append(max(a, b) / (a + b))
        assert dict(zip(table.levels, row.counts, strict=True)) == {
            level: counts.get(level, 0) for level in table.levels
        }
        assert (row.total, row.unanswered) == (len(shares), unanswered)
        assert row.agreement == pytest.approx(sum(shares) / len(shares))
    assert sum(table.rows[-1].counts) == table.rows[-1].total


def test_ties_and_unanswered_questions_have_their_columns() -> None:
    table = agreement_table(np.array([2, 0, 0]), np.array([0, 0, 1]), np.array([1, -1, -1]), votes=np.array([2, 4, 0]))
    assert table.header() == ["Data subset", "2", "tie", "Total", "Unanswered", "Agreement"]
    assert [tuple(row.values()) for row in table.to_rows()] == [
        ("Train", 1, 1, 2, 0, 0.75),
        ("Validation", 0, 0, 0, 1, None),
        ("Test", 0, 0, 0, 0, None),
        ("Whole data set", 1, 1, 2, 1, 0.75),
    ]
    assert "| Validation | 0 | 0 | 0 | 1 | – |" in table.to_markdown()


def test_without_the_numbers_of_votes_there_is_no_percentage() -> None:
    table = agreement_table(np.array([3, 0]), np.array([0, 0]), np.array([1, -1]))
    assert table.header() == ["Data subset", "3", "tie", "Total", "Agreement"]
    assert table.rows[-1].agreement is None


def test_no_questions_make_an_empty_table() -> None:
    table = agreement_table(np.array([], int), np.array([], int), np.array([], int))
    assert [row.total for row in table.rows] == [0, 0, 0, 0]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"split": [0]}, "one value a question"),
        ({"split": [0, 3]}, "split must be 0"),
        ({"margin": [-1, 3]}, "no margin is negative"),
        ({"winner": [-1, 0]}, "exactly where the margin is 0"),
        ({"margin": [0, 3]}, "exactly where the margin is 0"),
        ({"votes": [5, 2]}, "cannot exceed"),
        ({"votes": [6, 5]}, "both are odd or both even"),
    ],
)
def test_contradictions_are_refused(change: dict[str, Any], why: str) -> None:
    good = {"margin": [5, 3], "split": [0, 1], "winner": [1, 0], "votes": [5, 5]}
    with pytest.raises(ValueError, match=why):
        agreement_table(**{name: np.array(values) for name, values in {**good, **change}.items()})
