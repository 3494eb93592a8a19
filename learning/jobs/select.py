"""Let a trained run choose the next triplets."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from annotation.models import Question, Split, Stimulus
from annotation.selectors.datasets import dataset_load
from learning.models import Job, Plan, Run
from learning.registry import SELECTORS, resolve
from learning.selection.base import Posterior
from learning.selection.pool import candidate_pool
from learning.selectors import embedding_load
from learning.services.selections import Proposal, selection_accept


def select(job: Job, attempt: int) -> None:
    """Score a pool of triplets that were never asked and propose the best as a round.

    Only training stimuli are selected from: the validation and test triplets stay the balanced design's, so that an
    embedding is never scored on questions that it chose itself.
    """
    run = job.run
    plan = Plan.objects.filter(campaign=run.campaign).first() or Plan(campaign=run.campaign)
    arrays = embedding_load(run)
    keys, rows = _training_rows(run)
    seed = plan.seed + run.pk
    pool = candidate_pool(rows, _asked(run, keys, rows), size=plan.pool_size, seed=seed)
    posterior = Posterior(mean=arrays["embedding"], log_variance=arrays.get("log_variance"))
    chosen = resolve(SELECTORS, plan.selector)().select(pool, posterior, count=plan.select_count, seed=seed)
    key_of = dict(zip(rows.tolist(), keys.tolist(), strict=True))
    triplets = np.array([[key_of[row] for row in triplet] for triplet in pool[chosen.indices].tolist()], dtype=np.int64)
    selection_accept(
        job=job,
        attempt=attempt,
        proposal=Proposal(
            triplets=triplets.reshape(-1, 3),
            scores=np.asarray(chosen.scores, dtype=np.float64),
            selector=plan.selector,
            seed=seed,
            pool_size=len(pool),
            summary=_summary(chosen.scores),
        ),
    )


def _training_rows(run: Run) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Primary keys of the training stimuli, and their rows in the run's embedding, in the same order."""
    frozen = dataset_load(run.dataset)
    key_of = dict(Stimulus.objects.filter(collection=run.campaign.collection_id).values_list("key", "pk"))
    rows = np.flatnonzero(frozen.split == Split.TRAIN).astype(np.int64)
    return np.array([key_of[str(frozen.stimuli[row])] for row in rows], dtype=np.int64), rows


def _asked(run: Run, keys: NDArray[np.int64], rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """(Q, 3) rows of every training triplet that was asked or is pending in the campaign, candidates sorted by row."""
    row_of = dict(zip(keys.tolist(), rows.tolist(), strict=True))
    triplets = Question.objects.filter(campaign=run.campaign, split=Split.TRAIN, kind=Question.Kind.TRIPLET)
    asked = triplets.values_list("reference", "a", "b")
    rows_asked = [[row_of[key] for key in triplet] for triplet in asked if all(key in row_of for key in triplet)]
    array = np.array(rows_asked, dtype=np.int64).reshape(-1, 3)
    array[:, 1:] = np.sort(array[:, 1:], axis=1)
    return array


def _summary(scores: NDArray[np.floating[Any]]) -> dict[str, float]:
    if len(scores) == 0:
        return {}
    return {"highest": float(scores.max()), "median": float(np.median(scores)), "lowest": float(scores.min())}
