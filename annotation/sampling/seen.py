"""Which questions a design asks: sorted, where many of all are asked; by a table of hashes where few are.

Sorting a million keys is most of the work of a design, and hardly any of them is ever looked for.
"""

import numpy as np
import numpy.typing as npt

from annotation.sampling.keys import Keys, contains

_ODD = np.uint64(0x9E3779B97F4A7C15)  # 2^64 / golden ratio: multiples of it spread evenly (Knuth, TAOCP 3, 6.4)


class Seen:
    """The keys of a design's rows in a table with one row a bucket, and in order those that found it taken.

    Args:
        keys: (T,) int64; the rows may change later, and then what is found is what they hold by then.

    Attributes:
        doubled: Keys of several rows.
    """

    def __init__(self, keys: Keys) -> None:
        self._keys = keys
        self._shift = np.uint64(64 - max(4, (2 * len(keys)).bit_length()))
        at = self._bucket(keys)
        rows = np.arange(1, len(keys) + 1, dtype=np.int32)
        self._holder = np.zeros(1 << (64 - int(self._shift)), dtype=np.int32)  # row + 1, nothing: 0
        self._holder[at] = rows
        held = self._holder[at]
        without = np.flatnonzero(held != rows)
        self._rest = np.sort(keys[without])
        here = keys[without]
        again = here[here == keys[held[without] - 1]]
        self.doubled = np.unique(np.concatenate([again, self._rest[1:][self._rest[1:] == self._rest[:-1]]]))

    def contains(self, keys: Keys) -> npt.NDArray[np.bool_]:
        """Which of some keys rows hold, of their shape."""
        holder = self._holder[self._bucket(keys)]
        held: npt.NDArray[np.bool_] = (holder > 0) & (self._keys[holder - 1] == keys)
        return held | contains(self._rest, keys)

    def _bucket(self, keys: Keys) -> npt.NDArray[np.int64]:
        hashed: npt.NDArray[np.int64] = ((keys.view(np.uint64) * _ODD) >> self._shift).view(np.int64)
        return hashed


class SortedKeys:
    """The keys of a design's rows in order.

    Args:
        keys: (T,) int64.
    """

    def __init__(self, keys: Keys) -> None:
        self._ordered = np.sort(keys)

    @property
    def doubled(self) -> Keys:
        """Keys of several rows."""
        found: Keys = self._ordered[1:][self._ordered[1:] == self._ordered[:-1]]
        return found

    def contains(self, keys: Keys) -> npt.NDArray[np.bool_]:
        """Which of some keys rows hold, of their shape."""
        return contains(self._ordered, keys)

    def replace(self, removed: Keys, added: Keys) -> None:
        """Leave out `removed` (each once for each time that it is named) and put `added` in.

        An exchange changes few of many keys; to sort them all again would be most of the work.
        """
        removed, added = np.sort(removed), np.sort(added)
        again = np.arange(len(removed)) - np.searchsorted(removed, removed)  # the how-manieth of its equals
        kept = np.delete(self._ordered, np.searchsorted(self._ordered, removed) + again)
        self._ordered = np.insert(kept, np.searchsorted(kept, added), added)
