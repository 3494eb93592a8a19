"""Real votes on 36 faces (../shared/data/triplets/cfd36_faces): what of paper 000 can be tried without the photos.

There are no landmarks, so no VAE can be trained; the topological prior alone can. Each face gets a free position z (D)
and the triplet term of eq. 11 is minimised with a little of N(0, I)'s,

    Σ_t w_t softplus(‖z_r − z_+‖ − ‖z_r − z_−‖) / γ + ½ Σ ‖z‖²,      w_t = vote difference, γ = 0.04

on 80 % of the questions; shares of satisfied ones are of the other 20 %.
"""

import csv
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.face_points import SHARED
from benchmarks.reproduce_runs import cell
from learning.evaluation.triplets import satisfied

FOLDER = SHARED / "triplets" / "cfd36_faces"
DIM, GAMMA, STEPS = 30, 0.04, 300
BINS = {"all": (1, 999), "difference 1": (1, 1), "2": (2, 2), "3": (3, 3), "4 or more": (4, 999)}

Rows = NDArray[np.int64]


def votes(folder: Path = FOLDER) -> tuple[Rows, Rows, Rows]:
    """Returns (T, 3) triplets by majority, their (T,) vote differences and (T,) votes, without checks and ties."""
    with (folder / "votes.csv").open() as file:
        table = np.array([[int(value) for value in row] for row in list(csv.reader(file))[1:]])
    head, first, second, count, for_first, for_second = table.T[:6]
    kept = (first != head) & (second != head) & (for_first != for_second)
    swap = (for_second > for_first)[:, None]
    rows = np.where(swap, table[:, [0, 2, 1]], table[:, :3])
    return rows[kept], np.abs(for_first - for_second)[kept], count[kept]


def free_positions(triplets: Rows, weights: Rows, count: int, seed: int) -> NDArray[np.float32]:
    """Minimises the triplet term over free positions; returns (count, D)."""
    import torch

    generator = torch.Generator().manual_seed(seed)
    z = (0.1 * torch.randn(count, DIM, generator=generator)).requires_grad_()
    rows, weight = torch.from_numpy(triplets), torch.from_numpy(weights).float()
    optimiser = torch.optim.Adam([z], lr=0.05)
    for _ in range(STEPS):
        anchor, near, far = z[rows].unbind(dim=1)
        gap = ((anchor - near).square().sum(1) + 1e-12).sqrt() - ((anchor - far).square().sum(1) + 1e-12).sqrt()
        loss = (weight * torch.nn.functional.softplus(gap)).sum() / GAMMA + z.square().sum() / 2
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return z.detach().numpy()


def ceiling(folder: Path = FOLDER) -> float:
    """Share of answers that agree with the majority of the other people's answers to the same question (5 or more)."""
    with (folder / "votes.csv").open() as file:
        table = np.array([[int(value) for value in row] for row in list(csv.reader(file))[1:]])
    head, first, second, _, a, b = table.T[:6]
    a, b = (side[(a + b >= 5) & (first != head) & (second != head)] for side in (a, b))

    def agreeing(own: Rows, other: Rows) -> Any:
        rest = own - 1 - other  # of the others, for the same answer minus against it; a tie is a coin
        return own * np.where(rest > 0, 1.0, np.where(rest == 0, 0.5, 0.0))

    return float((agreeing(a, b) + agreeing(b, a)).sum() / (a + b).sum())


def _same_expression(triplets: Rows) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """The rule "the same expression is closer": where it decides, and whether it is right."""
    with (FOLDER / "items.csv").open() as file:
        expression = np.array([row["expression"] for row in csv.DictReader(file)])
    same = expression[triplets[:, :1]] == expression[triplets[:, 1:]]
    return same[:, 0] != same[:, 1], same[:, 0]


def report(seeds: int = 3) -> None:
    """Prints what real people's votes say."""
    if not FOLDER.exists():
        print("\nReal votes: skipped, because ../shared/data/triplets/cfd36_faces is not on this machine.")
        return
    triplets, margin, _ = votes()
    held = np.random.default_rng(0).random(len(triplets)) < 0.2
    found = [free_positions(triplets[~held], margin[~held], 36, seed) for seed in range(seeds)]
    print(f"\nReal votes, cfd36_faces: {len(triplets):,} questions with a majority, {int(held.sum()):,} held out\n")
    print("| | " + " | ".join(BINS) + " |\n|---|" + "---:|" * len(BINS))
    parts = [held & (margin >= low) & (margin <= high) for low, high in BINS.values()]
    shares = [cell([float(satisfied(z, triplets[part]).mean()) for z in found]) for part in parts]
    print("| the triplet term alone, D = 30 | " + " | ".join(shares) + " |")
    decides, right = _same_expression(triplets)
    rule = [f"{right[part & decides].mean():.3f}" for part in parts]
    print("| same expression is closer (where it decides) | " + " | ".join(rule) + " |")
    print("| held-out questions | " + " | ".join(str(int(part.sum())) for part in parts) + " |")
    print(
        "\nThe table counts majorities. No photos and no landmarks come with the votes: Table III's models cannot be "
        "trained on them; the topological prior alone can: satisfied triplets rise with the vote difference, as in "
        f"Table III. One person agrees with the majority of the others in {ceiling():.3f} of answers (questions with 5 "
        "or more votes)."
    )
