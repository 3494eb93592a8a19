"""The loop: steps, evaluations, checkpoints. The objective knows what the loss is, the session what it is all for."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from learning.embedding.base import Diverged, Objective, Phase
from learning.training import checkpoint
from learning.training.config import TrainingConfig
from learning.training.ema import MovingAverage
from learning.training.progress import Cancelled, Progress, Throttle
from learning.training.ranks import Ranks
from learning.training.schedules import rate_factor


class Trainer:
    """Trains a network, keeps the weights of the best evaluation, and resumes to the identical trajectory.

    All that the next step depends on is in a checkpoint: weights and their average, each optimiser's moments, the
    generators of batches, noise and dropout, what the objective keeps, the number of the step, and the sums of losses
    since the last evaluation.
    """

    def __init__(
        self,
        module: nn.Module,
        objective: Objective,
        config: TrainingConfig,
        path: Path,
        identity: dict[str, Any],
        ranks: Ranks | None = None,
    ) -> None:
        """Prepares a training and, where ``path`` exists, resumes it.

        Args:
            module: the network, on its device.
            objective: its loss.
            config: how to train.
            path: of the checkpoint.
            identity: what a checkpoint must agree on to be this run's: model, settings, data.
            ranks: the processes that train it together; None = this one alone.

        Raises:
            CheckpointError: the file is damaged or belongs to another run.
        """
        self.module, self.objective, self.config, self.path, self.identity = module, objective, config, path, identity
        self.ranks = ranks or Ranks()
        self.phases = objective.phases()
        self.optimisers = {phase.name: _adam(phase, config) for phase in self.phases}
        self.average = None if config.ema is None else MovingAverage(module, config.ema)
        self.iteration = 0
        self.history: list[dict[str, Any]] = []
        self.best: dict[str, Tensor] = {}
        self.best_iteration: int | None = None
        self.best_value: float | None = None
        self.seconds = 0.0  # of training, over all its sessions
        self._device = next(module.parameters()).device
        self._sums = torch.zeros(len(objective.loss_names), dtype=torch.float64, device=self._device)
        self._summed = 0
        self.ranks.seed(objective.generator, config.seed)
        if path.exists():
            self._resume()

    def run(self, on_progress: Callable[[Progress], None], should_cancel: Callable[[], bool]) -> None:
        """Trains to the end, or until ``config.patience`` evaluations brought nothing better.

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
        while not self._over():
            if self.ranks.told(throttle.due()):
                on_progress(self._progress())
                if self.ranks.told(should_cancel()):
                    self.save()
                    raise Cancelled(f"The training was cancelled after {self.iteration} of {config.iterations} steps.")
            self._step()
            last = self.iteration == config.iterations
            if evaluated := last or self.iteration % config.evaluate_every == 0:
                self._evaluate()
            if last or self._over() or self.iteration % config.steps_between_checkpoints == 0:
                self.save()
            if evaluated:
                on_progress(self._progress())

    def _over(self) -> bool:
        if self.iteration >= self.config.iterations:
            return True
        if self.config.patience is None:
            return False
        waited: int = sum(row["iteration"] > (self.best_iteration or 0) for row in self.history)
        return waited >= self.config.patience

    def _step(self) -> None:
        factor = rate_factor(self.config, self.iteration)
        for phase in self.phases:
            if self.iteration % phase.every:
                continue
            optimiser = self.optimisers[phase.name]
            optimiser.zero_grad(set_to_none=True)
            with self._precision():
                losses = self.objective.gradients(self.iteration, phase.name)
            self.ranks.average(phase.parameters)
            if self.config.clip_norm is not None:
                nn.utils.clip_grad_norm_(phase.parameters, self.config.clip_norm)
            for group in optimiser.param_groups:
                group["lr"] = self.config.learning_rate * phase.rate * factor
            optimiser.step()
            # Summed as a tensor: reading a number at every step would wait for the device.
            self._sums += losses
        self._summed += 1
        self.iteration += 1
        if self.average is not None:
            self.average.update(self.iteration)

    def _precision(self) -> AbstractContextManager[Any]:
        if self.config.precision == "bfloat16":
            return torch.autocast(self._device.type, torch.bfloat16)
        return nullcontext()

    def _averaged(self) -> AbstractContextManager[None]:
        """Gives the network the weights that are evaluated and kept."""
        return nullcontext() if self.average is None else self.average.applied()

    def _mean_losses(self) -> dict[str, float]:
        """Returns the means since the last evaluation, or the last evaluation's own; refuses what is not finite."""
        if not self._summed:
            return dict(self.history[-1]["losses"]) if self.history else {}
        means = (self.ranks.summed(self._sums) / self._summed).tolist()
        if not all(map(math.isfinite, means)):
            raise Diverged(
                f"The training diverged: a loss is no longer a finite number by step {self.iteration}. A smaller "
                "learning rate may help; for a VAE also a larger reconstruction variance."
            )
        return dict(zip(self.objective.loss_names, means, strict=True)) | self._beta()

    def _beta(self) -> dict[str, float]:
        """Returns the present β of models that have one."""
        beta = getattr(self.config, "beta", None)
        return {} if beta is None else {"beta": beta(max(self.iteration - 1, 0))}

    def _evaluate(self) -> None:
        """Adds a row to the history and keeps the weights where the objective's score is the highest so far."""
        losses, score = self._mean_losses(), self.objective.score_name
        self.ranks.mean_buffers(self.module)
        with self._averaged():
            self.module.eval()
            with self._precision():
                validation = self.objective.validate()
            self.module.train()
            if validation is not None and not math.isfinite(validation[score]):
                raise Diverged(
                    f"The training diverged: the validation {score} of step {self.iteration} is not a finite number."
                )
            self.history.append({"iteration": self.iteration, "losses": losses, "validation": validation})
            self._sums.zero_()
            self._summed = 0
            # Without anything held out there is no better and worse: the last weights are the model.
            if validation is None or self.best_value is None or validation[score] > self.best_value:
                self.best = {name: tensor.detach().clone() for name, tensor in self.module.state_dict().items()}
                self.best_iteration = self.iteration
                self.best_value = None if validation is None else validation[score]

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
            **checkpoint.pack("average", {} if self.average is None else self.average.average),
            **checkpoint.pack("objective", _state(self.objective)),
            "generators": self.ranks.all_states(self.objective.generator),
            "sums": self.ranks.summed(self._sums),
        }
        for name, optimiser in self.optimisers.items():
            tensors |= checkpoint.pack(f"adam/{name}", checkpoint.pack_adam(optimiser))
        meta = {
            "identity": self.identity,
            "iteration": self.iteration,
            "summed": self._summed,
            "history": self.history,
            "best_iteration": self.best_iteration,
            "best_value": self.best_value,
            "seconds": self.seconds,
        }
        if self.ranks.leads:
            checkpoint.write(self.path, tensors, meta)

    def _resume(self) -> None:
        tensors, meta = checkpoint.read(self.path)
        for key, value in self.identity.items():
            if meta.get("identity", {}).get(key) != value:
                raise checkpoint.CheckpointError(f"{self.path} is the checkpoint of another run: its {key} differ.")
        if "generators" not in tensors:
            raise checkpoint.CheckpointError(f"{self.path} was written by an older version; start the run again.")
        self.module.load_state_dict(checkpoint.unpack("model", tensors))
        self.best = {name: one.to(self._device) for name, one in checkpoint.unpack("best", tensors).items()}
        if self.average is not None:
            self.average.restore(checkpoint.unpack("average", tensors))
        if state := checkpoint.unpack("objective", tensors):
            self.objective.load_state(state)  # type: ignore[attr-defined]  # whoever has a state takes it back
        for name, optimiser in self.optimisers.items():
            checkpoint.restore_adam(optimiser, checkpoint.unpack(f"adam/{name}", tensors))
        self.objective.generator.set_state(tensors["generators"][self.ranks.rank].clone())
        self._sums = tensors["sums"].to(self._device)
        self._summed, self.iteration, self.history = meta["summed"], meta["iteration"], meta["history"]
        self.best_iteration, self.best_value = meta["best_iteration"], meta["best_value"]
        self.seconds = meta["seconds"]


def _adam(phase: Phase, config: TrainingConfig) -> torch.optim.Optimizer:
    return torch.optim.AdamW(
        phase.parameters,
        lr=config.learning_rate * phase.rate,
        betas=phase.betas,
        weight_decay=config.weight_decay,
        fused=True,
    )


def _state(objective: Objective) -> dict[str, Tensor]:
    """What an objective keeps between steps beside its generator; most keep nothing."""
    state = getattr(objective, "state", None)
    return {} if state is None else state()
