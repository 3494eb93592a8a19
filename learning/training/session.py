"""From a name, settings and data to an embedding on disk: the one way in for whoever trains something."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from learning import registry
from learning.data.stimuli import TrainingData
from learning.embedding.base import ClosedForm, Codes, Diverged, Embedding
from learning.training import checkpoint
from learning.training.checkpoint import CheckpointError
from learning.training.codes import cached_codes
from learning.training.config import JsonConfig, TrainingConfig
from learning.training.devices import prepare
from learning.training.distributed import joined
from learning.training.progress import Cancelled, Progress
from learning.training.ranks import Ranks
from learning.training.seeds import seeded
from learning.training.trainer import Trainer

__all__ = [
    "Cancelled",
    "CheckpointError",
    "Diverged",
    "Progress",
    "TrainResult",
    "embed",
    "load_embedding",
    "train_embedding",
]

LAST, BEST = "last.safetensors", "best.safetensors"


@dataclass(frozen=True)
class TrainResult:
    """What a training left behind.

    Attributes:
        embedding: (N, D) codes of all stimuli; posterior means of a probabilistic model.
        log_variance: (N, D) log-variances of the posterior, None where the model has none.
        best_iteration: the step whose weights are the model; 0 for a model computed at once.
        best_value: its validation ELBO, None where nothing was held out.
        history: one row an evaluation.
        seconds: of training, over all sessions of the run.
    """

    embedding: NDArray[np.float32]
    log_variance: NDArray[np.float32] | None
    best_iteration: int
    best_value: float | None
    history: list[dict[str, Any]]
    seconds: float


def train_embedding(
    *,
    name: str,
    config: dict[str, Any],
    data: TrainingData,
    workdir: Path,
    on_progress: Callable[[Progress], None],
    should_cancel: Callable[[], bool],
) -> TrainResult:
    """Trains an embedding, or goes on with the training whose checkpoint is in ``workdir``.

    A run that is killed and resumed ends, on a CPU, in the same bits as one that was not.

    Args:
        name: a key of ``registry.EMBEDDINGS``.
        config: its settings as JSON values; fields left out keep their defaults.
        data: what to learn from.
        workdir: folder of ``last.safetensors`` (the checkpoint) and ``best.safetensors`` (the model); made if missing.
        on_progress: called at most once a second, and after every evaluation.
        should_cancel: asked at most once a second.

    Returns:
        The codes of all stimuli and how they came about.

    Raises:
        ValueError: settings or data do not fit the model.
        CheckpointError: the checkpoint is damaged or of another run.
        Cancelled: ``should_cancel`` said so.
        Diverged: a loss is not a finite number.
    """
    settings = registry.config_from_json(name, config)
    workdir.mkdir(parents=True, exist_ok=True)
    if isinstance(settings, TrainingConfig):
        model, outcome = _train_network(name, settings, data, workdir, on_progress, should_cancel)
    else:
        model, outcome = _fit(name, settings, data, on_progress, should_cancel)
    codes = cached_codes(model, data, workdir)
    if not np.isfinite(codes.mean).all():
        raise Diverged("The training diverged: the embedding holds values that are not finite numbers.")
    meta = {
        "name": name,
        "config": settings.to_json(),
        "n_features": data.n_features,
        "shape": list(data.shape),
        "best_iteration": outcome["best_iteration"],
        "best_value": outcome["best_value"],
    }
    tensors = checkpoint.pack("model", model.tensors()) | {"mean": torch.from_numpy(data.mean)}
    checkpoint.write(workdir / BEST, tensors, meta)
    return TrainResult(codes.mean, codes.log_variance, **outcome)


def _fit(
    name: str,
    settings: JsonConfig,
    data: TrainingData,
    on_progress: Callable[[Progress], None],
    should_cancel: Callable[[], bool],
) -> tuple[Embedding, dict[str, Any]]:
    """Computes an embedding that has a closed form."""
    if should_cancel():
        raise Cancelled("The training was cancelled before it began.")
    started = time.monotonic()
    model: ClosedForm = registry.resolve(registry.EMBEDDINGS, name).from_config(settings, data.n_features, data.shape)
    model.fit(data)
    on_progress(Progress(1, 1, {}, None, [], 0.0, 0))
    seconds = time.monotonic() - started
    return model, {"best_iteration": 0, "best_value": None, "history": [], "seconds": seconds}


def _train_network(
    name: str,
    settings: TrainingConfig,
    data: TrainingData,
    workdir: Path,
    on_progress: Callable[[Progress], None],
    should_cancel: Callable[[], bool],
) -> tuple[Embedding, dict[str, Any]]:
    """Trains a network, from the beginning or from its checkpoint, and gives it its best weights."""
    device = prepare(settings.device, settings.threads)
    if settings.precision == "bfloat16" and device.type == "cpu":
        raise ValueError("bfloat16 is slower than float32 on a CPU; choose the precision 'float32' or a CUDA device.")
    with joined(settings.processes, device, _follow, name, settings, data, workdir) as ranks:
        model, trainer = _trainer(ranks, name, settings, data, workdir)
        trainer.run(on_progress, should_cancel)
    model.restore(trainer.best)
    model.eval()
    outcome = {
        "best_iteration": trainer.best_iteration,
        "best_value": trainer.best_value,
        "history": trainer.history,
        "seconds": trainer.seconds,
    }
    return model, outcome


def _trainer(
    ranks: Ranks, name: str, settings: TrainingConfig, data: TrainingData, workdir: Path
) -> tuple[Any, Trainer]:
    """Returns a network and what trains it."""
    device = prepare(settings.device, settings.threads, ranks.rank)
    with seeded(settings.seed):
        model = registry.resolve(registry.EMBEDDINGS, name).from_config(settings, data.n_features, data.shape)
    model.to(device)
    identity = {"model": name, "settings": settings.to_json(), "data": data.fingerprint()}
    return model, Trainer(model, model.objective(data, device), settings, workdir / LAST, identity, ranks)


def _follow(ranks: Ranks, name: str, settings: TrainingConfig, data: TrainingData, workdir: Path) -> None:
    """What the processes other than the first do: the same steps, in silence."""
    # A cancellation is rank 0's to report.
    with suppress(Cancelled):
        _trainer(ranks, name, settings, data, workdir)[1].run(lambda _: None, lambda: False)


def embed(embedding: Embedding, data: TrainingData) -> Codes:
    """Embeds all stimuli of ``data``, whose features must be preprocessed and centred as those in training.

    Args:
        embedding: a trained embedding.
        data: the stimuli.

    Returns:
        (N, D) codes.

    Raises:
        ValueError: a stimulus has no neutral one and the model needs it.
    """
    return embedding.embed(data.features, data.neutral)


def load_embedding(name: str, config: dict[str, Any], path: Path) -> Embedding:
    """Loads a model that a training wrote.

    Args:
        name: a key of ``registry.EMBEDDINGS``.
        config: its settings as JSON values.
        path: of ``best.safetensors``.

    Returns:
        The embedding, on the CPU, ready to embed.

    Raises:
        ValueError: unknown name, or settings that do not fit the file.
        CheckpointError: the file is damaged or holds another model.
    """
    settings = registry.config_from_json(name, config)
    tensors, meta = checkpoint.read(path)
    if meta.get("name") != name:
        raise CheckpointError(f"{path} holds the model {meta.get('name')!r}, not {name!r}.")
    embedding: Embedding = registry.resolve(registry.EMBEDDINGS, name).from_config(
        settings, int(meta["n_features"]), tuple(meta["shape"])
    )
    embedding.restore(checkpoint.unpack("model", tensors))
    if isinstance(embedding, torch.nn.Module):
        embedding.eval()
    return embedding
