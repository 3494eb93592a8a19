"""Rows of features for a network, from memory or from a file larger than memory.

    x_i = scale · raw_i − mean

A source holds the raw numbers, bytes of images for instance, and turns only the rows that are asked for into float32
on the device. Raw bytes stay bytes: a quarter of the memory, and of what travels to a GPU.
"""

from __future__ import annotations

import mmap
from abc import ABC, abstractmethod
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

_CHUNK = 1 << 24  # numbers read at a time
_BYTE = 1 / 255


class FeatureSource(ABC):
    """N rows of F features.

    Attributes:
        n_features: F.
        device: where rows are given.
    """

    def __init__(self, n_features: int, mean: NDArray[Any] | None, scale: float, device: torch.device) -> None:
        self.n_features, self.device, self._scale = n_features, device, scale
        if mean is not None and np.shape(mean) != (n_features,):
            raise ValueError(f"Rows have {n_features} features, but the mean has the shape {np.shape(mean)}.")
        self._mean = None if mean is None else torch.tensor(np.asarray(mean, np.float32), device=device)

    @staticmethod
    def of(
        features: NDArray[Any],
        mean: NDArray[Any] | None = None,
        device: torch.device | str = "cpu",
        scale: float | None = None,
    ) -> FeatureSource:
        """Makes the source that suits an array.

        Args:
            features: (N, ...) raw numbers, uint8 or of any float type; a memory-mapped array stays in its file, any
                other is moved to the device.
            mean: (F,) what rows are centred by, in scaled units; None for no centring.
            device: where rows are wanted.
            scale: what raw numbers are multiplied by; None means 1/255 for bytes and 1 for others.

        Returns:
            The source.

        Raises:
            ValueError: features or mean of the wrong type or shape.
        """
        if features.ndim < 2:
            raise ValueError(f"Features must have the shape (N, ...), not {features.shape}.")
        if features.dtype != np.uint8 and features.dtype.kind != "f":
            raise ValueError(f"Features must be bytes or floats, not {features.dtype}.")
        factor = scale if scale is not None else _BYTE if features.dtype == np.uint8 else 1.0
        kind = MappedSource if is_mapped(features) else ResidentSource
        return kind(features, mean, factor, torch.device(device))

    @abstractmethod
    def __len__(self) -> int:
        """N."""

    def rows(self, index: Tensor) -> Tensor:
        """Returns rows.

        Args:
            index: (R,) numbers of rows, in any order, also repeated.

        Returns:
            (R, F) float32 features on the device, in the order of ``index``.
        """
        return self._scaled(self._raw(index))

    def _scaled(self, raw: Tensor) -> Tensor:
        """Returns (R, F) raw numbers scaled and centred."""
        x = raw.float()
        if self._scale != 1:
            x = x * self._scale
        return x if self._mean is None else x - self._mean

    @abstractmethod
    def _raw(self, index: Tensor) -> Tensor:
        """Returns (R, F) raw numbers on the device."""


class ResidentSource(FeatureSource):
    """Rows from the memory of the device."""

    def __init__(self, features: NDArray[Any], mean: NDArray[Any] | None, scale: float, device: torch.device) -> None:
        flat = features.reshape(len(features), -1)
        super().__init__(flat.shape[1], mean, scale, device)
        kept = np.ascontiguousarray(flat if flat.dtype == np.uint8 else flat.astype(np.float32, copy=False))
        self._features = (torch.from_numpy(kept) if kept.flags.writeable else torch.tensor(kept)).to(device)
        # Floats are scaled and centred once. Bytes are not, to stay bytes.
        if kept.dtype != np.uint8 and (self._mean is not None or scale != 1):
            self._features = self._scaled(self._features)
            self._scale, self._mean = 1.0, None

    def __len__(self) -> int:
        return len(self._features)

    def _raw(self, index: Tensor) -> Tensor:
        return self._features.index_select(0, index.to(self.device))


class MappedSource(FeatureSource):
    """Rows from a memory-mapped file, of which only the pages of the rows asked for are read."""

    def __init__(self, features: NDArray[Any], mean: NDArray[Any] | None, scale: float, device: torch.device) -> None:
        if not features.flags.c_contiguous:
            raise ValueError("Memory-mapped features must lie in their file row by row.")
        self._features = features.reshape(len(features), -1)
        super().__init__(self._features.shape[1], mean, scale, device)

    def __len__(self) -> int:
        return len(self._features)

    def _raw(self, index: Tensor) -> Tensor:
        wanted, place = torch.unique(index.cpu(), return_inverse=True)  # in the order of the file, each once
        read = torch.from_numpy(np.asarray(self._features[wanted.numpy()])).to(self.device)
        return read.index_select(0, place.to(self.device))


def is_mapped(array: NDArray[Any]) -> bool:
    """Whether an array, or what it is a view of, lies in a memory-mapped file."""
    base: Any = array
    while base is not None:
        if isinstance(base, np.memmap | mmap.mmap):
            return True
        base = getattr(base, "base", None)
    return False


def mean_of(features: NDArray[Any], rows: NDArray[np.int64], scale: float | None = None) -> NDArray[np.float32]:
    """Computes the mean of some rows in pieces, without the whole in memory.

    Args:
        features: (N, ...) raw numbers, memory-mapped or not.
        rows: (R,) the rows to average, those of the training split for instance.
        scale: as in ``FeatureSource.of``.

    Returns:
        (F,) mean in scaled units.

    Raises:
        ValueError: no rows.
    """
    if not len(rows):
        raise ValueError("There are no rows to take the mean of.")
    flat = features.reshape(len(features), -1)
    factor = scale if scale is not None else _BYTE if features.dtype == np.uint8 else 1.0
    total = np.zeros(flat.shape[1])
    step = max(1, _CHUNK // max(1, flat.shape[1]))
    ordered = np.sort(rows)
    for start in range(0, len(rows), step):
        total += flat[ordered[start : start + step]].sum(axis=0, dtype=np.float64)
    mean: NDArray[np.float32] = (total * (factor / len(rows))).astype(np.float32)
    return mean
