"""Several processes that train one network together: distributed data parallel, over NCCL on GPUs, gloo on CPUs.

Every process draws batches of its own, and before each step gradients are averaged over all of them, so that all take
the same step: a step of P processes is one on P·B stimuli. This is what torch's DistributedDataParallel does to a
module's forward pass; here it is done to the gradients themselves, because some of ours are written by hand, and
objectives call more than one function of a network.

All evaluate, which costs no time beside waiting and keeps them of one mind; rank 0 is the process that writes
checkpoints and speaks with the world.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.distributed as dist
from torch import Tensor, nn

_SEED_STEP = 1_000_003  # between the seeds of two ranks


class Ranks:
    """Where this process stands among all; alone, everything is a no-op."""

    def __init__(self, rank: int = 0, size: int = 1) -> None:
        self.rank, self.size = rank, size

    @property
    def leads(self) -> bool:
        """Whether this process writes checkpoints."""
        return self.rank == 0

    def seed(self, generator: torch.Generator, seed: int) -> None:
        """Gives a rank other than 0 random draws of its own."""
        if self.rank:
            generator.manual_seed(seed + _SEED_STEP * self.rank)

    def average(self, parameters: Sequence[nn.Parameter]) -> None:
        """Replaces each gradient by its mean over all processes."""
        if self.size == 1:
            return
        gradients = [p.grad if p.grad is not None else torch.zeros_like(p) for p in parameters]
        flat = torch.cat([gradient.flatten() for gradient in gradients])  # one message, not one a parameter
        dist.all_reduce(flat)
        flat /= self.size
        at = 0
        for parameter in parameters:
            parameter.grad = flat[at : at + parameter.numel()].view_as(parameter)
            at += parameter.numel()

    def mean_buffers(self, module: nn.Module) -> None:
        """Makes running statistics the same everywhere: means over the processes; counters are rank 0's."""
        if self.size == 1:
            return
        for buffer in module.buffers():
            if buffer.is_floating_point():
                dist.all_reduce(buffer)
                buffer /= self.size
            else:
                dist.broadcast(buffer, 0)

    def told(self, word: int) -> int:
        """Returns what rank 0 says: the same number in every process."""
        if self.size == 1:
            return word
        said = torch.tensor([word], device=self._device())
        dist.broadcast(said, 0)
        return int(said.item())

    def all_states(self, generator: torch.Generator) -> Tensor:
        """Returns the (P, S) states of every process's generator."""
        own = generator.get_state()
        if self.size == 1:
            return own[None]
        states = [torch.empty_like(own, device=self._device()) for _ in range(self.size)]
        dist.all_gather(states, own.to(self._device()))
        return torch.stack(states).cpu()

    def summed(self, tensor: Tensor) -> Tensor:
        """Returns the mean over the processes of a tensor that each has."""
        if self.size == 1:
            return tensor
        total = tensor.clone()
        dist.all_reduce(total)
        return total / self.size

    @staticmethod
    def _device() -> torch.device:
        return torch.device("cuda" if dist.get_backend() == "nccl" else "cpu")
