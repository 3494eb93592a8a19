"""Batches: the right counts and chances, no copies of the data, and a state of the generator that is all they keep."""

import numpy as np
import pytest
import torch

from learning.data.batches import BalancedBatches, ClassIndex, JudgedTriplets, LabelledTriplets, UniformBatches
from learning.data.triplets import TripletSet

LABELS = np.array(["joy", "fear", "joy", "", "rage", "fear", "joy", "joy", "", "fear"])


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def chances(drawn, n):
    """The share of each of n numbers, and what five standard deviations are."""
    share = torch.bincount(drawn.flatten(), minlength=n).double() / drawn.numel()
    return share.numpy(), 5 / np.sqrt(drawn.numel())


def test_an_index_holds_the_rows_of_each_class_and_leaves_unknown_ones_out():
    index = ClassIndex.build(LABELS)
    assert index.names == ("fear", "joy", "rage")
    assert index.rows.tolist() == [1, 5, 9, 0, 2, 6, 7, 4]
    assert index.counts.tolist() == [3, 4, 1]
    assert index.starts.tolist() == [0, 3, 7]
    assert index.codes().tolist() == [0, 0, 0, 1, 1, 1, 1, 2]
    part = ClassIndex.build(LABELS, np.array([9, 0, 3, 2]))
    assert part.names == ("fear", "joy")
    assert part.rows.tolist() == [9, 0, 2]
    numbers = ClassIndex.build(np.array([7, 7, 0]))
    assert numbers.names == ("0", "7")
    assert numbers.rows.tolist() == [2, 0, 1]


def test_uniform_batches_take_each_row_with_the_same_chance():
    rows = torch.tensor([3, 8, 11])
    drawn = UniformBatches(rows, 6000).draw(generator())
    share, error = chances(drawn, 12)
    assert share[[3, 8, 11]] == pytest.approx(1 / 3, abs=error)
    assert set(drawn.tolist()) == {3, 8, 11}


def test_a_balanced_batch_has_as_many_rows_of_every_class():
    batches = BalancedBatches(ClassIndex.build(LABELS), 2000)
    rows, labels = batches.draw(generator())
    assert batches.size == len(rows) == 6000
    assert labels.tolist() == [0] * 2000 + [1] * 2000 + [2] * 2000
    assert (LABELS[rows] == np.array(["fear", "joy", "rage"])[labels]).all()
    share, error = chances(rows[labels == 1], 10)
    assert share[[0, 2, 6, 7]] == pytest.approx(1 / 4, abs=error)


def test_a_balanced_batch_of_some_classes_takes_different_ones():
    batches = BalancedBatches(ClassIndex.build(np.arange(5).repeat(3)), samples=2, classes=3)
    source = generator()
    seen = []
    for _ in range(2000):
        rows, labels = batches.draw(source)
        chosen = labels[::2]
        assert torch.equal(labels, chosen.repeat_interleave(2))
        assert len(set(chosen.tolist())) == 3
        assert torch.equal(rows // 3, labels)
        seen.append(chosen)
    share, error = chances(torch.cat(seen), 5)
    assert share == pytest.approx(1 / 5, abs=error)
    assert batches.size == 6
    assert BalancedBatches(ClassIndex.build(LABELS), 4, classes=9).size == 12


@pytest.mark.parametrize("balanced", [False, True])
def test_triplets_from_labels_have_all_their_outcomes_with_the_right_chances(balanced):
    index = ClassIndex.build(LABELS)
    triplets = LabelledTriplets(index, 60_000, balanced).draw(generator())
    anchor, positive, negative = (LABELS[column] for column in triplets.t().numpy())
    assert (anchor == positive).all()
    assert (anchor != negative).all()
    assert (triplets[:, 0] != triplets[:, 1]).all()
    # "rage" has one row: never an anchor, but a negative.
    joy, fear = [0, 2, 6, 7], [1, 5, 9]
    share, error = chances(triplets[:, 0], 10)
    assert share[joy] == pytest.approx(1 / 8 if balanced else 1 / 7, abs=error)
    assert share[fear] == pytest.approx(1 / 6 if balanced else 1 / 7, abs=error)
    of_six = triplets[triplets[:, 0] == 6]
    share, error = chances(of_six[:, 1], 10)
    assert share[[0, 2, 7]] == pytest.approx(1 / 3, abs=error)
    share, error = chances(of_six[:, 2], 10)
    assert share[[1, 4, 5, 9]] == pytest.approx(1 / 4, abs=error)


def test_judged_triplets_are_drawn_with_their_weights_and_those_of_weight_0_never():
    judged = TripletSet.build([[0, 1, 2], [3, 4, 5], [6, 7, 8]], 9, weights=[2.0, 0.0, 0.5])
    rows, weights = JudgedTriplets.build(judged, 4000).draw(generator())
    first = rows[:, 0] == 0
    assert first.double().mean().item() == pytest.approx(0.5, abs=5 / np.sqrt(4000) / 2)
    assert rows[first].unique(dim=0).tolist() == [[0, 1, 2]]
    assert rows[~first].unique(dim=0).tolist() == [[6, 7, 8]]
    assert set(weights[first].tolist()) == {2.0}
    assert set(weights[~first].tolist()) == {0.5}
    _, weights = JudgedTriplets.build(judged, 5, np.array([0, 3, 0], np.float32)).draw(generator())
    assert weights.tolist() == [3.0] * 5


def every_kind():
    index = ClassIndex.build(LABELS)
    judged = TripletSet.build([[0, 1, 2], [3, 4, 5]], 9)
    return [
        UniformBatches(index.rows, 50),
        BalancedBatches(index, 20),
        BalancedBatches(index, 20, 2),
        LabelledTriplets(index, 50),
        LabelledTriplets(index, 50, balanced=True),
        JudgedTriplets.build(judged, 50),
    ]


@pytest.mark.parametrize("number", range(6))
def test_a_generator_that_is_put_back_gives_the_same_batches(number):
    def draw(source):
        drawn = batches.draw(source)
        return torch.cat([part.flatten().double() for part in drawn]) if isinstance(drawn, tuple) else drawn

    batches, source = every_kind()[number], generator(3)
    outside = torch.get_rng_state()
    draw(source)
    state = source.get_state()
    first, second = draw(source), draw(source)
    source.set_state(state)
    assert torch.equal(draw(source), first)
    assert not torch.equal(first, second)
    assert torch.equal(torch.get_rng_state(), outside)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: ClassIndex.build(np.array(["", ""])), "No stimulus of these has a label"),
        (lambda: UniformBatches(torch.arange(0), 4), "rows = 0"),
        (lambda: BalancedBatches(ClassIndex.build(LABELS), 0), "samples = 0"),
        (lambda: LabelledTriplets(ClassIndex.build(np.array(["a", "b"])), 4), "two classes, one of them with two"),
        (lambda: LabelledTriplets(ClassIndex.build(np.array(["a", "a"])), 4), "two classes, one of them with two"),
        (lambda: JudgedTriplets.build(TripletSet.build([], 3), 4), "No triplet has a weight above 0"),
    ],
)
def test_what_cannot_be_drawn_from_is_refused(make, sentence):
    with pytest.raises(ValueError, match=sentence):
        make()
