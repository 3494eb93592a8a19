"""Starts the other processes of a training that several share, and joins them to this one."""

from __future__ import annotations

import multiprocessing
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist

from learning.training.ranks import Ranks


@contextmanager
def joined(size: int, device: torch.device, follow: Callable[..., None], *arguments: Any) -> Iterator[Ranks]:
    """Starts ``size`` − 1 processes that run ``follow(ranks, *arguments)`` and joins them to this one, rank 0.

    They end with the block: by themselves where it succeeded, by force where it raised.

    Args:
        size: processes in all; with 1 nothing is started.
        device: of this process; on CUDA every process has a device of its own.
        follow: a function of a module, which the processes import.
        arguments: what it is called with; they are sent to the processes.

    Raises:
        ValueError: there are fewer CUDA devices than processes.
        RuntimeError: another process ended with an error.
    """
    if size == 1:
        yield Ranks()
        return
    if device.type == "cuda" and torch.cuda.device_count() < size:
        raise ValueError(
            f"The settings ask for {size} processes, but this machine has {torch.cuda.device_count()} GPUs."
        )
    backend = "nccl" if device.type == "cuda" else "gloo"
    start = multiprocessing.get_context("spawn").Process
    with tempfile.TemporaryDirectory(prefix="semblance-ranks-") as folder:
        meeting = Path(folder) / "meeting"
        others = [
            start(target=_run, args=(rank, size, backend, meeting, follow, arguments), daemon=True)
            for rank in range(1, size)
        ]
        for other in others:
            other.start()
        try:
            _join(0, size, backend, meeting)
            yield Ranks(0, size)
            for other in others:
                other.join()
            if failed := [rank for rank, other in enumerate(others, 1) if other.exitcode]:
                raise RuntimeError(f"Process {failed[0]} of {size} ended with an error; its message is in the log.")
        finally:
            for other in others:
                other.kill()
            if dist.is_initialized():
                dist.destroy_process_group()


def _join(rank: int, size: int, backend: str, meeting: Path) -> None:
    if sys.platform == "linux":
        os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")  # all on this machine
    if backend == "nccl":
        torch.cuda.set_device(rank)
    dist.init_process_group(backend, init_method=f"file://{meeting}", rank=rank, world_size=size)


def _run(
    rank: int, size: int, backend: str, meeting: Path, follow: Callable[..., None], arguments: tuple[Any, ...]
) -> None:
    _join(rank, size, backend, meeting)
    follow(Ranks(rank, size), *arguments)
    dist.destroy_process_group()
