"""The loop: steps, evaluations, checkpoints. The objective knows what the loss is, the session what it is all for."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from learning.embedding.base import Diverged, Objective
from learning.training import checkpoint
from learning.training.config import TrainingConfig
from learning.training.progress import Cancelled, Progress, Throttle


class Trainer:
    """Trains a network with Adam, keeps the weights of the best evaluation, and resumes to the identical trajectory.

    All that the next step depends on is in a checkpoint: weights, Adam's moments, the generator of batches, noise and
    dropout, the number of the step, and the sums of losses since the last evaluation.
    """

    def __init__(
        self, module: nn.Module, objective: Objective, config: TrainingConfig, path: Path, identity: dict[str, Any]
    ) -> None:
        """Prepares a training and, where ``path`` exists, resumes it.

        Args:
            module: the network, on its device.
            objective: its loss.
            config: how to train.
            path: of the checkpoint.
            identity: what a checkpoint must agree on to be this run's: model, settings, data.

        Raises:
            CheckpointError: the file is damaged or belongs to another run.
        """
        self.module, self.objective, self.config, self.path, self.identity = module, objective, config, path, identity
        self.optimiser = torch.optim.Adam(module.parameters(), lr=config.learning_rate, fused=True)
        self.iteration = 0
        self.history: list[dict[str, Any]] = []
        self.best: dict[str, Tensor] = {}
        self.best_iteration: int | None = None
        self.best_value: float | None = None
        self.seconds = 0.0  # of training, over all its sessions
        device = next(module.parameters()).device
        self._sums = torch.zeros(len(objective.loss_names), dtype=torch.float64, device=device)
        self._summed = 0
        if path.exists():
            self._resume()

    def run(self, on_progress: Callable[[Progress], None], should_cancel: Callable[[], bool]) -> None:
        """Trains to the end.

        Args:
            on_progress: called at most once a second, and after every evaluation.
            should_cancel: asked at most once a second.

        Raises:
            Cancelled: ``should_cancel`` said so; a checkpoint was written.
            Diverged: a loss is not a finite number.
        """
        config, throttle = self.config, Throttle(1.0)
        self._started, self._first = time.monotonic(), self.iteration
        self._earlier = self.seconds
        self.module.train()
        while self.iteration < config.iterations:
            if throttle.due():
                on_progress(self._progress())
                if should_cancel():
                    self.save()
                    raise Cancelled(f"The training was cancelled after {self.iteration} of {config.iterations} steps.")
            self._step()
            last = self.iteration == config.iterations
            if evaluated := last or self.iteration % config.evaluate_every == 0:
                self._evaluate()
            if last or self.iteration % config.steps_between_checkpoints == 0:
                self.save()
            if evaluated:
                on_progress(self._progress())

    def _step(self) -> None:
        losses = self.objective.losses(self.iteration)
        self.optimiser.zero_grad(set_to_none=True)
        losses[0].backward()  # type: ignore[no-untyped-call]
        self.optimiser.step()
        # Summed as a tensor: reading a number at every step would wait for the device.
        self._sums += losses.detach()
        self._summed += 1
        self.iteration += 1

    def _mean_losses(self) -> dict[str, float]:
        """Returns the means since the last evaluation, or the last evaluation's own; refuses what is not finite."""
        if not self._summed:
            return dict(self.history[-1]["losses"]) if self.history else {}
        means = (self._sums / self._summed).tolist()
        if not all(map(math.isfinite, means)):
            raise Diverged(
                f"The training diverged: a loss is no longer a finite number by step {self.iteration}. A smaller "
                "learning rate or a larger reconstruction variance may help."
            )
        return dict(zip(self.objective.loss_names, means, strict=True)) | self._beta()

    def _beta(self) -> dict[str, float]:
        """Returns the present β of models that have one."""
        beta = getattr(self.config, "beta", None)
        return {} if beta is None else {"beta": beta(max(self.iteration - 1, 0))}

    def _evaluate(self) -> None:
        """Adds a row to the history and keeps the weights where the validation ELBO is the highest so far."""
        losses = self._mean_losses()
        self.module.eval()
        validation = self.objective.validate()
        self.module.train()
        if validation is not None and not math.isfinite(validation["elbo"]):
            raise Diverged(
                f"The training diverged: the validation ELBO of step {self.iteration} is not a finite number."
            )
        self.history.append({"iteration": self.iteration, "losses": losses, "validation": validation})
        self._sums.zero_()
        self._summed = 0
        # Without anything held out there is no better and worse: the last weights are the model.
        if validation is None or self.best_value is None or validation["elbo"] > self.best_value:
            self.best = {name: tensor.detach().clone() for name, tensor in self.module.state_dict().items()}
            self.best_iteration = self.iteration
            self.best_value = None if validation is None else validation["elbo"]

    def _progress(self) -> Progress:
        done, elapsed = self.iteration - self._first, time.monotonic() - self._started
        self.seconds = self._earlier + elapsed
        return Progress(
            iteration=self.iteration,
            total=self.config.iterations,
            losses=self._mean_losses(),
            validation=self.history[-1]["validation"] if self.history else None,
            history=list(self.history),
            eta_s=elapsed / done * (self.config.iterations - self.iteration) if done else None,
            best_iteration=self.best_iteration,
        )

    def save(self) -> None:
        """Writes the checkpoint; refuses to keep a diverged state."""
        self._mean_losses()
        self.seconds = self._earlier + time.monotonic() - self._started
        tensors = {
            **checkpoint.pack("model", self.module.state_dict()),
            **checkpoint.pack("best", self.best),
            **checkpoint.pack("adam", checkpoint.pack_adam(self.optimiser)),
            "generator": self.objective.generator.get_state(),
            "sums": self._sums,
        }
        meta = {
            "identity": self.identity,
            "iteration": self.iteration,
            "summed": self._summed,
            "history": self.history,
            "best_iteration": self.best_iteration,
            "best_value": self.best_value,
            "seconds": self.seconds,
        }
        checkpoint.write(self.path, tensors, meta)

    def _resume(self) -> None:
        tensors, meta = checkpoint.read(self.path)
        for key, value in self.identity.items():
            if meta.get("identity", {}).get(key) != value:
                raise checkpoint.CheckpointError(f"{self.path} is the checkpoint of another run: its {key} differ.")
        self.module.load_state_dict(checkpoint.unpack("model", tensors))
        device = next(self.module.parameters()).device
        self.best = {name: tensor.to(device) for name, tensor in checkpoint.unpack("best", tensors).items()}
        checkpoint.restore_adam(self.optimiser, checkpoint.unpack("adam", tensors))
        self.objective.generator.set_state(tensors["generator"])
        self._sums = tensors["sums"].to(device)
        self._summed, self.iteration, self.history = meta["summed"], meta["iteration"], meta["history"]
        self.best_iteration, self.best_value = meta["best_iteration"], meta["best_value"]
        self.seconds = meta["seconds"]
