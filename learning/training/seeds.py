"""One place where torch's global generator is seeded: only for initial weights."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Seeds torch's global generator inside the block and puts its state back afterwards.

    Batches, noise and dropout never draw from it: an objective has a generator of its own, which checkpoints keep.

    Args:
        seed: 0 or more.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield
