"""What `reproduce_001` learns from and how it measures: rendered faces of unseen people, and two other domains."""

import re
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.face_points import SHARED
from benchmarks.rendered_faces import RenderedFaces, rendered_faces
from learning.data.stimuli import TrainingData
from learning.data.triplets import TripletSet
from learning.evaluation.clustering import cluster
from learning.evaluation.knn import find
from learning.evaluation.retrieval import retrieve
from learning.evaluation.scores import NAMES, score

EACH = 20  # pictures of a person
KS = (1, 2, 4, 8, 16, 32)
GREY = 50.0  # grey levels of one unit, about a standard deviation
RENDERS = SHARED / "ict_render64" / "ict_render64.npz"
PHOTOS = SHARED / "london" / "london_256.npz"
_CROP = (82, 190, 74, 182)  # of a photo: as much around the eyes as in the rendered faces


def faces(source: str, work: Path, processes: int = 1) -> RenderedFaces:
    """Returns the pictures of a source named "faces600", 600 people."""
    return rendered_faces(work / "faces", int(re.sub(r"\D", "", source)), EACH, processes=processes)


def load(source: str, work: Path) -> TrainingData:
    """Returns the pictures as training data; labels are expression, level and person."""
    known = faces(source, work)
    count = len(known.images)
    return TrainingData.build(
        stimuli=[f"face{row}" for row in range(count)],
        features=np.asarray(known.images, dtype=np.float32) / GREY,
        neutral=np.full(count, -1),
        split=known.split,
        subjects=[f"p{person:03d}" for person in known.person],
        labels={
            "expression": np.asarray(known.classes)[known.expression],
            "level": known.level.astype(str),
            "person": known.person.astype(str),
        },
        triplets=TripletSet.build(np.empty((0, 3), np.int64), count),
    )


def measure(folder: Path, codes: NDArray[np.float32], data: TrainingData) -> dict[str, Any]:
    """Everything of Tables 1 and 2 for one training, in [0, 1], on test people and on other domains."""
    expression, people = data.labels["expression"], data.subjects
    train, test = data.rows_of(0), data.rows_of(2)
    if not len(test):
        raise ValueError("There are no test people; render at least 91.")
    scores = score(expression[test], find(codes[train], expression[train], codes[test]), people[test])
    clusters, found = cluster(codes[test], expression[test]), retrieve(codes[test], expression[test], KS)
    figures: dict[str, Any] = {name: getattr(scores, name).value for name in NAMES}
    figures |= {"accuracy people": [scores.accuracy.low, scores.accuracy.high]}
    figures |= {"nmi": clusters.nmi.value, "pairs f1": clusters.f1.value, "dim": codes.shape[1]}
    figures |= {f"recall@{k}": entry.value for k, entry in found.recall.items()}
    figures |= {f"acc@{k}": entry.value for k, entry in found.accuracy.items()}
    for name, (pictures, labels) in other_domains().items():
        elsewhere = cluster(_embed(folder, pictures, data), labels)
        figures |= {f"nmi {name}": elsewhere.nmi.value, f"pairs f1 {name}": elsewhere.f1.value}
    return figures


def _embed(folder: Path, pictures: NDArray[np.uint8], data: TrainingData) -> NDArray[np.float32]:
    """Codes of (M, 64, 64) pictures by the model that a training left."""
    from learning.training import checkpoint
    from learning.training.session import load_embedding

    path = folder / "best.safetensors"
    meta = checkpoint.read(path)[1]
    model = load_embedding(meta["name"], meta["config"], path)
    features = pictures.reshape(len(pictures), -1).astype(np.float32) / GREY - data.mean
    return model.embed(features, np.full(len(pictures), -1)).mean


def other_domains() -> dict[str, tuple[NDArray[np.uint8], NDArray[np.str_]]]:
    """Pictures (M, 64, 64) and expressions of sets that no model saw, those that are on this machine.

    "renders": another renderer with harder light and weaker expressions. "photos": real people, neutral and smiling.
    """
    from PIL import Image

    out = {}
    if RENDERS.exists():
        known = np.load(RENDERS, allow_pickle=False)
        out["renders"] = (known["x"], known["classes"][known["expression"]])
    if PHOTOS.exists():
        photos = np.load(PHOTOS, allow_pickle=False)
        top, bottom, left, right = _CROP
        both = np.concatenate([photos["neutral"], photos["smiling"]])[:, top:bottom, left:right].mean(axis=3)
        grey = [
            np.asarray(Image.fromarray(one).resize((64, 64), Image.Resampling.BOX)) for one in both.astype(np.uint8)
        ]
        labels = np.repeat(["neutral", "smiling"], len(photos["neutral"]))
        out["photos"] = (np.stack(grey), labels)
    return out
