"""Points on a morphable face, with the eyes, teeth and hair that the model lacks: what `rendered_faces` draws.

Quads become n×n points each (n so that points lie at most 0.1 cm apart); normals are those of the quads. Eyeballs are
spheres behind the lids, teeth two arcs behind the lips, the lower one going down with the jaw; brows, lips and hair are
painted on the skin. Unit: cm; x right, y up, z towards the viewer; the nose tip is at (0, 0.4, 13).
"""

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

SHARED = Path(__file__).resolve().parent.parent.parent / "shared" / "data"
KIT = SHARED / "ict_facekit" / "ict_face9409_f32.npz"
PEOPLE_FILE = SHARED / "ict83_bu3dfe_like" / "ict83.npz"
PEOPLE = 100
SPLITS = ((0, 80), (80, 90), (90, 100))  # of them: training, validation, test
SPACING = 0.1
EYE_RADIUS, IRIS, PUPIL = 1.25, 0.62, 0.26
OUTER_LIP, BROWS = slice(48, 60), (slice(17, 22), slice(22, 27))

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Look:
    """One person's colours: albedo of each quad and of the iris."""

    quads: Floats
    iris: float


@dataclass(frozen=True)
class FacePoints:
    """The model and what is painted on it.

    Attributes:
        neutral: (V, 3) the mean face.
        basis: (153, V·3) identity and expression displacements.
        quads: (Q, 4) vertices of each quad.
        groups: quads that get the same number of points, with the (n·n, 4) weights of their corners.
        peak: (100, 7, 53) expression weights of each person at full strength.
        classes: names of the seven expressions.
        eyes: centres of the two eyeballs (2, 3).
        eye_loops: vertices of the two eye openings, for the eyes' place in a face.
        mouth_loop: vertices of the mouth's opening.
        lips, brows, hair: (Q,) how much of a quad is lip, distance in cm to the brows, height over the hairline in cm.
        jaw: (3,) displacement of the lower lip when the jaw is open.
        jaw_index: of the weight that opens it.
    """

    neutral: Floats
    basis: Floats
    quads: NDArray[np.int32]
    groups: tuple[tuple[NDArray[np.intp], Floats], ...]
    peak: Floats
    classes: tuple[str, ...]
    eyes: Floats
    eye_loops: tuple[NDArray[np.int64], NDArray[np.int64]]
    mouth_loop: NDArray[np.int64]
    lips: Floats
    brows: Floats
    hair: Floats
    jaw: Floats
    jaw_index: int

    @classmethod
    def load(cls) -> Self:
        """Reads the model from ../shared/data."""
        kit, people = np.load(KIT, allow_pickle=False), np.load(PEOPLE_FILE, allow_pickle=False)
        neutral, quads, expression = kit["neutral"], kit["faces"], kit["expression"]
        basis = np.concatenate([kit["identity"], expression]).reshape(153, -1)
        centres, marks = neutral[quads].mean(axis=1), neutral[people["vertex_index"]]
        right, left, mouth = _openings(quads, neutral)
        jaw_index = list(kit["expression_names"]).index("jawOpen")
        return cls(
            neutral=neutral,
            basis=np.ascontiguousarray(basis, np.float32),
            quads=quads,
            groups=_groups(neutral[quads]),
            peak=_peaks(people),
            classes=tuple(map(str, people["classes"])),
            eyes=np.stack([_eyeball(neutral[right]), _eyeball(neutral[left])]),
            eye_loops=(right, left),
            mouth_loop=mouth,
            lips=inside(centres[:, :2], marks[OUTER_LIP, :2]) * (centres[:, 2] > 9).astype(np.float32),
            brows=_brow_distance(centres, marks),
            hair=_over_hairline(centres),
            jaw=expression[jaw_index][people["vertex_index"][66]],
            jaw_index=jaw_index,
        )

    def expressions(
        self, part: int, expression: NDArray[np.int64], strength: NDArray[np.float64], rng: np.random.Generator
    ) -> Floats:
        """Draws (n, 53) weights: a mixture of how two people of a split show it, 12 % of jitter and a resting tone."""
        ways = self.peak[slice(*SPLITS[part])]
        one, other, rest = rng.integers(len(ways), size=(3, len(expression)))
        share = rng.uniform(0, 1, (len(expression), 1))
        peak = share * ways[one, expression] + (1 - share) * ways[other, expression]
        jitter = 1 + 0.12 * rng.standard_normal(peak.shape)
        weights = peak * strength[:, None] * jitter + ways[rest, 0] * rng.uniform(0, 1, share.shape)
        return weights.clip(0, 1.2).astype(np.float32)

    def vertices(self, identity: Floats, weights: Floats) -> tuple[Floats, Floats]:
        """Returns (n, V, 3) faces of one person (identity (100,), weights (n, 53)), and (V, 3) its identity alone."""
        shift = (identity @ self.basis[:100]).reshape(-1, 3)
        moved = (weights @ self.basis[100:]).reshape(len(weights), -1, 3)
        return self.neutral + shift + moved, shift

    def look(self, rng: np.random.Generator) -> Look:
        """Draws the colours of a person."""
        skin, hair = rng.uniform(0.5, 0.95), rng.uniform(0.05, 0.4)
        albedo = np.full(len(self.quads), skin, np.float32)
        albedo *= 1 - self.lips * rng.uniform(0.25, 0.5)
        brow = np.clip(2.5 * (rng.uniform(0.38, 0.6) - self.brows) / 0.4, 0, rng.uniform(0.75, 1.0))
        top = np.clip(self.hair - rng.uniform(0, 2.5), 0, 1)
        for cover, colour in ((brow, hair * 0.8), (top, hair)):
            albedo = albedo * (1 - cover) + colour * skin * cover
        return Look(albedo.astype(np.float32), float(rng.uniform(0.1, 0.4)))

    def points(
        self, vertices: Floats, shift: Floats, weights: Floats, look: Look, gaze: NDArray[np.float64]
    ) -> tuple[Floats, Floats, Floats]:
        """Returns (P, 3) positions, (P, 3) normals and (P,) albedo of one face with eyes and teeth."""
        corners = vertices[self.quads]  # (Q, 4, 3)
        normal = np.cross(corners[:, 2] - corners[:, 0], corners[:, 3] - corners[:, 1])
        normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-9)
        parts = [self._eye(side, shift, look, gaze) for side in (0, 1)]
        parts += self._mouth(shift, weights)
        for rows, weight in self.groups:
            kept = rows[normal[rows, 2] > -0.65]  # the others face away in every pose
            position = np.matmul(weight, corners[kept]).reshape(-1, 3)
            count = len(weight)
            parts.append((position, np.repeat(normal[kept], count, axis=0), np.repeat(look.quads[kept], count)))
        position, normal, albedo = (np.concatenate(part) for part in zip(*parts, strict=True))
        return position.astype(np.float32), normal.astype(np.float32), albedo.astype(np.float32)

    def _eye(self, side: int, shift: Floats, look: Look, gaze: NDArray[np.float64]) -> tuple[Any, Any, Any]:
        centre = self.eyes[side] + shift[self.eye_loops[side]].mean(axis=0)
        towards = np.array([np.sin(gaze[0]), np.sin(gaze[1]) * 0.5, 1])
        cosine = _CAP @ (towards / np.linalg.norm(towards)).astype(np.float32)
        off = EYE_RADIUS * np.arccos(np.clip(cosine, -1, 1))  # along the surface, from the middle of the iris
        albedo = np.where(off < PUPIL, 0.03, np.where(off < IRIS, look.iris, 0.9)).astype(np.float32)
        return centre + EYE_RADIUS * _CAP, _CAP, albedo

    def _mouth(self, shift: Floats, weights: Floats) -> list[tuple[Any, Any, Any]]:
        centre = (self.neutral + shift)[self.mouth_loop].mean(axis=0)
        down = 0.85 * weights[self.jaw_index] * self.jaw
        dark = np.full(len(_CAVITY), 0.04, np.float32)
        low = np.clip(0.3 - _CAVITY[:, 1:2], 0, 1)  # the lower part of the cavity goes down with the jaw
        parts = [(centre + _CAVITY + low * down, np.broadcast_to(_FRONT, _CAVITY.shape), dark)]
        for teeth, move in ((_UPPER_TEETH, 0), (_LOWER_TEETH, down)):
            ahead = np.broadcast_to(_FRONT, teeth.shape)
            parts.append((centre + teeth + move, ahead, np.full(len(teeth), 0.8, np.float32)))
        return parts


_FRONT = np.array([0, 0, 1], np.float32)


def _sheet(x: tuple[float, float], y: tuple[float, float], depth: float, bend: float, fine: float = 0.1) -> Floats:
    """Points on a sheet that bends backwards with x²."""
    across, up = np.meshgrid(np.arange(*x, 0.1), np.arange(*y, fine))
    return np.stack([across, up, depth - bend * across**2], axis=-1).reshape(-1, 3).astype(np.float32)


def _cap() -> Floats:
    """Unit vectors on the front of a sphere, about 0.08 apart."""
    across, up = np.meshgrid(np.arange(-0.98, 0.99, 0.07), np.arange(-0.98, 0.99, 0.07))
    keep = across**2 + up**2 < 0.97
    x, y = across[keep], up[keep]
    return np.stack([x, y, np.sqrt(1 - x**2 - y**2)], axis=-1).astype(np.float32)


_CAP = _cap()
_CAVITY = _sheet((-2.6, 2.65), (-1.0, 0.8), -0.9, 0.1, 0.04)
_UPPER_TEETH = _sheet((-2.0, 2.05), (-0.42, 0.55), 0.35, 0.22)
_LOWER_TEETH = _sheet((-1.7, 1.75), (-0.8, -0.1), 0.2, 0.22)


def _peaks(people: Any) -> Floats:
    """(100, 7, 53): level 4 of each expression, level 0 of neutral; clipped as the points of ict83 were."""
    peak = np.zeros((PEOPLE, 7, 53), np.float32)
    rows = np.flatnonzero((people["level"] == 4) | (people["level"] == 0))
    peak[people["subject"][rows], people["cls"][rows]] = people["blend_weights"][rows].clip(0, 1.2)
    return peak


def _groups(corners: Floats) -> tuple[tuple[NDArray[np.intp], Floats], ...]:
    """Quads (Q, 4, 3) by the number of points that their longest side needs."""
    side = np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2).max(axis=1)
    count = np.ceil(side / SPACING).astype(int).clip(1, 6)
    return tuple((np.flatnonzero(count == n), corner_weights(int(n))) for n in np.unique(count))


def corner_weights(n: int) -> Floats:
    """(n·n, 4) bilinear weights of the corners, at the middles of n×n squares."""
    u, v = (grid.ravel() for grid in np.meshgrid((np.arange(n) + 0.5) / n, (np.arange(n) + 0.5) / n))
    return np.stack([(1 - u) * (1 - v), u * (1 - v), u * v, (1 - u) * v], axis=1).astype(np.float32)


def _openings(quads: NDArray[np.int32], neutral: Floats) -> tuple[NDArray[np.int64], ...]:
    """Vertices on the edges of the right eye's, the left eye's and the mouth's opening."""
    edges = np.sort(np.concatenate([quads[:, [0, 1]], quads[:, [1, 2]], quads[:, [2, 3]], quads[:, [3, 0]]]), axis=1)
    distinct, count = np.unique(edges, axis=0, return_counts=True)
    rim = np.unique(distinct[count == 1])
    x, y, z = neutral[rim].T
    eye = (y > 2) & (y < 5) & (z > 8)
    mouth = (abs(x) < 3) & (y > -5) & (y < -2) & (z > 9)
    return rim[eye & (x < 0)], rim[eye & (x > 0)], rim[mouth]


def _eyeball(loop: Floats) -> Floats:
    """Centre of a sphere whose front lies just behind the lids (M, 3)."""
    centre = (loop.max(axis=0) + loop.min(axis=0)) / 2
    return np.array([centre[0], centre[1], loop[:, 2].max() - EYE_RADIUS + 0.02], np.float32)


def inside(points: Floats, polygon: Floats) -> Floats:
    """1 for points (M, 2) inside a polygon (K, 2), 0 outside: a ray crosses its sides an odd number of times."""
    x, y = points[:, :1], points[:, 1:]
    (x0, y0), (x1, y1) = polygon.T, np.roll(polygon, -1, axis=0).T
    with np.errstate(divide="ignore", invalid="ignore"):  # level sides cross no ray
        crosses = ((y0 > y) != (y1 > y)) & (x < (x1 - x0) * (y - y0) / (y1 - y0) + x0)
    odd: Floats = (crosses.sum(axis=1) % 2).astype(np.float32)
    return odd


def _brow_distance(centres: Floats, marks: Floats) -> Floats:
    """Distance in cm of quads (Q, 3) to the lines of the two brows."""
    best = np.full(len(centres), np.inf, np.float32)
    for brow in BROWS:
        line = marks[brow]
        for start, end in pairwise(line):
            along = end - start
            share = np.clip((centres - start) @ along / (along @ along), 0, 1)[:, None]
            best = np.minimum(best, np.linalg.norm(centres - start - share * along, axis=1))
    return best


def _over_hairline(centres: Floats) -> Floats:
    """Height in cm over a hairline at y = 8 in front that comes down to the ears at the sides."""
    side = np.clip(7 - centres[:, 2], 0, 4)
    height: Floats = centres[:, 1] - 8 + 1.6 * side * (np.abs(centres[:, 0]) > 4)
    return height
