"""Conversions of a frozen dataset's arrays that refuse what they would have to guess."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from annotation.formats.errors import FormatError

Strings: TypeAlias = Sequence[str] | NDArray[np.str_]
Numbers: TypeAlias = ArrayLike
_Int = TypeVar("_Int", np.int8, np.int16, np.int32, np.int64)


def _locked(values: NDArray[Any]) -> NDArray[Any]:
    """A read-only view: frozen means frozen, without a copy of what may be large."""
    view = values.view()
    view.flags.writeable = False
    return view


def _length(name: str, values: NDArray[Any], length: int | None) -> None:
    if length is not None and len(values) != length:
        raise FormatError(f"There are {len(values)} values where {length} are needed.", field=name)


def strings(name: str, values: Strings, length: int | None) -> NDArray[np.str_]:
    """A vector of texts, none of which holds a zero character.

    Args:
        name: Name of the array, for messages.
        values: The texts.
        length: How many there must be, or None.

    Raises:
        FormatError: If it is no vector of that many texts.
    """
    array = np.asarray(values)
    if array.size == 0:
        array = array.astype(np.str_)
    if array.ndim != 1 or array.dtype.kind != "U":
        raise FormatError("This must be a vector of texts.", field=name)
    _length(name, array, length)
    texts = array.tolist()
    joined = "\0".join(texts)
    if joined.count("\0") != max(len(texts) - 1, 0):
        raise FormatError("A text holds a zero character.", field=name)
    try:
        joined.encode()
    except UnicodeEncodeError as error:
        raise FormatError("A text holds half of a surrogate pair and is not valid Unicode.", field=name) from error
    # A width that fits the longest text, so that the file does not depend on how the array was made.
    fitting: NDArray[np.str_] = np.array(texts, dtype=np.str_) if texts else np.empty(0, dtype="<U1")
    return _locked(fitting.astype(fitting.dtype.newbyteorder("<"), copy=False))


def distinct(name: str, values: NDArray[np.str_]) -> NDArray[np.str_]:
    """The texts, none empty and no two equal.

    Args:
        name: Name of the array, for messages.
        values: The texts.

    Raises:
        FormatError: Naming the first row that is empty or repeated.
    """
    seen: set[str] = set()
    for row, text in enumerate(values.tolist()):
        if not text:
            raise FormatError("The id is empty.", row=row, field=name)
        if text in seen:
            raise FormatError(f'"{text}" occurs twice.', row=row, field=name)
        seen.add(text)
    return values


def integers(
    name: str,
    values: Numbers,
    length: int | None,
    dtype: type[_Int],
    *,
    low: int | None = None,
    high: int | None = None,
) -> NDArray[_Int]:
    """A vector of whole numbers within bounds; real numbers are refused, not rounded.

    Args:
        name: Name of the array, for messages.
        values: The numbers.
        length: How many there must be, or None.
        dtype: Type of the result.
        low: Smallest value allowed; the type's own by default.
        high: Largest value allowed; the type's own by default.

    Raises:
        FormatError: If it is no vector of that many whole numbers within bounds.
    """
    array = np.asarray(values)
    if array.size == 0:
        array = array.astype(np.int64)
    if array.ndim != 1 or array.dtype.kind not in "iu":
        raise FormatError("This must be a vector of whole numbers.", field=name)
    _length(name, array, length)
    return _bounded(name, array, dtype, low, high)


def _bounded(name: str, array: NDArray[Any], dtype: type[_Int], low: int | None, high: int | None) -> NDArray[_Int]:
    limits = np.iinfo(dtype)
    low, high = (int(limits.min) if low is None else low), (int(limits.max) if high is None else high)
    wrong = (array < low) | (array > high)
    if wrong.any():
        row = int(np.argwhere(wrong)[0][0])
        bad = array[wrong][0]
        raise FormatError(f"{bad} is not between {low} and {high}.", row=row, field=name)
    return _locked(np.ascontiguousarray(array, dtype=np.dtype(dtype).newbyteorder("<")))


def triplet_rows(values: Numbers, stimuli: int) -> NDArray[np.int64]:
    """(T, 3) rows of stimuli, three different ones in each triplet.

    Args:
        values: The triplets.
        stimuli: How many stimuli there are.

    Raises:
        FormatError: If the shape is wrong, a row does not exist, or a triplet compares a stimulus with itself.
    """
    array = np.asarray(values)
    if array.size == 0:
        array = np.empty((0, 3), dtype=np.int64)
    if array.ndim != 2 or array.shape[1] != 3 or array.dtype.kind not in "iu":
        raise FormatError("This must be a (T, 3) array of whole numbers.", field="triplets")
    rows = _bounded("triplets", array, np.int64, 0, stimuli - 1)
    anchor, nearer, farther = rows.T
    same = (anchor == nearer) | (anchor == farther) | (nearer == farther)
    if same.any():
        raise FormatError("The triplet names a stimulus twice.", row=int(np.argmax(same)), field="triplets")
    return rows


def floats(
    name: str, values: Numbers, length: int, *, low: float | None = None, vector: bool = False
) -> NDArray[np.float32]:
    """A float32 array of finite numbers with the given first dimension.

    Args:
        name: Name of the array, for messages.
        values: The numbers.
        length: First dimension that it must have.
        low: Smallest value allowed, or None.
        vector: Whether it must have one dimension only.

    Raises:
        FormatError: If the shape is wrong or a number is not finite or too small.
    """
    array = np.asarray(values)
    if array.ndim == 0 or (vector and array.ndim != 1) or array.dtype.kind not in "fiu":
        raise FormatError(f"This must be {'a vector' if vector else 'an array'} of numbers.", field=name)
    _length(name, array, length)
    with np.errstate(over="ignore"):
        result = np.ascontiguousarray(array, dtype="<f4")
    good = np.isfinite(result)
    if low is not None:
        good &= result >= low
    if not good.all():
        row = int(np.argwhere(~good)[0][0])
        bound = "" if low is None else f" or is below {low:g}"
        raise FormatError(f"A number is not finite{bound}.", row=row, field=name)
    return _locked(result)


def shares(name: str, values: Numbers, length: int) -> NDArray[np.float32]:
    """A vector of numbers from 0 to 1.

    Args:
        name: Name of the array, for messages.
        values: The numbers.
        length: How many there must be.

    Raises:
        FormatError: If it is no vector of that many such numbers.
    """
    array = floats(name, values, length, low=0.0, vector=True)
    if (array > 1).any():
        raise FormatError("A number is above 1.", row=int(np.argmax(array > 1)), field=name)
    return array


def label_name(name: str) -> str:
    """The name of a label, not empty and without a zero character.

    Raises:
        FormatError: If it is neither.
    """
    if not isinstance(name, str) or not name or "\0" in name:
        raise FormatError("A label needs a name without zero characters.", field="labels")
    return name


def json_object(value: Mapping[str, object]) -> dict[str, object]:
    """A deep copy of what JSON can hold.

    Raises:
        FormatError: If it is not a JSON object.
    """
    try:
        copy = json.loads(json.dumps(dict(value), allow_nan=False))
    except (TypeError, ValueError) as error:
        raise FormatError(f"The manifest is not JSON ({error}).", field="manifest") from error
    result: dict[str, object] = copy
    return result


def neutrals(neutral: NDArray[np.int64], subjects: NDArray[np.str_]) -> None:
    """Refuse a neutral stimulus of another subject.

    Args:
        neutral: (N,) rows or −1.
        subjects: (N,) subjects.

    Raises:
        FormatError: Naming the first such row.
    """
    wrong = (neutral >= 0) & (subjects[neutral] != subjects) if len(neutral) else np.zeros(0, dtype=np.bool_)
    if wrong.any():
        raise FormatError(
            "The neutral stimulus belongs to another subject.", row=int(np.argmax(wrong)), field="neutral"
        )


def margins(margin: NDArray[np.int16], nearer: NDArray[np.int16], farther: NDArray[np.int16]) -> None:
    """Refuse a margin that is not the difference of the votes, where there are votes.

    Args:
        margin: (T,) margins.
        nearer: (T,) votes for the nearer.
        farther: (T,) votes for the farther.

    Raises:
        FormatError: Naming the first such row.
    """
    difference = np.abs(nearer.astype(np.int32) - farther)
    wrong = (nearer + farther.astype(np.int32) > 0) & (margin != difference)
    if wrong.any():
        raise FormatError("The margin is not the difference of the votes.", row=int(np.argmax(wrong)), field="margin")
