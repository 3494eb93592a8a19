"""What a run proposes to ask next becomes a proposed round; a person opens it, because that is where money is spent."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db import transaction
from numpy.typing import NDArray

from annotation.errors import NothingToAsk
from annotation.services.proposals import round_propose
from learning.models import Job, Selection
from learning.services.jobs import job_end


@dataclass(frozen=True)
class Proposal:
    triplets: NDArray[np.int64]  # (T, 3) primary keys of stimuli: reference, a, b
    scores: NDArray[np.float64]  # (T,)
    selector: str
    seed: int
    pool_size: int
    summary: dict[str, Any]


def selection_accept(*, job: Job, attempt: int, proposal: Proposal) -> Selection | None:
    """Make the proposed round and end the job, all or nothing; None where there is nothing left to ask.

    Raises:
        JobLost: Another worker has the job.
        annotation.errors.AnnotationError: The triplets do not fit the campaign.
    """
    run = job.run
    origin = {
        "selector": proposal.selector,
        "seed": proposal.seed,
        "run": run.pk,
        "data_sha256": run.data_sha256,
        "pool_size": proposal.pool_size,
    }
    with transaction.atomic():
        job_end(job_id=job.pk, attempt=attempt, status=Job.Status.DONE)
        known = Selection.objects.filter(run=run).first()
        if known is not None:
            return known
        try:
            round = round_propose(
                campaign=run.campaign, triplets=proposal.triplets, origin=origin, scores=proposal.scores
            )
        except NothingToAsk:
            return None
        return Selection.objects.create(
            run=run,
            round=round,
            selector=proposal.selector,
            seed=proposal.seed,
            pool_size=proposal.pool_size,
            summary=proposal.summary,
        )
