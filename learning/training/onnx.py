"""A trained encoder as one ONNX file, which runs without torch: in a browser, on a phone, from any language.

The graph takes what a model reads before it is centred (features, aligned and flattened) and subtracts the training
mean itself:

    features (n, F) [, neutral (n, F)]  →  embedding (n, D)       n is free
"""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from learning.embedding.base import Embedding

OPSET = 18
_ROWS = 2  # of the example that is traced; 1 would be taken for a constant


class _Graph(nn.Module):
    """Centres, then embeds without dropout."""

    def __init__(self, embedding: Embedding, mean: NDArray[np.float32]) -> None:
        super().__init__()
        self.embedding = embedding
        self.register_buffer("mean", torch.from_numpy(mean.copy()))

    def forward(self, features: Tensor, neutral: Tensor | None = None) -> Tensor:
        """Returns (n, D) codes."""
        centre = self.get_buffer("mean")
        codes: Tensor = self.embedding.codes(features - centre, None if neutral is None else neutral - centre)
        return codes


def export_encoder(embedding: Embedding, mean: NDArray[np.float32], path: Path) -> None:
    """Writes an encoder with its centring.

    Args:
        embedding: a trained embedding, on the CPU, in evaluation mode.
        mean: (F,) training mean.
        path: of the file to write.

    Raises:
        ValueError: the embedding cannot be written as a graph.
    """
    graph = _Graph(embedding, mean).eval()
    names = ["features", "neutral"] if embedding.needs_neutral else ["features"]
    example = tuple(torch.zeros(_ROWS, len(mean)) for _ in names)
    rows = torch.export.Dim("rows", min=1)
    # The exporter tells its progress to the terminal and warns of its own internals; errors are raised.
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        logging.getLogger("torch.onnx").setLevel(logging.ERROR)
        program = torch.onnx.export(
            graph,
            example,
            dynamo=True,
            input_names=names,
            output_names=["embedding"],
            dynamic_shapes=tuple({0: rows} for _ in names),
            opset_version=OPSET,
            verbose=False,
        )
    if program is None:
        raise ValueError(f"{type(embedding).__name__} cannot be exported.")
    program.save(str(path))
