"""A small world for tests: six people, each neutral and with four expressions, as six features; and short settings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from learning import registry
from learning.data.stimuli import TrainingData
from learning.data.triplets import TripletSet
from learning.training.session import Progress, TrainResult, train_embedding

PEOPLE, EXPRESSIONS = 8, 5
TINY = {"latent": 3, "encoder": [16, 8], "decoder": [8, 16], "batch_size": 16, "iterations": 60, "evaluate_every": 20}
METRIC = {"latent": 3, "hidden": [16], "samples": 6, "neighbours": 3, "iterations": 60, "evaluate_every": 20}
METRIC |= {"learning_rate": 5e-3, "dropout": 0.1}
SHORT: dict[str, dict[str, Any]] = {
    "identity": {},
    "pca": {"latent": 3},
    "vae": TINY | {"learning_rate": 3e-3, "reconstruction_variance": 0.1},
    "neutral-vae": TINY | {"learning_rate": 3e-3, "reconstruction_variance": 0.1},
    "triplet-vae": TINY | {"learning_rate": 3e-3, "reconstruction_variance": 0.1, "triplet_batch": 4},
    "cnn": METRIC,
    "triplet-net": METRIC | {"triplets": 16},
    "sgm": METRIC | {"s": 1.0},
    "dgms": METRIC | {"s": 1.0, "rounds": 4, "smallest_class": 4},
}
VAES = ("vae", "neutral-vae", "triplet-vae")
NETWORKS = [name for name in registry.EMBEDDINGS if "iterations" in registry.default_config(name)]


def tiny_data(seed: int = 0, triplets: int = 60, weights: np.ndarray | None = None) -> TrainingData:
    """People 0 to 5 train, 6 validates, 7 tests; triplets by the distance between expressions."""
    rng = np.random.default_rng(seed)
    person = np.repeat(np.arange(PEOPLE), EXPRESSIONS)
    expression = np.tile(np.arange(EXPRESSIONS), PEOPLE)
    directions = rng.standard_normal((EXPRESSIONS, 6))
    directions[0] = 0
    features = rng.standard_normal((PEOPLE, 6))[person] + directions[expression]
    features += 0.05 * rng.standard_normal(features.shape)
    split = np.select([person < 6, person == 6], [0, 1], 2).astype(np.int8)
    rows, parts = [], []
    for part, count in ((0, triplets), (1, 10), (2, 10)):
        members = np.flatnonzero(split == part)
        for _ in range(count):
            anchor, one, other = rng.choice(members, 3, replace=False)
            gaps = [np.linalg.norm(directions[expression[anchor]] - directions[expression[x]]) for x in (one, other)]
            rows.append((anchor, one, other) if gaps[0] <= gaps[1] else (anchor, other, one))
            parts.append(part)
    return TrainingData.build(
        stimuli=[f"s{row}" for row in range(len(person))],
        features=features.astype(np.float32),
        neutral=person * EXPRESSIONS,
        split=split,
        subjects=person.astype(str),
        labels={"expression": expression.astype(str)},
        triplets=TripletSet.build(rows, len(person), weights=weights, split=parts),
    )


def train(name: str, workdir: Path, data: TrainingData | None = None, **changes: Any) -> TrainResult:
    """Trains with the short settings on the CPU."""
    config = SHORT[name] | ({"device": "cpu"} if name in NETWORKS else {}) | changes
    return train_embedding(
        name=name,
        config=config,
        data=tiny_data() if data is None else data,
        workdir=workdir,
        on_progress=ignore,
        should_cancel=lambda: False,
    )


def ignore(progress: Progress) -> None:
    """Takes a progress and does nothing."""
