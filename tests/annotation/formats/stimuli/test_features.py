from __future__ import annotations

import contextlib
import io
import pickle
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.formats.errors import FormatError
from annotation.formats.limits import Limits
from annotation.formats.stimuli import read_stimuli
from annotation.formats.stimuli.features import FeatureReader, split_address
from annotation.formats.stimuli.ply import read_ply
from annotation.formats.stimuli.sources import FolderSource
from annotation.formats.stimuli.texts import read_csv, read_obj, read_pts

LIMITS = Limits()
SQUARE = np.array([[1, 2, 3], [4, 5, 6.5]], dtype=np.float32)
PLY = (
    "ply\nformat {}\ncomment x\nelement vertex 2\nproperty float x\nproperty uchar red\nproperty double z\n"
    "property float y\nelement face 1\nproperty list uchar int vertex_indices\nend_header\n"
)


def reader(root: Path, limits: Limits = LIMITS) -> FeatureReader:
    return FeatureReader(FolderSource(root, limits), limits)


@pytest.mark.parametrize(
    ("read", "text", "expected"),
    [
        (read_csv, "1,2,3\n4,5,6.5\n", SQUARE),
        (read_csv, "x,y,z\r\n1,2,3\r\n\r\n4,5,6.5", SQUARE),
        (read_csv, "﻿1,2,3\n", SQUARE[0]),
        (read_csv, "x\n1\n4\n", SQUARE[:, 0]),
        (read_pts, "version: 1\nn_points: 2\n{\n1 2 3\n4 5 6.5\n}\n", SQUARE),
        (read_pts, "2\n1 2\n4 5", SQUARE[:, :2]),
        (read_obj, "# x\nvn 0 0 1\nv 1 2 3 0.5 0.5 0.5\nv 4 5 6.5\nf 1 2 1\n", SQUARE),
    ],
)
def test_points_are_read_from_text(read, text: str, expected: np.ndarray) -> None:
    got = read(text.encode(), file="f")
    np.testing.assert_array_equal(got, expected)
    assert got.dtype == np.float32


def test_vertices_are_read_from_ply_in_every_layout() -> None:
    ascii_ply = PLY.format("ascii 1.0") + "1 255 3 2\n4 0 6.5 5\n3 0 1 1\n"
    np.testing.assert_array_equal(read_ply(ascii_ply.encode(), file="f"), SQUARE)
    for layout, order in (("binary_little_endian", "<"), ("binary_big_endian", ">")):
        body = struct.pack(order + "fBdf" * 2, 1, 255, 3, 2, 4, 0, 6.5, 5) + b"\x03rest"
        data = PLY.format(f"{layout} 1.0").encode() + body
        np.testing.assert_array_equal(read_ply(data, file="f"), SQUARE)


def test_scalar_elements_before_the_vertices_are_skipped() -> None:
    head = (
        "ply\nformat {} 1.0\nelement camera 2\nproperty short id\nelement vertex 1\n"
        "property float x\nproperty float y\nproperty float z\nend_header\n"
    )
    np.testing.assert_array_equal(read_ply((head.format("ascii") + "7\n8\n1 2 3\n").encode(), file="f"), SQUARE[:1])
    body = struct.pack("<hhfff", 7, 8, 1, 2, 3)
    np.testing.assert_array_equal(read_ply(head.format("binary_little_endian").encode() + body, file="f"), SQUARE[:1])


@pytest.mark.parametrize(
    ("read", "data", "row", "why"),
    [
        (read_csv, b"1,2\n3\n", 2, "1 values where the first holds 2"),
        (read_csv, b"1,2\n3,x\n", 2, '"x" is not a number'),
        (read_csv, b"1_0,2\n", 1, '"1_0" is not a number'),
        (read_csv, b"x,y\n", None, "no points"),
        (read_csv, b'"1', None, "not valid CSV"),
        (read_csv, b"1,2\n\xff\n", 2, "not UTF-8"),
        (read_pts, b"n_points: 3\n{\n1 2\n3 4\n}", None, "promises 3 points and holds 2"),
        (read_pts, b"1 2 3 4\n", 1, "this line has 4"),
        (read_pts, b"1 2\n1 2 3\n", 2, "3 values where the first holds 2"),
        (read_pts, b"", None, "no points"),
        (read_obj, b"v 1 2\n", 1, "needs 3 coordinates"),
        (read_obj, b"f 1 2 3\n", None, "no points"),
        (read_ply, b"plx\n", None, 'starts with the line "ply"'),
        (read_ply, b"ply\nformat ascii 1.0\n", None, "no end_header"),
        (read_ply, b"ply\nformat odd 1.0\nend_header\n", None, '"odd" is not one of'),
        (read_ply, b"ply\nformat ascii 1.0\nnonsense\nend_header\n", 3, "not understood"),
        (read_ply, b"ply\nproperty float x\nend_header\n", 2, "property is not understood"),
        (read_ply, b"ply\nformat ascii 1.0\nend_header\n", None, "no vertices"),
        (read_ply, b"ply\nformat ascii 1.0\nelement vertex 1\nproperty float x\nend_header\n1\n", None, "x, y and z"),
        (
            read_ply,
            b"ply\nformat ascii 1.0\nelement vertex 1\nproperty list int int x\nend_header\n1\n",
            None,
            "Lists before or inside",
        ),
        (read_ply, PLY.format("ascii 1.0").encode() + b"1 2 3 4\n", None, "promises 2 vertices and holds 1"),
        (read_ply, PLY.format("ascii 1.0").encode() + b"1 2 3\n4 5 6\n", None, "3 values where the header names 4"),
        (read_ply, PLY.format("binary_little_endian 1.0").encode() + bytes(33), None, "too short for the 2"),
    ],
)
def test_bad_points_are_refused(refused, read, data: bytes, row: int | None, why: str) -> None:
    error = refused(why, read, data, file="face")
    assert (error.file, error.row) == ("face", row)


@given(st.binary(max_size=200), st.sampled_from([read_csv, read_pts, read_obj, read_ply]))
def test_noise_is_read_or_refused_and_never_crashes(data: bytes, read) -> None:
    for body in (data, b"ply\nformat ascii 1.0\n" + data):
        with contextlib.suppress(FormatError):  # any other error fails the test
            assert np.asarray(read(body, file="f")).dtype == np.float32


def test_addresses_reach_rows_of_arrays(tmp_path: Path) -> None:
    many = np.arange(24, dtype=np.float32).reshape(4, 2, 3)
    np.save(tmp_path / "m.npy", np.asfortranarray(many))
    np.savez(tmp_path / "m.npz", **{"a": many, "a/1": many[3], "b": many.astype(np.int16)})
    np.savez_compressed(tmp_path / "one.npz", face=many[2].astype(">f8"))
    read = reader(tmp_path).read
    np.testing.assert_array_equal(read("m.npy"), many)
    np.testing.assert_array_equal(read("m.npy#2"), many[2])
    np.testing.assert_array_equal(read("m.npz#a"), many)
    np.testing.assert_array_equal(read("m.npz#a/2"), many[2])
    np.testing.assert_array_equal(read("m.npz#a/1"), many[3])  # a name that exists wins
    np.testing.assert_array_equal(read("m.npz#b/0"), many[0])
    np.testing.assert_array_equal(read("one.npz"), many[2])


def test_a_hash_in_another_file_name_is_part_of_the_name() -> None:
    assert split_address("face#1.obj") == ("face#1.obj", "")
    assert split_address("x/f.NPZ#a/b/3") == ("x/f.NPZ", "a/b/3")


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("m.npy#4", "no row 4 in an array of shape"),
        ("m.npy#-1", '"-1" is not a row number'),
        ("m.npy#", "ends in #"),
        ("flat.npy#0", "no row 0"),
        ("m.npz#c", 'no array "c" here; name one of a, b'),
        ("m.npz#c/1", 'no array "c/1"|no array "c"'),
        ("m.npz", "holds several arrays; name one of a, b"),
        ("m.npz#a/9", "no row 9"),
        ("none.npy", "does not exist"),
        ("a.png", "Features come as"),
        ("../m.npy", r'holds "\.\."'),
        ("pickled.npy", "Python objects"),
        ("bool.npy", "holds bool; only real numbers"),
        ("complex.npy", "only real numbers"),
        ("text.npy", "only real numbers"),
        ("record.npy", "only real numbers"),
        ("nan.npy", "not finite"),
        ("inf.npy", "not finite"),
        ("huge.npy", "not finite"),  # 1e39 does not fit float32
        ("empty.npy", "empty"),
        ("scalar.npy", "empty"),
        ("pickle.npy", "not a NumPy array"),
        ("short.npy", "does not fit the size"),
        ("promise.npy", "does not fit the size"),
    ],
)
def test_bad_arrays_are_refused(tmp_path: Path, refused, address: str, why: str) -> None:
    np.save(tmp_path / "m.npy", np.zeros((4, 3)))
    np.savez(tmp_path / "m.npz", a=np.zeros((4, 3)), b=np.zeros(3))
    good = {"flat": np.zeros(3), "bool": np.zeros(3, bool), "complex": np.zeros(3, complex), "text": np.array(["a"])}
    good |= {"record": np.zeros(2, dtype="f4,f4"), "nan": np.array([1, np.nan]), "inf": np.array([np.inf])}
    good |= {"huge": np.array([1e39]), "empty": np.zeros((0, 3)), "scalar": np.array(1.0)}
    for name, values in good.items():
        np.save(tmp_path / f"{name}.npy", values)
    np.save(tmp_path / "pickled.npy", np.array([{}], dtype=object), allow_pickle=True)
    (tmp_path / "pickle.npy").write_bytes(pickle.dumps([1.0]))
    (tmp_path / "short.npy").write_bytes((tmp_path / "m.npy").read_bytes()[:-1])
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f8", "fortran_order": False, "shape": (10**9, 10**9)})
    (tmp_path / "promise.npy").write_bytes(header.getvalue())
    refused(why, reader(tmp_path).read, address)


def test_limits_of_features_hold(tmp_path: Path, refused) -> None:
    np.save(tmp_path / "m.npy", np.zeros((4, 3), dtype=np.float32))
    np.save(tmp_path / "n.npy", np.zeros((4, 3), dtype=np.float32))
    (tmp_path / "t.csv").write_text("1,2\n" * 100)
    refused("12 values; at most 11", reader(tmp_path, Limits(feature_values=11)).read, "m.npy")
    refused("175 bytes|176 bytes", reader(tmp_path, Limits(file_bytes=175)).read, "m.npy")
    refused("at most 320 are read", reader(tmp_path, Limits(feature_values=5)).read, "t.csv")
    tight = reader(tmp_path, Limits(feature_bytes=95))
    tight.read("m.npy#0")
    tight.read("m.npy#1")  # the array in memory counts once
    refused("over 95 bytes of memory", tight.read, "n.npy#0")


def test_a_damaged_member_of_an_archive_is_refused(tmp_path: Path, refused) -> None:
    path = tmp_path / "m.npz"
    for length in (10, 1000):  # found with the header, or with the values
        np.savez(path, a=np.arange(float(length)))
        data = bytearray(path.read_bytes())
        data[length * 8] ^= 0xFF
        path.write_bytes(data)
        refused("damaged", reader(tmp_path).read, "m.npz")


def test_thousands_of_faces_sit_in_one_array_that_is_read_once(tmp_path: Path, monkeypatch) -> None:
    from annotation.formats.stimuli import features

    calls = []
    whole = features.read_npz_member
    monkeypatch.setattr(features, "read_npz_member", lambda *a, **k: calls.append(a) or whole(*a, **k))
    faces = np.random.default_rng(0).normal(size=(2500, 83, 3))
    np.savez(tmp_path / "f.npz", x=faces)
    rows = "".join(f"s{at},f.npz#x/{at},p{at // 25}\n" for at in range(2500))
    (tmp_path / "m.csv").write_text("id,features,subject\n" + rows)
    batch = read_stimuli(tmp_path / "m.csv")
    np.testing.assert_array_equal(batch.features, faces.astype(np.float32))
    assert len({row.sha256 for row in batch.rows}) == 2500
    assert len(calls) == 1
