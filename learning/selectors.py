"""Reads about runs, without torch: what pages and commands show."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from django.core.files.storage import default_storage
from numpy.typing import NDArray

from annotation.models import Campaign, Dataset, Stimulus
from annotation.selectors.datasets import dataset_load
from learning.models import Run
from learning.registry import EMBEDDINGS, SHORT_LABELS


@dataclass(frozen=True)
class ComparisonRow:
    """One row of paper 000's Tables II and III: figures of the test people, None where there is nothing to count."""

    run: Run
    name: str
    dim: int
    accuracy: float | None
    satisfied: float | None
    by_margin: dict[int, float]


@dataclass(frozen=True)
class RunMap:
    """The first three principal components of a run's embedding, with what its points are coloured by."""

    points: NDArray[np.float32]  # (N, 3)
    label: str
    categories: list[str]
    category: NDArray[np.int64]  # (N,) place in categories
    split: NDArray[np.int8]  # (N,)
    keys: list[str]
    stimulus_ids: list[int]


def comparison_rows(campaign: Campaign, dataset: Dataset | None = None) -> list[ComparisonRow]:
    """The newest finished run of each model on one dataset (the campaign's newest with runs), in the tables' order."""
    done = Run.objects.filter(campaign=campaign, status=Run.Status.DONE).select_related("evaluation")
    if dataset is None:
        newest = done.order_by("-dataset_id").first()
        if newest is None:
            return []
        done = done.filter(dataset=newest.dataset_id)
    else:
        done = done.filter(dataset=dataset)
    by_model = {run.model: run for run in done.order_by("pk")}
    return [comparison_row(by_model[model]) for model in EMBEDDINGS if model in by_model]


def comparison_row(run: Run) -> ComparisonRow:
    metrics: dict[str, Any] = run.evaluation.metrics
    test: dict[str, Any] = metrics.get("triplets", {}).get("test", {})
    by_margin = {int(level): cell["satisfied"] for level, cell in test.get("by_margin", {}).items()}
    return ComparisonRow(
        run=run,
        name=SHORT_LABELS.get(run.model, run.model),
        dim=int(metrics["dim"]),
        accuracy=metrics.get("accuracy"),
        satisfied=test.get("satisfied"),
        by_margin={level: share for level, share in by_margin.items() if share is not None},
    )


def embedding_load(run: Run) -> dict[str, NDArray[np.float32]]:
    """The arrays of a finished run: embedding (N, D), projection (N, 3) and, of probabilistic models, log_variance."""
    with default_storage.open(run.embedding_file, "rb") as file, np.load(file, allow_pickle=False) as arrays:
        return {name: arrays[name] for name in arrays.files}


def run_map(run: Run) -> RunMap:
    frozen = dataset_load(run.dataset)
    label = run.campaign.label
    values = frozen.labels.get(label, np.full(len(frozen.stimuli), "", dtype=np.str_))
    categories, category = np.unique(values, return_inverse=True)
    keys = [str(key) for key in frozen.stimuli]
    ids = dict(Stimulus.objects.filter(collection=run.campaign.collection_id).values_list("key", "pk"))
    return RunMap(
        points=embedding_load(run)["projection"].astype(np.float32),
        label=label,
        categories=[str(name) for name in categories],
        category=category.astype(np.int64),
        split=frozen.split,
        keys=keys,
        stimulus_ids=[ids[key] for key in keys],
    )
