"""Loss and gradient of the VAE, M1 and M2 (paper 000) written out by hand: the fast training step on CPUs.

``VAEObjective.losses_of`` and autograd are the reference, and do the work wherever ``supported`` says no.

Symbols: B stimuli of the batch, V triplets, R = B + 3V rows that are encoded together, L and M samples, D latent size,
F features, P persons, m dropout's 0/1 mask and c its scale, ⊙ the product number by number.

A hidden layer a = W·h + b with ELU and dropout. With the ELU's slope e = min(exp(a), 1), it is

    h' = c·m ⊙ ELU(a) = c·m ⊙ max(a, e − 1),        s = ∂h'/∂a = c·m ⊙ e

and backwards, g being ∂Loss/∂a of a layer, h its input and s the slope of the layer below,

    ∂Loss/∂W = gᵀ·h,        ∂Loss/∂b = Σ_rows g,        g below = (g·W) ⊙ s

The first layers see [x, y], y being one of P neutral faces: a = Wx·x + (Wy·y + b)[person]. The gradient at Wy·y + b is
the sum of g over each person's rows.

The loss is eq. 11. With z = μ + σ·ε, v = ln σ², C = N/(B·scale) and C_t = β_t·T/(V·M·γ·scale):

    ∂Loss/∂f(z) = C/(σ_x²·L) · (f(z) − x)                                    reconstruction, σ_x² the likelihood's
    ∂Loss/∂μ = Σ_samples ∂Loss/∂z + C·β·μ                                    through samples, and KL
    ∂Loss/∂v = ½·σ ⊙ Σ_samples ε ⊙ ∂Loss/∂z + ½·C·β·(σ² − 1)
    q± = C_t·w_t·logistic(d+ − d−) · (z_r − z±)/d±,   d± = ‖z_r − z±‖        one sample of a triplet
    ∂Loss/∂z_r = q+ − q−,   ∂Loss/∂z+ = −q+,   ∂Loss/∂z− = q−

What makes it fast: no graph; oneDNN's matrix products (twice as fast as torch.mm on AMD's processors), which multiply
by s in passing; exp(a) as 2^(a·log₂e), four times as fast as torch's exp and ELU; arrays kept between steps.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import torch
from torch import Tensor
from torch.nn.functional import softplus

from learning.embedding.dropout import Dropout
from learning.embedding.layers import Decoder, Encoder, SplitLinear
from learning.embedding.losses import distance, kl_standard_normal, reparameterise

if TYPE_CHECKING:
    from learning.embedding.triplet_vae import TripletVAEObjective
    from learning.embedding.vae_objective import Draw, VAEObjective

_LOG2_E = math.log2(math.e)
_ONEDNN: Any = getattr(torch.ops.mkldnn, "_linear_pointwise", None) if torch.backends.mkldnn.is_available() else None  # type: ignore[no-untyped-call]


def product(a: Tensor, b: Tensor, bias: Tensor | None = None, factor: Tensor | None = None) -> Tensor:
    """Returns (a·bᵀ + bias) ⊙ factor, a fresh (n, m) tensor.

    Args:
        a: (n, k), may be a transposed view.
        b: (m, k), may be a transposed view.
        bias: (m,).
        factor: (n, m).
    """
    if _ONEDNN is not None and a.dtype == torch.float32:
        if factor is None:
            return _ONEDNN(a, b, bias, "none", [], "")  # type: ignore[no-any-return]
        return _ONEDNN.binary(a, factor, b, bias, "mul")  # type: ignore[no-any-return]
    out = torch.mm(a, b.t()) if bias is None else torch.addmm(bias, a, b.t())
    return out if factor is None else out.mul_(factor)


def _add_gradient(parameter: Tensor | None, gradient: Tensor) -> None:
    if parameter is not None:
        parameter.grad = gradient if parameter.grad is None else parameter.grad + gradient


@dataclass(frozen=True)
class Faces:
    """Neutral faces.

    Attributes:
        y: (P, F) the faces.
        person: (R,) row of ``y`` for each stimulus; None = its own, P = R.
    """

    y: Tensor
    person: Tensor | None

    def head(self, rows: int) -> Faces:
        """Returns those of the first stimuli."""
        return Faces(self.y[:rows], None) if self.person is None else Faces(self.y, self.person[:rows])

    def spread(self, of_persons: Tensor) -> Tensor:
        """(P, H) numbers of persons -> (R, H) of stimuli."""
        return of_persons if self.person is None else of_persons.index_select(0, self.person)

    def gather(self, of_rows: Tensor) -> Tensor:
        """(R, H) numbers of stimuli -> (P, H) their sums over each person's."""
        if self.person is None:
            return of_rows
        return of_rows.new_zeros(len(self.y), of_rows.shape[1]).index_add_(0, self.person, of_rows)


class Layers:
    """An encoder's or a decoder's layers, with what the backward pass needs to know of the last forward pass."""

    def __init__(self, network: Encoder | Decoder, dropout: Dropout | None) -> None:
        self._first: SplitLinear = network.first
        self._others: list[Any] = [*network.hidden, network.heads if isinstance(network, Encoder) else network.out]
        self._dropout = dropout
        # By layer, from the last pass. They stay until the next one replaces them: memory that is given back to the
        # system is dear to get again.
        self._inputs: list[Tensor] = [torch.empty(0)] * (len(self._others) + 1)
        self._slopes: list[Tensor] = [torch.empty(0)] * len(self._others)
        self._scratch = torch.empty(0)
        self._faces: Faces | None = None

    def forward(self, x: Tensor, faces: Faces | None) -> Tensor:
        """Computes the output of all layers.

        Args:
            x: (R·S, inputs) S samples for each of R stimuli.
            faces: neutral faces of the R stimuli.

        Returns:
            (R·S, outputs).
        """
        first, self._faces, self._inputs[0] = self._first, faces, x
        a = product(x, first.weight_x)
        if faces is None or first.weight_y is None:
            a.add_(first.bias)
        else:
            constant = faces.spread(product(faces.y, first.weight_y, first.bias))
            a.view(len(constant), -1, a.shape[1]).add_(constant[:, None])
        for number, layer in enumerate(self._others):
            h = self._inputs[number + 1] = self._elu(number, a)
            a = product(h, layer.weight, layer.bias)
        return a

    def _elu(self, number: int, a: Tensor) -> Tensor:
        """Overwrites a with h' and keeps the slope s."""
        if self._slopes[number].shape != a.shape:
            self._slopes[number] = torch.empty_like(a)
            self._scratch = a.new_empty(max(a.numel(), self._scratch.numel()))
        slope, work = self._slopes[number], self._scratch[: a.numel()].view_as(a)
        torch.mul(a, _LOG2_E, out=slope).exp2_().clamp_(max=1)
        torch.maximum(a, torch.sub(slope, 1, out=work), out=a)
        if self._dropout is not None:
            mask = self._dropout.mask(a.shape[0], a.shape[1], work).mul_(self._dropout.scale)
            slope.mul_(mask)
            a.mul_(mask)
        return a

    def backward(self, g: Tensor) -> Tensor:
        """Adds to the gradients of all weights.

        Args:
            g: (R·S, outputs) gradient of the loss at the output; it may be kept.

        Returns:
            (R·S, width) gradient of the loss at the first layer's a.
        """
        for number in reversed(range(len(self._others))):
            layer = self._others[number]
            _add_gradient(layer.weight, product(g.t(), self._inputs[number + 1].t()))
            _add_gradient(layer.bias, g.sum(0))
            g = product(g, layer.weight.t(), factor=self._slopes[number])
        first, faces = self._first, self._faces
        _add_gradient(first.weight_x, product(g.t(), self._inputs[0].t()))
        if faces is None:
            _add_gradient(first.bias, g.sum(0))
        else:
            rows = len(faces.y) if faces.person is None else len(faces.person)
            of_persons = faces.gather(g if len(g) == rows else g.view(rows, -1, g.shape[1]).sum(1))
            _add_gradient(first.weight_y, product(of_persons.t(), faces.y.t()))
            _add_gradient(first.bias, of_persons.sum(0))
        return g

    def at_input(self, g: Tensor) -> Tensor:
        """Returns the (R·S, inputs) gradient of the loss at the input, from what ``backward`` returned."""
        return product(g, self._first.weight_x.t())


class FastStep:
    """Draw in, losses out, gradients at the parameters: what ``losses_of`` and ``backward`` do."""

    def __init__(self, objective: VAEObjective) -> None:
        """Prepares the steps of an objective that is ``supported``."""
        self._objective = objective
        self._encoder = Layers(cast(Encoder, objective.model.encoder), objective.dropout)
        self._decoder = Layers(cast(Decoder, objective.model.decoder), objective.dropout)
        self._y, self._person = torch.empty(0), torch.empty(0, dtype=torch.int64)  # (P, F), (N,)
        if objective.neutral is not None:
            persons, self._person = torch.unique(objective.neutral, return_inverse=True)
            self._y = objective.features.index_select(0, persons)

    def _faces(self, rows: Tensor) -> Faces | None:
        """Returns the neutral faces of (R,) rows: those of all persons, or each row's own where that is less work."""
        if self._objective.neutral is None:
            return None
        person = self._person.index_select(0, rows)
        if len(self._y) > len(rows):
            return Faces(self._y.index_select(0, person), None)
        return Faces(self._y, person)

    @torch.no_grad()
    def gradients(self, draw: Draw, beta: float, prior_beta: float = 1.0) -> Tensor:
        """Adds the gradient of a draw's loss to the parameters.

        Args:
            draw: the random choices; with triplets for M2.
            beta: β, of the KL term.
            prior_beta: β_t, of the triplet term.

        Returns:
            (3,) [loss, reconstruction, kl] as ``VAEObjective.losses_of``; (4,) with the triplets' for M2.
        """
        objective, pool = self._objective, len(draw.rows)
        rows = draw.rows if draw.triplets is None else torch.cat([draw.rows, draw.triplets.flatten()])
        x, faces = objective.features.index_select(0, rows), self._faces(rows)
        heads = self._encoder.forward(x, faces)  # (R, 2D)
        g = torch.empty_like(heads)
        losses = self._elbo(x[:pool], faces and faces.head(pool), heads[:pool], draw.noise, beta, g[:pool])
        if draw.triplets is not None:
            losses = self._triplets(heads[pool:], draw, prior_beta, losses, g[pool:])
        self._encoder.backward(g)
        return torch.stack(losses)

    def _elbo(
        self, x: Tensor, faces: Faces | None, heads: Tensor, noise: Tensor, beta: float, g: Tensor
    ) -> list[Tensor]:
        """Returns [loss, reconstruction, kl] of the (B, F) batch, and writes into g, (B, 2D), the gradient at heads."""
        objective = self._objective
        mean, log_variance = heads.chunk(2, dim=1)
        pool, samples, latent = noise.shape
        factor = len(objective.train_rows) / objective.scale  # C·B
        variance = objective.config.reconstruction_variance
        z = reparameterise(mean, log_variance, noise)
        error = self._decoder.forward(z.view(-1, latent), faces).view(pool, samples, -1).sub_(x[:, None])
        flat = error.view(-1)
        reconstruction = torch.dot(flat, flat) / (2 * variance * pool * samples)
        error.mul_(factor / (pool * variance * samples))
        g_z = self._decoder.at_input(self._decoder.backward(error.view(pool * samples, -1)))
        sigma = _through_samples(g_z.view_as(noise), log_variance, noise, g)
        g[:, :latent].add_(mean, alpha=factor / pool * beta)
        g[:, latent:].add_(sigma.square_().sub_(1), alpha=factor / pool * beta / 2)
        kl = kl_standard_normal(mean, log_variance).mean()
        return [factor * (reconstruction + beta * kl), reconstruction, kl]

    def _triplets(self, heads: Tensor, draw: Draw, prior_beta: float, losses: list[Tensor], g: Tensor) -> list[Tensor]:
        """Adds the triplets' term to the losses, and writes into g, (3V, 2D), the gradient at heads."""
        objective = cast("TripletVAEObjective", self._objective)
        noise, weights = cast(Tensor, draw.triplet_noise), cast(Tensor, draw.weights)
        mean, log_variance = heads.chunk(2, dim=1)
        z = reparameterise(mean, log_variance, noise).view(-1, 3, *noise.shape[1:])  # (V, 3, M, D)
        r, nearer, farther = z.unbind(1)
        to_nearer, to_farther = distance(r, nearer), distance(r, farther)  # (V, M)
        u = to_nearer - to_farther
        triplet = (weights * softplus(u).mean(1)).mean()
        factor = prior_beta * len(objective.triplets) / (objective.scale * objective.config.topological_variance)
        g_u = torch.sigmoid(u).mul_(weights[:, None]).mul_(factor / u.numel())  # (V, M)
        plus = (r - nearer).mul_((g_u / to_nearer)[..., None])
        minus = (r - farther).mul_((g_u / to_farther)[..., None])
        g_z = torch.stack([plus - minus, -plus, minus], dim=1)  # (V, 3, M, D)
        _through_samples(g_z.view_as(noise), log_variance, noise, g)
        return [losses[0] + factor * triplet, *losses[1:], triplet]


def _through_samples(g_z: Tensor, log_variance: Tensor, noise: Tensor, g: Tensor) -> Tensor:
    """Writes the gradient at (mean, log-variance) of samples z = μ + σ·ε.

    Args:
        g_z: (R, S, D) gradient at the samples; it is overwritten.
        log_variance: (R, D).
        noise: (R, S, D) ε.
        g: (R, 2D) where the gradient is written.

    Returns:
        (R, D) σ, fresh.
    """
    sigma, latent = (log_variance / 2).exp_(), log_variance.shape[1]
    torch.sum(g_z, 1, out=g[:, :latent])
    torch.mul(g_z.mul_(noise).sum(1), sigma, out=g[:, latent:]).mul_(0.5)
    return sigma


def supported(objective: VAEObjective) -> bool:
    """Whether ``FastStep`` may do this objective's steps: the paper's form, float32 on the CPU, all weights trained."""
    weights = list(objective.model.parameters())
    return (
        objective.plain
        and all(
            tensor.device.type == "cpu" and tensor.dtype == torch.float32 for tensor in (objective.features, *weights)
        )
        and all(weight.requires_grad for weight in weights)
    )
