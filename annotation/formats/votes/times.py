"""Moments as files write them: ISO 8601, seconds since 1970, and the dates of Mechanical Turk."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from annotation.formats.errors import FormatError
from annotation.formats.votes.arrow import codes

_ZONES = {"GMT": 0, "UTC": 0, "PST": -8, "PDT": -7, "EST": -5, "EDT": -4}
_LEAST, _MOST = np.datetime64("1990-01-01", "us"), np.datetime64("2100-01-01", "us")


def moments_of(column: Any, *, file: str, field: str, first_row: int = 2) -> NDArray[np.datetime64]:
    """(V,) datetime64[us] in UTC, NaT where a cell is blank; text without a zone is taken for UTC.

    Args:
        column: An arrow column of texts.
        file: Name of the file, for messages.
        field: Name of the column, for messages.
        first_row: Row of the file that the first entry stands in.

    Raises:
        FormatError: A cell is no moment between 1990 and 2100; the sentence names the row.
    """
    import pyarrow as pa
    from pyarrow import compute

    try:  # in C where all are alike
        plain = compute.cast(compute.cast(column, pa.string()), pa.timestamp("us"))
        moments: NDArray[np.datetime64] = plain.to_numpy().astype("datetime64[us]")
    except pa.ArrowInvalid:
        texts, places = codes(column)
        parsed = np.array([_moment(text) for text in texts.tolist()] + [np.datetime64("NaT", "us")])
        moments = parsed.astype("datetime64[us]")[places]
        wrong = np.isnat(moments) & (places >= 0)
        if wrong.any():
            at = int(np.argmax(wrong))
            text = str(texts[places[at]])[:40]
            raise FormatError(f'"{text}" is no date and time.', file=file, row=first_row + at, field=field) from None
    outside = (moments < _LEAST) | (moments > _MOST)
    if outside.any():
        at = int(np.argmax(outside))
        raise FormatError(
            f"The moment {moments[at]} is not between 1990 and 2100.", file=file, row=first_row + at, field=field
        )
    return moments


def _moment(text: str) -> np.datetime64:
    for parse in (_seconds, _iso, _turk):
        try:
            return np.datetime64(parse(text).astimezone(UTC).replace(tzinfo=None), "us")
        except (ValueError, OverflowError, KeyError):
            continue
    return np.datetime64("NaT", "us")


def _seconds(text: str) -> datetime:
    value = float(text)
    if value > 1e11:  # milliseconds
        value /= 1000
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=value)


def _iso(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _turk(text: str) -> datetime:
    """Wed Apr 14 18:29:32 GMT 2010"""
    parts = text.split()
    if len(parts) != 6:
        raise ValueError(text)
    moment = datetime.strptime(" ".join([*parts[:4], parts[5]]), "%a %b %d %H:%M:%S %Y")
    return moment.replace(tzinfo=UTC) - timedelta(hours=_ZONES[parts[4]])
