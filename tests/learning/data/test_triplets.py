"""The one constructor of triplets, and weights from votes."""

import numpy as np
import pytest

from learning.data.triplets import TripletSet
from learning.data.weights import margin_weights, training_weights

ROWS = [[0, 1, 2], [3, 2, 1], [2, 0, 3]]


def test_a_set_keeps_its_rows_in_their_order_and_canonical_types():
    triplets = TripletSet.build(ROWS, 4, weights=[5, 3, 1], margins=[5, 3, 1], split=[0, 2, 0])
    assert triplets.triplets.tolist() == ROWS
    columns = (triplets.triplets, triplets.weights, triplets.margins, triplets.split, triplets.votes)
    assert [column.dtype for column in columns] == [np.int64, np.float32, np.int16, np.int8, np.int16]
    assert len(triplets) == 3
    assert triplets.of_split(0).triplets.tolist() == [ROWS[0], ROWS[2]]
    assert triplets.of_split(0).weights.tolist() == [5, 1]
    assert len(triplets.of_split(1)) == 0
    with pytest.raises(ValueError, match="read-only"):
        triplets.triplets[0, 0] = 3


def test_what_is_left_out_means_weight_one_no_votes_and_train():
    triplets = TripletSet.build(np.array(ROWS, dtype=np.uint8), 4)
    assert triplets.weights.tolist() == [1, 1, 1]
    assert triplets.margins.tolist() == triplets.split.tolist() == triplets.votes.tolist() == [0, 0, 0]
    assert TripletSet.build([], 4).triplets.shape == (0, 3)


@pytest.mark.parametrize(
    ("rows", "columns", "message"),
    [
        ([[0, 1]], {}, r"must have the shape \(T, 3\), not \(1, 2\)"),
        ([0, 1, 2], {}, r"must have the shape \(T, 3\), not \(3,\)"),
        ([[0.5, 1, 2]], {}, "must be whole numbers, not float64"),
        ([[0, 1, 2], [0, 1, 4]], {}, r"Triplet 1 is \[0, 1, 4\], but stimuli are numbered 0 to 3"),
        ([[0, 1, -1]], {}, r"Triplet 0 is \[0, 1, -1\]"),
        ([[0, 1, 2], [1, 2, 1]], {}, "Triplet 1 is .* compares a stimulus with itself"),
        ([[0, 0, 2]], {}, "with itself"),
        ([[0, 2, 2]], {}, "with itself"),
        (ROWS, {"weights": [1, -1, 1]}, r"Triplet 1: weight must be a finite number, 0 or more, but it is -1\.0"),
        (ROWS, {"weights": [1, 1, np.nan]}, "Triplet 2: weight must be a finite number"),
        (ROWS, {"weights": [1, np.inf, 1]}, "Triplet 1: weight must be a finite number"),
        (ROWS, {"weights": [1, 1]}, r"one weight a triplet, shape \(3,\), not \(2,\)"),
        (ROWS, {"margins": [1, -3, 1]}, "Triplet 1: margin must be 0 or more"),
        (ROWS, {"margins": [1, 1.5, 1]}, "Triplet 1: margin must be a whole number in range"),
        (ROWS, {"margins": [1, 70_000, 1]}, "Triplet 1: margin must be a whole number in range"),
        (ROWS, {"split": [0, 1, 3]}, "Triplet 2: split must be 0"),
        (ROWS, {"margins": [5, 3, 1], "votes": [5, 2, 5]}, "Triplet 1: votes must be at least the margin"),
    ],
)
def test_a_wrong_row_is_refused_with_its_number(rows, columns, message):
    with pytest.raises(ValueError, match=message):
        TripletSet.build(rows, 4, **columns)


def test_margins_become_raw_weights_or_shares_of_the_votes():
    margins = np.array([5, 3, 1], dtype=np.int16)
    assert margin_weights(margins).tolist() == [5, 3, 1]
    assert margin_weights(margins, 5).tolist() == pytest.approx([1, 0.6, 0.2])
    assert margin_weights(margins, np.array([5, 3, 3])).tolist() == pytest.approx([1, 1, 1 / 3])
    with pytest.raises(ValueError, match="Triplet 0 has the margin 5, but only 3 votes"):
        margin_weights(margins, 3)


def test_a_model_trains_with_margins_but_keeps_what_nobody_voted_on_and_what_was_set_aside():
    rows = [[0, 1, 2]] * 4
    triplets = TripletSet.build(rows, 3, weights=[0.9, 0.7, 0, 2], margins=[5, 1, 3, 0], votes=[5, 3, 3, 0])
    assert training_weights(triplets, "given").tolist() == pytest.approx([0.9, 0.7, 0, 2])
    assert training_weights(triplets, "raw").tolist() == [5, 1, 0, 2]
    assert training_weights(triplets, "unit").tolist() == pytest.approx([1, 1 / 3, 0, 2])
    with pytest.raises(ValueError, match="'raw', 'unit' or 'given', not 'best'"):
        training_weights(triplets, "best")
