"""Rendered faces for paper 001: 64×64 grey pictures of a morphable model, each with a person, an expression, a level.

A face is V = neutral + Σ_i a_i identity_i + Σ_k w_k expression_k (../shared/data/ict_facekit), with a ~ N(0, 0.8²) for
each person; w mixes the ways in which two people of ict83_bu3dfe_like show one of seven expressions, at one of four
strengths. Those two are of the same split as the person: no way of smiling is in training and test.
`benchmarks.face_points` turns a face into points; here they are posed, lit and splatted.

The z-buffer: points are finer than the cells of a (2·64)² grid and are written from back to front, so that the front
one stays; 2×2 cells are then averaged. All draws come from (seed, person): processes and chunks change nothing.
"""

import os
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from annotation.faces.geometry import rotation_from_euler
from benchmarks.face_points import PEOPLE, SPLITS, FacePoints

SIZE, FINE = 64, 128
STRENGTHS = (0.0, 0.45, 0.65, 0.82, 1.0)  # of levels 0 (neutral) to 4
VERSION = 1  # of the pictures; part of the cache's name

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class RenderedFaces:
    """N pictures, in the order of their persons.

    Attributes:
        images: (N, 1, 64, 64) uint8, memory-mapped.
        expression: (N,) 0 to 6, index of `classes`.
        level: (N,) 0 (neutral) to 4.
        person: (N,).
        split: (N,) 0 train, 1 validation, 2 test, by person 80/10/10.
        pose: (N, 3) yaw, pitch, roll in radians.
        classes: names of the expressions.
    """

    images: NDArray[np.uint8]
    expression: NDArray[np.int64]
    level: NDArray[np.int64]
    person: NDArray[np.int64]
    split: NDArray[np.int64]
    pose: Floats
    classes: tuple[str, ...]


def rendered_faces(folder: Path, people: int = 600, each: int = 20, seed: int = 0, processes: int = 2) -> RenderedFaces:
    """Renders people × each faces, or maps those that an earlier call left in the folder.

    Args:
        folder: of the cache, made if missing.
        people: persons; the first 80 of every 100 are for training, 10 for validation, 10 for test.
        each: pictures of a person.
        seed: of everything that is drawn.
        processes: that render side by side.

    Returns:
        The faces.
    """
    folder.mkdir(parents=True, exist_ok=True)
    name = f"faces-v{VERSION}-{people}x{each}-seed{seed}"
    pictures, facts = folder / f"{name}.npy", folder / f"{name}.npz"
    if not facts.exists():
        _render_all(pictures, facts, people, each, seed, processes)
    known = np.load(facts, allow_pickle=False)
    columns: dict[str, Any] = {key: known[key] for key in ("expression", "level", "person", "split", "pose")}
    return RenderedFaces(np.load(pictures, mmap_mode="r"), classes=tuple(map(str, known["classes"])), **columns)


def _render_all(pictures: Path, facts: Path, people: int, each: int, seed: int, processes: int) -> None:
    partly = pictures.with_suffix(f".partial{os.getpid()}")
    shape = (people * each, 1, SIZE, SIZE)
    images = np.lib.format.open_memmap(partly, mode="w+", dtype=np.uint8, shape=shape)
    work = partial(render_person, each=each, seed=seed)
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn"), initializer=_one_thread) as pool:
        rows = []
        for person, (drawn, row) in enumerate(pool.map(work, range(people), chunksize=4)):
            images[person * each : (person + 1) * each, 0] = drawn
            rows.append(row)
    images.flush()
    partly.rename(pictures)
    columns = {key: np.concatenate([row[key] for row in rows]) for key in rows[0]}
    unfinished = facts.with_suffix(f".partial{os.getpid()}.npz")
    np.savez(unfinished, classes=np.asarray(_points().classes), **columns)
    unfinished.rename(facts)


def _one_thread() -> None:
    """A process a core; a pool of BLAS threads in each would only get in the way."""
    from threadpoolctl import threadpool_limits

    threadpool_limits(1)


_cached: list[FacePoints] = []


def _points() -> FacePoints:
    """The model, read once a process."""
    if not _cached:
        _cached.append(FacePoints.load())
    return _cached[0]


def render_person(person: int, each: int, seed: int) -> tuple[NDArray[np.uint8], dict[str, NDArray[Any]]]:
    """Renders all pictures of one person.

    Args:
        person: number of the person.
        each: number of pictures.
        seed: of the whole set.

    Returns:
        (each, 64, 64) pictures, and the columns of `RenderedFaces`.
    """
    model, rng = _points(), np.random.default_rng([seed, person])
    expression = (np.arange(each) + rng.integers(7)) % 7
    level = np.where(expression == 0, 0, rng.integers(1, 5, each))
    strength = np.array(STRENGTHS)[level] * rng.uniform(0.9, 1.1, each)
    part = int(np.digitize(person % PEOPLE, (SPLITS[1][0], SPLITS[2][0])))
    weights = model.expressions(part, expression, strength, rng)
    vertices, shift = model.vertices((0.8 * rng.standard_normal(100)).astype(np.float32), weights)
    look = model.look(rng)
    pose = (rng.standard_normal((each, 3)) * (0.24, 0.11, 0.07)).clip(-0.6, 0.6).astype(np.float32)
    drawn = np.empty((each, SIZE, SIZE), np.uint8)
    for row in range(each):
        points = model.points(vertices[row], shift, weights[row], look, rng.normal(0, 0.12, 2))
        drawn[row] = _picture(*points, pose[row], rng)
    columns = {"expression": expression, "level": level, "pose": pose}
    columns |= {"person": np.full(each, person), "split": np.full(each, part)}
    return drawn, columns


def _picture(position: Floats, normal: Floats, albedo: Floats, pose: Floats, rng: np.random.Generator) -> Any:
    """Poses, lights and splats points: (P, 3) in cm, (P, 3) unit normals, (P,) albedo in [0, 1]."""
    turn = rotation_from_euler(*pose).astype(np.float32)
    position, normal = position @ turn.T, normal @ turn.T
    light = np.array([rng.normal(0, 0.6), rng.normal(0.35, 0.35), 1], np.float32)
    lambert = np.maximum(normal @ (light / np.linalg.norm(light)).astype(np.float32), 0)
    ambient = rng.uniform(0.3, 0.5)
    shade = albedo * (ambient + (1.05 - ambient) * lambert) * rng.uniform(0.75, 1.1)
    scale = np.float32(FINE / 16.5 * rng.uniform(0.95, 1.06))
    column = (position[:, 0] * scale + (FINE / 2 + rng.normal(0, 2.5))).astype(np.int32)
    row = (0.48 * FINE + rng.normal(0, 2.5) - position[:, 1] * scale).astype(np.int32)
    inside = np.flatnonzero((column >= 0) & (column < FINE) & (row >= 0) & (row < FINE) & (normal[:, 2] > -0.05))
    grid = splat(row[inside] * FINE + column[inside], position[inside, 2], shade[inside], FINE * FINE)
    return _develop(closed(grid.reshape(FINE, FINE)), rng)


def splat(cell: NDArray[np.int32], depth: Floats, shade: Floats, cells: int) -> Floats:
    """Keeps in each cell the point nearest to the viewer: (M,) cells, depths in cm, shades -> (cells,), -1 where empty.

    Depths count in steps of 1/400 cm: 16 bits are sorted by their digits, and the last point written to a cell stays.
    """
    order = np.argsort((depth * 400).astype(np.int16), kind="stable")
    grid = np.full(cells, -1, np.float32)
    grid[cell[order]] = shade[order]
    return grid


def closed(grid: Floats) -> Floats:
    """Fills empty cells (-1) that have filled ones on opposite sides: gaps between points, not the background."""
    padded = np.pad(grid, 1, constant_values=-1)
    filled = grid.copy()
    for one, other in ((padded[:-2, 1:-1], padded[2:, 1:-1]), (padded[1:-1, :-2], padded[1:-1, 2:])):
        gap = (filled < 0) & (one >= 0) & (other >= 0)
        filled[gap] = (one[gap] + other[gap]) / 2
    return filled


def _develop(grid: Floats, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Puts the face on a background that changes evenly, averages cells and adds the camera's curve and noise."""
    ends, along = rng.uniform(0.05, 0.95, 2), rng.uniform(0, 1, 2)
    ramp = np.linspace(0, 1, FINE, dtype=np.float32)
    mix = (along[0] * ramp[:, None] + along[1] * ramp[None, :]) / max(along.sum(), 1e-3)
    background = ends[0] + (ends[1] - ends[0]) * mix
    whole = np.where(grid < 0, background, grid).reshape(SIZE, 2, SIZE, 2).mean(axis=(1, 3))
    whole = whole.clip(0, 1) ** rng.uniform(0.7, 1.1) + rng.normal(0, rng.uniform(0.003, 0.012), (SIZE, SIZE))
    return (whole * 255).clip(0, 255).astype(np.uint8)


def contact_sheet(images: NDArray[np.uint8], columns: int, path: Path, zoom: int = 2) -> None:
    """Writes (M, 64, 64) or (M, 1, 64, 64) pictures as one PNG, row by row; the last row is filled with black."""
    from PIL import Image

    tiles = np.asarray(images).reshape(len(images), *images.shape[-2:])
    height, width = tiles.shape[1:]
    rows = -(-len(tiles) // columns)
    sheet = np.zeros((rows * columns, height, width), np.uint8)
    sheet[: len(tiles)] = tiles
    flat = sheet.reshape(rows, columns, height, width).swapaxes(1, 2).reshape(rows * height, columns * width)
    Image.fromarray(flat).resize((columns * width * zoom, rows * height * zoom)).save(path)
