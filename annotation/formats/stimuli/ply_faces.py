"""Faces of a .ply file: ascii, or binary in either byte order."""

from __future__ import annotations

import struct
from collections.abc import Iterator

import numpy as np

from annotation.formats.errors import FormatError
from annotation.formats.limits import Limits
from annotation.formats.stimuli.meshes import Fans, Triangles
from annotation.formats.stimuli.ply import ORDERS, Element, read_header

_NAMES = ("vertex_indices", "vertex_index")
_CODES = {"i1": "b", "u1": "B", "i2": "h", "u2": "H", "i4": "i", "u4": "I", "f4": "f", "f8": "d"}


def read_ply_faces(data: bytes, *, vertices: int, file: str, limits: Limits) -> Triangles | None:
    """Faces as triangles, or None where the file has none.

    Args:
        data: The whole file.
        vertices: How many vertices it has.
        file: Its name, for messages.
        limits: Bounds to hold.

    Raises:
        FormatError: If the file ends before its last face, or a face is odd.
    """
    layout, elements, start = read_header(data, file)
    at = next((place for place, element in enumerate(elements) if element.name == "face"), None)
    if at is None or not elements[at].count:
        return None
    face = elements[at]
    name = next((one for one in _NAMES if one in face.lists), "")
    if not name:
        raise FormatError(f"The faces need a list {' or '.join(_NAMES)}.", file=file)
    if face.properties[name][0] == "f":
        raise FormatError("The faces' vertices must be whole numbers.", file=file, field=name)
    fans = Fans(vertices=vertices, file=file, field=name, limits=limits)
    if layout == "ascii":
        for number, (row, corners) in enumerate(_ascii(data, start, elements[:at], face, name, file), start=1):
            fans.add(corners, row=row, face=number)
        return fans.triangles()
    body = _Binary(data, start, ORDERS[layout], file)
    for before in elements[:at]:
        body.skip(before)
    quick = body.triangles(face, name, vertices, limits)
    if quick is not None:
        return quick
    for number in range(1, face.count + 1):
        fans.add([int(corner) for corner in body.record(face)[name]], row=None, face=number)
    return fans.triangles()


def _ascii(
    data: bytes, start: int, before: list[Element], face: Element, name: str, file: str
) -> Iterator[tuple[int, list[int]]]:
    """Line and corners of each face; every element has a line of its own."""
    first = data.count(b"\n", 0, start)
    skip = sum(element.count for element in before)
    lines = data[start:].decode("ascii", errors="replace").splitlines()[skip : skip + face.count]
    if len(lines) < face.count:
        raise FormatError(f"The file promises {face.count} faces and holds {len(lines)}.", file=file)
    for row, line in enumerate(lines, start=first + skip + 1):
        try:
            yield row, _corners(line.split(), face, name)
        except (ValueError, IndexError):
            raise FormatError("The face does not hold what the header names.", file=file, row=row, field=name) from None


def _corners(tokens: list[str], face: Element, name: str) -> list[int]:
    """The corners of one line, which is read to its end."""
    corners: list[int] = []
    at = 0
    for part in face.properties:
        length = 1
        if part in face.lists:
            length = int(tokens[at])
            at += 1
        if length < 0 or at + length > len(tokens):
            raise ValueError
        if part == name:
            corners = [int(token) for token in tokens[at : at + length]]
        at += length
    if at != len(tokens):
        raise ValueError
    return corners


class _Binary:
    """The body of a binary file, read from its start to its end.

    Args:
        data: The whole file.
        start: Where the body starts.
        order: "<" or ">".
        file: Its name, for messages.
    """

    def __init__(self, data: bytes, start: int, order: str, file: str) -> None:
        self._data = data
        self._at = start
        self._order = order
        self._file = file

    def skip(self, element: Element) -> None:
        """Go past all records of an element."""
        if element.lists:
            for _ in range(element.count):
                self.record(element)
            return
        self._at += element.count * sum(int(kind[1]) for kind in element.properties.values())

    def record(self, element: Element) -> dict[str, tuple[float, ...]]:
        """One record: the values of each property."""
        values: dict[str, tuple[float, ...]] = {}
        for name, kind in element.properties.items():
            length = 1
            if name in element.lists:
                length = int(self._take(element.lists[name], 1)[0])
            values[name] = self._take(kind, length)
        return values

    def _take(self, kind: str, length: int) -> tuple[float, ...]:
        size = length * int(kind[1])
        if length < 0 or self._at + size > len(self._data):
            raise FormatError("The file is too short for the faces that it promises.", file=self._file)
        values = struct.unpack_from(f"{self._order}{length}{_CODES[kind]}", self._data, self._at)
        self._at += size
        return values

    def triangles(self, face: Element, name: str, vertices: int, limits: Limits) -> Triangles | None:
        """All faces at once where each is a triangle and nothing else, as nearly always; None where they are not.

        A face that is wrong makes it None too: read one by one, it is found and named.
        """
        if list(face.properties) != [name] or face.count > limits.mesh_triangles:
            return None
        kind = np.dtype([("n", self._order + face.lists[name]), ("corners", self._order + face.properties[name], 3)])
        if self._at + face.count * kind.itemsize > len(self._data):
            return None
        rows = np.frombuffer(self._data, dtype=kind, count=face.count, offset=self._at)
        corners = rows["corners"].astype(np.int64)
        if (rows["n"] != 3).any() or corners.min() < 0 or corners.max() >= vertices:
            return None
        return corners.astype(np.uint32)
