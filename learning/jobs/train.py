"""Train a run and evaluate what it learned. The one place where torch meets the ORM, with select.py beside it."""

import io
import logging
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings
from django.core.files.storage import default_storage
from numpy.typing import NDArray

from annotation.files import content_store, path_store
from annotation.models import Stimulus
from annotation.selectors.datasets import dataset_load
from learning.data.images import image_rows
from learning.data.stimuli import TrainingData
from learning.errors import LearningError
from learning.evaluation.projection import project
from learning.evaluation.report import evaluate_embedding
from learning.jobs.execute import JobCancelled
from learning.models import Job, Run
from learning.services.jobs import job_heartbeat
from learning.services.runs import Trained, run_finish, run_progress, run_start
from learning.training.devices import prepare
from learning.training.onnx import export_encoder
from learning.training.session import BEST, Cancelled, Progress, TrainResult, load_embedding, train_embedding

logger = logging.getLogger(__name__)


def train(job: Job, attempt: int) -> None:
    """Train from the last checkpoint, or from the start; evaluate; write all of it.

    Raises:
        JobCancelled: Somebody asked the run to stop.
        JobLost: Another worker has the job.
    """
    run = job.run
    run_start(run=run, device=_device(run))
    folder = settings.DATA_DIR / "runs" / str(run.pk)
    data = training_data(run, folder)

    def on_progress(progress: Progress) -> None:
        run_progress(run_id=run.pk, progress=asdict(progress))

    try:
        result = train_embedding(
            name=run.model,
            config=run.config,
            data=data,
            workdir=folder,
            on_progress=on_progress,
            should_cancel=lambda: job_heartbeat(job_id=job.pk, attempt=attempt),
        )
    except Cancelled as cancelled:
        raise JobCancelled from cancelled
    metrics = evaluate_embedding(result.embedding, data, run.campaign.label or None)
    run_finish(job=job, attempt=attempt, trained=_keep(run, data, result, folder, metrics))
    # What counts is in the storage now; the checkpoints of a run that is over serve nobody.
    shutil.rmtree(folder, ignore_errors=True)


def _device(run: Run) -> str:
    """What the run trains on; models without a device setting are computed on the CPU."""
    return str(prepare(run.config.get("device", "cpu"), run.config.get("threads", 1)))


def training_data(run: Run, folder: Path) -> TrainingData:
    """What the run learns from: the dataset's features or, where it has none, the pictures of its stimuli."""
    frozen = dataset_load(run.dataset)
    if frozen.features is None:
        pictures = _pictures(run, [str(key) for key in frozen.stimuli], folder)
        return TrainingData.from_frozen(frozen, preprocess="none", features=pictures)
    preprocess = "face" if frozen.manifest.get("landmark_scheme") else "none"
    return TrainingData.from_frozen(frozen, preprocess=preprocess)


def _pictures(run: Run, keys: list[str], folder: Path) -> NDArray[np.float32]:
    """(N, C, size, size) pictures of the dataset's stimuli, in a file of the run's folder.

    Raises:
        LearningError: A stimulus has no picture, or one that cannot be read.
    """
    known = dict(Stimulus.objects.filter(collection=run.campaign.collection_id).values_list("key", "picture"))
    missing = [key for key in keys if not known.get(key)]
    if missing:
        raise LearningError(
            f"There is nothing for a model to read: the dataset holds no features, and stimulus {missing[0]!r} has no "
            "picture."
        )
    size, colour = run.config.get("image_size", 64), run.config.get("image_colour", "grey")
    folder.mkdir(parents=True, exist_ok=True)
    try:
        return image_rows(((key, _content(known[key])) for key in keys), len(keys), size, colour, folder / "images.npy")
    except ValueError as error:
        raise LearningError(str(error)) from error


def _content(name: str) -> bytes:
    with default_storage.open(name, "rb") as file:
        content: bytes = file.read()
    return content


def _encoder(run: Run, folder: Path, data: TrainingData) -> str:
    """Write the encoder as ONNX; a model whose graph cannot be written is still a model."""
    path = folder / "encoder.onnx"
    embedding = load_embedding(run.model, run.config, folder / BEST)
    try:
        export_encoder(embedding, data.mean, path)
    except Exception:
        logger.exception("The encoder of run %s could not be exported.", run.pk)
        return ""
    return path_store(folder="encoders", path=path, suffix=".onnx")[0]


def _keep(run: Run, data: TrainingData, result: TrainResult, folder: Path, metrics: dict[str, Any]) -> Trained:
    """Put weights and embedding into the storage; what is served and selected from are these, not the work folder."""
    arrays: dict[str, Any] = {"embedding": result.embedding, "projection": project(result.embedding, 3)[0]}
    if result.log_variance is not None:
        arrays["log_variance"] = result.log_variance
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    embedding_file, _ = content_store(folder="embeddings", content=buffer.getvalue(), suffix=".npz")
    weights = folder / BEST
    weights_file, sha256 = (
        path_store(folder="weights", path=weights, suffix=".safetensors") if weights.exists() else ("", "")
    )
    return Trained(
        embedding_file=embedding_file,
        encoder_file=_encoder(run, folder, data),
        weights_file=weights_file,
        weights_sha256=sha256,
        best_iteration=result.best_iteration,
        best_value=result.best_value,
        metrics=metrics,
    )
