"""Maps by t-SNE: seeded, faithful to neighbours, and open to new points."""

import subprocess
import sys

import numpy as np
import pytest

from learning.evaluation.neighbours import nearest
from learning.evaluation.tsne import fit_map


def lumps(seed=0, each=25):
    rng = np.random.default_rng(seed)
    place = np.repeat(np.arange(3), each)
    return (rng.standard_normal((3 * each, 5)) + 8 * np.eye(3, 5)[place]).astype(np.float32), place


@pytest.fixture(scope="module")
def mapped():
    return fit_map(lumps()[0], iterations=100, perplexity=15)


def test_a_map_keeps_neighbours_together(mapped):
    place = lumps()[1]
    assert mapped.coordinates.shape == (75, 2)
    assert mapped.coordinates.dtype == np.float32
    beside = nearest(mapped.coordinates, mapped.coordinates, 5, np.arange(75))
    assert (place[beside] == place[:, None]).mean() > 0.99


def test_the_seed_repeats_a_map(mapped):
    again = fit_map(lumps()[0], iterations=100, perplexity=15)
    assert (again.coordinates == mapped.coordinates).all()


def test_new_points_fall_among_their_own_and_move_nothing(mapped):
    before = mapped.coordinates.copy()
    new, place = lumps(seed=9, each=4)
    placed = mapped.add(new)
    assert placed.shape == (12, 2)
    beside = nearest(placed, mapped.coordinates, 5)
    assert (lumps()[1][beside] == place[:, None]).all()
    assert (mapped.coordinates == before).all()
    assert np.allclose(mapped.add(new[3:5]), placed[3:5], atol=1e-4), "each is placed alone"
    assert mapped.add(new[:0]).shape == (0, 2)
    with pytest.raises(ValueError, match=r"codes of size 5, but these have the shape \(12, 4\)"):
        mapped.add(new[:, :4])


def test_few_codes_are_mapped_with_a_smaller_perplexity():
    small = fit_map(lumps()[0][:7], iterations=20)
    assert small.perplexity == 2
    assert np.isfinite(small.coordinates).all()
    assert small.add(lumps()[0][:2]).shape == (2, 2)
    with pytest.raises(ValueError, match=r"at least 4 codes of shape \(N, D\), not \(3, 5\)"):
        fit_map(lumps()[0][:3])


def test_the_library_is_loaded_by_the_first_map_only():
    code = "import sys, learning.evaluation.tsne, learning.evaluation.report; sys.exit('openTSNE' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
