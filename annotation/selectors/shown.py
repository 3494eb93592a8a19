"""What a page needs to show stimuli, and nothing else of them: a bundle has sixty, and a claim is to be quick."""

from collections.abc import Sequence
from typing import NamedTuple

from django.db import connection


class Shown(NamedTuple):
    """The part of a Stimulus that is shown, under the same names."""

    pk: int
    kind: str
    sha256: str
    picture: str
    text: str


def stimuli_shown(keys: Sequence[int]) -> dict[int, Shown]:
    """By key, the stimuli of these keys."""
    if not keys:
        return {}
    places = ", ".join(["%s"] * len(keys))
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT id, kind, sha256, picture, text FROM annotation_stimulus WHERE id IN ({places})", keys)  # noqa: S608
        return {row[0]: Shown(*row) for row in cursor.fetchall()}
