"""Imports: all or nothing, and again only what is new."""

import csv

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from PIL import Image

from annotation.errors import AnnotationError, ImportRefused
from annotation.models import Collection, FeatureBlock, Stimulus
from annotation.selectors.features import features_read
from annotation.selectors.pictures import picture_read
from annotation.selectors.shapes import mesh_read
from annotation.services.collections import collection_get, stimuli_import
from tests.factories import write_small_manifest

pytestmark = pytest.mark.django_db


def rewrite(manifest, change):
    """Apply `change(rows)` to a manifest's rows (dictionaries)."""
    with manifest.open(newline="") as file:
        rows = list(csv.DictReader(file))
    rows = change(rows) or rows
    with manifest.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    return manifest


@pytest.fixture
def empty(alice):
    return collection_get(owner=alice, name="Empty")


def test_an_import_keeps_features_subjects_neutrals_and_labels(empty, tmp_path):
    report = stimuli_import(collection=empty, path=write_small_manifest(tmp_path))
    assert report.added == 48
    points = np.load(tmp_path / "small.npz")["points"]
    stimuli = list(empty.stimuli.order_by("pk"))
    np.testing.assert_array_equal(features_read(stimuli), points)
    happy = empty.stimuli.get(key="p03-happy")
    assert (happy.subject, happy.neutral.key, happy.labels) == ("p03", "p03-neutral", {"expression": "happy"})


def test_people_are_kept_in_one_split_and_shared_out_80_10_10(empty, tmp_path):
    stimuli_import(collection=empty, path=write_small_manifest(tmp_path, people=20))
    splits = {}
    for subject, split in empty.stimuli.values_list("subject", "split"):
        splits.setdefault(subject, set()).add(split)
    assert all(len(one) == 1 for one in splits.values())
    counts = [sum(one == {code} for one in splits.values()) for code in (0, 1, 2)]
    assert counts == [16, 2, 2]


def test_importing_again_adds_only_what_is_new(empty, tmp_path):
    manifest = write_small_manifest(tmp_path)
    before = rewrite(manifest, lambda rows: rows[:8])
    first = stimuli_import(collection=empty, path=before)
    splits = dict(empty.stimuli.values_list("key", "split"))
    again = stimuli_import(collection=empty, path=write_small_manifest(tmp_path))
    assert (first.added, again.added, again.unchanged) == (8, 40, 8)
    assert splits.items() <= dict(empty.stimuli.values_list("key", "split")).items()
    assert stimuli_import(collection=empty, path=manifest).added == 0


def test_a_new_picture_of_a_known_person_joins_their_split(empty, tmp_path):
    manifest = write_small_manifest(tmp_path)
    rewrite(manifest, lambda rows: [row for row in rows if row["expression"] != "angry"])
    stimuli_import(collection=empty, path=manifest)
    stimuli_import(collection=empty, path=write_small_manifest(tmp_path), seed=99)
    for angry in empty.stimuli.filter(labels__expression="angry").select_related("neutral"):
        assert angry.split == angry.neutral.split


def test_other_content_under_a_known_id_is_refused_and_changes_nothing(empty, tmp_path):
    stimuli_import(collection=empty, path=write_small_manifest(tmp_path))
    with pytest.raises(ImportRefused, match=r"p00-neutral.*other content"):
        stimuli_import(collection=empty, path=write_small_manifest(tmp_path, seed=4))
    assert empty.stimuli.count() == 48
    assert FeatureBlock.objects.count() == 1


def test_a_person_in_two_splits_is_refused_with_row_and_name(empty, tmp_path):
    def change(rows):
        for row in rows:
            row["split"] = "train"
        rows[2]["split"] = "test"

    manifest = rewrite(write_small_manifest(tmp_path), change)
    with pytest.raises(ImportRefused, match=r"row \d+.*'p00' would be in two splits"):
        stimuli_import(collection=empty, path=manifest)
    assert not Stimulus.objects.exists()


def test_features_of_another_shape_are_refused(empty, tmp_path):
    stimuli_import(collection=empty, path=write_small_manifest(tmp_path))
    np.savez(tmp_path / "five.npz", points=np.zeros((1, 5, 3), dtype=np.float32))
    (tmp_path / "five.csv").write_text("id,features,kind\nodd,five.npz#points/0,landmarks\n")
    with pytest.raises(ImportRefused, match=r"\(5, 3\) do not fit"):
        stimuli_import(collection=empty, path=tmp_path / "five.csv")


def test_landmarks_that_do_not_fit_the_scheme_are_refused(alice, tmp_path):
    faces = collection_get(owner=alice, name="Faces", landmark_scheme="bu83")
    with pytest.raises(ImportRefused, match="83 points"):
        stimuli_import(collection=faces, path=write_small_manifest(tmp_path))


def test_an_unknown_scheme_is_refused(alice):
    with pytest.raises(AnnotationError, match="no landmark scheme 'bu84'"):
        collection_get(owner=alice, name="Faces", landmark_scheme="bu84")


def test_a_bad_row_is_named_and_nothing_is_imported(empty, tmp_path):
    manifest = rewrite(write_small_manifest(tmp_path), lambda rows: rows[5].update(features="small.npz#points/999"))
    with pytest.raises(ImportRefused, match=r"small\.csv, row 7"):
        stimuli_import(collection=empty, path=manifest)
    assert not Stimulus.objects.exists()
    assert not FeatureBlock.objects.exists()


def test_the_command_imports_and_reports(alice, tmp_path, capsys):
    manifest = write_small_manifest(tmp_path)
    call_command("import_stimuli", manifest, "--collection", "Mine", "--owner", "alice")
    assert "48 added" in capsys.readouterr().out
    assert Collection.objects.get(name="Mine").stimuli.count() == 48
    with pytest.raises(CommandError, match="no user 'nobody'"):
        call_command("import_stimuli", manifest, "--collection", "Mine", "--owner", "nobody")
    rewrite(manifest, lambda rows: rows[5].update(id=""))
    with pytest.raises(CommandError, match="row 7"):
        call_command("import_stimuli", manifest, "--collection", "Other", "--owner", "alice")
    assert not Collection.objects.filter(name="Other").exists()


def test_the_command_guesses_name_and_owner_where_it_can(alice, tmp_path, capsys):
    manifest = write_small_manifest(tmp_path)
    call_command("import_stimuli", manifest)
    assert Collection.objects.get().name == "small"
    assert Collection.objects.get().owner == alice
    capsys.readouterr()


def test_the_command_asks_whose_stimuli_they_are_where_it_cannot_guess(alice, mallory, tmp_path):
    with pytest.raises(CommandError, match="with --owner: alice, mallory"):
        call_command("import_stimuli", write_small_manifest(tmp_path))
    assert not Collection.objects.exists()


SQUARE = "v 0 0 0\nv 1 0 0\nv 1 1 {z}\nv 0 1 0\n"


def test_meshes_are_kept_whole_and_their_vertices_are_features(empty, tmp_path):
    path = tmp_path / "meshes"
    path.mkdir()
    for name in range(3):
        (path / f"m{name}.obj").write_text(SQUARE.format(z=name) + "f 1 2 3 4\n")
    first = stimuli_import(collection=empty, path=path)
    stimuli = list(empty.stimuli.order_by("key"))
    assert (first.added, {one.kind for one in stimuli}) == (3, {"mesh"})
    assert features_read(stimuli).shape == (3, 4, 3)
    vertices, triangles = mesh_read(stimuli[2])
    np.testing.assert_array_equal(vertices, features_read([stimuli[2]])[0])
    np.testing.assert_array_equal(triangles, [[0, 1, 2], [0, 2, 3]])
    assert len({one.mesh for one in stimuli}) == 3
    again = stimuli_import(collection=empty, path=path)
    assert (again.added, again.unchanged) == (0, 3)
    (path / "m3.obj").write_text(SQUARE.format(z=3) + "f 1 2 3\n")
    assert stimuli_import(collection=empty, path=path).added == 1


def test_a_bad_mesh_among_good_ones_leaves_nothing_behind(empty, tmp_path, settings):
    for name, face in (("a", "f 1 2 3"), ("b", "f 1 2 9")):
        (tmp_path / f"{name}.obj").write_text(f"{SQUARE.format(z=0)}{face}\n")
    with pytest.raises(ImportRefused, match=r'b\.obj, row 5, field "f": Face 1 names the vertex 9'):
        stimuli_import(collection=empty, path=tmp_path)
    assert not Stimulus.objects.exists()
    assert not (settings.MEDIA_ROOT / "meshes").exists()


def test_other_faces_under_a_known_id_are_refused(empty, tmp_path):
    path = tmp_path / "meshes"
    path.mkdir()
    (path / "a.obj").write_text(SQUARE.format(z=0) + "f 1 2 3 4\n")
    stimuli_import(collection=empty, path=path)
    (path / "a.obj").write_text(SQUARE.format(z=0) + "f 1 2 3\n")
    with pytest.raises(ImportRefused, match="other content"):
        stimuli_import(collection=empty, path=path)


def test_texts_are_kept_as_they_are_and_known_again(empty, tmp_path):
    path = tmp_path / "texts"
    path.mkdir()
    (path / "a.txt").write_text("Grüße,\n<b>Ann</b>\n")
    (path / "b.txt").write_text("x")
    assert stimuli_import(collection=empty, path=path).added == 2
    assert dict(empty.stimuli.values_list("key", "text")) == {"a": "Grüße,\n<b>Ann</b>", "b": "x"}
    assert set(empty.stimuli.values_list("kind", "picture", "mesh", "block")) == {("text", "", "", None)}
    (path / "b.txt").write_bytes(b"\xef\xbb\xbfx\r\n")  # the same words, from another system's editor
    (path / "c.txt").write_text("new")
    report = stimuli_import(collection=empty, path=path)
    assert (report.added, report.unchanged) == (1, 2)
    (path / "b.txt").write_text("y")
    with pytest.raises(ImportRefused, match="'b' is in the collection with other content"):
        stimuli_import(collection=empty, path=path)


def test_a_manifest_mixes_all_kinds(empty, tmp_path):
    (tmp_path / "m.obj").write_text(SQUARE.format(z=0) + "f 1 2 3 4\n")
    Image.new("RGB", (3, 2)).save(tmp_path / "p.png")
    (tmp_path / "all.csv").write_text(
        "id,text,picture,features,kind\nt,Hello,,,\nm,,,m.obj,mesh\np,,,m.obj,points\ni,,p.png,,\n"
    )
    stimuli_import(collection=empty, path=tmp_path / "all.csv")
    kinds = dict(empty.stimuli.values_list("key", "kind"))
    assert kinds == {"t": "text", "m": "mesh", "p": "points", "i": "image"}


@pytest.mark.shared
def test_real_meshes_go_through_the_import(empty, tmp_path, shared_data):
    """Faces of a morphable model, written as the two formats that people have."""
    data = np.load(shared_data / "ict_mesh" / "ict_mesh.npz")
    meshes = [
        data["neutral"]
        + np.tensordot(data["bu_identity_coeff"][data["bu_subject"][row]], data["identity"], 1)
        + np.tensordot(data["bu_weights"][row], data["expression"], 1)
        for row in (0, 4, 30, 61)
    ]
    triangles = data["tri"]
    rows = ["id,features,subject,expression"]
    for number, vertices in enumerate(meshes):
        name = f"face{number}.{'obj' if number % 2 else 'ply'}"
        write_mesh(tmp_path / name, vertices.astype(np.float32), triangles)
        rows.append(f"{number},{name},s{number},{data['bu_classes'][data['bu_class'][number]]}")
    (tmp_path / "faces.csv").write_text("\n".join(rows) + "\n")
    assert stimuli_import(collection=empty, path=tmp_path / "faces.csv").added == 4
    for stimulus, vertices in zip(empty.stimuli.order_by("key"), meshes, strict=True):
        found, corners = mesh_read(stimulus)
        np.testing.assert_array_equal(found, vertices.astype(np.float32))
        np.testing.assert_array_equal(corners, triangles)
        assert picture_read(stimulus).content.count(b"<path") == len(triangles)
    assert stimuli_import(collection=empty, path=tmp_path / "faces.csv").unchanged == 4


def write_mesh(path, vertices, triangles):
    if path.suffix == ".obj":
        lines = [f"v {x!r} {y!r} {z!r}" for x, y, z in vertices.tolist()]
        lines += [f"f {a} {b} {c}" for a, b, c in (triangles + 1).tolist()]
        path.write_text("\n".join(lines) + "\n")
        return
    head = (
        f"ply\nformat binary_little_endian 1.0\nelement vertex {len(vertices)}\nproperty float x\nproperty float y\n"
        f"property float z\nelement face {len(triangles)}\nproperty list uchar int vertex_indices\nend_header\n"
    )
    faces = np.empty(len(triangles), dtype=[("n", "u1"), ("corners", "<i4", 3)])
    faces["n"], faces["corners"] = 3, triangles
    path.write_bytes(head.encode() + vertices.astype("<f4").tobytes() + faces.tobytes())
