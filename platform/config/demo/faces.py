"""The demo's stimuli: faces that the product makes, written as files and imported like anybody's own."""

import csv
import tempfile
from pathlib import Path

import numpy as np

from annotation.faces.generator import GeneratedFaces, generate_faces
from annotation.models import Collection
from annotation.services.collections import ImportReport, stimuli_import

SCHEME = "bu83"


def faces_import(*, collection: Collection, people: int, seed: int) -> ImportReport:
    """Generate faces, write a manifest and an array, import them."""
    faces = generate_faces(people=people, seed=seed)
    with tempfile.TemporaryDirectory(prefix="semblance-") as folder:
        manifest = faces_write(faces, Path(folder))
        return stimuli_import(collection=collection, path=manifest, seed=seed)


def faces_write(faces: GeneratedFaces, folder: Path) -> Path:
    """Write faces as `manifest.csv` beside `faces.npz`. Returns the manifest's path."""
    np.savez(folder / "faces.npz", landmarks=faces.landmarks)
    manifest = folder / "manifest.csv"
    with manifest.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "features", "kind", "subject", "neutral", "expression", "level", *faces.unit_names])
        for row, key in enumerate(faces.ids):
            writer.writerow(
                [
                    key,
                    f"faces.npz#landmarks/{row}",
                    "landmarks",
                    faces.subjects[row],
                    faces.ids[faces.neutral[row]],
                    faces.expression[row],
                    faces.level[row],
                    *(f"{value:.4f}" for value in faces.action_units[row]),
                ]
            )
    return manifest
