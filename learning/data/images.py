"""Pictures as rows that a network reads: decoded, turned upright, cut to the middle square, made small, numbers 0 to 1.

The rows lie in a file that is mapped, not read, so that there may be more of them than memory holds.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

_MODES = {"grey": "L", "rgb": "RGB"}
_FORMATS = ("PNG", "JPEG", "WEBP")


def image_rows(
    pictures: Iterable[tuple[str, bytes]], count: int, size: int, colour: str, path: Path
) -> NDArray[np.float32]:
    """Decodes pictures into a file of numbers.

    Args:
        pictures: key and content (PNG, JPEG or WebP) of each of N stimuli, in their order.
        count: N.
        size: side in pixels.
        colour: "grey" (C = 1) or "rgb" (C = 3).
        path: of the file of numbers, a .npy; overwritten.

    Returns:
        (N, C, size, size) mapped array, in [0, 1].

    Raises:
        ValueError: a picture cannot be read, with the stimulus's key; or there are not N.
    """
    if colour not in _MODES:
        raise ValueError(f"Pictures are read in 'grey' or 'rgb', not in {colour!r}.")
    shape = (count, 1 if colour == "grey" else 3, size, size)
    rows: NDArray[np.float32] = np.lib.format.open_memmap(path, mode="w+", dtype=np.float32, shape=shape)
    row = -1
    for row, (key, content) in enumerate(pictures):
        if row >= count:
            raise ValueError(f"There are more than the {count} pictures that were announced.")
        rows[row] = _pixels(key, content, size, colour)
    if row + 1 != count:
        raise ValueError(f"There are {row + 1} pictures instead of {count}.")
    return rows


def _pixels(key: str, content: bytes, size: int, colour: str) -> NDArray[np.float32]:
    """(C, size, size) numbers of one picture; what is transparent is white."""
    from PIL import Image, ImageOps

    try:
        with Image.open(io.BytesIO(content), formats=_FORMATS) as image:
            upright = ImageOps.exif_transpose(image)
            if upright.has_transparency_data:
                upright = upright.convert("RGBA")
                white = Image.new("RGBA", upright.size, "white")
                upright = Image.alpha_composite(white, upright)
            square = ImageOps.fit(upright.convert(_MODES[colour]), (size, size), Image.Resampling.LANCZOS)
    except (OSError, ValueError, Image.DecompressionBombError) as error:
        raise ValueError(f"The picture of stimulus {key!r} cannot be read: {error}") from error
    pixels = np.atleast_3d(np.asarray(square, dtype=np.float32)).transpose(2, 0, 1)
    return np.ascontiguousarray(pixels / 255, dtype=np.float32)
