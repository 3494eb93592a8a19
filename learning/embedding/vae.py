"""The standard variational autoencoder of paper 000 (section II; eq. 5 and 13 without y), and what M1 shares with it.

Generative story: z ~ N(0, I), x ~ N(f(z), σ²I). Posterior: q(z | x) = N(μ(x), diag σ²(x)).

    Loss = N/B Σ_{i in batch} [ 1/(2σ²L) Σ_l ‖x_i − f(z_il)‖² + β · KL(q(z | x_i) ‖ N(0, I)) ],   z_il = μ + σ·ε

Symbols: N training stimuli, F features, D latent size, B batch, L samples; P distinct persons of a batch.

What can be chosen beside the paper's own form: networks for images (``conv``) and point clouds (``points``), the prior
(``priors``), the variance of the likelihood (``calibration``) and temporal smoothness (``smoothness``).

Mikheeva, Ek, Kjellström: Perceptual facial expression representation. FG 2018.
"""

from __future__ import annotations

import math
from typing import ClassVar, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from learning.data.stimuli import TrainingData
from learning.embedding.base import Codes, require_neutral, restore_module
from learning.embedding.configs import VAEConfig
from learning.embedding.conv import conv_networks
from learning.embedding.dropout import Dropout
from learning.embedding.layers import Decoder, Encoder
from learning.embedding.losses import squared_distance
from learning.embedding.points import Cloud, PointEncoder, point_networks
from learning.embedding.priors import prior_of
from learning.embedding.vae_objective import VAEObjective

_CHUNK = 4096  # rows embedded at a time, fewer where
_UNITS = 1 << 24  # numbers of one layer in memory would be exceeded


class VAE(nn.Module):
    """Encoder and decoder; with ``config.conditional`` both also see the neutral face y.

    Attributes:
        prior: of the codes, with the posteriors that go with it.
        chunk: rows that are embedded at a time.
    """

    needs_neutral: ClassVar[bool] = False

    def __init__(self, config: VAEConfig, n_features: int, shape: tuple[int, ...] = ()) -> None:
        super().__init__()
        self.config, self.prior = config, prior_of(config)
        self.encoder, self.decoder, units = _networks(config, n_features, shape)
        self.chunk = max(1, min(_CHUNK, _UNITS // units))
        if config.decoder_variance == "calibrated":
            self.register_buffer("variance", torch.tensor(config.reconstruction_variance))

    @classmethod
    def from_config(cls, config: VAEConfig, n_features: int, shape: tuple[int, ...] = ()) -> Self:
        """Makes an untrained network; the caller seeds torch for its initial weights.

        Args:
            config: the settings.
            n_features: F.
            shape: of a stimulus before flattening; () for plain features.

        Raises:
            ValueError: the shape does not fit F or the network that the settings name.
        """
        return cls(config, n_features, shape)

    def centre_on(self, mean: NDArray[np.float32]) -> None:
        """Tells networks of point clouds the (F,) training mean, so that they see clouds where they were."""
        for module in self.modules():
            if isinstance(module, Cloud):
                module.get_buffer("centre").copy_(torch.from_numpy(mean))

    def encode(
        self, x: Tensor, y: Tensor | None, person: Tensor | None, dropout: Dropout | None = None
    ) -> tuple[Tensor, Tensor]:
        """Returns (R, D) means and log-variances of q(z | x, y); arguments as ``Encoder.forward``.

        With a Beta prior they are those of the normal variable behind z, see ``priors``.
        """
        mean, log_variance = self.encoder(x, y, person, dropout)
        return mean, log_variance

    def codes(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        """Returns (R, D) posterior means, for a file that runs elsewhere.

        Args:
            x: (R, F) centred features.
            y: (R, F) each row's own neutral face, where the model reads one.
        """
        return self.prior.moments(*self.encode(x, y, None))[0]

    def decode(self, z: Tensor, y: Tensor | None, person: Tensor | None, dropout: Dropout | None = None) -> Tensor:
        """Returns (R, L, F) reconstructions of (R, L, D) codes; arguments as ``Decoder.forward``."""
        reconstruction: Tensor = self.decoder(z, y, person, dropout)
        return reconstruction

    def errors(self, x: Tensor, decoded: Tensor) -> Tensor:
        """Returns the (R, L) squared errors, or Chamfer distances, of (R, L, F) reconstructions of (R, F) stimuli."""
        if self.config.reconstruction == "chamfer" and isinstance(self.encoder, PointEncoder):
            return self.encoder.chamfer(x, decoded)
        return squared_distance(decoded, x[:, None])

    @torch.no_grad()
    def embed(self, features: NDArray[np.float32], neutral: NDArray[np.int64]) -> Codes:
        """Returns posterior means and log-variances of z, without dropout.

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
        for start in range(0, len(features), self.chunk):
            x = torch.from_numpy(np.ascontiguousarray(features[start : start + self.chunk])).to(device)
            y = person = None
            if self.needs_neutral:
                rows, inverse = np.unique(neutral[start : start + self.chunk], return_inverse=True)
                y = torch.from_numpy(np.ascontiguousarray(features[rows])).to(device)
                person = torch.from_numpy(inverse.astype(np.int64)).to(device)
            mean, log_variance = self.prior.moments(*self.encode(x, y, person))
            means.append(mean.cpu().numpy())
            log_variances.append(log_variance.cpu().numpy())
        return Codes(np.concatenate(means), np.concatenate(log_variances))

    @torch.no_grad()
    def generate(self, codes: NDArray[np.float32], neutral: NDArray[np.float32] | None = None) -> NDArray[np.float32]:
        """Decodes codes, without dropout.

        Args:
            codes: (Q, D) codes; numbers outside of the prior's bounds are taken to them.
            neutral: centred neutral faces for M1 and M2, (F,) one for all or (Q, F).

        Returns:
            (Q, F) centred features.

        Raises:
            ValueError: the model needs a neutral face and none is given.
        """
        if self.needs_neutral and neutral is None:
            raise ValueError("This model decodes a code for a person, so it needs a neutral stimulus.")
        device = next(self.parameters()).device
        z = torch.from_numpy(np.clip(codes, *self.prior.support).astype(np.float32))[:, None]  # (Q, 1, D)
        faces = None
        if self.needs_neutral and neutral is not None:
            faces = torch.from_numpy(neutral).expand(len(codes), -1)
        decoded = []
        for start in range(0, len(codes), self.chunk):
            y = None if faces is None else faces[start : start + self.chunk].to(device)
            decoded.append(self.decode(z[start : start + self.chunk].to(device), y, None)[:, 0].cpu().numpy())
        return np.concatenate(decoded)

    def objective(self, data: TrainingData, device: torch.device) -> VAEObjective:
        """Returns the loss of this network on ``data``."""
        return VAEObjective(self, data, device)

    def tensors(self) -> dict[str, Tensor]:
        """Returns the weights by name."""
        return dict(self.state_dict())

    def restore(self, tensors: dict[str, Tensor]) -> None:
        """Takes saved weights back; raises ValueError where they do not fit."""
        restore_module(self, tensors)


def _networks(config: VAEConfig, n_features: int, shape: tuple[int, ...]) -> tuple[nn.Module, nn.Module, int]:
    """Returns encoder, decoder, and the numbers in the largest layer of a stimulus."""
    kind = config.network
    if kind == "auto":
        kind = "conv" if len(shape) == 3 else "dense"
    if kind == "dense":
        y_size = n_features if config.conditional else 0
        encoder = Encoder(n_features, y_size, config.encoder, config.latent)
        return encoder, Decoder(config.latent, y_size, config.decoder, n_features), n_features
    if math.prod(shape) != n_features:
        raise ValueError(f"A stimulus of the shape {shape} does not have {n_features} features.")
    return conv_networks(config, shape) if kind == "conv" else point_networks(config, shape)
