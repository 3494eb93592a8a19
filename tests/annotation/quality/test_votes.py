from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from annotation.quality.votes import VoteTable

GOOD: dict[str, Any] = {"question": [0, 0, 2], "worker": [5, 6, 5], "choice": [0, 1, 1], "n_questions": 3}


def test_lists_become_frozen_vectors_of_their_types() -> None:
    votes = VoteTable(**GOOD)
    assert (votes.question.dtype, votes.worker.dtype, votes.choice.dtype) == (np.int64, np.int64, np.int8)
    assert len(votes) == 3
    with pytest.raises(ValueError, match="read-only"):
        votes.choice[0] = 1


def test_the_callers_arrays_stay_writable() -> None:
    mine = np.array([0, 1, 1], dtype=np.int8)
    VoteTable(**{**GOOD, "choice": mine})
    mine[0] = 1


def test_no_votes_are_votes() -> None:
    assert len(VoteTable([], [], [], 4)) == 0  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"question": [0, 0, 3]}, "Vote 2: question 3 is not between 0 and 2"),
        ({"question": [0, -1, 2]}, "Vote 1: question -1"),
        ({"choice": [0, 2, 1]}, "Vote 1: choice 2 is not between 0 and 1"),
        ({"choice": [-1, 1, 1]}, "Vote 0: choice -1"),
        ({"worker": [5, -6, 5]}, "Vote 1: worker -6"),
        ({"worker": [5, 6]}, "3 questions, 2 workers and 3 choices"),
        ({"choice": [0.0, 1.0, 1.0]}, "choice must be a vector of whole numbers"),
        ({"question": [[0, 0, 2]]}, "question must be a vector"),
        ({"n_questions": -1}, "cannot be negative"),
    ],
)
def test_wrong_votes_are_refused(change: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        VoteTable(**{**GOOD, **change})


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"left": [0, 1]}, "2 sides for 3 votes"),
        ({"left": [0, 1, 2]}, "Vote 2: left 2 is not between 0 and 1"),
        ({"left": [0, 1, 1], "n_choices": 3}, "left belongs to triplets"),
        ({"n_choices": 1}, "n_choices is 1"),
        ({"n_choices": 200}, "n_choices is 200"),
        ({"choice": [0, 1, 3], "n_choices": 3}, "Vote 2: choice 3 is not between 0 and 2"),
    ],
)
def test_wrong_sides_and_answers_are_refused(change: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        VoteTable(**{**GOOD, **change})


def test_excluding_workers_leaves_the_other_votes_with_all_they_had() -> None:
    votes = VoteTable(**GOOD, weight=[0.5, 1, 0.25], left=[1, 0, 1])  # type: ignore[arg-type]
    kept = votes.without(np.arange(7) == 6)
    assert (kept.question.tolist(), kept.worker.tolist(), kept.choice.tolist()) == ([0, 2], [5, 5], [0, 1])
    assert kept.weight is not None
    assert kept.left is not None
    assert (kept.weight.tolist(), kept.left.tolist(), kept.n_questions) == ([0.5, 0.25], [1, 1], 3)
    with pytest.raises(ValueError, match="there are 7 workers"):
        votes.without(np.zeros(6, dtype=bool))


def test_full_weights_take_no_memory_and_are_known_to_be_full() -> None:
    votes = VoteTable(**GOOD)
    assert votes.weight is not None
    assert votes.weight.tolist() == [1, 1, 1]
    assert votes.weight.strides == (0,)
    assert votes.weighted is None
    assert VoteTable(**GOOD, weight=np.ones(3)).weighted is None
    assert VoteTable(**GOOD, weight=np.array([1, 1, 0.5])).weighted is not None
