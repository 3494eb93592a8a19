"""A simulated crowd: workers with competence, side bias, speed, drop-out and spam.

They answer through the same services as people (claim, record, return) and never write rows, so a simulated campaign
exercises what a real one does. What they perceive is a vector a stimulus: its action units where it is labelled with
them, else its features, else the letters of its text. A worker sees the candidate on the left as the nearer one with
probability

    p = σ( competence · (d_right − d_left) / s + bias ),

where d are Euclidean distances to the reference, s is the typical |d_right − d_left| over the round, and bias is the
worker's leaning to the left in log-odds. A spammer does not look at all.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

from annotation.crowd.reading import texts_perceived
from annotation.models import Assignment, Campaign, Collection, Question, Round, Stimulus
from annotation.selectors.faces import is_unit
from annotation.selectors.features import features_read
from annotation.selectors.queue import Item, assignment_questions
from annotation.services.answers import Answer
from annotation.services.assignments import assignment_claim, assignment_return
from annotation.services.votes import votes_record
from annotation.services.workers import worker_get


@dataclass(frozen=True)
class SimulatedWorker:
    name: str
    competence: float  # slope of the choice in units of the typical difference; 0 = guesses, 5 = hardly errs
    bias: float  # log-odds of choosing the left where both look alike
    speed_ms: float  # median response time
    drop_out: float  # probability of returning a HIT half-way
    spam: bool


def crowd_make(*, size: int, seed: int) -> list[SimulatedWorker]:
    """A crowd as campaigns meet it: most careful, some noisy, one in ten leaning to a side, one in twenty spam."""
    rng = np.random.default_rng(seed)
    workers = []
    for number in range(size):
        spam = bool(rng.random() < 0.05)
        leaning = rng.random() < 0.10
        workers.append(
            SimulatedWorker(
                name=f"s{seed}-{number:04d}",
                competence=0.0 if spam else float(np.exp(rng.normal(1.0, 0.35))),
                bias=float(rng.normal(0.0, 1.5 if leaning else 0.2)),
                speed_ms=float(np.exp(rng.normal(6.3 if spam else 7.4, 0.3))),
                drop_out=float(rng.beta(1, 20)),
                spam=spam,
            )
        )
    return workers


class Perception:
    """What the crowd sees: a vector a stimulus, and how far apart two candidates typically are.

    Args:
        collection: Whose stimuli are judged.

    Raises:
        ValueError: The stimuli have neither action units nor features nor texts.
    """

    def __init__(self, collection: Collection) -> None:
        stimuli = list(Stimulus.objects.filter(collection=collection).order_by("pk"))
        self._place = {stimulus.pk: place for place, stimulus in enumerate(stimuli)}
        self._vectors = _perceived(stimuli)
        self.scale = 1.0

    def calibrate(self, questions: Sequence[tuple[int, int, int]]) -> None:
        """Set the scale to the median difference of distances over these (reference, a, b)."""
        differences = [abs(self.difference(*question)) for question in questions]
        self.scale = (float(np.median(differences)) if differences else 0.0) or 1.0

    def difference(self, reference: int, left: int, right: int) -> float:
        """d(reference, right) − d(reference, left), by primary keys: positive where the left is the nearer."""
        r, a, b = (self._vectors[self._place[key]] for key in (reference, left, right))
        return float(np.linalg.norm(r - b) - np.linalg.norm(r - a))


def _perceived(stimuli: list[Stimulus]) -> NDArray[np.float64]:
    units = sorted({name for stimulus in stimuli for name in stimulus.labels if is_unit(name)})
    if units:
        return np.array([[float(stimulus.labels.get(name) or 0) for name in units] for stimulus in stimuli])
    features = features_read(stimuli)
    if features is None and all(stimulus.text for stimulus in stimuli):
        return texts_perceived([stimulus.text for stimulus in stimuli])
    if features is None:
        raise ValueError("A simulated crowd sees action units, features or texts; these stimuli have none of them.")
    return features.reshape(len(stimuli), -1).astype(np.float64)


class SimulatedChannel:
    """The channel of a campaign that only a simulated crowd answers."""

    name = "simulated"

    def publish(self, *, round: Round) -> None:
        """Nothing to tell: simulated workers come when `crowd_work` sends them."""

    def withdraw(self, *, round: Round) -> None:
        """Nothing to take back."""


def crowd_work(
    *,
    round: Round,
    workers: Sequence[SimulatedWorker],
    seed: int,
    on_progress: Callable[[int], None] = lambda votes: None,
) -> int:
    """Let the crowd answer an open round until nothing is left that any of them may answer. Returns the votes given."""
    rng = np.random.default_rng(seed)
    perception = Perception(round.campaign.collection)
    triplets = Question.objects.filter(round=round, kind=Question.Kind.TRIPLET)
    perception.calibrate(list(triplets.values_list("reference", "a", "b")[:2000]))
    busy, votes = list(workers), 0
    while busy:
        worker = busy[int(rng.integers(len(busy)))]
        given = _work_one_hit(round, worker, perception, rng)
        if given is None:
            busy.remove(worker)
        else:
            votes += given
            on_progress(votes)
    return votes


def _work_one_hit(round: Round, who: SimulatedWorker, perception: Perception, rng: np.random.Generator) -> int | None:
    """Claim a HIT and answer it, or the first half of it; None where there is none for this worker."""
    worker = worker_get(channel="simulated", external_id=who.name)
    assignment = assignment_claim(campaign=round.campaign, worker=worker)
    if assignment is None or assignment.hit.round_id != round.pk:
        return None
    questions = assignment_questions(assignment)
    leaves = rng.random() < who.drop_out and not _came_back(assignment)
    if leaves:
        questions = questions[: len(questions) // 2]
    answers = [_answer(item, who, perception, rng, round.campaign) for item in questions]
    votes_record(assignment_id=assignment.pk, worker=worker, answers=answers)
    if leaves:
        assignment_return(assignment_id=assignment.pk, worker=worker)
    return len(answers)


def _came_back(assignment: Assignment) -> bool:
    """A worker who returned a HIT once and got it again finishes it, so that a simulation always ends."""
    return assignment.votes.exists()


def _answer(
    item: Item, who: SimulatedWorker, perception: Perception, rng: np.random.Generator, campaign: Campaign
) -> Answer:
    return Answer(
        question_id=item.question_id,
        answer=_label(item, who, rng, campaign)
        if item.kind == Question.Kind.LABEL
        else _side(item, who, perception, rng),
        response_ms=int(who.speed_ms * np.exp(rng.normal(0, 0.4))),
        client_id=uuid4(),
        place=item.place,
    )


def _side(item: Item, who: SimulatedWorker, perception: Perception, rng: np.random.Generator) -> str:
    left, right = item.sides
    difference = perception.difference(item.reference.pk, left.pk, right.pk)
    evidence = who.competence * difference / perception.scale + who.bias
    return "left" if rng.random() < 1 / (1 + np.exp(-evidence)) else "right"


def _label(item: Item, who: SimulatedWorker, rng: np.random.Generator, campaign: Campaign) -> str:
    """The stimulus's own label, where it is one of the choices and the worker sees it; else a guess."""
    own = str(item.reference.labels.get(campaign.label, ""))
    if own in campaign.choices and rng.random() < np.tanh(who.competence):
        return str(campaign.choices.index(own))
    return str(rng.integers(len(campaign.choices)))
