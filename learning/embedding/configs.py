"""The settings of every embedding, without torch: one frozen dataclass a model, defaults of paper 000, section V-C."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from learning.training.config import JsonConfig, TrainingConfig, require_positive


@dataclass(frozen=True)
class IdentityConfig(JsonConfig):
    """Row "None" of the tables: the features as they are. Nothing to set."""


@dataclass(frozen=True)
class PCAConfig(JsonConfig):
    """Row "PCA".

    Attributes:
        latent: number of principal components.
    """

    latent: int = 30

    def __post_init__(self) -> None:
        require_positive(self, "latent")


@dataclass(frozen=True)
class VAEConfig(TrainingConfig):
    """The standard VAE. With F features the paper's layers are [F, 480, 240, 120, 60, 30] and back.

    What is not in the paper's experiments (network, width and below ``scaling``) has a default that changes nothing.

    Attributes:
        latent: D, the size of the code.
        network: "dense" = fully connected; "conv" = convolutions before and after, for images (C, H, W); "points" = a
            network that does not see the order of a stimulus's points, for (P, 3); "auto" = "conv" where stimuli have
            the shape (C, H, W), otherwise "dense".
        width: channels of the first convolution, or half of the first layer that all points share.
        encoder: widths of the encoder's hidden layers; input and code are added by ``encoder_layers``.
        decoder: widths of the decoder's hidden layers; input and output are added by ``decoder_layers``.
        dropout: probability that a hidden unit is dropped (the paper's "0.9" is the probability that it is kept).
        batch_size: B, stimuli a step.
        samples: L, posterior samples of each stimulus of the batch.
        reconstruction_variance: σ² of the likelihood, in squared feature units.
        annealing: "kl" multiplies the KL term by β, which rises linearly from 0 to 1; "prior" the whole prior, where it
            has more terms: those of triplets (M2) and of smoothness; "none" keeps β = 1.
        anneal_iterations: steps in which β rises; None means all ``iterations``.
        scaling: "sum" is the literal N/B (and T/V) of eq. 11; "mean" divides the whole loss by N.
        reconstruction: "squared" error; "chamfer" for clouds whose points have no order (network "points" only).
        decoder_variance: "fixed" at ``reconstruction_variance``; "calibrated" = the mean squared error of each batch.
        prior: of the code: "normal", or "beta": its numbers are in (0, 1), each with the prior Beta(prior_a, prior_b).
        prior_a: of the Beta prior; its mean is a/(a + b), and with a < 1 most numbers are near 0.
        prior_b: of the Beta prior.
        smoothness: λ of the temporal smoothness of codes; 0 = none.
        smoothness_batch: pairs of neighbouring frames a step.
        sequence: the label that names the sequence a stimulus is of.
        frame: the label that holds its frame number.
    """

    latent: int = 30
    network: Literal["auto", "dense", "conv", "points"] = "auto"
    width: int = 32
    encoder: tuple[int, ...] = (480, 240, 120, 60)
    decoder: tuple[int, ...] = (60, 120, 240, 480)
    dropout: float = 0.1
    batch_size: int = 200
    samples: int = 3
    reconstruction_variance: float = 0.001
    annealing: Literal["none", "kl", "prior"] = "kl"
    anneal_iterations: int | None = None
    scaling: Literal["sum", "mean"] = "sum"
    reconstruction: Literal["squared", "chamfer"] = "squared"
    decoder_variance: Literal["fixed", "calibrated"] = "fixed"
    prior: Literal["normal", "beta"] = "normal"
    prior_a: float = 0.5
    prior_b: float = 1.5
    smoothness: float = 0.0
    smoothness_batch: int = 50
    sequence: str = "sequence"
    frame: str = "frame"

    def __post_init__(self) -> None:
        super().__post_init__()
        require_positive(self, "latent", "encoder", "decoder", "batch_size", "samples", "reconstruction_variance")
        require_positive(self, "width", "prior_a", "prior_b", "smoothness_batch")
        if self.anneal_iterations is not None:
            require_positive(self, "anneal_iterations")
        if not self.encoder or not self.decoder:
            raise ValueError(f"{type(self).__name__} needs at least one hidden layer in encoder and decoder.")
        if not 0 <= self.dropout < 1:
            raise ValueError(f"{type(self).__name__}.dropout must be in [0, 1), but is {self.dropout}.")
        if not 0 <= self.smoothness < float("inf"):
            raise ValueError(f"{type(self).__name__}.smoothness must not be negative, but is {self.smoothness}.")
        for name in ("sequence", "frame"):
            if not getattr(self, name):
                raise ValueError(f"{type(self).__name__}.{name} must be the name of a label, not empty.")
        if self.reconstruction == "chamfer" and self.network != "points":
            raise ValueError(
                f"{type(self).__name__}.reconstruction can be 'chamfer' only with the network 'points', not "
                f"{self.network!r}."
            )
        if self.annealing == "prior" and not self.has_prior_terms:
            raise ValueError(
                f"{type(self).__name__}.annealing must be one of 'none', 'kl', not 'prior': this prior has no term "
                "beside KL unless smoothness is above zero."
            )

    @property
    def has_prior_terms(self) -> bool:
        """Whether the prior has terms beside KL."""
        return self.smoothness > 0

    @property
    def conditional(self) -> bool:
        """Whether encoder and decoder also see the person's neutral face y."""
        return False

    def encoder_layers(self, n_features: int) -> list[int]:
        """Returns all layer sizes as the paper writes them, for F = ``n_features``: [F or 2F, ..., D]."""
        return [n_features * (2 if self.conditional else 1), *self.encoder, self.latent]

    def decoder_layers(self, n_features: int) -> list[int]:
        """Returns all layer sizes as the paper writes them, for F = ``n_features``: [D or D + F, ..., F]."""
        return [self.latent + (n_features if self.conditional else 0), *self.decoder, n_features]

    def beta(self, iteration: int) -> float:
        """Returns β at a step counted from 0 (eq. 13): linear from 0 to 1 over ``anneal_iterations``."""
        if self.annealing == "none":
            return 1.0
        return min(1.0, iteration / (self.anneal_iterations or self.iterations))

    def prior_beta(self, iteration: int) -> float:
        """Returns the factor of the prior's other terms at a step: β with "prior", otherwise 1."""
        return self.beta(iteration) if self.annealing == "prior" else 1.0


@dataclass(frozen=True)
class NeutralVAEConfig(VAEConfig):
    """M1: layers [2F, 480, 240, 120, 60, 30] and [30 + F, 300, 400, 300, F]; fields as in ``VAEConfig``."""

    decoder: tuple[int, ...] = (300, 400, 300)

    @property
    def conditional(self) -> bool:
        return True


@dataclass(frozen=True)
class TripletVAEConfig(NeutralVAEConfig):
    """M2: M1 and a topological prior on the codes; the other fields as in ``VAEConfig``.

    Attributes:
        triplet_batch: V, triplets a step.
        triplet_samples: M, posterior samples of each member of a triplet.
        topological_variance: γ; the smaller, the dearer a violated triplet.
        weights: see ``learning.data.weights``; "raw" = vote margins (5, 3, 1), "unit" = margins over votes, "given".
    """

    triplet_batch: int = 10
    triplet_samples: int = 10
    topological_variance: float = 0.04
    weights: Literal["raw", "unit", "given"] = "raw"

    def __post_init__(self) -> None:
        super().__post_init__()
        require_positive(self, "triplet_batch", "triplet_samples", "topological_variance")

    @property
    def has_prior_terms(self) -> bool:
        return True


CONFIGS: dict[str, type[JsonConfig]] = {
    "identity": IdentityConfig,
    "pca": PCAConfig,
    "vae": VAEConfig,
    "neutral-vae": NeutralVAEConfig,
    "triplet-vae": TripletVAEConfig,
}
