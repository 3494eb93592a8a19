"""The networks of paper 001: an encoder f whose codes z = f(x) are trained by one of ``metric_losses``.

CNN, triplet network, structured Gaussian manifold (SGM) and deep Gaussian mixture sub-space (DGMS) have the same
encoder, and with the same seed the same initial weights; only the objective differs. The CNN has a linear layer over
its codes, which classifies.

Symbols: N stimuli, F features, D latent size, C classes.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from learning.data.stimuli import TrainingData
from learning.embedding.backbones.mlp import MLP
from learning.embedding.backbones.registry import encoder_input, make_encoder
from learning.embedding.base import Codes, restore_module
from learning.embedding.metric_configs import CNNConfig, DGMSConfig, MetricConfig, SGMConfig, TripletNetConfig

if TYPE_CHECKING:
    from learning.embedding.metric_objective import MetricObjective

_CHUNK = 512  # rows embedded at a time


class MetricNetwork(nn.Module, ABC):
    """An encoder, and what its input is brought to unit size with.

    Attributes:
        name: of the encoder, never "auto".
        input_shape: in which the encoder reads a stimulus.
        centre: (F,) added to centred features, 0 but for point clouds, whose points must be where they were.
        scale: () what features are divided by, so that the network's input has a mean square of 1.
    """

    needs_neutral: ClassVar[bool] = False
    centre: Tensor
    scale: Tensor

    def __init__(self, config: MetricConfig, n_features: int, shape: tuple[int, ...] = ()) -> None:
        super().__init__()
        self.config, shape = config, shape or (n_features,)
        if math.prod(shape) != n_features:
            raise ValueError(f"Stimuli of the shape {shape} do not have {n_features} features.")
        self.name = encoder_name(config, shape)
        self.input_shape = encoder_input(self.name, shape)
        if self.name == "mlp":
            self.encoder = MLP(n_features, config.hidden, config.latent, config.dropout)
        else:
            self.encoder = make_encoder(self.name, shape, config.width, config.latent)
        self.register_buffer("centre", torch.zeros(n_features))
        self.register_buffer("scale", torch.ones(()))

    @classmethod
    def from_config(cls, config: Any, n_features: int, shape: tuple[int, ...] = ()) -> Self:
        """Makes an untrained network; the caller seeds torch for its initial weights.

        Args:
            config: the settings.
            n_features: F.
            shape: of a stimulus before flattening; () for plain features.

        Raises:
            ValueError: the shape does not fit F or the encoder that the settings name.
        """
        return cls(config, n_features, shape)

    def codes(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        """Returns the (R, D) codes of (R, F) centred features; ``y`` is not read."""
        z: Tensor = self.encoder(((x + self.centre) / self.scale).view(-1, *self.input_shape))
        return z

    def measure(self, x: Tensor, mean: NDArray[np.float32]) -> None:
        """Sets ``centre`` and ``scale`` by (R, F) centred training features and their (F,) mean."""
        if self.name == "points":
            self.centre.copy_(torch.from_numpy(mean))
        size = (x + self.centre).square().mean().sqrt()
        self.scale.copy_(torch.where(size > 0, size, 1.0))

    @torch.no_grad()
    def embed(self, features: NDArray[np.float32], neutral: NDArray[np.int64]) -> Codes:
        """Embeds stimuli, in evaluation mode.

        Args:
            features: (N, F) features, centred as in training.
            neutral: not read.

        Returns:
            The codes.
        """
        training, device = self.training, self.scale.device
        self.eval()
        parts = [
            self.codes(torch.tensor(np.asarray(features[start : start + _CHUNK])).to(device)).float().cpu().numpy()
            for start in range(0, len(features), _CHUNK)
        ]
        self.train(training)
        return Codes(np.concatenate([np.empty((0, self.config.latent), np.float32), *parts]))

    @abstractmethod
    def objective(self, data: TrainingData, device: torch.device) -> MetricObjective:
        """Returns the loss of this network on ``data``."""

    def tensors(self) -> dict[str, Tensor]:
        """Returns the weights by name."""
        return dict(self.state_dict())

    def restore(self, tensors: dict[str, Tensor]) -> None:
        """Takes saved weights back; raises ValueError where they do not fit."""
        restore_module(self, tensors)


class CNN(MetricNetwork):
    """Softmax cross-entropy.

    Attributes:
        head: from codes to scores of the C classes, in the order of their names; None until it meets its data.
    """

    config: CNNConfig
    head: nn.Linear | None

    def __init__(self, config: CNNConfig, n_features: int, shape: tuple[int, ...] = ()) -> None:
        super().__init__(config, n_features, shape)
        self.head = None

    def classify_into(self, n_classes: int, generator: torch.Generator | None = None) -> None:
        """Makes the head, with weights from N(0, 1/D)."""
        weight = torch.randn(n_classes, self.config.latent, generator=generator) / math.sqrt(self.config.latent)
        head = nn.Linear(self.config.latent, n_classes, device="meta").to_empty(device=self.scale.device)
        with torch.no_grad():
            head.weight.copy_(weight)
            head.bias.zero_()
        self.head = head

    def scores(self, z: Tensor) -> Tensor:
        """Returns the (R, C) scores of (R, D) codes."""
        if self.head is None:
            raise ValueError("The CNN has not met its classes yet; train it or restore it first.")
        scores: Tensor = self.head(z)
        return scores

    def objective(self, data: TrainingData, device: torch.device) -> MetricObjective:
        """Returns the cross-entropy on ``data``; makes the head for its classes."""
        from learning.embedding.metric_objective import CNNObjective

        return CNNObjective(self, data, device)

    def restore(self, tensors: dict[str, Tensor]) -> None:
        """Takes saved weights back, with as many classes as they have; raises ValueError where they do not fit."""
        if self.head is None and "head.bias" in tensors:
            self.classify_into(len(tensors["head.bias"]), torch.Generator())
        super().restore(tensors)


class TripletNet(MetricNetwork):
    """Triplet hinge, on triplets from labels, from people's votes, or both."""

    config: TripletNetConfig

    def objective(self, data: TrainingData, device: torch.device) -> MetricObjective:
        """Returns the hinge on ``data``; what is scored follows from the source of its triplets."""
        from learning.embedding.metric_objective import TripletObjective, VoteObjective

        return (TripletObjective if self.config.source == "labels" else VoteObjective)(self, data, device)


class SGM(MetricNetwork):
    """Structured Gaussian manifold."""

    config: SGMConfig

    def objective(self, data: TrainingData, device: torch.device) -> MetricObjective:
        """Returns the structured Gaussian manifold loss on ``data``."""
        from learning.embedding.metric_objective import SGMObjective

        return SGMObjective(self, data, device)


class DGMS(SGM):
    """Deep Gaussian mixture sub-space: SGM on classes that are divided again and again, see ``dgms``."""

    config: DGMSConfig

    def objective(self, data: TrainingData, device: torch.device) -> MetricObjective:
        """Returns the loss on ``data`` in rounds."""
        from learning.embedding.dgms import DGMSObjective

        return DGMSObjective(self, data, device)


def encoder_name(config: MetricConfig, shape: tuple[int, ...]) -> str:
    """Returns the encoder's name, with "auto" resolved by the stimuli's shape."""
    if config.encoder != "auto":
        return config.encoder
    return "resnet18" if len(shape) == 3 else "mlp"
