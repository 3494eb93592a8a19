"""An exponential moving average of a network's weights, which generalises better than the last ones.

    a_0 = w_0      a_t = d_t·a_{t−1} + (1 − d_t)·w_t      d_t = min(decay, t / (t + 9))

d_t keeps the average from clinging to the initial weights: after few steps it is nearly a plain mean. What is not a
parameter (running statistics of batch normalisation, counters) is taken as it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn


class MovingAverage:
    """The average of one network's parameters."""

    def __init__(self, module: nn.Module, decay: float) -> None:
        """Starts at the present weights.

        Args:
            module: the network, on its device.
            decay: in (0, 1).
        """
        self.module, self.decay = module, decay
        self.average = {name: parameter.detach().clone() for name, parameter in module.named_parameters()}

    @torch.no_grad()
    def update(self, step: int) -> None:
        """Takes the weights after a step, counted from 1, into the average."""
        share = 1 - min(self.decay, step / (step + 9))
        own = dict(self.module.named_parameters())
        torch._foreach_lerp_(list(self.average.values()), [own[name].data for name in self.average], share)

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Gives the network the average inside the block, and its own weights back afterwards."""
        self._exchange()
        try:
            yield
        finally:
            self._exchange()

    @torch.no_grad()
    def _exchange(self) -> None:
        for name, parameter in self.module.named_parameters():
            own = parameter.detach().clone()
            parameter.copy_(self.average[name])
            self.average[name].copy_(own)

    def restore(self, tensors: dict[str, Tensor]) -> None:
        """Takes the average of a checkpoint back."""
        for name, tensor in self.average.items():
            tensor.copy_(tensors[name])
