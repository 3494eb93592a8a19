"""Where stimuli lie in a trained embedding, kept on disk: the same model on the same data is embedded once."""

from __future__ import annotations

import hashlib
from pathlib import Path

import torch

from learning.data.stimuli import TrainingData
from learning.embedding.base import Codes, Embedding
from learning.training import checkpoint


def cached_codes(embedding: Embedding, data: TrainingData, folder: Path) -> Codes:
    """Embeds all stimuli, or reads the codes that an earlier call with the same weights and data left.

    Args:
        embedding: a trained embedding.
        data: the stimuli, preprocessed and centred as in training.
        folder: where codes are kept; it must exist.

    Returns:
        (N, D) codes.

    Raises:
        ValueError: as ``Embedding.embed``.
    """
    path = folder / f"codes-{_key(embedding, data)}.safetensors"
    try:
        tensors, _ = checkpoint.read(path)
    except checkpoint.CheckpointError:  # missing, or torn by a kill: made anew
        codes = embedding.embed(data.features, data.neutral)
        tensors = {"mean": torch.from_numpy(codes.mean)}
        if codes.log_variance is not None:
            tensors["log_variance"] = torch.from_numpy(codes.log_variance)
        checkpoint.write(path, tensors, {})
        return codes
    return Codes(tensors["mean"].numpy(), tensors["log_variance"].numpy() if "log_variance" in tensors else None)


def _key(embedding: Embedding, data: TrainingData) -> str:
    """sha256 of the embedding's class, weights and data."""
    digest = hashlib.sha256(f"{type(embedding).__qualname__} {data.fingerprint()}".encode())
    for name, tensor in sorted(embedding.tensors().items()):
        plain = tensor.detach().cpu().contiguous()
        digest.update(f"{name} {plain.dtype} {tuple(plain.shape)}".encode())
        digest.update(plain.flatten().view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()[:32]
