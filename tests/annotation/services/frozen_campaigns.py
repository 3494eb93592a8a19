"""Campaigns whose datasets are looked at, and the content of their files."""

from __future__ import annotations

import io
from typing import Any

import numpy as np

from annotation.models import Dataset
from annotation.services.dataset_files import dataset_file_get
from annotation.services.proposals import round_propose
from annotation.services.rounds import round_close, round_finish, round_open
from tests.factories import closed_round, simulate


def with_two_rounds(campaign: Any) -> Any:
    """A campaign with two closed rounds."""
    closed_round(campaign)
    asked = set(campaign.questions.values_list("reference", "a", "b"))
    for split in (0, 1, 2):
        keys = list(campaign.collection.stimuli.filter(split=split).order_by("pk").values_list("pk", flat=True))
        fresh = [
            (keys[i], *sorted((keys[j], keys[k])))
            for i in range(len(keys))
            for j in range(len(keys))
            for k in range(j)
            if i not in (j, k) and (keys[i], *sorted((keys[j], keys[k]))) not in asked
        ]
        asked |= {fresh[0]} if fresh else set()
        if split == 0:
            chosen = fresh[:40]
    round = round_open(
        round=round_propose(campaign=campaign, triplets=np.array(chosen, dtype=np.int64), origin={"design": "random"})
    )
    simulate(round, seed=5)
    round_finish(round=round_close(round=round))
    return campaign


def content(dataset: Dataset, name: str) -> io.BytesIO:
    from django.core.files.storage import default_storage

    with default_storage.open(dataset_file_get(dataset=dataset, format=name).file, "rb") as file:
        return io.BytesIO(file.read())
