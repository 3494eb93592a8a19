"""What the trainer costs beside a bare loop with the same step: ``python -m benchmarks.engine``.

The same objective, optimiser and batches; the bare loop is four lines, the trainer schedules, sums losses, asks whether
it shall stop, and tells where it stands. Turn by turn in one process; CPU time; the median of the rounds' ratios. The
step is that of paper 000's M2 and, as the hardest case, a network of a few hundred weights. The bar is 3 %.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

import torch

from benchmarks.triplet_vae import random_data
from learning.embedding.configs import TripletVAEConfig
from learning.embedding.triplet_vae import TripletVAE
from learning.training.devices import prepare
from learning.training.trainer import Trainer

BAR = 0.03
SMALL = {"encoder": (16,), "decoder": (16,), "latent": 2, "batch_size": 50, "triplet_samples": 2}


class Pair:
    """One objective, stepped by the trainer or by a bare loop."""

    def __init__(self, settings: dict[str, Any], steps: int, folder: Path) -> None:
        data = random_data()
        self.steps, self.folder = steps, folder
        # An evaluation is a cost of the model, a checkpoint one of the disk: neither falls into a measured stretch.
        self.config = TripletVAEConfig(annealing="none", iterations=10**9, **settings)
        self.model = TripletVAE.from_config(self.config, data.n_features)
        self.objective = self.model.objective(data, torch.device("cpu"))
        self.optimiser = torch.optim.AdamW(self.model.parameters(), lr=1e-4, weight_decay=0.0, fused=True)
        self.trainer = Trainer(self.model, self.objective, self.config, folder / "last.safetensors", {})

    def bare(self) -> None:
        for iteration in range(self.steps):
            self.optimiser.zero_grad(set_to_none=True)
            self.objective.gradients(iteration, "model")
            self.optimiser.step()

    def trained(self) -> None:
        class Enough(Exception):
            pass

        def stop() -> bool:
            return False

        end = self.trainer.iteration + self.steps
        step = self.trainer._step

        def counted() -> None:
            if self.trainer.iteration == end:
                raise Enough
            step()

        self.trainer._step = counted  # type: ignore[method-assign]
        try:
            self.trainer.run(lambda _: None, stop)
        except Enough:
            self.trainer._step = step  # type: ignore[method-assign]


def overhead(name: str, settings: dict[str, Any], steps: int, rounds: int) -> float:
    """Prints and returns the trainer's extra share of CPU time."""
    with tempfile.TemporaryDirectory() as folder:
        pair = Pair(settings, steps, Path(folder))
        pair.bare()
        pair.trained()
        turns = [(_cpu(pair.bare), _cpu(pair.trained)) for _ in range(rounds)]
    share = median(ours / bare for bare, ours in turns) - 1
    bare, ours = (median(turn[side] for turn in turns) / steps * 1e3 for side in (0, 1))
    print(f"{name:8} {rounds} rounds of {steps} steps | bare {bare:.3f} ms, trainer {ours:.3f} ms | {share:+.1%}")
    return share


def _cpu(work: Any) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args()
    prepare("cpu", 1)
    paper = overhead("paper", {}, 30, options.rounds)
    small = overhead("small", SMALL, 400, options.rounds)
    met = paper < BAR and small < BAR
    print(f"bar {BAR:.0%}: {'met' if met else 'MISSED'}")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
