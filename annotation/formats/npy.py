"""NumPy arrays from outside: numbers only, and never larger than the file that holds them."""

from __future__ import annotations

import math
import zipfile
import zlib
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from annotation.formats.errors import FormatError
from annotation.formats.limits import Limits
from annotation.formats.zips import open_zip

Floats = NDArray[np.float32]


def to_float32(values: NDArray[np.generic]) -> Floats:
    """The numbers as float32; what overflows becomes infinite and is refused by the check for finite values."""
    with np.errstate(over="ignore"):
        return np.asarray(values).astype(np.float32, copy=False)


def read_array(stream: IO[bytes], *, size: int, file: str, kinds: str) -> NDArray[Any]:
    """One .npy array as it is.

    The header is read first and compared with the size of the file: a header that promises more than the file holds
    would otherwise make NumPy reserve that memory.

    Args:
        stream: The file, at its start.
        size: Its length in bytes.
        file: Its name, for messages.
        kinds: Kinds of NumPy types that are read, such as "fiu" for real numbers.

    Raises:
        FormatError: If it is no array of these kinds, holds Python objects, or its size does not fit its header.
    """
    try:
        version = np.lib.format.read_magic(stream)
        read_header = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
        shape, fortran, dtype = read_header[version](stream)
    except (zlib.error, zipfile.BadZipFile) as error:
        raise FormatError("The array is damaged.", file=file) from error
    except (ValueError, KeyError, EOFError) as error:
        raise FormatError("The file is not a NumPy array of numbers.", file=file) from error
    if dtype.hasobject:
        raise FormatError("The array holds Python objects (a pickle); only plain numbers are read.", file=file)
    if dtype.kind not in kinds:
        raise FormatError(f"The array holds {dtype}; only real numbers are read.", file=file)
    expected = math.prod(shape) * dtype.itemsize
    if expected != size - stream.tell():
        raise FormatError("The array's header does not fit the size of the file.", file=file)
    try:
        data = stream.read(expected)
    except (zlib.error, zipfile.BadZipFile, EOFError) as error:
        raise FormatError("The array is damaged.", file=file) from error
    return np.frombuffer(data, dtype=dtype).reshape(shape, order="F" if fortran else "C")


def read_npy(stream: IO[bytes], *, size: int, file: str, limits: Limits) -> Floats:
    """One .npy array of real numbers as float32.

    Args:
        stream: The file, at its start.
        size: Its length in bytes.
        file: Its name, for messages.
        limits: Bounds to hold.

    Raises:
        FormatError: For all that read_array refuses, and if the file is too large.
    """
    if size > limits.file_bytes:
        raise FormatError(f"The array is {size:,} bytes; at most {limits.file_bytes:,} are read.", file=file)
    return np.asarray(to_float32(read_array(stream, size=size, file=file, kinds="fiu")), order="C")


def read_npz_member(stream: IO[bytes], key: str, *, file: str, limits: Limits) -> tuple[Floats, str]:
    """One array of an .npz archive, and its key.

    Args:
        stream: The archive, seekable.
        key: The array's name, or "" for the only one.
        file: The archive's name, for messages.
        limits: Bounds to hold.

    Raises:
        FormatError: If the archive or the array is refused, or the key is missing or needed.
    """
    with open_zip(stream, file=file, limits=limits) as archive:
        members = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
        if not key and len(members) == 1:
            key = next(iter(members))
        if key not in members:
            known = ", ".join(sorted(members)[:20])
            wanted = f'There is no array "{key}" here' if key else "The archive holds several arrays"
            raise FormatError(f"{wanted}; name one of {known} after a #.", file=file)
        info = members[key]
        with archive.open(info) as member:
            return read_npy(member, size=info.file_size, file=f"{file}#{key}", limits=limits), key


def npz_keys(stream: IO[bytes], *, file: str, limits: Limits) -> set[str]:
    """Names of the arrays in an .npz archive.

    Args:
        stream: The archive, seekable; left at its start.
        file: The archive's name, for messages.
        limits: Bounds to hold.
    """
    with open_zip(stream, file=file, limits=limits) as archive:
        keys = {info.filename.removesuffix(".npy") for info in archive.infolist()}
    stream.seek(0)
    return keys
