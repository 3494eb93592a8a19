"""Primary keys as places: arrays name stimuli by their row, and not by their key."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Numbers = Sequence[int] | NDArray[np.int64]


class Places:
    """A number for each of some keys.

    Args:
        keys: Ascending.
        numbers: One a key; the places of the keys where it is left out.
    """

    def __init__(self, keys: Numbers, numbers: Numbers | None = None) -> None:
        self._keys = np.append(np.asarray(keys, dtype=np.int64), -1)
        self._numbers = np.append(np.arange(len(keys)) if numbers is None else np.asarray(numbers, dtype=np.int64), -1)
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
