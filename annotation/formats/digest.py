"""A hash of arrays that depends on nothing but their content."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

_BLOCK = 1 << 24


def content_digest(arrays: Mapping[str, NDArray[np.generic]]) -> str:
    """SHA-256, in hexadecimal, over names, types, shapes and values in canonical bytes.

    Arrays are taken in the order of their names. Each gives one line of JSON, [name, type, shape], and its values:
    numbers as little-endian bytes in C order, texts as UTF-8 joined by zero bytes (no text holds one). So neither the
    byte order of the machine, nor the memory order, nor NumPy's width of text matters.

    Args:
        arrays: Name to array, numbers or one-dimensional texts.
    """
    digest = hashlib.sha256()
    for name in sorted(arrays):
        values = arrays[name]
        is_text = values.dtype.kind == "U"
        kind = "utf8" if is_text else values.dtype.newbyteorder("<").str
        digest.update(json.dumps([name, kind, list(values.shape)]).encode() + b"\n")
        if is_text:
            digest.update("\0".join(values.tolist()).encode())
        else:
            _numbers(digest, np.ascontiguousarray(values, dtype=kind))
    return digest.hexdigest()


def _numbers(digest: hashlib._Hash, values: NDArray[np.generic]) -> None:
    flat = values.reshape(-1).view(np.uint8)
    for start in range(0, flat.size, _BLOCK):
        digest.update(flat[start : start + _BLOCK].data)
