"""M2: M1 with a topological prior on the codes, from people's judgements (paper 000, section III-B, eq. 6-11).

p(Z) ∝ exp(−Φ(Z)/γ) · Π N(z_i | 0, I), where Φ sums, over triplets, w_t · ln(1 + exp(d(z_r, z_+) − d(z_r, z_−))).

    Loss = N/B Σ_{i in batch} [ 1/(2σ²L) Σ_l ‖x_i − f(z_il, y_i)‖² + β · KL_i ]
         + T/V Σ_{t in triplet batch} w_t/(γM) Σ_m softplus(d(z_r,tm, z_+,tm) − d(z_r,tm, z_−,tm))

d is the Euclidean norm between posterior samples, the m-th with the m-th (Fig. 2). Triplets of weight 0 are absent: T
counts the others. The batch and the 3V members of the triplets go through the encoder together.
"""

from __future__ import annotations

import dataclasses

import torch
from torch import Tensor

from learning.data.stimuli import TrainingData
from learning.data.triplets import TripletSet
from learning.data.weights import training_weights
from learning.embedding.configs import TripletVAEConfig
from learning.embedding.losses import triplet_nll
from learning.embedding.neutral_vae import NeutralVAE
from learning.embedding.vae_objective import Draw, VAEObjective

_CHUNK = 1024  # validation triplets evaluated at a time


class TripletVAE(NeutralVAE):
    """M2: the networks of M1; only the objective differs."""

    config: TripletVAEConfig

    def objective(self, data: TrainingData, device: torch.device) -> TripletVAEObjective:
        """Returns the loss of this network on ``data``."""
        return TripletVAEObjective(self, data, device)


class TripletVAEObjective(VAEObjective):
    """Loss and validation of M2."""

    loss_names: tuple[str, ...] = ("loss", "reconstruction", "kl", "triplet")
    config: TripletVAEConfig

    def __init__(self, model: TripletVAE, data: TrainingData, device: torch.device) -> None:
        """Moves the data to the device.

        Args:
            model: the network, already there.
            data: stimuli and triplets.
            device: where the data shall live.

        Raises:
            ValueError: as M1, and where no training triplet has a weight above zero.
        """
        super().__init__(model, data, device)
        self.triplets, self.weights = self._weighted(data.triplets, 0)
        self.validation_triplets, self.validation_weights = self._weighted(data.triplets, 1)
        if not len(self.triplets):
            raise ValueError(
                "The triplet-prior VAE needs at least one training triplet of a weight above zero; without any, train "
                "the VAE with neutral faces."
            )

    def _weighted(self, triplets: TripletSet, split: int) -> tuple[Tensor, Tensor]:
        """Returns the (T, 3) triplets of a split whose weight is above zero, and the (T,) weights."""
        weights = training_weights(triplets, self.config.weights)
        keep = (triplets.split == split) & (weights > 0)
        return torch.from_numpy(triplets.triplets[keep]), torch.from_numpy(weights[keep])

    def draw(self) -> Draw:
        """Draws a batch of stimuli, a batch of triplets, both with replacement, and their noise."""
        config, pool = self.config, super().draw()
        chosen = torch.randint(len(self.triplets), (config.triplet_batch,), generator=self.generator)
        noise = torch.randn(3 * config.triplet_batch, config.triplet_samples, config.latent, generator=self.generator)
        triplets, weights = self.triplets[chosen].to(self.device), self.weights[chosen].to(self.device)
        return dataclasses.replace(pool, triplets=triplets, weights=weights, triplet_noise=noise.to(self.device))

    def losses_of(self, draw: Draw, beta: float, prior_beta: float = 1.0) -> Tensor:
        """Returns [loss, reconstruction, kl, triplet] of a given draw (eq. 11); the last is the mean of w_t · energy.

        ``prior_beta`` multiplies what the prior adds to KL. With smoothness, its mean comes at the end.
        """
        if draw.triplets is None or draw.weights is None or draw.triplet_noise is None:
            raise ValueError("The triplet-prior VAE needs a draw with triplets.")
        pool = len(draw.rows)
        rows = torch.cat([draw.rows, draw.triplets.flatten()])  # (B + 3V,)
        x = self.features.index_select(0, rows)
        y, person = self.neutrals_of(rows)
        mean, log_variance = self.model.encode(x, y, person, self.dropout)
        own = None if person is None else person[:pool]
        reconstruction, kl = self.elbo_terms(
            x[:pool], y, own, mean[:pool], log_variance[:pool], draw.noise, self.dropout
        )
        energies = self.energies(mean[pool:], log_variance[pool:], draw.triplet_noise)  # (V,)
        triplet = (draw.weights * energies).mean()
        config = self.config
        loss = len(self.train_rows) / self.scale * (reconstruction + beta * kl)
        loss = loss + prior_beta * len(self.triplets) / (self.scale * config.topological_variance) * triplet
        return self.with_smoothness(torch.stack([loss, reconstruction, kl, triplet]), draw, prior_beta)

    def energies(self, mean: Tensor, log_variance: Tensor, noise: Tensor) -> Tensor:
        """Returns the (V,) energies, averaged over M samples, of 3V members (3V, D) with noise (3V, M, D)."""
        z = self.model.prior.sample(mean, log_variance, noise).view(-1, 3, *noise.shape[1:])  # (V, 3, M, D)
        return triplet_nll(z[:, 0], z[:, 1], z[:, 2]).mean(1)

    @torch.no_grad()
    def validate(self) -> dict[str, float] | None:
        """Computes the validation ELBO with the validation triplets' prior, up to that prior's unknown constant.

        Returns:
            As M1, and "triplet": the mean of w_t · energy; "elbo" includes −Σ_t w_t · energy / (γ · N). It can be
            compared between runs of M2 with the same γ and the same triplets, not with M1's.
        """
        terms = super().validate()
        if terms is None or not len(self.validation_triplets):
            return terms
        generator = torch.Generator().manual_seed(self.config.seed + 3)
        total = torch.zeros((), dtype=torch.float64)
        samples, latent = self.config.triplet_samples, self.config.latent
        chunk = max(1, min(_CHUNK, self.model.chunk // 3))
        for triplets, weights in zip(
            torch.split(self.validation_triplets, chunk), torch.split(self.validation_weights, chunk), strict=True
        ):
            distinct, member = torch.unique(triplets.to(self.device), return_inverse=True)
            y, person = self.neutrals_of(distinct)
            mean, log_variance = self.model.encode(self.features[distinct], y, person)
            member = member.flatten()
            noise = torch.randn(len(member), samples, latent, generator=generator).to(self.device)
            energies = self.energies(mean[member], log_variance[member], noise).cpu()
            total += (weights * energies).double().sum()
        count = len(self.validation_triplets)
        terms["triplet"] = total.item() / count
        terms["elbo"] -= total.item() / (self.config.topological_variance * len(self.validation_rows))
        return terms
