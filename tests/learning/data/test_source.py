"""Sources: the file and the memory give the same rows, and the file is read only where rows are asked for."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch

from learning.data.source import FeatureSource, MappedSource, ResidentSource, is_mapped, mean_of

INDEX = torch.tensor([7, 0, 7, 31, 2])


def raw(dtype, seed=0):
    rng = np.random.default_rng(seed)
    if dtype == np.uint8:
        return rng.integers(0, 256, (32, 2, 4, 3), dtype=np.uint8)
    return rng.normal(size=(32, 2, 4, 3)).astype(dtype)


def mapped(folder, array):
    np.save(folder / "features.npy", array)
    return np.load(folder / "features.npy", mmap_mode="r")


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
@pytest.mark.parametrize("scale", [None, 0.25])
@pytest.mark.parametrize("centred", [False, True])
def test_file_and_memory_give_the_same_rows_and_both_are_the_formula(tmp_path, dtype, scale, centred):
    array = raw(dtype)
    mean = np.linspace(-1, 1, 24).astype(np.float32) if centred else None
    resident = FeatureSource.of(array, mean, "cpu", scale)
    file = FeatureSource.of(mapped(tmp_path, array), mean, "cpu", scale)
    assert isinstance(resident, ResidentSource)
    assert isinstance(file, MappedSource)
    factor = scale or (1 / 255 if dtype == np.uint8 else 1)
    expected = np.zeros((5, 24))
    for place, row in enumerate(INDEX.tolist()):
        for feature, number in enumerate(array[row].reshape(-1)):
            expected[place, feature] = factor * float(number) - (mean[feature] if centred else 0)
    rows = resident.rows(INDEX)
    assert rows.dtype == torch.float32
    np.testing.assert_allclose(rows.numpy(), expected, atol=1e-6)
    assert torch.equal(file.rows(INDEX), rows)
    for source in (resident, file):
        assert (len(source), source.n_features) == (32, 24)


def test_rows_are_copies(tmp_path):
    for array in (raw(np.float32), mapped(tmp_path, raw(np.float32))):
        source = FeatureSource.of(array)
        source.rows(INDEX).zero_()
        np.testing.assert_array_equal(source.rows(INDEX).numpy(), array[INDEX].reshape(5, -1))


def test_resident_features_are_not_copied_unless_they_change():
    array = raw(np.float32)
    source = FeatureSource.of(array)
    assert source._features.data_ptr() == array.ctypes.data
    array.flags.writeable = False
    assert torch.equal(FeatureSource.of(array).rows(INDEX), source.rows(INDEX))


def test_bytes_stay_bytes_in_memory():
    assert FeatureSource.of(raw(np.uint8), np.zeros(24))._features.dtype == torch.uint8


class Counted(np.memmap):
    """A mapped array that notes which rows are read."""

    read: list = []  # noqa: RUF012

    def __getitem__(self, key):
        self.read.append(np.atleast_1d(key))
        return super().__getitem__(key)


def test_each_row_is_read_once_and_in_the_order_of_the_file(tmp_path):
    raw(np.float32).tofile(tmp_path / "rows")
    Counted.read = []
    source = FeatureSource.of(Counted(tmp_path / "rows", np.float32, "r", shape=(32, 24)))
    source.rows(INDEX)
    assert [rows.tolist() for rows in Counted.read] == [[0, 2, 7, 31]]


def memory():
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="the memory of a process is read from /proc")
def test_a_file_of_eight_gigabytes_costs_the_memory_of_its_batch(tmp_path):
    rows, features = 170_000, 3 * 128 * 128  # 8.4 GB, but only the rows that are written take room on the disk
    file = np.memmap(tmp_path / "large", np.uint8, "w+", shape=(rows, features))
    index = torch.from_numpy(np.random.default_rng(0).integers(0, rows, 64))
    for row in index.tolist():
        file[row] = row % 251
    file.flush()
    del file
    features_of = np.memmap(tmp_path / "large", np.uint8, "r", shape=(rows, features))
    before = memory()
    batch = FeatureSource.of(features_of, np.ones(features), "cpu", 2.0).rows(index)
    # 64 rows as bytes and twice as floats are 28 MB; the file is 300 times that.
    assert memory() - before < 100e6
    (tmp_path / "large").unlink()
    assert torch.equal(batch[:, [0, -1]], (2.0 * (index % 251) - 1)[:, None].expand(-1, 2))


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_the_mean_is_taken_in_pieces(tmp_path, dtype, monkeypatch):
    monkeypatch.setattr("learning.data.source._CHUNK", 100)  # four rows at a time
    array, rows = raw(dtype), np.array([30, 1, 5, 6, 7, 20, 21, 22, 2])
    expected = array[rows].reshape(9, -1).astype(np.float64).mean(0) * (1 / 255 if dtype == np.uint8 else 1)
    np.testing.assert_allclose(mean_of(mapped(tmp_path, array), rows), expected, atol=1e-6)
    np.testing.assert_allclose(mean_of(array, rows, 3.0), array[rows].reshape(9, -1).mean(0) * 3.0, rtol=1e-4)
    with pytest.raises(ValueError, match="no rows"):
        mean_of(array, rows[:0])


def test_views_of_a_mapped_array_stay_in_their_file(tmp_path):
    file = mapped(tmp_path, raw(np.float32))
    assert is_mapped(file[3:].reshape(29, -1))
    assert is_mapped(np.asarray(file))
    assert not is_mapped(np.array(file))
    assert torch.equal(
        FeatureSource.of(np.asarray(file)[3:]).rows(INDEX[1:2]), FeatureSource.of(file).rows(INDEX[1:2] + 3)
    )


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: FeatureSource.of(np.zeros(4, np.float32)), r"shape \(N, \.\.\.\)"),
        (lambda: FeatureSource.of(np.zeros((4, 2), np.int64)), "bytes or floats, not int64"),
        (
            lambda: FeatureSource.of(np.zeros((4, 2), np.float32), np.zeros(3)),
            r"2 features, but the mean has the shape \(3,\)",
        ),
    ],
)
def test_what_is_no_row_of_features_is_refused(make, sentence):
    with pytest.raises(ValueError, match=sentence):
        make()


def test_a_mapped_array_that_is_not_in_rows_is_refused(tmp_path):
    with pytest.raises(ValueError, match="row by row"):
        FeatureSource.of(mapped(tmp_path, raw(np.float32)).transpose(3, 0, 1, 2))
