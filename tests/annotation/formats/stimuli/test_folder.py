from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from annotation.formats.stimuli import Limits, read_stimuli


def test_a_picture_and_a_feature_file_of_one_stem_are_one_stimulus(folder, picture, npy) -> None:
    face = np.arange(6, dtype=np.float64).reshape(2, 3)
    root = folder(
        {"ann/x.png": picture(), "ann/x.npy": npy(face), "ann/y.jpg": picture("JPEG"), "b.webp": picture("WEBP")}
    )
    batch = read_stimuli(root)
    assert [(row.key, row.kind, row.picture_type, row.feature_row) for row in batch.rows] == [
        ("ann/x", "landmarks", "image/png", 0),
        ("ann/y", "image", "image/jpeg", None),
        ("b", "image", "image/webp", None),
    ]
    assert batch.features is not None
    assert batch.features.dtype == np.float32
    np.testing.assert_array_equal(batch.features, face[None])
    assert {row.subject + row.split + row.neutral for row in batch.rows} == {""}  # folder names mean nothing


def test_clutter_is_skipped_and_other_files_are_named(folder, picture) -> None:
    root = folder({"a.png": picture(), "LICENSE": "x", "notes.txt": "x", ".DS_Store": "x", "__MACOSX/a.png": "x"})
    batch = read_stimuli(root)
    assert [row.key for row in batch.rows] == ["a"]
    assert batch.ignored == ["LICENSE", "notes.txt"]


def test_files_with_faces_are_meshes_and_without_points(folder) -> None:
    batch = read_stimuli(folder({"a.obj": "v 1 2 3\nv 4 5 6\nf 1 2 2\n", "b.obj": "v 0 0 0\nv 1 1 1\n"}))
    assert [row.kind for row in batch.rows] == ["mesh", "points"]


@pytest.mark.parametrize("name", ["x.svg", "x.SVG"])
def test_svg_is_refused_with_the_reason(folder, picture, refused, name: str) -> None:
    error = refused(
        "SVG is refused because it can carry scripts", read_stimuli, folder({"a.png": picture(), name: "<svg/>"})
    )
    assert error.file == name


def test_a_picture_of_an_unsupported_kind_is_not_left_out_in_silence(folder, picture, refused) -> None:
    refused("convert it to PNG", read_stimuli, folder({"a.png": picture(), "b.heic": "x"}))


def test_two_pictures_of_one_stem_are_refused(folder, picture, refused) -> None:
    error = refused(
        '"x.jpg" already gives the picture of the id "x"',
        read_stimuli,
        folder({"x.png": picture(), "x.jpg": picture("JPEG")}),
    )
    assert error.file == "x.png"


def test_an_empty_folder_is_refused(folder, refused) -> None:
    refused("no picture, no feature file, no text and no manifest", read_stimuli, folder({"readme.txt": "x"}))


def test_a_path_that_is_nothing_or_something_else_is_refused(tmp_path: Path, folder, refused) -> None:
    refused("no such file or folder", read_stimuli, tmp_path / "none")
    refused("a folder, a .zip, or a manifest", read_stimuli, folder({"a.tar": "x"}) / "a.tar")


def test_two_manifests_are_refused(folder, refused) -> None:
    refused("two manifests", read_stimuli, folder({"manifest.csv": "id\n", "manifest.jsonl": "{}"}))


def test_more_files_than_the_limit_are_refused(folder, picture, refused) -> None:
    root = folder({f"{at}.png": picture() for at in range(3)})
    assert len(read_stimuli(root, limits=Limits(entries=3)).rows) == 3
    refused("over 2 files", read_stimuli, root, limits=Limits(entries=2))


def test_a_link_out_of_the_folder_is_refused_and_one_inside_is_fine(folder, picture, tmp_path, refused) -> None:
    root = folder({"a.png": picture()})
    (root / "b.png").symlink_to(root / "a.png")
    assert [row.key for row in read_stimuli(root).rows] == ["a", "b"]
    (tmp_path / "secret.png").write_bytes(picture())
    (root / "c.png").symlink_to(tmp_path / "secret.png")
    refused("symbolic link leads out", read_stimuli, root)


def test_a_linked_folder_that_leads_out_is_refused(folder, picture, tmp_path, refused) -> None:
    root = folder({"a.png": picture()})
    (tmp_path / "secret").mkdir()
    (root / "sub").symlink_to(tmp_path / "secret")
    refused("symbolic link leads out", read_stimuli, root)


def test_a_pipe_is_not_read(folder, picture, refused) -> None:
    root = folder({"a.png": picture()})
    os.mkfifo(root / "b.png")
    refused("does not exist", read_stimuli, root)


def test_all_features_have_one_shape_and_the_first_odd_one_is_named(folder, npy, refused) -> None:
    root = folder({"a.npy": npy(np.ones((2, 3))), "b.npy": npy(np.ones((2, 3))), "c.npy": npy(np.ones((3, 2)))})
    error = refused(r"shape \(3, 2\) where those before have \(2, 3\)", read_stimuli, root)
    assert error.file == "c.npy"


def test_features_beyond_the_memory_limit_are_refused_before_they_are_reserved(folder, npy, refused) -> None:
    root = folder({f"{at}.npy": npy(np.ones(10)) for at in range(4)})
    assert read_stimuli(root, limits=Limits(feature_bytes=160)).features is not None
    refused("would take 160 bytes", read_stimuli, root, limits=Limits(feature_bytes=159))


def test_a_csv_that_looks_like_a_manifest_is_refused_with_a_hint(folder, refused) -> None:
    refused("name it manifest.csv", read_stimuli, folder({"faces.csv": "id,picture\n1,a.png\n"}))


def test_the_hash_is_of_the_content_alone(folder, picture, npy) -> None:
    def hashes(files: dict[str, bytes | str]) -> list[str]:
        root = folder(files)
        with read_stimuli(root / "m.csv") as batch:
            return [row.sha256 for row in batch.rows]

    files = {"a.png": picture(), "b.png": picture(colour=91), "f.npy": npy(np.ones(6)), "g.npy": npy(np.ones((6, 1)))}
    plain = hashes({**files, "m.csv": "id,picture,features,kind\n1,a.png,f.npy,\n"})
    assert hashes({**files, "m.csv": "id,subject,split,smile,picture,features\n9,ann,test,yes,a.png,f.npy\n"}) == plain
    for change in ("1,b.png,f.npy,", "1,,f.npy,", "1,a.png,,", "1,a.png,g.npy,", "1,a.png,f.npy,image"):
        assert hashes({**files, "m.csv": f"id,picture,features,kind\n{change}\n"}) != plain
    assert len(plain[0]) == 64


def test_a_row_can_be_replaced_by_name(folder, picture) -> None:
    row = read_stimuli(folder({"a.png": picture()})).rows[0]
    assert replace(row, subject="ann").subject == "ann"
