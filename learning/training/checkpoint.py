"""Tensors and JSON metadata in one safetensors file; a kill at any moment leaves the old file or the new."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

FORMAT = "semblance-1"


class CheckpointError(ValueError):
    """A checkpoint cannot be used: torn, foreign, or of another run."""


def write(path: Path, tensors: dict[str, Tensor], meta: dict[str, Any]) -> None:
    """Writes a file in place of an older one, atomically and durably.

    Args:
        path: of the file; its folder must exist.
        tensors: by name; they may live on any device and may be views.
        meta: what else to remember, as JSON.
    """
    from safetensors.torch import save

    plain = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in tensors.items()}
    # One key only: safetensors writes several in an order that differs from process to process, and then the same
    # weights would not be the same file.
    content = save(plain, metadata={FORMAT: json.dumps(meta, sort_keys=True)})
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """Makes the renaming itself survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Reads a file that ``write`` made.

    Args:
        path: of the file.

    Returns:
        The tensors, on the CPU, and the metadata.

    Raises:
        CheckpointError: the file is missing, torn or not ours.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as file:
            header = file.metadata() or {}
            if FORMAT not in header:
                raise CheckpointError(f"{path} is a safetensors file, but not one of a Semblance training.")
            meta: dict[str, Any] = json.loads(header[FORMAT])
            # Cloned, because what safetensors returns is the mapped file, which the next checkpoint replaces.
            return {name: file.get_tensor(name).clone() for name in file.keys()}, meta  # noqa: SIM118 - not a mapping
    except FileNotFoundError as error:
        raise CheckpointError(f"There is no checkpoint {path}.") from error
    except (SafetensorError, OSError, json.JSONDecodeError) as error:
        raise CheckpointError(f"{path} is damaged or no checkpoint: {error}") from error


def pack(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Puts a prefix and a slash before each name."""
    return {f"{prefix}/{name}": tensor for name, tensor in tensors.items()}


def unpack(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Takes the tensors with a prefix, without it."""
    return {
        name.removeprefix(f"{prefix}/"): tensor for name, tensor in tensors.items() if name.startswith(f"{prefix}/")
    }


def pack_adam(optimiser: torch.optim.Optimizer) -> dict[str, Tensor]:
    """Returns Adam's moments and step counts, by "number of the parameter/name"."""
    state = optimiser.state_dict()["state"]
    return {f"{index}/{name}": value for index, entry in state.items() for name, value in entry.items()}


def restore_adam(optimiser: torch.optim.Optimizer, tensors: dict[str, Tensor]) -> None:
    """Gives Adam its moments and step counts back.

    Args:
        optimiser: freshly made for the same parameters.
        tensors: what ``pack_adam`` returned.
    """
    state: dict[int, dict[str, Tensor]] = {}
    for key, tensor in tensors.items():
        index, _, name = key.partition("/")
        state.setdefault(int(index), {})[name] = tensor
    optimiser.load_state_dict({"state": state, "param_groups": optimiser.state_dict()["param_groups"]})
