from __future__ import annotations

import hashlib
import io
import json
import time
import zipfile
from typing import Any

import numpy as np
import pytest

from annotation.formats import frozen_file
from annotation.formats.frozen import FrozenDataset

GOOD: dict[str, Any] = {
    "stimuli": ["a", "bß", "c", "d"],
    "subjects": ["x", "x", "", "y"],
    "neutral": [0, 0, -1, -1],
    "split": [0, 0, 1, 2],
    "labels": {"mood": ["sad", "", "glad", "sad"], "AU01": ["1", "0", "0", "1"]},
    "features": np.arange(24.0).reshape(4, 2, 3),
    "triplets": [[0, 1, 2], [3, 2, 1]],
    "weight": [5.0, 0.2],
    "margin": [5, 1],
    "votes_nearer": [5, 3],
    "votes_farther": [0, 2],
    "rounds": [1, 2],
    "triplet_split": [0, 2],
    "manifest": {"campaign": "faces ü", "counts": {"triplets": 2}},
}


def build(**changes: Any) -> FrozenDataset:
    return FrozenDataset.build(**{**GOOD, **changes})


def test_the_arrays_have_their_types_and_are_frozen() -> None:
    dataset = build()
    types = {name: values.dtype for name, values in dataset.arrays().items()}
    expected = {"neutral": "i8", "split": "i1", "triplets": "i8", "weight": "f4", "margin": "i2", "votes_nearer": "i2"}
    expected |= {"votes_farther": "i2", "rounds": "i4", "triplet_split": "i1", "features": "f4"}
    assert {name: np.dtype(kind) for name, kind in expected.items()}.items() <= types.items()
    for name, values in dataset.arrays().items():
        if name != "label_names":
            with pytest.raises(ValueError, match="read-only"):
                values[...] = values


def test_the_hash_is_the_documented_one() -> None:
    """Re-derived by a plain loop over the canonical bytes."""
    digest = hashlib.sha256()
    arrays = build().arrays()
    for name in sorted(arrays):
        values = arrays[name]
        kind = "utf8" if values.dtype.kind == "U" else values.dtype.newbyteorder("<").str
        digest.update(json.dumps([name, kind, list(values.shape)]).encode() + b"\n")
        body = b"\0".join(t.encode() for t in values) if kind == "utf8" else values.astype(kind).tobytes("C")
        digest.update(body)
    assert build().content_sha256() == digest.hexdigest() == build().manifest["content_sha256"]


def test_the_hash_of_this_content_never_changes() -> None:
    """A release that changes this value breaks every published dataset."""
    assert build().content_sha256() == "5ababee86de946bb3d0072965284515b84ce4b944e86763932f1467e14bacb91"


def test_the_hash_sees_content_and_nothing_else() -> None:
    same = build(
        stimuli=np.array(GOOD["stimuli"], dtype="U90"),
        features=np.asfortranarray(GOOD["features"]).astype(">f8"),
        triplets=np.array(GOOD["triplets"], dtype=np.uint8),
        labels=dict(reversed(GOOD["labels"].items())),
        manifest={},
    )
    assert same.content_sha256() == build().content_sha256()
    changed = [
        {"stimuli": ["a", "b", "c", "d"]},
        {"subjects": ["x", "x", "z", "y"]},
        {"labels": {"moods": GOOD["labels"]["mood"], "AU01": GOOD["labels"]["AU01"]}},
        {"features": None},
        {"features": GOOD["features"].reshape(4, 6)},
        {"weight": [5.0, 0.3]},
        {"triplets": [[0, 2, 1], [3, 2, 1]]},
    ]
    hashes = {build(**change).content_sha256() for change in changed}
    assert len(hashes | {same.content_sha256()}) == len(changed) + 1


def test_a_file_comes_back_whole_and_its_bytes_do_not_depend_on_the_time(tmp_path, monkeypatch) -> None:
    dataset = build()
    dataset.save(tmp_path / "a.npz")
    monkeypatch.setattr(time, "time", lambda: 4e8)
    monkeypatch.setattr(time, "localtime", lambda *_: time.gmtime(4e8))
    build().save(tmp_path / "b.npz")
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.npz", "b.npz"]
    back = FrozenDataset.load(tmp_path / "a.npz")
    assert back.manifest == dataset.manifest == {**GOOD["manifest"], **back.manifest}
    assert back.labels.keys() == dataset.labels.keys()
    for name, values in dataset.arrays().items():
        np.testing.assert_array_equal(back.arrays()[name], values)
        assert back.arrays()[name].dtype == values.dtype


def test_numpy_alone_can_read_a_file(tmp_path) -> None:
    build().save(tmp_path / "a.npz")
    with np.load(tmp_path / "a.npz", allow_pickle=False) as arrays:
        assert arrays["stimuli"].tolist() == GOOD["stimuli"]
        assert arrays["label_names"].tolist() == ["AU01", "mood"]
        assert arrays["label_1"].tolist() == GOOD["labels"]["mood"]
        assert json.loads(arrays["manifest"].tobytes())["campaign"] == "faces ü"


def test_an_empty_dataset_without_features_is_a_dataset(tmp_path) -> None:
    nothing = {name: [] for name in ("stimuli", "subjects", "neutral", "split", "triplets", "weight", "margin")}
    nothing |= {name: [] for name in ("votes_nearer", "votes_farther", "rounds", "triplet_split")}
    build(**nothing, labels={}, features=None).save(tmp_path / "a.npz")
    back = FrozenDataset.load(tmp_path / "a.npz")
    assert back.triplets.shape == (0, 3)
    assert back.features is None


def test_a_failed_save_leaves_the_old_file(tmp_path, monkeypatch) -> None:
    build().save(tmp_path / "a.npz")
    old = (tmp_path / "a.npz").read_bytes()

    def full(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(frozen_file, "write", full)
    with pytest.raises(OSError, match="disk full"):
        build(weight=[1, 1]).save(tmp_path / "a.npz")
    assert [path.name for path in tmp_path.iterdir()] == ["a.npz"]
    assert (tmp_path / "a.npz").read_bytes() == old


@pytest.mark.parametrize(
    ("change", "field", "row", "why"),
    [
        ({"stimuli": ["a", "b", "a", "d"]}, "stimuli", 2, '"a" occurs twice'),
        ({"stimuli": ["a", "", "c", "d"]}, "stimuli", 1, "id is empty"),
        ({"stimuli": [1, 2, 3, 4]}, "stimuli", None, "vector of texts"),
        ({"stimuli": ["a", "b\0c", "c", "d"]}, "stimuli", None, "zero character"),
        ({"stimuli": ["a", "\ud800", "c", "d"]}, "stimuli", None, "surrogate"),
        ({"subjects": ["x"]}, "subjects", None, "1 values where 4 are needed"),
        ({"neutral": [0, 0, -2, -1]}, "neutral", 2, "-2 is not between -1 and 3"),
        ({"neutral": [0, 0, 4, -1]}, "neutral", 2, "4 is not between"),
        ({"neutral": [0, 3, -1, -1]}, "neutral", 1, "belongs to another subject"),
        ({"neutral": [0.0, 0.0, -1.0, -1.0]}, "neutral", None, "whole numbers"),
        ({"split": [0, 0, 3, 1]}, "split", 2, "3 is not between 0 and 2"),
        ({"split": [0, 0, 1]}, "split", None, "3 values where 4"),
        ({"labels": {"mood": ["sad"]}}, "mood", None, "1 values where 4"),
        ({"labels": {"": ["", "", "", ""]}}, "labels", None, "needs a name"),
        ({"features": np.full((4, 2), np.nan)}, "features", 0, "not finite"),
        ({"features": np.array([[0], [1], [1e39], [0]])}, "features", 2, "not finite"),
        ({"features": np.zeros((3, 2))}, "features", None, "3 values where 4"),
        ({"features": np.zeros(4, dtype=complex)}, "features", None, "an array of numbers"),
        ({"triplets": [[0, 1, 2], [3, 2, 4]]}, "triplets", 1, "4 is not between 0 and 3"),
        ({"triplets": [[0, 1, 2], [3, 2, -1]]}, "triplets", 1, "-1 is not between"),
        ({"triplets": [[0, 1, 2], [3, 2, 3]]}, "triplets", 1, "names a stimulus twice"),
        ({"triplets": [[0, 1, 2], [3, 3, 2]]}, "triplets", 1, "names a stimulus twice"),
        ({"triplets": [[0, 1, 2], [3, 2, 2]]}, "triplets", 1, "names a stimulus twice"),
        ({"triplets": [[0, 1], [1, 2]]}, "triplets", None, r"\(T, 3\) array"),
        ({"weight": [1.0, -0.1]}, "weight", 1, "below 0"),
        ({"weight": [[1.0], [0.1]]}, "weight", None, "a vector of numbers"),
        ({"weight": [1.0]}, "weight", None, "1 values where 2"),
        ({"margin": [5, 3]}, "margin", 1, "not the difference of the votes"),
        ({"margin": [5, 40000]}, "margin", 1, "40000 is not between"),
        ({"votes_nearer": [5, -1]}, "votes_nearer", 1, "-1 is not between 0"),
        ({"votes_farther": [0, -1]}, "votes_farther", 1, "-1 is not between 0"),
        ({"rounds": [1, 2**31]}, "rounds", 1, "is not between"),
        ({"triplet_split": [0, 3]}, "triplet_split", 1, "3 is not between 0 and 2"),
        ({"manifest": {"x": float("nan")}}, "manifest", None, "not JSON"),
        ({"manifest": {"x": object()}}, "manifest", None, "not JSON"),
    ],
)
def test_wrong_content_is_refused(refused, change: dict[str, Any], field: str, row: int | None, why: str) -> None:
    error = refused(why, build, **change)
    assert (error.field, error.row) == (field, row)


def test_triplets_without_votes_may_have_any_margin() -> None:
    assert build(votes_nearer=[0, 0], votes_farther=[0, 0], margin=[0, 1]).margin.tolist() == [0, 1]


def rewrite(tmp_path, change: dict[str, Any], *, packed: bool = False, drop: str = ""):
    """A saved file whose arrays were changed behind its back."""
    build().save(tmp_path / "a.npz")
    with np.load(tmp_path / "a.npz") as arrays:
        content = {**{name: arrays[name] for name in arrays.files if name != drop}, **change}
    (np.savez_compressed if packed else np.savez)(tmp_path / "a.npz", allow_pickle=True, **content)
    return tmp_path / "a.npz"


def manifest(**changes: Any) -> np.ndarray:
    return np.frombuffer(json.dumps({**build().manifest, **changes}).encode(), dtype=np.uint8)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"weight": np.array([5, 0.3], dtype=np.float32)}, "content was changed: its SHA-256 is [0-9a-f]{64}, the"),
        ({"extra": np.zeros(1)}, "content was changed"),
        ({"manifest": manifest(content_sha256="0" * 64)}, "manifest says 0000"),
        ({"manifest": np.frombuffer(b"{", dtype=np.uint8)}, "missing or not JSON"),
        ({"manifest": np.frombuffer(b"[]", dtype=np.uint8)}, "not the manifest of a frozen dataset"),
        ({"manifest": manifest(format="other")}, "not the manifest of a frozen dataset"),
        ({"manifest": manifest(format_version=3)}, "Version 3"),
        ({"weight": np.array([None, None])}, "Python objects"),
    ],
)
def test_a_changed_file_is_refused(tmp_path, refused, change: dict[str, Any], why: str) -> None:
    error = refused(why, FrozenDataset.load, rewrite(tmp_path, change))
    assert error.file.startswith("a.npz")


def rehashed(tmp_path, change: dict[str, Any], drop: str = ""):
    """A changed file whose manifest was made to fit: only the checks of the content are left."""
    from annotation.formats.digest import content_digest

    path = rewrite(tmp_path, change, drop=drop)
    with np.load(path) as arrays:
        content = {name: arrays[name] for name in arrays.files if name != "manifest"}
    np.savez(path, **content, manifest=manifest(content_sha256=content_digest(content)))
    return path


def test_a_file_with_a_fitting_hash_is_still_checked(tmp_path, refused) -> None:
    refused("3 is not between 0 and 2", FrozenDataset.load, rehashed(tmp_path, {"split": np.array([0, 0, 1, 3])}))
    refused("lacks weight", FrozenDataset.load, rehashed(tmp_path, {}, drop="weight"))
    refused("should not hold, or lacks, extra", FrozenDataset.load, rehashed(tmp_path, {"extra": np.zeros(1)}))
    refused("should not hold, or lacks, label_1", FrozenDataset.load, rehashed(tmp_path, {}, drop="label_1"))


def test_a_compressed_or_foreign_file_is_refused(tmp_path, refused) -> None:
    refused("never is", FrozenDataset.load, rewrite(tmp_path, {}, packed=True))
    refused("not a readable zip", FrozenDataset.load, io.BytesIO(b"no"))
    build().save(tmp_path / "a.npz")
    data = bytearray((tmp_path / "a.npz").read_bytes())
    with zipfile.ZipFile(tmp_path / "a.npz") as archive:
        data[archive.getinfo("features.npy").header_offset + 260] ^= 1
    refused("array is damaged", FrozenDataset.load, io.BytesIO(bytes(data)))
    data[data.index(b"features.npy")] ^= 1  # the local header no longer fits the directory
    refused("file is damaged", FrozenDataset.load, io.BytesIO(bytes(data)))
