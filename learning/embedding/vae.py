"""The standard variational autoencoder of paper 000 (section II; eq. 5 and 13 without y), and what M1 shares with it.

Generative story: z ~ N(0, I), x ~ N(f(z), σ²I). Posterior: q(z | x) = N(μ(x), diag σ²(x)).

    Loss = N/B Σ_{i in batch} [ 1/(2σ²L) Σ_l ‖x_i − f(z_il)‖² + β · KL(q(z | x_i) ‖ N(0, I)) ],   z_il = μ + σ·ε

Symbols: N training stimuli, F features, D latent size, B batch, L samples; P distinct persons of a batch.

Mikheeva, Ek, Kjellström: Perceptual facial expression representation. FG 2018.
"""

from __future__ import annotations

from typing import ClassVar, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from learning.data.stimuli import TrainingData
from learning.embedding.base import Codes, require_neutral, restore_module
from learning.embedding.configs import VAEConfig
from learning.embedding.dropout import Dropout
from learning.embedding.layers import Decoder, Encoder
from learning.embedding.vae_objective import VAEObjective

_CHUNK = 4096  # rows embedded at a time


class VAE(nn.Module):
    """Encoder and decoder; with ``config.conditional`` both also see the neutral face y."""

    needs_neutral: ClassVar[bool] = False

    def __init__(self, config: VAEConfig, n_features: int) -> None:
        super().__init__()
        self.config = config
        y_size = n_features if config.conditional else 0
        self.encoder = Encoder(n_features, y_size, config.encoder, config.latent)
        self.decoder = Decoder(config.latent, y_size, config.decoder, n_features)

    @classmethod
    def from_config(cls, config: VAEConfig, n_features: int, shape: tuple[int, ...] = ()) -> Self:
        """Makes an untrained network; the caller seeds torch for its initial weights."""
        return cls(config, n_features)

    def encode(
        self, x: Tensor, y: Tensor | None, person: Tensor | None, dropout: Dropout | None = None
    ) -> tuple[Tensor, Tensor]:
        """Returns (R, D) means and log-variances of q(z | x, y); arguments as ``Encoder.forward``."""
        mean, log_variance = self.encoder(x, y, person, dropout)
        return mean, log_variance

    def decode(self, z: Tensor, y: Tensor | None, person: Tensor | None, dropout: Dropout | None = None) -> Tensor:
        """Returns (R, L, F) reconstructions of (R, L, D) codes; arguments as ``Decoder.forward``."""
        reconstruction: Tensor = self.decoder(z, y, person, dropout)
        return reconstruction

    @torch.no_grad()
    def embed(self, features: NDArray[np.float32], neutral: NDArray[np.int64]) -> Codes:
        """Returns posterior means and log-variances, without dropout.

        Args:
            features: (N, F) features, centred as in training.
            neutral: (N,) rows of the neutral faces in ``features``.

        Returns:
            The codes.

        Raises:
            ValueError: a stimulus has no neutral face and the model needs one.
        """
        if self.needs_neutral:
            require_neutral(neutral)
        device = next(self.parameters()).device
        means, log_variances = [], []
        for start in range(0, len(features), _CHUNK):
            x = torch.from_numpy(np.ascontiguousarray(features[start : start + _CHUNK])).to(device)
            y = person = None
            if self.needs_neutral:
                rows, inverse = np.unique(neutral[start : start + _CHUNK], return_inverse=True)
                y = torch.from_numpy(np.ascontiguousarray(features[rows])).to(device)
                person = torch.from_numpy(inverse.astype(np.int64)).to(device)
            mean, log_variance = self.encode(x, y, person)
            means.append(mean.cpu().numpy())
            log_variances.append(log_variance.cpu().numpy())
        return Codes(np.concatenate(means), np.concatenate(log_variances))

    def objective(self, data: TrainingData, device: torch.device) -> VAEObjective:
        """Returns the loss of this network on ``data``."""
        return VAEObjective(self, data, device)

    def tensors(self) -> dict[str, Tensor]:
        """Returns the weights by name."""
        return dict(self.state_dict())

    def restore(self, tensors: dict[str, Tensor]) -> None:
        """Takes saved weights back; raises ValueError where they do not fit."""
        restore_module(self, tensors)
