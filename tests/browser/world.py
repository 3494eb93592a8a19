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
    """Answer the user's next bundle but for its last `left` questions. Returns how many items the bundle has."""
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
        Answer(
            question_id=one.question_id,
            answer="left" if one.kind == "triplet" else "0",
            response_ms=1400,
            client_id=uuid4(),
            place=one.place,
        )
        for one in waiting[: len(waiting) - left]
    ]
    votes_record(assignment_id=assignment.pk, worker=worker, answers=answers, submit=False)
    return len(waiting)


_SENTENCES = (
    "The soup was still warm when we came home.",
    "Nobody had told the children that the train would be late.",
    "A dog barked twice, then it was quiet again.",
    "I like the way the light falls on the stairs.",
    "Please send the parcel back by Friday.",
    "She laughed so loudly that the whole room turned.",
    "The contract ends in March and cannot be renewed.",
    "What a lovely idea to bring a cake.",
    "He waited at the corner for more than an hour, and when the bus came at last it was full, and did not stop.",
    "The results of the second test were better than those of the first.",
    "My grandmother knew the names of all the birds.",
    "Turn left after the bridge and follow the river.",
)


def sentences(*, owner: Any) -> Any:
    """A collection of texts, of one split."""
    from hashlib import sha256

    from annotation.models import Stimulus
    from annotation.services.collections import collection_get

    collection = collection_get(owner=owner, name="Sentences")
    Stimulus.objects.bulk_create(
        Stimulus(
            collection=collection,
            key=f"s{number:02d}",
            kind=Stimulus.Kind.TEXT,
            text=sentence,
            sha256=sha256(sentence.encode()).hexdigest(),
        )
        for number, sentence in enumerate(_SENTENCES)
    )
    return collection


def text_campaign(*, owner: Any, **settings: Any) -> Any:
    """A campaign about sentences whose first round waits for answers."""
    fields = {"name": "Sentences", "prompt": "Which of these two means something more like the one above?", **settings}
    return _campaign_over(sentences(owner=owner), owner=owner, **fields)


def _campaign_over(collection: Any, *, owner: Any, **fields: Any) -> Any:
    from annotation.services.campaigns import campaign_create, campaign_status_set
    from annotation.services.proposals import round_propose_balanced
    from annotation.services.rounds import round_open

    campaign = campaign_create(owner=owner, collection=collection, **fields)
    campaign_status_set(campaign=campaign, status="running")
    round_open(round=round_propose_balanced(campaign=campaign, per_stimulus=2))
    return campaign


def practice_add(*, campaign: Any, triplets: int) -> list[Any]:
    """Practice questions: the first candidate is the one that most people choose."""
    from annotation.models import Question, Split, Stimulus

    found = Stimulus.objects.filter(collection=campaign.collection_id, split=Split.TRAIN).order_by("-pk")
    three = list(found[: triplets + 2])
    questions = []
    for number in range(triplets):
        b, a, reference = three[number], three[number + 1], three[(number + 2) % len(three)]
        sides = sorted((a, b), key=lambda one: one.pk)
        questions.append(
            Question.objects.create(
                campaign=campaign, role="practice", reference=reference, a=sides[0], b=sides[1], split=0, expected="a"
            )
        )
    campaign.practice = triplets
    campaign.save(update_fields=["practice"])
    return questions


def pebbles(*, owner: Any) -> Any:
    """A collection of twelve meshes, of one split: stones with dents of their own."""
    from hashlib import sha256

    import numpy as np
    from django.core.files.base import ContentFile
    from django.core.files.storage import default_storage

    from annotation.formats.stimuli.meshes import pack
    from annotation.models import Stimulus
    from annotation.services.collections import collection_get

    collection = collection_get(owner=owner, name="Pebbles")
    u, v = np.meshgrid(np.linspace(0, 2 * np.pi, 97), np.linspace(1e-3, np.pi - 1e-3, 49))
    corner = (np.arange(48)[:, None] * 97 + np.arange(96)).reshape(-1)
    triangles = np.concatenate(
        [np.stack([corner, corner + 1, corner + 97], 1), np.stack([corner + 1, corner + 98, corner + 97], 1)]
    )
    rng = np.random.default_rng(5)
    for number in range(12):
        dents = sum(
            rng.uniform(0.02, 0.16)
            * np.sin(k * u + rng.uniform(0, 6))
            * np.sin(v) ** k
            * np.cos(rng.integers(1, 4) * v)
            for k in (1, 2, 3, 4)
        )
        radius = 1 + dents
        x, y, z = radius * np.cos(u) * np.sin(v), radius * np.cos(v), radius * np.sin(u) * np.sin(v)
        places = np.stack([x, y * rng.uniform(0.7, 1.4), z], axis=-1).reshape(-1, 3)
        content = pack(places.astype(np.float32), triangles.astype(np.uint32))
        digest = sha256(content).hexdigest()
        name = default_storage.save(f"meshes/{digest}.mesh", ContentFile(content))
        Stimulus.objects.create(
            collection=collection, key=f"pebble-{number:02d}", kind=Stimulus.Kind.MESH, mesh=name, sha256=digest
        )
    return collection


def shape_campaign(*, owner: Any, **settings: Any) -> Any:
    """A campaign about meshes whose first round waits for answers."""
    return _campaign_over(pebbles(owner=owner), owner=owner, **{"name": "Pebbles", **settings})
