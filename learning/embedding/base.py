"""What every embedding can do, and what the trainer asks of those that learn step by step."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, Self, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from learning.data.stimuli import TrainingData


class Diverged(ArithmeticError):
    """The loss stopped being a finite number."""


@dataclass(frozen=True)
class Codes:
    """Where N stimuli lie in the embedding.

    Attributes:
        mean: (N, D) positions; posterior means of a probabilistic model.
        log_variance: (N, D) log-variances of the posterior, None where the model has none.
    """

    mean: NDArray[np.float32]
    log_variance: NDArray[np.float32] | None = None


@runtime_checkable
class Embedding(Protocol):
    """A map from features to codes, of which the learned part is a dictionary of tensors."""

    needs_neutral: ClassVar[bool]

    @classmethod
    def from_config(cls, config: Any, n_features: int, shape: tuple[int, ...] = ()) -> Self:
        """Makes an untrained embedding of ``n_features`` features; ``shape`` is a stimulus's before flattening."""
        ...

    def embed(self, features: NDArray[np.float32], neutral: NDArray[np.int64]) -> Codes:
        """Embeds (N, F) features, centred as in training; ``neutral`` (N,) are rows of neutral faces, or -1."""
        ...

    def codes(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        """Embeds (n, F) centred features, ``y`` being each row's own neutral face: what is exported as a graph."""
        ...

    def tensors(self) -> dict[str, Tensor]:
        """Returns the learned part, by name."""
        ...

    def restore(self, tensors: dict[str, Tensor]) -> None:
        """Takes a learned part back; raises ValueError where names or shapes differ."""
        ...


@runtime_checkable
class ClosedForm(Embedding, Protocol):
    """An embedding that is computed at once."""

    def fit(self, data: TrainingData) -> None:
        """Learns from the training rows."""
        ...


@dataclass(frozen=True)
class Phase:
    """One optimiser's part of a step. Most models have one; adversarial ones take turns.

    Attributes:
        name: what ``Objective.losses`` is asked for.
        parameters: what this phase changes; phases share none.
        every: the phase takes part in iterations 0, every, 2·every, ….
        betas: of Adam.
        rate: its learning rate is the config's times this.
    """

    name: str
    parameters: tuple[nn.Parameter, ...]
    every: int = 1
    betas: tuple[float, float] = (0.9, 0.999)
    rate: float = 1.0


class Objective(Protocol):
    """One network's loss on one set of data. The trainer owns the optimisers, the clock and the checkpoints."""

    loss_names: tuple[str, ...]
    score_name: str  # which figure of ``validate`` chooses the model; the higher the better

    def phases(self) -> tuple[Phase, ...]:
        """Returns who is optimised, in the order of their turns within an iteration."""
        ...

    def gradients(self, iteration: int, phase: str) -> Tensor:
        """Draws a batch, adds the gradient of its loss to the phase's parameters and returns the losses.

        Args:
            iteration: counted from 0.
            phase: a name of ``phases``.

        Returns:
            (K,) losses named ``loss_names``, detached; a phase that does not know one gives 0 there, and losses of
            several phases are added.
        """
        ...

    def validate(self) -> dict[str, float] | None:
        """Evaluates in evaluation mode; holds ``score_name``. None where nothing is held out."""
        ...

    @property
    def generator(self) -> Any:
        """The CPU torch.Generator of every random draw in training; its state is checkpointed."""
        ...


class OnePhase(ABC):
    """An objective with one loss, differentiated by torch: a subclass gives ``losses`` and minimises the first.

    ``model`` is the network whose parameters are trained.
    """

    model: nn.Module

    def phases(self) -> tuple[Phase, ...]:
        """Returns one phase with all parameters that want a gradient."""
        return (Phase("model", tuple(p for p in self.model.parameters() if p.requires_grad)),)

    @abstractmethod
    def losses(self, iteration: int) -> Tensor:
        """Draws a batch and returns the (K,) losses, with their graph."""

    def gradients(self, iteration: int, phase: str) -> Tensor:
        """Differentiates the first loss; see ``Objective``."""
        losses = self.losses(iteration)
        losses[0].backward()  # type: ignore[no-untyped-call]
        return losses.detach()


def require_neutral(neutral: NDArray[np.int64]) -> None:
    """Refuses stimuli without a neutral face, which M1 and M2 read beside the face.

    Args:
        neutral: (N,) rows of neutral faces, -1 where there is none.

    Raises:
        ValueError: with the first stimulus that has none.
    """
    missing = neutral < 0
    if missing.any():
        raise ValueError(
            f"This model reads each person's neutral stimulus, but {int(missing.sum())} stimuli have none, the first "
            f"in row {int(missing.argmax())}."
        )


def restore_module(module: nn.Module, tensors: dict[str, Tensor]) -> None:
    """Loads tensors into a network.

    Args:
        module: the network.
        tensors: name -> tensor; must fit exactly.

    Raises:
        ValueError: a name or a shape does not fit.
    """
    own = module.state_dict()
    for name in sorted(own.keys() ^ tensors.keys()):
        raise ValueError(f"The saved model and this one differ: {name!r} is only in one of them.")
    for name, tensor in tensors.items():
        if tensor.shape != own[name].shape:
            raise ValueError(
                f"The saved model's {name!r} has the shape {tuple(tensor.shape)}, not {tuple(own[name].shape)}."
            )
    module.load_state_dict(tensors)
