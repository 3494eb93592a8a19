"""Many trainings side by side, one thread each, in a folder from which a run that was stopped goes on."""

import hashlib
import json
import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass, field
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from learning.data.stimuli import TrainingData

Load = Callable[[str, Path], TrainingData]
Measure = Callable[[Path, NDArray[np.float32], TrainingData], dict[str, Any]]


@dataclass(frozen=True)
class Study:
    """One training: a model of the registry, its settings and the name of what it learns from."""

    model: str
    source: str
    seed: int = 0
    row: str = ""  # of the table
    config: dict[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """Names the folder: readable, and different for different settings."""
        digest = hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:10]
        return f"{self.source}-{self.row or self.model}-seed{self.seed}-{digest}".replace(" ", "-").replace("/", "-")

    @property
    def settings(self) -> dict[str, Any]:
        return {**self.config, "seed": self.seed, "threads": 1} if self.config else {}


@dataclass(frozen=True)
class Done:
    """What a training left: its figures, the folder with `codes.npy`, and the minutes that it took."""

    study: Study
    folder: Path
    figures: dict[str, Any]
    minutes: float
    best: int


def run_all(studies: Sequence[Study], work: Path, processes: int, load: Load, measure: Measure) -> list[Done]:
    """Trains and measures what is not in the folder yet.

    Args:
        studies: the trainings, those that take longest first.
        work: folder of everything; a second call with it reads what is done.
        processes: trainings side by side.
        load: source, work folder -> data; a function of a module.
        measure: the training's folder, (N, D) codes, data -> figures as JSON values; a function of a module.

    Returns:
        What was done, in the order of the studies.
    """
    os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"  # read when the processes start
    started, done = time.monotonic(), {}
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        waiting = {pool.submit(_study, study, work, load, measure): study for study in studies}
        for future in as_completed(waiting):
            study = waiting[future]
            done[study.key] = future.result()
            passed = (time.monotonic() - started) / 60
            print(
                f"  {len(done):2}/{len(studies)} {study.source} {study.row} seed {study.seed}: {passed:.1f} min",
                flush=True,
            )
    return [done[study.key] for study in studies]


@cache
def _data(load: Load, source: str, work: Path) -> TrainingData:
    return load(source, work)


def _study(study: Study, work: Path, load: Load, measure: Measure) -> Done:
    folder = work / "runs" / study.key
    finished = folder / "result.json"
    if not finished.exists():
        _train(study, folder, _data(load, study.source, work), measure)
    return Done(study, folder, **json.loads(finished.read_text()))


def _train(study: Study, folder: Path, data: TrainingData, measure: Measure) -> None:
    from learning.training.session import train_embedding

    result = train_embedding(
        name=study.model,
        config=study.settings,
        data=data,
        workdir=folder,
        on_progress=lambda _: None,
        should_cancel=lambda: False,
    )
    np.save(folder / "codes.npy", result.embedding)
    figures = measure(folder, result.embedding, data)
    facts = {"figures": figures, "minutes": result.seconds / 60, "best": result.best_iteration}
    partly = folder / "result.partial"
    partly.write_text(json.dumps(facts))
    partly.rename(folder / "result.json")


def by_row(done: Sequence[Done], source: str) -> dict[str, list[Done]]:
    """Groups one source's trainings by the row of the table, seeds together."""
    rows: dict[str, list[Done]] = {}
    for one in done:
        if one.study.source == source:
            rows.setdefault(one.study.row, []).append(one)
    return rows


def interval(values: Sequence[float]) -> tuple[float, float]:
    """Returns the mean and half of its 95 % interval over seeds, t(0.975, n − 1) · s / √n; NaN with one value."""
    from scipy.stats import t

    n = len(values)
    if n < 2:
        return float(np.mean(values)), float("nan")
    return float(np.mean(values)), float(t.ppf(0.975, n - 1) * np.std(values, ddof=1) / np.sqrt(n))


def cell(values: Sequence[float], digits: int = 3) -> str:
    """Writes a mean and its interval over seeds; a closed form has one value and no interval."""
    mean, half = interval(values)
    return f"{mean:.{digits}f}" + (f" ± {half:.{digits}f}" if half == half else "")


def apart(first: Sequence[float], second: Sequence[float]) -> tuple[float, float]:
    """Returns the mean difference and half of its 95 % interval (Welch's t over seeds; NaN with one seed).

    A single value among several is a closed form, which has no spread.
    """
    from scipy.stats import t

    difference = float(np.mean(first) - np.mean(second))
    parts = [(np.var(side, ddof=1) / len(side), len(side) - 1) for side in (first, second) if len(side) > 1]
    variance = sum(share for share, _ in parts)
    if not parts or variance == 0:
        return difference, float("nan") if not parts else 0.0
    freedom = variance**2 / sum(share**2 / free for share, free in parts)
    return difference, float(t.ppf(0.975, freedom) * np.sqrt(variance))


def verdict(first: Sequence[float], second: Sequence[float], digits: int = 3) -> str:
    """Says in words whether the first is above the second: "holds", "does not hold" or "is not decided"."""
    difference, half = apart(first, second)
    if half != half:
        return f"{'holds' if difference > 0 else 'does not hold'} in one seed ({difference:+.{digits}f})"
    if abs(difference) <= half:
        return f"is not decided by these seeds ({difference:+.{digits}f} ± {half:.{digits}f})"
    return f"{'holds' if difference > 0 else 'does not hold'} ({difference:+.{digits}f} ± {half:.{digits}f})"
