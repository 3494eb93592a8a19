"""Eq. 5 of paper 000 on batches of resident tensors, and the validation ELBO that chooses the final model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import torch
from torch import Tensor

from learning.data.stimuli import TrainingData
from learning.embedding.base import OnePhase, require_neutral
from learning.embedding.dropout import Dropout
from learning.embedding.losses import gaussian_constant, gaussian_nll, kl_standard_normal, reparameterise

if TYPE_CHECKING:
    from learning.embedding.vae import VAE

_CHUNK = 2048  # validation stimuli evaluated at a time


@dataclass(frozen=True)
class Draw:
    """The random choices of one step.

    Attributes:
        rows: (B,) stimuli of the batch.
        noise: (B, L, D) standard normal noise of their samples.
        triplets: (V, 3) stimuli of the triplet batch (M2 only).
        weights: (V,) their weights (M2 only).
        triplet_noise: (3V, M, D) noise of their members, in the order of ``triplets.flatten()`` (M2 only).
    """

    rows: Tensor
    noise: Tensor
    triplets: Tensor | None = None
    weights: Tensor | None = None
    triplet_noise: Tensor | None = None


class VAEObjective(OnePhase):
    """Loss and validation of a VAE or M1."""

    loss_names: ClassVar[tuple[str, ...]] = ("loss", "reconstruction", "kl")
    score_name: ClassVar[str] = "elbo"
    model: VAE

    def __init__(self, model: VAE, data: TrainingData, device: torch.device) -> None:
        """Moves the data to the device.

        Args:
            model: the network, already there.
            data: stimuli; rows of split 0 train, rows of split 1 validate.
            device: where the data shall live.

        Raises:
            ValueError: no training stimulus, or one without the neutral face that the model needs.
        """
        self.model, self.config, self.device = model, model.config, device
        self.generator = torch.Generator().manual_seed(self.config.seed)
        self.dropout = (
            Dropout(self.config.dropout, self.generator, self.config.seed + 1, device) if self.config.dropout else None
        )
        self.features = torch.from_numpy(np.ascontiguousarray(data.features)).to(device)
        self.train_rows = torch.from_numpy(data.rows_of(0))
        self.validation_rows = torch.from_numpy(data.rows_of(1)).to(device)
        if not len(self.train_rows):
            raise ValueError("No stimulus is in the training split.")
        self.neutral: Tensor | None = None
        if model.needs_neutral:
            require_neutral(data.neutral)
            self.neutral = torch.tensor(data.neutral).to(device)

    @property
    def scale(self) -> float:
        """What eq. 11 is divided by: 1 for the literal sum over the data set, N for the mean."""
        return 1.0 if self.config.scaling == "sum" else float(len(self.train_rows))

    def draw(self) -> Draw:
        """Draws a batch with replacement, and its noise.

        All draws come from one CPU generator, so that a run is the same sequence of batches on any device.
        """
        config = self.config
        rows = self.train_rows[torch.randint(len(self.train_rows), (config.batch_size,), generator=self.generator)]
        noise = torch.randn(config.batch_size, config.samples, config.latent, generator=self.generator)
        return Draw(rows.to(self.device), noise.to(self.device))

    def neutrals_of(self, rows: Tensor) -> tuple[Tensor | None, Tensor | None]:
        """Returns the (P, F) distinct neutral faces of (R,) rows, and the (R,) index of each row's own."""
        if self.neutral is None:
            return None, None
        distinct, person = torch.unique(self.neutral[rows], return_inverse=True)
        return self.features.index_select(0, distinct), person

    def losses(self, iteration: int) -> Tensor:
        """Returns [loss, reconstruction, kl] of a fresh batch; the last two are means over its stimuli."""
        return self.losses_of(self.draw(), self.config.beta(iteration))

    def losses_of(self, draw: Draw, beta: float) -> Tensor:
        """Returns the losses of a given draw (eq. 5 with eq. 13)."""
        x = self.features.index_select(0, draw.rows)
        y, person = self.neutrals_of(draw.rows)
        mean, log_variance = self.model.encode(x, y, person, self.dropout)
        reconstruction, kl = self.elbo_terms(x, y, person, mean, log_variance, draw.noise, self.dropout)
        loss = len(self.train_rows) / self.scale * (reconstruction + beta * kl)
        return torch.stack([loss, reconstruction, kl])

    def elbo_terms(
        self,
        x: Tensor,
        y: Tensor | None,
        person: Tensor | None,
        mean: Tensor,
        log_variance: Tensor,
        noise: Tensor,
        dropout: Dropout | None,
    ) -> tuple[Tensor, Tensor]:
        """Computes both terms of the ELBO for R stimuli.

        Args:
            x: (R, F) stimuli.
            y: (P, F) neutral faces.
            person: (R,) rows of ``y``.
            mean: (R, D) posterior means.
            log_variance: (R, D) posterior log-variances.
            noise: (R, L, D) noise.
            dropout: of the decoder.

        Returns:
            Two numbers, means over the stimuli: ‖x − f(z)‖²/(2σ²) averaged over L samples, and KL.
        """
        z = reparameterise(mean, log_variance, noise)  # (R, L, D)
        decoded = self.model.decode(z, y, person, dropout)  # (R, L, F)
        reconstruction = gaussian_nll(x[:, None], decoded, self.config.reconstruction_variance).mean()
        return reconstruction, kl_standard_normal(mean, log_variance).mean()

    @torch.no_grad()
    def validate(self) -> dict[str, float] | None:
        """Computes the ELBO of the validation stimuli at β = 1, without dropout, as a mean per stimulus in nats.

        The noise is the same at every call, so that evaluations of a run differ by the model alone. The constant
        F/2·ln(2πσ²), which eq. 11 drops, is included.

        Returns:
            "elbo", "reconstruction" and "kl"; None without validation stimuli.
        """
        count = len(self.validation_rows)
        if not count:
            return None
        generator = torch.Generator().manual_seed(self.config.seed + 2)
        totals = torch.zeros(2, dtype=torch.float64)
        for rows in torch.split(self.validation_rows, _CHUNK):
            x = self.features[rows]
            y, person = self.neutrals_of(rows)
            mean, log_variance = self.model.encode(x, y, person)
            noise = torch.randn(len(rows), self.config.samples, self.config.latent, generator=generator).to(self.device)
            terms = self.elbo_terms(x, y, person, mean, log_variance, noise, None)
            totals += torch.stack(terms).double().cpu() * len(rows)
        reconstruction, kl = (totals / count).tolist()
        constant = gaussian_constant(self.features.shape[1], self.config.reconstruction_variance)
        return {"elbo": -(reconstruction + constant + kl), "reconstruction": reconstruction, "kl": kl}
