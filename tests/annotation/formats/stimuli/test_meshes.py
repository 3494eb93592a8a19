"""Meshes: faces of .obj and .ply, cut into triangles, and their compact form."""

from __future__ import annotations

import contextlib
import struct
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from annotation.formats.errors import FormatError
from annotation.formats.limits import Limits
from annotation.formats.stimuli import read_stimuli
from annotation.formats.stimuli.meshes import pack, read_obj_faces, unpack
from annotation.formats.stimuli.ply_faces import read_ply_faces

LIMITS = Limits()
SQUARE = "v 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\n"
CORNERS = [(0, 0, 0), (1, 0, 0), (1, 1, 0), (0, 1, 0)]
CUT = [[0, 1, 2], [0, 2, 3]]
HEAD = (
    "ply\nformat {} 1.0\nelement vertex 4\nproperty float x\nproperty float y\nproperty float z\n"
    "element face {}\n{}end_header\n"
)
PLAIN = "property list uchar int vertex_indices\n"
RICH = (
    "property uchar red\nproperty list uchar uint vertex_index\nproperty list uchar float texcoord\n"
    "property float area\n"
)


def obj(text: str, *, vertices: int = 4, limits: Limits = LIMITS) -> list[list[int]] | None:
    got = read_obj_faces(text.encode(), vertices=vertices, file="a.obj", limits=limits)
    return None if got is None else got.tolist()


def ply(data: bytes, *, limits: Limits = LIMITS) -> list[list[int]] | None:
    got = read_ply_faces(data, vertices=4, file="a.ply", limits=limits)
    return None if got is None else got.tolist()


def ascii_ply(faces: list[str], properties: str = PLAIN, count: int | None = None) -> bytes:
    rows = [f"{x} {y} {z}" for x, y, z in CORNERS] + faces
    return (HEAD.format("ascii", len(faces) if count is None else count, properties) + "\n".join(rows) + "\n").encode()


def binary_ply(body: bytes, count: int, properties: str = PLAIN, order: str = "<") -> bytes:
    layout = {"<": "binary_little_endian", ">": "binary_big_endian"}[order]
    vertices = b"".join(struct.pack(f"{order}3f", *corner) for corner in CORNERS)
    return HEAD.format(layout, count, properties).encode() + vertices + body


def test_polygons_of_an_obj_become_fans() -> None:
    assert obj(SQUARE + "f 1 2 3 4\n") == CUT
    assert obj(SQUARE + "g part\nf 1/4/2 2//3 3/1\nf 1 3 4 # a comment\n") == CUT
    assert obj(SQUARE + "f -4 -3 -2 -1\n") == CUT
    assert obj("f 1 2 3 4\n" + SQUARE) == CUT
    assert obj(SQUARE) is None


def test_negative_numbers_count_from_the_vertices_above() -> None:
    assert obj("v 0 0 0\nv 1 0 0\nv 1 1 0\nf -3 -2 -1\nv 0 1 0\nf -4 -2 -1\n") == CUT


@pytest.mark.parametrize(
    ("face", "why"),
    [
        ("f 1 2 5", "Face 1 names the vertex 5; they go from 1 to 4"),
        ("f 1 2 -5", "Face 1 names the vertex 0; they go from 1 to 4"),
        ("f 0 1 2", '"0" does not name a vertex'),
        ("f 1 2", "Face 1 has 2 corners"),
        ("f", "Face 1 has 0 corners"),
        ("f 1 2 x", '"x" does not name a vertex'),
        ("f 1 2 3.0", '"3.0" does not name a vertex'),
        ("f 1 2 1_0", "does not name a vertex"),
        ("f 1 2 ٣", "does not name a vertex"),
        ("f 1 2 " + "9" * 5000, "does not name a vertex"),
        ("f 1 2 /3", "does not name a vertex"),
    ],
)
def test_a_bad_face_of_an_obj_is_named_by_its_row(refused, face: str, why: str) -> None:
    error = refused(why, obj, SQUARE + face + "\n")
    assert (error.file, error.row, error.field) == ("a.obj", 5, "f")


def test_faces_of_an_ascii_ply() -> None:
    assert ply(ascii_ply(["4 0 1 2 3"])) == CUT
    assert ply(ascii_ply(["9 4 0 1 2 3 2 .5 .5 0.25"], RICH)) == CUT
    assert ply(ascii_ply([])) is None


@pytest.mark.parametrize("order", ["<", ">"])
def test_faces_of_a_binary_ply(order: str) -> None:
    quad = struct.pack(f"{order}B4i", 4, 0, 1, 2, 3)
    triangles = struct.pack(f"{order}B3iB3i", 3, 0, 1, 2, 3, 0, 2, 3)
    rich = struct.pack(f"{order}BB4IB2ff", 9, 4, 0, 1, 2, 3, 2, 0.5, 0.5, 0.25)
    assert ply(binary_ply(quad, 1, order=order)) == CUT
    assert ply(binary_ply(triangles, 2, order=order)) == CUT
    assert ply(binary_ply(rich, 1, RICH, order)) == CUT


def test_elements_between_vertices_and_faces_are_passed_over() -> None:
    between = "element edge 2\nproperty list uchar short ends\nelement mark 1\nproperty double at\n"
    head = HEAD.replace("element face", f"{between}element face")
    rows = [f"{x} {y} {z}" for x, y, z in CORNERS] + ["2 0 1", "1 2", "0.5", "4 0 1 2 3"]
    assert ply((head.format("ascii", 1, PLAIN) + "\n".join(rows)).encode()) == CUT
    body = b"".join(struct.pack("<3f", *corner) for corner in CORNERS)
    body += struct.pack("<BhhBhd", 2, 0, 1, 1, 2, 0.5) + struct.pack("<B4i", 4, 0, 1, 2, 3)
    assert ply(head.format("binary_little_endian", 1, PLAIN).encode() + body) == CUT


@pytest.mark.parametrize(
    ("data", "row", "why"),
    [
        (ascii_ply(["3 0 1 4"]), 14, "Face 1 names the vertex 4; they go from 0 to 3"),
        (ascii_ply(["3 0 1 2", "3 0 1 -1"]), 15, "Face 2 names the vertex -1"),
        (ascii_ply(["2 0 1"]), 14, "Face 1 has 2 corners"),
        (ascii_ply(["3 0 1"]), 14, "does not hold what the header names"),
        (ascii_ply(["3 0 1 2 3"]), 14, "does not hold what the header names"),
        (ascii_ply(["x 0 1 2"]), 14, "does not hold what the header names"),
        (ascii_ply(["-1"]), 14, "does not hold what the header names"),
        (ascii_ply([""]), 14, "does not hold what the header names"),
        (ascii_ply(["3 0 1 2"], count=2), None, "promises 2 faces and holds 1"),
        (ascii_ply(["3"], "property uchar vertex_indices\n"), None, "need a list vertex_indices or vertex_index"),
        (ascii_ply(["3 0 1 2"], "property list uchar float vertex_indices\n"), None, "must be whole numbers"),
        (ascii_ply(["3 0 1 2"], "property list float int vertex_indices\n"), 8, "not understood"),
        (ascii_ply(["3 0 1 2"], "property list uchar vertex_indices\n"), 8, "not understood"),
        (ascii_ply(["3 0 1 2"], PLAIN + PLAIN), 9, "not understood"),
        (binary_ply(struct.pack("<B3i", 3, 0, 1, 4), 1), None, "Face 1 names the vertex 4"),
        (binary_ply(struct.pack("<B3i", 3, 0, 1, 2)[:-1], 1), None, "too short for the faces"),
        (binary_ply(b"\xff", 1), None, "too short for the faces"),
        (binary_ply(b"", 2**62), None, "too short for the faces"),
        (binary_ply(struct.pack("<B", 0), 1), None, "Face 1 has 0 corners"),
    ],
)
def test_a_bad_face_of_a_ply_is_named(refused, data: bytes, row: int | None, why: str) -> None:
    error = refused(why, ply, data)
    assert (error.file, error.row) == ("a.ply", row)


@pytest.mark.parametrize("body", [b"", b"3 0 1 2\n" * 9, bytes(range(64)), b"\xff" * 300])
@given(noise=st.binary(max_size=120), cut=st.integers(0, 400))
def test_noise_is_read_or_refused_and_never_crashes(body: bytes, noise: bytes, cut: int) -> None:
    for whole in (binary_ply(body + noise, 7, RICH), binary_ply(body + noise, 7), ascii_ply(["3 0 1 2"]) + noise):
        with contextlib.suppress(FormatError):  # any other error fails the test
            ply(whole[:cut] + noise)
    with contextlib.suppress(FormatError):
        obj(SQUARE + "f " + noise.decode("latin1"))


def test_a_mesh_of_too_many_triangles_is_refused(refused) -> None:
    tight = Limits(mesh_triangles=1)
    refused("over 1 triangles", obj, SQUARE + "f 1 2 3 4\n", limits=tight)
    refused("over 1 triangles", ply, ascii_ply(["3 0 1 2", "3 0 2 3"]), limits=tight)
    refused("over 1 triangles", ply, binary_ply(struct.pack("<B3iB3i", 3, 0, 1, 2, 3, 0, 2, 3), 2), limits=tight)


POINTS = hnp.arrays(
    np.float32, st.tuples(st.integers(1, 40), st.sampled_from([2, 3])), elements=st.floats(-9, 9, width=32)
)


@given(POINTS, st.data())
def test_the_compact_form_gives_back_what_was_packed(points: np.ndarray, data: st.DataObject) -> None:
    shape = st.tuples(st.integers(0, 20), st.just(3))
    triangles = data.draw(hnp.arrays(np.uint32, shape, elements=st.integers(0, len(points) - 1)))
    packed = pack(points, triangles)
    assert packed[:4] == b"SMB1"
    assert struct.unpack_from("<II", packed, 4) == (len(points), len(triangles))
    assert len(packed) == 12 + 12 * len(points) + 12 * len(triangles)
    places, corners = unpack(packed)
    np.testing.assert_array_equal(places[:, : points.shape[1]], points)
    np.testing.assert_array_equal(corners, triangles)
    for damaged in (packed[:-1], packed + b"\0", b"XXXX" + packed[4:], packed[:7]):
        with pytest.raises(ValueError, match="mesh"):
            unpack(damaged)


def test_only_points_in_space_are_packed() -> None:
    for shape in ((3,), (2, 4), (2, 3, 1)):
        with pytest.raises(ValueError, match="have the shape"):
            pack(np.zeros(shape, dtype=np.float32), None)


def test_the_kind_follows_the_faces_and_a_manifest_may_leave_them_out(folder) -> None:
    files = {"a.obj": SQUARE + "f 1 2 3 4\n", "b.obj": SQUARE, "c.ply": ascii_ply(["3 0 1 2"])}
    batch = read_stimuli(folder(files))
    assert [(row.key, row.kind) for row in batch.rows] == [("a", "mesh"), ("b", "points"), ("c", "mesh")]
    assert batch.rows[0].triangles.tolist() == CUT
    assert batch.mesh(batch.rows[1]) is None
    places, corners = unpack(batch.mesh(batch.rows[0]))
    np.testing.assert_array_equal(places, CORNERS)
    assert corners.tolist() == CUT
    manifest = "id,features,kind\na,a.obj,points\nb,a.obj,mesh\nc,a.obj,landmarks\n"
    rows = read_stimuli(folder({"m.csv": manifest}) / "m.csv").rows
    assert [(row.kind, row.triangles is None) for row in rows] == [
        ("points", True),
        ("mesh", False),
        ("landmarks", True),
    ]


def test_other_triangles_over_the_same_points_are_another_stimulus(folder) -> None:
    batch = read_stimuli(folder({"a.obj": SQUARE + "f 1 2 3\n", "b.obj": SQUARE + "f 1 2 4\n", "c.obj": SQUARE}))
    assert len({row.sha256 for row in batch.rows}) == 3


def test_meshes_of_one_make_share_their_triangles(folder, refused) -> None:
    faces = "f 1 2 3 4\n"
    root = folder({f"{name}.obj": SQUARE.replace("v 0 0 0", f"v 0 0 {name}") + faces for name in range(4)})
    rows = read_stimuli(root).rows
    assert all(row.triangles is rows[0].triangles for row in rows)
    # The features of four squares take 192 bytes, and two triangles once 24.
    assert len(read_stimuli(root, limits=Limits(feature_bytes=192)).rows) == 4
    refused("over 23 bytes|would take 192", read_stimuli, root, limits=Limits(feature_bytes=23))


@pytest.mark.parametrize(
    ("row", "field", "why"),
    [
        ("x,bare.obj,mesh", "kind", "needs faces, and this file has none"),
        ("x,a.npy,mesh", "kind", r"needs an \.obj or \.ply file"),
        ("x,bad.obj,", "features", 'bad.obj, row 5, field "f": Face 1 names the vertex 9'),
        ("x,nan.obj,", "features", "nan.obj, row 1: A value is not finite"),
        ("x,gone.ply,mesh", "features", "gone.ply: The file does not exist"),
    ],
)
def test_a_bad_mesh_is_led_back_to_its_row(folder, refused, npy: Callable, row: str, field: str, why: str) -> None:
    root = folder(
        {
            "bare.obj": SQUARE,
            "a.npy": npy(np.zeros((4, 3))),
            "bad.obj": SQUARE + "f 1 2 9\n",
            "nan.obj": SQUARE.replace("v 0 0 0", "v 0 nan 0"),
            "m.csv": f"id,features,kind\n{row}\n",
        }
    )
    error = refused(why, read_stimuli, root / "m.csv")
    assert (error.file, error.row, error.field) == ("m.csv", 2, field)


def test_nan_in_a_binary_ply_is_named_by_its_point(folder, refused) -> None:
    good = binary_ply(struct.pack("<B3i", 3, 0, 1, 2), 1)
    at = good.index(b"end_header\n") + len(b"end_header\n") + 2 * 12 + 4
    error = refused(
        r"not finite .*row 2 \(from 0\)", read_stimuli, folder({"a.ply": good[:at] + b"\0\0\xc0\x7f" + good[at + 4 :]})
    )
    assert error.file == "a.ply"
