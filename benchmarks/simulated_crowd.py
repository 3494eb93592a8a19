"""A stand-in for paper 000's spontaneous set: natural frames of 41 people, and a simulated crowd that compares them.

Frames: x = neutral + identity_p + Σ_k w_k expression_k at 83 points, where w mixes two of the person's own expressions
(ict83_bu3dfe_like, level 4, a person of that set for each of the 41) at continuous strengths; 1.5° of pose error and
0.6 mm of noise. Frame 0 of a person is the face at rest, which is the neutral.

Triplets: each frame in 6, within its split; of two candidates b, c for a reference a, each of 5 voters takes b with

    P(b) = 1 / (1 + exp(−(d(a, c) − d(a, b) + e) / τ)),   d = ‖S(w − w')‖₂,   e ~ N(0, (0.5 σ_Δ)²) once a question

which is the softmax over the two distances; S doubles the mouth, σ_Δ is the spread of d(a, c) − d(a, b). τ is found by
bisection so that the share of margin 5 is the paper's (Table I: 3,806 of 11,191).

Labels: 2,500 frames, 5 votes each from a softmax over (0, 4(smile − p), 4(frown − n)); a label counts where 3 voters
agree; p and n are set so that 1,040 are positive and 361 negative, as in the paper.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from annotation.faces.geometry import rotation_from_euler
from annotation.sampling.balanced import balanced_triplets
from benchmarks.face_points import KIT, PEOPLE_FILE
from learning.data.stimuli import TrainingData
from learning.data.triplets import TripletSet

# Table I: two frames a triplet's third, since each is in 6 of them: 6,996 · 3 / 6 = 3,498.
FRAMES, PEOPLE = (3_498, 990, 1_107), (25, 8, 8)
TABLE_I = {5: 3_806, 3: 3_817, 1: 3_568}
LABELLED, POSITIVE, NEGATIVE = 2_500, 1_040, 361
VOTES, PER_FRAME, CROWD_NOISE = 5, 6, 0.5
# How often a frame shows each expression; smiles are common in people who talk to somebody.
MIXTURE = {"angry": 0.1, "disgust": 0.1, "fear": 0.1, "happy": 0.42, "sad": 0.12, "surprise": 0.16}
SMILE = {"mouthSmile_L": 0.5, "mouthSmile_R": 0.5, "cheekSquint_L": 0.2, "cheekSquint_R": 0.2}
FROWN = {
    "mouthFrown_L": 0.4, "mouthFrown_R": 0.4, "browDown_L": 0.35, "browDown_R": 0.35, "noseSneer_L": 0.35,
    "noseSneer_R": 0.35, "mouthStretch_L": 0.3, "mouthStretch_R": 0.3,
}  # fmt: skip

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Frames:
    """Natural frames before anybody looked at them.

    Attributes:
        points: (N, 83, 3) landmarks in cm.
        weights: (N, 53) expression coefficients in [0, 1.2].
        person: (N,) 0 to 40.
        split: (N,) 0, 1 or 2, by person.
        neutral: (N,) row of the person's frame at rest.
        names: of the 53 coefficients.
    """

    points: NDArray[np.float32]
    weights: Floats
    person: NDArray[np.int64]
    split: NDArray[np.int64]
    neutral: NDArray[np.int64]
    names: tuple[str, ...]


def natural_frames(seed: int = 0, frames: tuple[int, ...] = FRAMES, people: tuple[int, ...] = PEOPLE) -> Frames:
    """Draws frames of people.

    Args:
        seed: of everything that is drawn.
        frames: number of frames of each split.
        people: number of people of each split.

    Returns:
        The frames, in the order of their people.
    """
    rng = np.random.default_rng([seed, 41])
    kit, known = np.load(KIT, allow_pickle=False), np.load(PEOPLE_FILE, allow_pickle=False)
    per_split = [np.sort(np.arange(n) % k) for n, k in zip(frames, people, strict=True)]
    person = np.concatenate([rows + sum(people[:part]) for part, rows in enumerate(per_split)])
    split = np.repeat(np.arange(len(frames)), frames)
    _, neutral = np.unique(person, return_index=True)
    weights = _mixed_weights(known, person, rng)
    weights[neutral] = 0
    vertex = known["vertex_index"]
    identity = (0.8 * rng.standard_normal((sum(people), 100))).astype(np.float32)
    points = kit["neutral"][vertex] + np.tensordot(identity, kit["identity"][:, vertex], 1)[person]
    points = points + np.tensordot(weights.astype(np.float32), kit["expression"][:, vertex], 1)
    angles = np.radians(1.5) * rng.standard_normal((3, len(points)))
    points = np.einsum("nij,npj->npi", rotation_from_euler(*angles), points)
    points = points + 0.06 * rng.standard_normal(points.shape)
    names = tuple(map(str, known["blend_names"]))
    return Frames(points.astype(np.float32), weights, person, split, neutral[person], names)


def _mixed_weights(known: Any, person: NDArray[np.int64], rng: np.random.Generator) -> Floats:
    """(N, 53): a main expression at a strength in [0, 1] and a second one at less than half of it."""
    classes = list(map(str, known["classes"]))
    style = rng.permutation(100)[: person.max() + 1][person]
    peak = np.zeros((100, len(classes), known["blend_weights"].shape[1]))
    rows = np.flatnonzero(known["level"] == 4)
    peak[known["subject"][rows], known["cls"][rows]] = known["blend_weights"][rows].clip(0, 1.2)
    shown, odds = [classes.index(name) for name in MIXTURE], list(MIXTURE.values())
    main, second = rng.choice(shown, (2, len(person)), p=odds)
    strength = rng.beta(1.2, 1.4, len(person))[:, None]
    less = strength * rng.beta(1, 3, len(person))[:, None]
    mixed: Floats = strength * peak[style, main] + less * peak[style, second]
    return (mixed * (1 + 0.15 * rng.standard_normal(mixed.shape))).clip(0, 1.2)


def perceived(frames: Frames) -> Floats:
    """Returns (N, 53) coefficients as the crowd sees them: those of the mouth and the jaw count twice."""
    scale = np.array([2.0 if name.startswith(("mouth", "jaw")) else 1.0 for name in frames.names])
    return frames.weights * scale


def voted_triplets(frames: Frames, seed: int = 0, share: float | None = None) -> TripletSet:
    """Asks the crowd about triplets that have each frame six times.

    Args:
        frames: the frames.
        seed: of questions and votes.
        share: of triplets on which all five voters agree; None = the paper's.

    Returns:
        The triplets with margins 5, 3 and 1, raw margins as weights, and their splits.
    """
    rng = np.random.default_rng([seed, 5])
    asked = []
    for part in range(3):
        rows = np.flatnonzero(frames.split == part)
        asked.append(rows[balanced_triplets(len(rows), PER_FRAME, seed=rng)])
    questions = np.concatenate(asked)
    seen = perceived(frames)
    near, far = (np.linalg.norm(seen[questions[:, 0]] - seen[questions[:, side]], axis=1) for side in (1, 2))
    difference = far - near
    difference = difference + CROWD_NOISE * difference.std() * rng.standard_normal(len(questions))
    draws = rng.logistic(size=(len(questions), VOTES))  # P(draw ≤ x) = 1 / (1 + exp(−x)): one voter each

    def margins(tau: float) -> NDArray[np.int64]:
        first = (draws <= difference[:, None] / tau).sum(axis=1)
        return 2 * first - VOTES

    wanted = TABLE_I[5] / sum(TABLE_I.values()) if share is None else share
    tau = bisect(lambda t: float((np.abs(margins(t)) == VOTES).mean()) - wanted, 1e-3, 1e3)
    margin = margins(tau)
    swapped = questions[:, [0, 2, 1]]
    rows = np.where((margin > 0)[:, None], questions, swapped)
    size = np.abs(margin)
    return TripletSet.build(
        rows, len(frames.person), weights=size, margins=size, split=frames.split[rows[:, 0]],
        votes=np.full(len(rows), VOTES),
    )  # fmt: skip


def voted_labels(
    frames: Frames, seed: int = 0, labelled: int = LABELLED, positive: int = POSITIVE, negative: int = NEGATIVE
) -> NDArray[np.str_]:
    """Asks the crowd whether frames look positive, negative or neutral.

    Args:
        frames: the frames.
        seed: of the choice of frames and of the votes.
        labelled: how many frames are asked about.
        positive: how many of them get at least 3 of 5 votes for positive.
        negative: the same for negative.

    Returns:
        (N,) "positive", "negative", or "" where fewer than 3 voters chose one of them or nobody was asked.
    """
    rng = np.random.default_rng([seed, 3])
    chosen = rng.permutation(len(frames.person))[:labelled]
    smile, frown = (_evidence(frames, terms)[chosen] for terms in (SMILE, FROWN))
    draws = rng.gumbel(size=(labelled, VOTES, 3))  # argmax of logits + Gumbel draws = a draw from their softmax

    def counts(p: float, n: float) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        logits = np.stack([np.zeros(labelled), 4 * (smile - p), 4 * (frown - n)], axis=1)
        vote = (logits[:, None, :] + draws).argmax(axis=2)
        return (vote == 1).sum(axis=1) >= 3, (vote == 2).sum(axis=1) >= 3

    p = n = 0.5
    for _ in range(8):  # each threshold moves the other's count a little
        p = bisect(lambda t, n=n: positive - float(counts(t, n)[0].sum()), -5, 5)
        n = bisect(lambda t, p=p: negative - float(counts(p, t)[1].sum()), -5, 5)
    is_positive, is_negative = counts(p, n)
    labels = np.full(len(frames.person), "", dtype="<U8")
    labels[chosen[is_positive]], labels[chosen[is_negative]] = "positive", "negative"
    return labels


def _evidence(frames: Frames, terms: dict[str, float]) -> Floats:
    total: Floats = sum(weight * frames.weights[:, frames.names.index(name)] for name, weight in terms.items())
    return total


def bisect(rising: Callable[..., float], low: float, high: float) -> float:
    """Returns the last point before a function changes its sign between two points, to 2⁻⁴⁰ of their distance."""
    falls = rising(low) > rising(high)
    for _ in range(40):
        middle = (low + high) / 2
        if (rising(middle) > 0) != falls:
            high = middle
        else:
            low = middle
    return low


def spontaneous(seed: int = 0) -> TrainingData:
    """Makes the whole set: frames aligned as in the paper, triplets with margins, the label "valence".

    Args:
        seed: of the frames, the questions and the votes.

    Returns:
        The data that models train on.
    """
    frames = natural_frames(seed)
    return TrainingData.build(
        stimuli=[f"f{row:04d}" for row in range(len(frames.person))],
        features=frames.points,
        neutral=frames.neutral,
        split=frames.split,
        subjects=[f"p{person:02d}" for person in frames.person],
        labels={"valence": voted_labels(frames, seed)},
        triplets=voted_triplets(frames, seed),
        preprocess="face",
        scheme="ict83",
    )


def available() -> Path | None:
    """Returns the file that is missing, None where all are there."""
    return next((path for path in (KIT, PEOPLE_FILE) if not path.exists()), None)
