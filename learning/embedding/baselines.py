"""Rows "None" and "PCA" of paper 000's tables."""

from __future__ import annotations

from typing import ClassVar, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from learning.data.stimuli import TrainingData
from learning.embedding.base import Codes
from learning.embedding.configs import IdentityConfig, PCAConfig


class Identity:
    """The features themselves, D = F."""

    needs_neutral: ClassVar[bool] = False

    def __init__(self, n_features: int) -> None:
        self.n_features = n_features

    @classmethod
    def from_config(cls, config: IdentityConfig, n_features: int, shape: tuple[int, ...] = ()) -> Self:
        """Makes the identity on ``n_features`` features."""
        return cls(n_features)

    def fit(self, data: TrainingData) -> None:
        """Nothing to learn."""

    def embed(self, features: NDArray[np.float32], neutral: NDArray[np.int64]) -> Codes:
        """Returns the features; ``neutral`` is not read."""
        return Codes(np.array(features, dtype=np.float32))

    def codes(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        """Returns the features, for a file that runs elsewhere."""
        return x * 1.0

    def tensors(self) -> dict[str, Tensor]:
        """Nothing was learned."""
        return {}

    def restore(self, tensors: dict[str, Tensor]) -> None:
        """Refuses tensors, since there is nothing to restore."""
        if tensors:
            raise ValueError(f"The identity has no weights, but the file holds {', '.join(sorted(tensors))}.")


class PCA:
    """Projection on the first D principal components of the training rows.

    With X the (N, F) training rows minus their mean, X = U·S·Vᵀ; the code of x is the first D rows of Vᵀ times
    (x − mean).
    The sign of each component makes its largest entry positive, so that a fit does not depend on the solver.
    """

    needs_neutral: ClassVar[bool] = False

    def __init__(self, latent: int, n_features: int) -> None:
        self.latent, self.n_features = latent, n_features
        self.centre = np.zeros(n_features, dtype=np.float32)
        self.components = np.zeros((latent, n_features), dtype=np.float32)

    @classmethod
    def from_config(cls, config: PCAConfig, n_features: int, shape: tuple[int, ...] = ()) -> Self:
        """Makes an unfitted projection; raises ValueError where there are fewer features than components."""
        if config.latent > n_features:
            raise ValueError(f"There are {n_features} features, too few for {config.latent} principal components.")
        return cls(config.latent, n_features)

    def fit(self, data: TrainingData) -> None:
        """Finds the components; raises ValueError where training rows are fewer than components."""
        rows = data.features[data.rows_of(0)].astype(np.float64)
        if len(rows) <= self.latent:
            raise ValueError(f"{len(rows)} training stimuli are too few for {self.latent} principal components.")
        centre = rows.mean(axis=0)
        # Eigenvectors of the F×F scatter matrix: the cost does not grow with N beyond one product.
        scatter = (rows - centre).T @ (rows - centre)
        _, vectors = np.linalg.eigh(scatter)
        components = vectors[:, ::-1][:, : self.latent].T
        largest = np.abs(components).argmax(axis=1)
        components = components * np.sign(components[np.arange(self.latent), largest])[:, None]
        self.centre = centre.astype(np.float32)
        self.components = np.ascontiguousarray(components, dtype=np.float32)

    def embed(self, features: NDArray[np.float32], neutral: NDArray[np.int64]) -> Codes:
        """Projects (N, F) features; ``neutral`` is not read."""
        return Codes(((features - self.centre) @ self.components.T).astype(np.float32))

    def codes(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        """Projects (n, F) features, for a file that runs elsewhere; ``y`` is not read."""
        return (x - torch.from_numpy(self.centre)) @ torch.from_numpy(self.components.T.copy())

    def tensors(self) -> dict[str, Tensor]:
        """Returns the centre (F,) and the components (D, F)."""
        return {"centre": torch.from_numpy(self.centre), "components": torch.from_numpy(self.components)}

    def restore(self, tensors: dict[str, Tensor]) -> None:
        """Takes a saved fit back; raises ValueError where it does not fit."""
        own = {name: tuple(tensor.shape) for name, tensor in self.tensors().items()}
        saved = {name: tuple(tensor.shape) for name, tensor in tensors.items()}
        if own != saved:
            raise ValueError(f"The saved components have the shapes {saved}, not {own}.")
        self.centre = tensors["centre"].cpu().numpy()
        self.components = tensors["components"].cpu().numpy()
