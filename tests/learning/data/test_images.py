"""Pictures become rows as a person would see them: upright, square, on white."""

import io

import numpy as np
import pytest
from PIL import Image

from learning.data.images import image_rows
from learning.data.source import is_mapped
from learning.data.stimuli import TrainingData
from learning.data.triplets import TripletSet


def content(image, kind="PNG", **how):
    buffer = io.BytesIO()
    image.save(buffer, kind, **how)
    return buffer.getvalue()


def rows_of(tmp_path, *contents, size=4, colour="grey"):
    named = [(f"s{row}", one) for row, one in enumerate(contents)]
    return image_rows(named, len(named), size, colour, tmp_path / "rows.npy")


def test_the_middle_square_is_taken_and_numbers_are_from_0_to_1(tmp_path):
    wide = np.zeros((4, 12), dtype=np.uint8)
    wide[:, 4:8] = np.arange(0, 160, 10).reshape(4, 4)
    rows = rows_of(tmp_path, content(Image.fromarray(wide)))
    assert rows.shape == (1, 1, 4, 4)
    assert is_mapped(rows)
    np.testing.assert_allclose(rows[0, 0], np.arange(0, 160, 10).reshape(4, 4) / 255, atol=1e-6)


def test_colours_come_first_and_what_is_transparent_is_white(tmp_path):
    pixels = np.zeros((4, 4, 4), dtype=np.uint8)
    pixels[:2] = (255, 0, 51, 255)
    rows = rows_of(tmp_path, content(Image.fromarray(pixels, "RGBA")), colour="rgb")
    assert rows.shape == (1, 3, 4, 4)
    np.testing.assert_allclose(rows[0, :, 0, 0], [1, 0, 0.2], atol=1e-6)
    np.testing.assert_allclose(rows[0, :, 3, 3], 1)


def test_a_photograph_taken_sideways_stands_upright(tmp_path):
    pixels = np.zeros((4, 4), dtype=np.uint8)
    pixels[0] = 255  # the first row is the right-hand edge of what was seen
    exif = Image.Exif()
    exif[0x0112] = 6
    rows = rows_of(tmp_path, content(Image.fromarray(pixels), exif=exif))
    np.testing.assert_allclose(rows[0, 0, :, 3], 1)
    np.testing.assert_allclose(rows[0, 0, :, 0], 0)


@pytest.mark.parametrize("broken", [b"", b"no picture", b"GIF89a", content(Image.new("L", (9, 9)))[:40]])
def test_what_cannot_be_read_is_named(tmp_path, broken):
    good = content(Image.new("L", (9, 9)))
    with pytest.raises(ValueError, match="The picture of stimulus 's1' cannot be read"):
        rows_of(tmp_path, good, broken)


def test_counts_and_colours_are_checked(tmp_path):
    good = content(Image.new("L", (9, 9)))
    for count, message in ((1, "more than the 1 pictures"), (3, "2 pictures instead of 3")):
        with pytest.raises(ValueError, match=message):
            image_rows([("a", good), ("b", good)], count, 4, "grey", tmp_path / "rows.npy")
    with pytest.raises(ValueError, match="'grey' or 'rgb', not in 'sepia'"):
        rows_of(tmp_path, good, colour="sepia")


def test_mapped_features_stay_in_their_file_and_equal_those_in_memory(tmp_path, monkeypatch):
    monkeypatch.setattr("learning.data.stimuli._PIECE", 3)
    monkeypatch.setattr("learning.data.preprocessing._PIECE", 3)
    rng = np.random.default_rng(0)
    raw = rng.random((10, 1, 4, 4)).astype(np.float32)
    mapped = np.lib.format.open_memmap(tmp_path / "rows.npy", mode="w+", dtype=np.float32, shape=raw.shape)
    mapped[:] = raw
    split = np.array([0, 1, 0, 0, 2, 0, 0, 0, 0, 1], dtype=np.int8)

    def built(features):
        return TrainingData.build(
            stimuli=np.arange(10).astype(str), features=features, neutral=np.full(10, -1), split=split,
            subjects=[""] * 10, labels={}, triplets=TripletSet.build([], 10),
        )  # fmt: skip

    one, other = built(mapped), built(raw)
    assert is_mapped(one.features)
    np.testing.assert_allclose(one.features, other.features, atol=1e-7)
    np.testing.assert_allclose(one.features, (raw - raw[split == 0].mean(0)).reshape(10, -1), atol=1e-6)
    assert one.fingerprint() == other.fingerprint()
    mapped[4, 0, 0, 0] = np.nan
    with pytest.raises(ValueError, match="stimulus 4 hold a value that is not a finite number"):
        built(mapped)
