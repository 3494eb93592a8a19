"""Paper 000's M2 written straightforwardly in PyTorch: peer of ``benchmarks.triplet_vae``, second opinion in tests.

DataLoaders, one encoder pass for the batch and one for each member of the triplets, loops over the L and M samples,
nn.Dropout, default Adam, and .item() at every step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus
from torch.utils.data import DataLoader, Dataset, RandomSampler, TensorDataset

Noise = Callable[[str, int], Tensor]  # ("x" | "r" | "+" | "-", number of the sample) -> (rows, D)


def network(sizes: list[int], dropout: float) -> nn.Sequential:
    """Returns linear layers with ELU and dropout between them."""
    layers: list[nn.Module] = []
    for a, b in pairwise(sizes[:-1]):
        layers += [nn.Linear(a, b), nn.ELU(), nn.Dropout(dropout)]
    return nn.Sequential(*layers, nn.Linear(*sizes[-2:]))


class NaiveTripletVAE(nn.Module):
    """M2 for given layer sizes, e.g. [498, 480, 240, 120, 60, 30] and [279, 300, 400, 300, 249]."""

    def __init__(self, encoder: list[int], decoder: list[int], dropout: float) -> None:
        super().__init__()
        self.latent = encoder[-1]
        self.encoder = network([*encoder[:-1], 2 * self.latent], dropout)
        self.decoder = network(decoder, dropout)

    def encode(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Returns means and log-variances."""
        mean, log_variance = self.encoder(torch.cat([x, y], dim=1)).chunk(2, dim=1)
        return mean, log_variance

    def loss(
        self,
        batch: tuple[Tensor, Tensor],
        members: list[tuple[Tensor, Tensor]],
        weights: Tensor,
        noise: Noise,
        *,
        sizes: tuple[int, int],
        samples: tuple[int, int],
        variances: tuple[float, float],
        beta: float,
    ) -> Tensor:
        """Eq. 11, term by term.

        Args:
            batch: x (B, F) and y (B, F).
            members: x and y (V, F) of the references, the nearer and the farther ones.
            weights: (V,).
            noise: where ε comes from.
            sizes: N and T.
            samples: L and M.
            variances: σ² and γ.
            beta: factor of the KL term.
        """
        x, y = batch
        mean, log_variance = self.encode(x, y)
        reconstruction = torch.zeros(len(x))
        for number in range(samples[0]):
            z = mean + torch.exp(log_variance / 2) * noise("x", number)
            output = self.decoder(torch.cat([z, y], dim=1))
            reconstruction = reconstruction + ((x - output) ** 2).sum(dim=1)
        kl = -0.5 * (1 + log_variance - mean**2 - torch.exp(log_variance)).sum(dim=1)
        total = sizes[0] / len(x) * (reconstruction / (2 * variances[0] * samples[0]) + beta * kl).sum()
        posteriors = [self.encode(*member) for member in members]
        energy = torch.zeros(len(weights))
        for number in range(samples[1]):
            reference, nearer, farther = (
                mu + torch.exp(log_var / 2) * noise(name, number)
                for (mu, log_var), name in zip(posteriors, "r+-", strict=True)
            )
            to_nearer = torch.sqrt(((reference - nearer) ** 2).sum(dim=1) + 1e-12)
            to_farther = torch.sqrt(((reference - farther) ** 2).sum(dim=1) + 1e-12)
            energy = energy + softplus(to_nearer - to_farther)
        return total + sizes[1] / len(weights) * (weights * energy).sum() / (variances[1] * samples[1])


class TripletRows(Dataset[tuple[Tensor, ...]]):
    """Triplets as the six faces that they are made of, and their weights."""

    def __init__(self, x: Tensor, y: Tensor, triplets: Tensor, weights: Tensor) -> None:
        self.x, self.y, self.triplets, self.weights = x, y, triplets, weights

    def __len__(self) -> int:
        return len(self.triplets)

    def __getitem__(self, index: int) -> tuple[Tensor, ...]:
        r, n, f = self.triplets[index]
        x, y = self.x, self.y
        return x[r], y[r], x[n], y[n], x[f], y[f], self.weights[index]


def training(
    model: NaiveTripletVAE, x: Tensor, y: Tensor, triplets: Tensor, weights: Tensor, learning_rate: float = 1e-4
) -> Iterator[float]:
    """Trains with paper 000's B = 200, V = 10, L = 3, M = 10, σ² = 0.001, γ = 0.04 and yields the loss of each step."""
    optimiser = torch.optim.Adam(model.parameters(), lr=learning_rate)
    faces, judgements = TensorDataset(x, y), TripletRows(x, y, triplets, weights)
    endless = 10**9
    pool = iter(DataLoader(faces, 200, sampler=RandomSampler(faces, True, endless)))
    answers = iter(DataLoader(judgements, 10, sampler=RandomSampler(judgements, True, endless)))
    model.train()
    while True:
        batch, rows = next(pool), next(answers)
        members = [(rows[0], rows[1]), (rows[2], rows[3]), (rows[4], rows[5])]
        loss = model.loss(
            (batch[0], batch[1]),
            members,
            rows[6],
            lambda name, _number: torch.randn(200 if name == "x" else 10, model.latent),
            sizes=(len(x), len(triplets)),
            samples=(3, 10),
            variances=(0.001, 0.04),
            beta=1.0,
        )
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        yield loss.item()
