"""Lines of text from columns, joined outside Python: each cell is looked up among the texts of what it can be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

# A range of whole numbers that is written out rather than looked through.
_FEW = 4096


class Names:
    """Texts that many cells share, such as the ids of stimuli, with what stands around them in a line.

    Args:
        texts: The text of each number.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        import pyarrow as pa

        self._texts = pa.array(texts, pa.string())

    def of(self, rows: NDArray[Any]) -> Any:
        """The texts of numbers."""
        import pyarrow as pa

        return self._texts.take(pa.array(np.ascontiguousarray(rows)))


def numbers(values: NDArray[Any], template: str = "{}") -> Any:
    """Numbers as their shortest exact texts; each distinct number is written once.

    Args:
        values: The numbers.
        template: What stands around each.
    """
    import pyarrow as pa

    if values.dtype.kind in "iu" and len(values):
        low, high = int(values.min()), int(values.max())
        if high - low < _FEW:
            return Names([template.format(number) for number in range(low, high + 1)]).of(values - low)
    coded = pa.array(values).dictionary_encode()
    distinct = coded.dictionary.to_numpy(zero_copy_only=False)
    texts = map(template.format, distinct.astype(np.str_).tolist())
    return pa.array(list(texts), pa.string()).take(coded.indices)


def joined(columns: Sequence[Any]) -> bytes:
    """Row after row, the columns' texts one after the other; separators and line ends are parts of the texts."""
    import pyarrow.compute as pc

    if not len(columns[0]):
        return b""
    rows = pc.binary_join_element_wise(*columns, "")
    _, offsets, data = rows.buffers()
    ends = np.frombuffer(offsets, dtype=np.int32)[[rows.offset, rows.offset + len(rows)]]
    return data.slice(int(ends[0]), int(ends[1] - ends[0])).to_pybytes()  # type: ignore[no-any-return]
