"""What a simulated crowd makes of a text: how often each sequence of letters is in it."""

import re
from collections.abc import Sequence
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

_PLACES = 256


def texts_perceived(texts: Sequence[str]) -> NDArray[np.float64]:
    """A vector of length 1 for each text; texts with the same words, or nearly the same, lie near each other.

    Each word counts with its beginnings, ends and middles of three letters, so that "train" is near "trains". The place
    of a sequence is its checksum, so the same text is the same vector everywhere.

    Args:
        texts: The texts.

    Returns:
        (N, 256) numbers.
    """
    vectors = np.zeros((len(texts), _PLACES))
    for row, text in enumerate(texts):
        for word in re.findall(r"\w+", text.casefold()):
            padded = f"^{word}$"
            for start in range(len(padded) - 2):
                vectors[row, crc32(padded[start : start + 3].encode()) % _PLACES] += 1
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1.0)
    return vectors
