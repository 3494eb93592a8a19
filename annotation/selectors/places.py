"""Primary keys as places: arrays name stimuli by their row, and not by their key."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


class Places:
    """A number for each of some keys.

    Args:
        keys: Ascending.
        numbers: One a key; the places of the keys where it is left out.
    """

    def __init__(self, keys: Sequence[int], numbers: Sequence[int] | None = None) -> None:
        self._keys = np.array([*keys, -1], dtype=np.int64)
        self._numbers = np.array([*(range(len(keys)) if numbers is None else numbers), -1], dtype=np.int64)
        self.highest = int(self._keys[:-1].max(initial=0))

    def of(self, keys: NDArray[np.int64]) -> NDArray[np.int64]:
        """The numbers of keys.

        Args:
            keys: (…) int64.

        Returns:
            (…) int64.

        Raises:
            KeyError: One of them is none of the keys.
        """
        at = np.searchsorted(self._keys[:-1], keys)
        if (strange := self._keys[at] != keys).any():
            raise KeyError(int(keys[strange][0]))
        return self._numbers[at]
