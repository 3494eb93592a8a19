"""Eq. 5 of paper 000 on batches of resident tensors, and the validation ELBO that chooses the final model."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import torch
from torch import Tensor

from learning.data.stimuli import TrainingData
from learning.embedding.base import OnePhase, require_neutral
from learning.embedding.calibration import optimal_nll, optimal_variance
from learning.embedding.dropout import Dropout
from learning.embedding.fast_step import FastStep, supported
from learning.embedding.layers import Encoder
from learning.embedding.losses import gaussian_constant
from learning.embedding.smoothness import expected_steps, neighbours

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
        pairs: (S, 2) neighbouring frames (with smoothness only).
    """

    rows: Tensor
    noise: Tensor
    triplets: Tensor | None = None
    weights: Tensor | None = None
    triplet_noise: Tensor | None = None
    pairs: Tensor | None = None


class VAEObjective(OnePhase):
    """Loss and validation of a VAE or M1."""

    loss_names: tuple[str, ...] = ("loss", "reconstruction", "kl")
    score_name: ClassVar[str] = "elbo"
    model: VAE

    def __init__(self, model: VAE, data: TrainingData, device: torch.device) -> None:
        """Moves the data to the device.

        Args:
            model: the network, already there.
            data: stimuli; rows of split 0 train, rows of split 1 validate.
            device: where the data shall live.

        Raises:
            ValueError: no training stimulus, one without the neutral face that the model needs, or no pair of
                neighbouring frames where the settings ask for smoothness.
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
        model.centre_on(data.mean)
        self.chunk = min(_CHUNK, model.chunk)
        self.pairs, self.validation_pairs = (self._neighbours(data, split) for split in (0, 1))
        if self.config.smoothness:
            self.loss_names = (*self.loss_names, "smoothness")
            if not len(self.pairs):
                raise ValueError("Smoothness needs a training sequence with at least two frames, but there is none.")

    def _neighbours(self, data: TrainingData, split: int) -> Tensor:
        """Returns the (Q, 2) pairs of neighbouring frames of a split; none where no smoothness is asked for."""
        if not self.config.smoothness:
            return torch.empty(0, 2, dtype=torch.int64)
        return torch.from_numpy(neighbours(data, self.config.sequence, self.config.frame, split))

    @property
    def scale(self) -> float:
        """What eq. 11 is divided by: 1 for the literal sum over the data set, N for the mean."""
        return 1.0 if self.config.scaling == "sum" else float(len(self.train_rows))

    @property
    def plain(self) -> bool:
        """Whether this is the paper's own form: dense networks, normal prior, fixed variance, no smoothness."""
        config = self.config
        chosen = (config.prior, config.decoder_variance, config.reconstruction, config.smoothness)
        return isinstance(self.model.encoder, Encoder) and chosen == ("normal", "fixed", "squared", 0)

    def draw(self) -> Draw:
        """Draws a batch with replacement, and its noise.

        All draws come from one CPU generator, so that a run is the same sequence of batches on any device.
        """
        config = self.config
        rows = self.train_rows[torch.randint(len(self.train_rows), (config.batch_size,), generator=self.generator)]
        noise = torch.randn(config.batch_size, config.samples, config.latent, generator=self.generator)
        pairs = None
        if len(self.pairs):
            pairs = self.pairs[torch.randint(len(self.pairs), (config.smoothness_batch,), generator=self.generator)]
            pairs = pairs.to(self.device)
        return Draw(rows.to(self.device), noise.to(self.device), pairs=pairs)

    def neutrals_of(self, rows: Tensor) -> tuple[Tensor | None, Tensor | None]:
        """Returns the (P, F) distinct neutral faces of (R,) rows, and the (R,) index of each row's own."""
        if self.neutral is None:
            return None, None
        distinct, person = torch.unique(self.neutral[rows], return_inverse=True)
        return self.features.index_select(0, distinct), person

    def gradients(self, iteration: int, phase: str) -> Tensor:
        """As ``OnePhase.gradients``, by ``fast_step`` where it can."""
        if self.fast is None:
            return super().gradients(iteration, phase)
        return self.fast.gradients(self.draw(), self.config.beta(iteration), self.config.prior_beta(iteration))

    @cached_property
    def fast(self) -> FastStep | None:
        """The step without autograd; None where autograd has to do it."""
        return FastStep(self) if supported(self) else None

    def losses(self, iteration: int) -> Tensor:
        """Returns [loss, reconstruction, kl] of a fresh batch; the last two are means over its stimuli.

        With smoothness, the mean of ‖z_t − z_{t+1}‖² comes after them.
        """
        return self.losses_of(self.draw(), self.config.beta(iteration), self.config.prior_beta(iteration))

    def losses_of(self, draw: Draw, beta: float, prior_beta: float = 1.0) -> Tensor:
        """Returns the losses of a given draw (eq. 5 with eq. 13); ``prior_beta`` multiplies the smoothness."""
        x = self.features.index_select(0, draw.rows)
        y, person = self.neutrals_of(draw.rows)
        mean, log_variance = self.model.encode(x, y, person, self.dropout)
        reconstruction, kl = self.elbo_terms(x, y, person, mean, log_variance, draw.noise, self.dropout)
        loss = len(self.train_rows) / self.scale * (reconstruction + beta * kl)
        return self.with_smoothness(torch.stack([loss, reconstruction, kl]), draw, prior_beta)

    def with_smoothness(self, losses: Tensor, draw: Draw, prior_beta: float) -> Tensor:
        """Adds the smoothness of the draw's pairs, if any, to the first of (K,) losses, and itself at their end."""
        if draw.pairs is None:
            return losses
        steps = self.steps_of(draw.pairs, self.dropout).mean()
        term = prior_beta * self.config.smoothness * len(self.pairs) / self.scale * steps
        return torch.cat([(losses[0] + term)[None], losses[1:], steps[None]])

    def steps_of(self, pairs: Tensor, dropout: Dropout | None) -> Tensor:
        """Returns the (S,) expected squared distances between the codes of (S, 2) neighbouring frames."""
        rows = pairs.flatten()
        y, person = self.neutrals_of(rows)
        encoded = self.model.encode(self.features.index_select(0, rows), y, person, dropout)
        return expected_steps(*self.model.prior.moments(*encoded))

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
        """Computes both terms of the ELBO for R stimuli as the loss has them.

        Args and shapes as ``error_and_kl``.

        Returns:
            Two numbers, means over the stimuli: ‖x − f(z)‖²/(2σ²) averaged over L samples, and KL. With a calibrated
            decoder the first is the whole negative log-likelihood, see ``calibration``.
        """
        square, kl = self.error_and_kl(x, y, person, mean, log_variance, noise, dropout)
        if self.config.decoder_variance == "calibrated":
            return optimal_nll(square, x.shape[1]), kl
        return square / (2 * self.config.reconstruction_variance), kl

    def error_and_kl(
        self,
        x: Tensor,
        y: Tensor | None,
        person: Tensor | None,
        mean: Tensor,
        log_variance: Tensor,
        noise: Tensor,
        dropout: Dropout | None,
    ) -> tuple[Tensor, Tensor]:
        """Computes what both terms of the ELBO are made of, for R stimuli.

        Args:
            x: (R, F) stimuli.
            y: (P, F) neutral faces.
            person: (R,) rows of ``y``.
            mean: (R, D) posterior means.
            log_variance: (R, D) posterior log-variances.
            noise: (R, L, D) noise.
            dropout: of the decoder.

        Returns:
            Two numbers, means over the stimuli: ‖x − f(z)‖² averaged over L samples, and KL.
        """
        z = self.model.prior.sample(mean, log_variance, noise)  # (R, L, D)
        decoded = self.model.decode(z, y, person, dropout)  # (R, L, F)
        return self.model.errors(x, decoded).mean(), self.model.prior.kl(mean, log_variance).mean()

    @torch.no_grad()
    def validate(self) -> dict[str, float] | None:
        """Computes the ELBO of the validation stimuli at β = 1, without dropout, as a mean per stimulus in nats.

        The noise is the same at every call, so that evaluations of a run differ by the model alone. The constant
        F/2·ln(2πσ²), which eq. 11 drops, is included, so that ELBOs of different σ², fixed or calibrated, compare.

        Returns:
            "elbo", "reconstruction" and "kl"; with a calibrated decoder also its "variance" σ²; with smoothness also
            the mean of ‖z_t − z_{t+1}‖², which the ELBO then includes up to its prior's constant. None without
            validation stimuli.
        """
        count, extra, variance = len(self.validation_rows), {}, self.config.reconstruction_variance
        if self.config.decoder_variance == "calibrated":
            extra["variance"] = variance = self._calibrate()
        if not count:
            return None
        square, kl = self._evaluated(self.validation_rows)
        reconstruction = square / (2 * variance)
        elbo = -(reconstruction + gaussian_constant(self.features.shape[1], variance) + kl)
        if len(self.validation_pairs):
            pieces = torch.split(self.validation_pairs.to(self.device), max(1, self.chunk // 2))
            steps = sum(self.steps_of(pairs, None).double().sum().item() for pairs in pieces)
            extra["smoothness"] = steps / len(self.validation_pairs)
            elbo -= self.config.smoothness * steps / count
        return {"elbo": elbo, "reconstruction": reconstruction, "kl": kl} | extra

    def _calibrate(self) -> float:
        """Measures σ² on training stimuli without dropout, gives it to the model and returns it."""
        count = min(len(self.train_rows), _CHUNK)
        rows = self.train_rows[torch.linspace(0, len(self.train_rows) - 1, count).long()].to(self.device)
        square, _ = self._evaluated(rows)
        variance = optimal_variance(torch.tensor(square), self.features.shape[1])
        self.model.get_buffer("variance").copy_(variance)
        return variance.item()

    def _evaluated(self, chosen: Tensor) -> tuple[float, float]:
        """Returns the means over the (R,) stimuli of ‖x − f(z)‖² and of KL, without dropout."""
        generator = torch.Generator().manual_seed(self.config.seed + 2)
        totals, count = torch.zeros(2, dtype=torch.float64), len(chosen)
        for rows in torch.split(chosen, self.chunk):
            x = self.features[rows]
            y, person = self.neutrals_of(rows)
            mean, log_variance = self.model.encode(x, y, person)
            noise = torch.randn(len(rows), self.config.samples, self.config.latent, generator=generator).to(self.device)
            terms = self.error_and_kl(x, y, person, mean, log_variance, noise, None)
            totals += torch.stack(terms).double().cpu() * len(rows)
        square, kl = (totals / count).tolist()
        return square, kl
