"""Demo faces: people as 83 3D landmarks, in the layout of paper 000's posed set (Section IV-A).

Every person shows a neutral face and six expressions in four degrees: 25 rows. A face is

    x = R(pose) · [mean + Σ_k a_k · identity_k + Σ_u (l_u · left_u + r_u · right_u)] + noise

with identity coefficients a, and for each action unit u its strength on the left (l) and the right (r) side.
Person k draws all random numbers from a stream of (seed, k): adding people changes nobody.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from annotation.faces.action_units import OPTIONAL_SHARE, PROTOTYPES, UNIT_NAMES, prototype_tables, unit_fields
from annotation.faces.errors import FaceError
from annotation.faces.geometry import rotation_from_euler
from annotation.faces.identities import CUT, identity_directions
from annotation.faces.mean_face import LOWER_OF_PAIR, UPPER_OF_PAIR, Array, mean_face

EXPRESSIONS: tuple[str, ...] = ("neutral", *PROTOTYPES)
LEVELS = 4
ROWS_PER_PERSON = 1 + len(PROTOTYPES) * LEVELS

DEGREES = np.array([0.3, 0.54, 0.78, 1.02])  # strength of the degrees 1 to 4
PERSON_STRENGTH = 0.12  # sigma of the log-normal liveliness of a person
UNIT_STYLE = 0.16  # sigma of the log-normal weight that a person gives a unit within an expression
FRAME_JITTER = 0.05  # relative change of a unit's strength from one frame to the next
ASYMMETRY = 0.06  # relative difference of a unit's two sides, a trait of the person
MAX_STRENGTH = 1.2
POSE_ERROR = np.deg2rad([1.2, 1.0, 0.8])  # yaw, pitch, roll: what is left after the pose was corrected
NOISE_CM = 0.025
MIN_GAP_CM = 0.05  # lips and lids may touch, not cross
HEAD_CENTRE = np.array([0.0, -2.0, -6.0])


@dataclass(frozen=True, slots=True)
class GeneratedFaces:
    """Demo faces in rows; a person's 25 rows follow each other, the neutral face first.

    Attributes:
        landmarks: (n, 83, 3) float32, centimetres, scheme ``bu83``.
        subjects: (n,) str, ``p001`` and on.
        expression: (n,) str, one of ``EXPRESSIONS``.
        level: (n,) int64, 0 for neutral, else the degree 1 to 4.
        action_units: (n, U) float32 in [0, 1.2], mean of both sides.
        unit_names: (U,) names such as ``AU12``.
        ids: (n,) str such as ``p001-happy-3``.
        neutral: (n,) int64 row of the person's neutral face.
    """

    landmarks: npt.NDArray[np.float32]
    subjects: npt.NDArray[np.str_]
    expression: npt.NDArray[np.str_]
    level: npt.NDArray[np.int64]
    action_units: npt.NDArray[np.float32]
    unit_names: tuple[str, ...]
    ids: npt.NDArray[np.str_]
    neutral: npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class _Draws:
    """The random numbers of one person, or stacked (a leading axis) of all."""

    identity: Array  # (K,)
    liveliness: Array  # ()
    style: Array  # (6, U)
    shown: Array  # (6, U) in [0, 1)
    asymmetry: Array  # (6, U)
    jitter: Array  # (6, 4, U)
    pose: Array  # (25, 3)
    noise: Array  # (25, 83, 3)


def generate_faces(people: int = 100, seed: int = 0) -> GeneratedFaces:
    """Make ``people`` × 25 faces.

    Args:
        people: number of persons, at least 1.
        seed: same seed, same faces; person k does not depend on ``people``.

    Returns:
        The faces with their labels.

    Raises:
        FaceError: ``people`` is below 1 or ``seed`` is negative.
    """
    if people < 1 or seed < 0:
        raise FaceError(f"Demo faces need at least 1 person and a seed from 0 on, not {people} and {seed}.")
    each = [_draw(seed, person) for person in range(people)]
    draws = _Draws(*(np.stack([getattr(one, name) for one in each]) for name in _Draws.__slots__))
    left, right = _strengths(draws)  # (people, 25, U) each
    landmarks = _shapes(draws, left, right).reshape(-1, 83, 3).astype(np.float32)
    units = ((left + right) / 2).clip(0, MAX_STRENGTH).reshape(-1, len(UNIT_NAMES)).astype(np.float32)
    subjects = np.repeat([f"p{person:03d}" for person in range(1, people + 1)], ROWS_PER_PERSON)
    expression = np.tile(["neutral", *np.repeat(list(PROTOTYPES), LEVELS)], people)
    level = np.tile([0, *np.tile(np.arange(1, LEVELS + 1), len(PROTOTYPES))], people).astype(np.int64)
    ids = np.array([f"{s}-{e}-{k}" for s, e, k in zip(subjects, expression, level, strict=True)])
    neutral = np.repeat(np.arange(people, dtype=np.int64) * ROWS_PER_PERSON, ROWS_PER_PERSON)
    return GeneratedFaces(landmarks, subjects, expression, level, units, UNIT_NAMES, ids, neutral)


def _draw(seed: int, person: int) -> _Draws:
    rng = np.random.default_rng([seed, person])
    table = (len(PROTOTYPES), len(UNIT_NAMES))
    return _Draws(
        identity=rng.standard_normal(len(identity_directions())).clip(-CUT, CUT),
        liveliness=np.exp(PERSON_STRENGTH * rng.standard_normal()),
        style=np.exp(UNIT_STYLE * rng.standard_normal(table)),
        shown=rng.random(table),
        asymmetry=ASYMMETRY * rng.standard_normal(table),
        jitter=1 + FRAME_JITTER * rng.standard_normal((table[0], LEVELS, table[1])),
        pose=POSE_ERROR * rng.standard_normal((ROWS_PER_PERSON, 3)),
        noise=NOISE_CM * rng.standard_normal((ROWS_PER_PERSON, 83, 3)),
    )


def _strengths(draws: _Draws) -> tuple[Array, Array]:
    """Strength of every unit in every row on the left and the right side; the neutral row is 0."""
    core, optional = prototype_tables()
    units = (core + optional * (draws.shown < OPTIONAL_SHARE)) * draws.style * draws.liveliness[:, None, None]
    frames = units[:, :, None, :] * DEGREES[:, None] * draws.jitter  # (people, 6, 4, U)
    sides = []
    for sign in (1, -1):
        side = (frames * (1 + sign * draws.asymmetry[:, :, None, :])).clip(0, MAX_STRENGTH)
        flat = side.reshape(len(frames), -1, len(UNIT_NAMES))
        sides.append(np.concatenate([np.zeros_like(flat[:, :1]), flat], axis=1))
    return sides[0], sides[1]


def _shapes(draws: _Draws, left: Array, right: Array) -> Array:
    """Faces of all rows, (people, 25, 83, 3)."""
    directions = np.stack(list(identity_directions().values()))  # (K, 83, 3)
    rest = mean_face() + np.tensordot(draws.identity, directions, axes=1)  # (people, 83, 3)
    fields = unit_fields()  # (U, 2, 83, 3)
    faces = rest[:, None] + np.tensordot(left, fields[:, 0], axes=1) + np.tensordot(right, fields[:, 1], axes=1)
    _part(faces)
    turn = rotation_from_euler(*np.moveaxis(draws.pose, -1, 0))  # (people, 25, 3, 3)
    turned: Array = (faces - HEAD_CENTRE) @ np.swapaxes(turn, -1, -2) + HEAD_CENTRE
    return turned + draws.noise


def _part(faces: Array) -> None:
    """Keep lips and lids from crossing: push both sides of a pair apart, in place, to the least gap."""
    gap = faces[..., UPPER_OF_PAIR, 1] - faces[..., LOWER_OF_PAIR, 1]
    missing = np.maximum(MIN_GAP_CM - gap, 0) / 2
    faces[..., UPPER_OF_PAIR, 1] += missing
    faces[..., LOWER_OF_PAIR, 1] -= missing
