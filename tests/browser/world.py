"""Campaigns over faces that the product makes, in states that pages are looked at in."""

from __future__ import annotations

from typing import Any

from tests.factories import simulate

# Enough to have every figure on the page; what they say is the business of other tests.
TINY = {
    "iterations": 40,
    "learning_rate": 1e-3,
    "evaluate_every": 8,
    "encoder": [32],
    "decoder": [32],
    "latent": 4,
    "batch_size": 32,
    "samples": 1,
}


def faces(*, owner: Any, people: int) -> Any:
    from annotation.services.collections import collection_get
    from config.demo.faces import SCHEME, faces_import

    collection = collection_get(owner=owner, name="Generated faces", landmark_scheme=SCHEME)
    faces_import(collection=collection, people=people, seed=7)
    return collection


def running_campaign(*, owner: Any, people: int, **settings: Any) -> Any:
    from annotation.services.campaigns import campaign_create, campaign_status_set

    fields = {"name": "Expressions", "label": "expression", "seed": 7, **settings}
    campaign = campaign_create(owner=owner, collection=faces(owner=owner, people=people), **fields)
    return campaign_status_set(campaign=campaign, status="running")


def open_campaign(*, owner: Any, people: int, per_stimulus: int, **settings: Any) -> Any:
    """A campaign whose first round waits for answers."""
    from annotation.services.proposals import round_propose_balanced
    from annotation.services.rounds import round_open

    campaign = running_campaign(owner=owner, people=people, **settings)
    round_open(round=round_propose_balanced(campaign=campaign, per_stimulus=per_stimulus))
    return campaign


def counted_campaign(*, crowd: int, **settings: Any) -> tuple[Any, Any]:
    """A campaign whose first round a simulated crowd has answered, with its dataset."""
    from annotation.services.rounds import round_close, round_finish

    campaign = open_campaign(**settings)
    first = campaign.rounds.get()
    simulate(first, workers=crowd, seed=7)
    dataset = round_finish(round=round_close(round=first))
    assert dataset is not None
    return campaign, dataset


def almost_done(*, campaign: Any, user: Any, left: int) -> int:
    """Answer the user's next bundle but for its last `left` questions. Returns how many the bundle has."""
    from uuid import uuid4

    from annotation.selectors.queue import assignment_questions
    from annotation.services.answers import Answer
    from annotation.services.assignments import assignment_claim
    from annotation.services.votes import votes_record
    from annotation.services.workers import worker_for_user

    worker = worker_for_user(user=user)
    assignment = assignment_claim(campaign=campaign, worker=worker)
    waiting = assignment_questions(assignment)
    answers = [
        Answer(question_id=one.question_id, answer="left", response_ms=1400, client_id=uuid4())
        for one in waiting[: len(waiting) - left]
    ]
    votes_record(assignment_id=assignment.pk, worker=worker, answers=answers)
    return assignment.hit.questions.count()
