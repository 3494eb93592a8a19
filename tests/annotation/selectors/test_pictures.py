"""What people see: the picture that was imported, or a drawing of the landmarks."""

from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from annotation.faces.generator import generate_faces
from annotation.selectors.pictures import picture_read
from annotation.services.collections import collection_get, stimuli_import
from config.demo.faces import faces_write

pytestmark = pytest.mark.django_db


def test_a_face_of_a_known_scheme_is_drawn_as_a_portrait(alice, tmp_path: Path):
    faces = collection_get(owner=alice, name="Faces", landmark_scheme="bu83")
    stimuli_import(collection=faces, path=faces_write(generate_faces(people=3, seed=1), tmp_path))
    picture = picture_read(faces.stimuli.select_related("collection").first())
    assert picture.media_type == "image/svg+xml"
    root = ElementTree.fromstring(picture.content)
    assert len(list(root.iter())) > 30
    assert b"<script" not in picture.content


def test_other_landmarks_are_drawn_as_dots(collection):
    picture = picture_read(collection.stimuli.select_related("collection").first())
    root = ElementTree.fromstring(picture.content)
    assert sum(element.tag.endswith("circle") for element in root.iter()) == 4


def test_an_imported_picture_is_shown_as_it_is_with_its_features_beside_it(alice, tmp_path: Path):
    pixels = np.random.default_rng(0).integers(0, 255, size=(20, 30, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "one.png")
    np.save(tmp_path / "one.npy", np.zeros((5, 3), dtype=np.float32))
    photos = collection_get(owner=alice, name="Photos")
    stimuli_import(collection=photos, path=tmp_path)
    stimulus = photos.stimuli.select_related("collection").get()
    picture = picture_read(stimulus)
    assert picture.media_type == "image/png"
    assert picture.content == (tmp_path / "one.png").read_bytes()
    assert stimulus.block is not None
