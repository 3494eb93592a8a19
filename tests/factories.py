"""Small worlds for tests, made through the product's own services."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np

EXPRESSIONS = ("neutral", "happy", "sad", "angry")


def write_small_manifest(folder: Path, *, people: int = 12, seed: int = 3) -> Path:
    """A manifest of `people` × 4 stimuli with 4 landmarks: an identity of their own plus an expression they share."""
    rng = np.random.default_rng(seed)
    directions = rng.normal(size=(len(EXPRESSIONS), 4, 3))
    directions[0] = 0
    identity = rng.normal(size=(people, 1, 4, 3))
    noise = 0.1 * rng.normal(size=(people, len(EXPRESSIONS), 4, 3))
    points = (identity + directions + noise).astype(np.float32).reshape(-1, 4, 3)
    np.savez(folder / "small.npz", points=points)
    manifest = folder / "small.csv"
    with manifest.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "features", "kind", "subject", "neutral", "expression"])
        for row in range(len(points)):
            person, expression = divmod(row, len(EXPRESSIONS))
            writer.writerow(
                [
                    f"p{person:02d}-{EXPRESSIONS[expression]}",
                    f"small.npz#points/{row}",
                    "landmarks",
                    f"p{person:02d}",
                    f"p{person:02d}-neutral",
                    EXPRESSIONS[expression],
                ]
            )
    return manifest


def small_collection(*, owner: Any, folder: Path, name: str = "Small") -> Any:
    from annotation.services.collections import collection_get, stimuli_import

    collection = collection_get(owner=owner, name=name)
    stimuli_import(collection=collection, path=write_small_manifest(folder), seed=1)
    return collection


def small_campaign(*, owner: Any, collection: Any, **settings: Any) -> Any:
    from annotation.services.campaigns import campaign_create, campaign_status_set

    fields: dict[str, Any] = {"name": "Small campaign", "hit_size": 12, "label": "expression", **settings}
    campaign = campaign_create(owner=owner, collection=collection, **fields)
    return campaign_status_set(campaign=campaign, status="running")


def answer_all(assignment: Any, side: str = "left") -> Any:
    """Answer everything that an assignment still asks."""
    from annotation.selectors.queue import assignment_questions
    from annotation.services.answers import Answer
    from annotation.services.votes import votes_record

    answers = [
        Answer(shown.question_id, side, 900, uuid4(), shown.place)  # type: ignore[arg-type]
        for shown in assignment_questions(assignment)
    ]
    return votes_record(assignment_id=assignment.pk, worker=assignment.worker, answers=answers)


def simulate(round: Any, *, workers: int = 12, seed: int = 0) -> int:
    from annotation.crowd.simulated import crowd_make, crowd_work

    return crowd_work(round=round, workers=crowd_make(size=workers, seed=seed), seed=seed)


def closed_round(campaign: Any) -> Any:
    """A round that a simulated crowd answered, closed and counted. Returns (round, dataset)."""
    from annotation.services.proposals import round_propose_balanced
    from annotation.services.rounds import round_close, round_finish, round_open

    round = round_open(round=round_propose_balanced(campaign=campaign, per_stimulus=6))
    simulate(round)
    dataset = round_finish(round=round_close(round=round))
    return round, dataset
