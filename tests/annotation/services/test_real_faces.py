"""Real faces through the product's import: photos, and the posed set of a morphable model."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from annotation.selectors.faces import faces_aligned
from annotation.selectors.pictures import picture_read
from annotation.services.collections import collection_get, stimuli_import
from benchmarks.reproduce import write_manifest

pytestmark = [pytest.mark.django_db, pytest.mark.shared]


def test_photos_of_people_are_imported_with_their_labels(alice, shared_data: Path, tmp_path: Path):
    photos = np.load(shared_data / "london" / "london_256.npz", allow_pickle=False)
    lines = ["id,picture,subject,neutral,expression"]
    for row in range(12):
        person = str(photos["face_id"][row])
        for expression, key in (("neutral", "neutral"), ("smiling", "smiling")):
            Image.fromarray(photos[key][row]).save(tmp_path / f"{person}-{expression}.jpg", quality=92)
            name = f"{person}-{expression}"
            lines.append(f"{name},{name}.jpg,{person},{person}-neutral,{expression}")
    (tmp_path / "manifest.csv").write_text("\n".join(lines) + "\n")
    collection = collection_get(owner=alice, name="Photos")
    report = stimuli_import(collection=collection, path=tmp_path)
    assert report.added == 24
    smiling = collection.stimuli.filter(labels__expression="smiling").select_related("neutral", "collection").first()
    assert smiling.neutral.labels == {"expression": "neutral"}
    assert smiling.split == smiling.neutral.split
    assert picture_read(smiling).media_type == "image/jpeg"
    assert stimuli_import(collection=collection, path=tmp_path).unchanged == 24


def test_the_posed_set_is_imported_and_preprocessed_as_its_makers_did(alice, shared_data: Path, tmp_path: Path):
    truth = np.load(shared_data / "ict83_bu3dfe_like" / "ict83.npz", allow_pickle=False)
    collection = collection_get(owner=alice, name="Posed", landmark_scheme="ict83")
    manifest, triplets = write_manifest(tmp_path)
    report = stimuli_import(collection=collection, path=manifest)
    assert report.by_split == {"train": 2000, "validation": 250, "test": 250}
    assert len(triplets) == 10_000
    stimuli = list(collection.stimuli.order_by("pk"))
    aligned = faces_aligned(collection, stimuli).reshape(2500, 249)
    np.testing.assert_allclose(aligned, truth["x"], atol=2e-6)
    neutral = {one.pk: row for row, one in enumerate(stimuli)}
    rows = [neutral[one.neutral_id] for one in stimuli]
    np.testing.assert_allclose(aligned[rows], truth["y"], atol=2e-6)
