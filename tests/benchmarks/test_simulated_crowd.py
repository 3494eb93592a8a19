"""The simulated crowd: shares as in the paper's Table I, frames and votes as its docstring says."""

import numpy as np
import pytest

from benchmarks.simulated_crowd import (
    FRAMES,
    TABLE_I,
    bisect,
    natural_frames,
    perceived,
    spontaneous,
    voted_labels,
    voted_triplets,
)


def test_bisection_finds_where_a_function_changes_its_sign():
    assert bisect(lambda x: x**3 - 2, 0, 4) == pytest.approx(2 ** (1 / 3), abs=1e-9)
    assert bisect(lambda x: 1 - x, -5, 5) == pytest.approx(1, abs=1e-9)


@pytest.fixture
def small(shared_data):
    return natural_frames(1, frames=(150, 40, 40), people=(5, 2, 2))


@pytest.mark.shared
def test_each_frame_is_in_six_triplets_of_its_own_split(small):
    triplets = voted_triplets(small, 1)
    assert np.bincount(triplets.triplets.ravel(), minlength=230).tolist() == [6] * 230
    assert (small.split[triplets.triplets] == triplets.split[:, None]).all()
    assert set(triplets.margins.tolist()) == {1, 3, 5}
    assert np.array_equal(triplets.weights, triplets.margins)
    again = voted_triplets(small, 1)
    assert np.array_equal(again.triplets, triplets.triplets)
    assert np.array_equal(again.margins, triplets.margins)


@pytest.mark.shared
def test_the_crowd_prefers_what_is_nearer_and_agrees_more_where_it_is_clear(small):
    triplets, seen = voted_triplets(small, 1), perceived(small)
    share = []
    for margin in (5, 3, 1):
        rows = triplets.triplets[triplets.margins == margin]
        near, far = (np.linalg.norm(seen[rows[:, 0]] - seen[rows[:, side]], axis=1) for side in (1, 2))
        share.append((near <= far).mean())
    assert share[0] > 0.85
    assert share[0] > share[1] > share[2] > 0.5


@pytest.mark.shared
def test_more_agreement_can_be_asked_for(small):
    for wanted in (0.2, 0.6):
        assert (voted_triplets(small, 1, share=wanted).margins == 5).mean() == pytest.approx(wanted, abs=0.01)


@pytest.mark.shared
def test_a_person_is_neutral_in_the_first_frame_and_in_one_split(small):
    assert (small.weights[small.neutral] == 0).all()
    assert (small.person[small.neutral] == small.person).all()
    assert [len(np.unique(small.person[small.split == part])) for part in range(3)] == [5, 2, 2]


@pytest.mark.shared
def test_labels_have_the_numbers_that_were_asked_for(small):
    labels = voted_labels(small, 1, labelled=200, positive=80, negative=30)
    assert ((labels == "positive").sum(), (labels == "negative").sum()) == (80, 30)
    smile = small.weights[:, small.names.index("mouthSmile_L")]
    assert smile[labels == "positive"].mean() > smile[labels == "negative"].mean() + 0.2


@pytest.mark.shared
def test_the_whole_set_is_as_large_as_the_papers_and_agrees_as_often(shared_data):
    data = spontaneous(0)
    assert [int((data.split == part).sum()) for part in range(3)] == list(FRAMES)
    assert [int((data.triplets.split == part).sum()) for part in range(3)] == [6_996, 1_980, 2_214]
    for margin, count in TABLE_I.items():
        assert (data.triplets.margins == margin).mean() == pytest.approx(count / 11_191, abs=0.025)
    assert ((data.labels["valence"] == "positive").sum(), (data.labels["valence"] == "negative").sum()) == (1_040, 361)
    assert data.shape == (83, 3)
