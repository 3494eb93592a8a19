"""Meshes: vertices and triangles, read from .obj faces and kept in one compact form.

The form, little-endian: the four bytes "SMB1"; uint32 n, the number of vertices; uint32 m, the number of triangles;
n × 3 float32, x y z of each vertex; m × 3 uint32, the vertices of each triangle, counted from 0. A cloud of points has
m = 0. docs/importing.md describes it to others.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from annotation.formats.errors import FormatError
from annotation.formats.limits import Limits
from annotation.formats.npy import Floats
from annotation.formats.stimuli.texts import decode

Triangles = NDArray[np.uint32]
MAGIC = b"SMB1"
_HEAD = struct.Struct("<4sII")


def pack(vertices: Floats, triangles: Triangles | None) -> bytes:
    """A mesh, or a cloud of points, in the compact form.

    Args:
        vertices: (n, 3), or (n, 2) for points in a plane, whose z is 0.
        triangles: (m, 3) vertices of each triangle, or None.

    Raises:
        ValueError: If the vertices have another shape.
    """
    if vertices.ndim != 2 or vertices.shape[1] not in (2, 3):
        raise ValueError(f"Points in space have the shape (n, 2) or (n, 3), not {vertices.shape}.")
    places = np.zeros((len(vertices), 3), dtype="<f4")
    places[:, : vertices.shape[1]] = vertices
    corners = b"" if triangles is None else np.ascontiguousarray(triangles, dtype="<u4").tobytes()
    return _HEAD.pack(MAGIC, len(places), len(corners) // 12) + places.tobytes() + corners


def unpack(data: bytes) -> tuple[Floats, Triangles]:
    """Vertices and triangles of the compact form.

    Args:
        data: What pack made.

    Raises:
        ValueError: If it is nothing that pack made.
    """
    if len(data) < _HEAD.size:
        raise ValueError("This is shorter than the head of a mesh.")
    magic, vertices, triangles = _HEAD.unpack_from(data)
    if magic != MAGIC or len(data) != _HEAD.size + 12 * (vertices + triangles):
        raise ValueError("This is no mesh, or a damaged one.")
    places = np.frombuffer(data, dtype="<f4", count=3 * vertices, offset=_HEAD.size).reshape(-1, 3)
    corners = np.frombuffer(data, dtype="<u4", offset=_HEAD.size + 12 * vertices).reshape(-1, 3)
    return places, corners


class Fans:
    """Polygons, cut into triangles as they come: every polygon becomes a fan around its first corner.

    Args:
        vertices: How many there are.
        file: Name of the file, for messages.
        field: What the file calls a polygon, for messages.
        first: The number that the file gives its first vertex, for messages.
        limits: Bounds to hold.
    """

    def __init__(self, *, vertices: int, file: str, field: str, limits: Limits, first: int = 0) -> None:
        self._vertices = vertices
        self._first = first
        self._file = file
        self._field = field
        self._limits = limits
        self._corners = array("I")

    def add(self, corners: Sequence[int], *, row: int | None, face: int) -> None:
        """One polygon.

        Args:
            corners: Its vertices, from 0.
            row: Its line in the file, or None in a binary file.
            face: Its number among the polygons, from 1.

        Raises:
            FormatError: If it has fewer than 3 corners, names a vertex that does not exist, or is one too many.
        """
        if len(corners) < 3:
            raise self._error(f"Face {face} has {len(corners)} corners; a face has at least 3.", row)
        for corner in corners:
            if not 0 <= corner < self._vertices:
                last = self._vertices - 1 + self._first
                raise self._error(
                    f"Face {face} names the vertex {corner + self._first}; they go from {self._first} to {last}.", row
                )
        if len(self._corners) // 3 + len(corners) - 2 > self._limits.mesh_triangles:
            raise self._error(f"The mesh has over {self._limits.mesh_triangles:,} triangles.", row)
        for second, third in pairwise(corners[1:]):
            self._corners.extend((corners[0], second, third))

    def triangles(self) -> Triangles | None:
        """(m, 3) vertices of each triangle, or None where there was no polygon."""
        return np.array(self._corners, dtype=np.uint32).reshape(-1, 3) if self._corners else None

    def _error(self, message: str, row: int | None) -> FormatError:
        return FormatError(message, file=self._file, row=row, field=self._field)


def read_obj_faces(data: bytes, *, vertices: int, file: str, limits: Limits) -> Triangles | None:
    """Faces of a Wavefront .obj as triangles, or None where it has none.

    Textures and normals of corners ("1/2/3") are left out. A negative number counts back from the vertices above it.

    Args:
        data: The whole file.
        vertices: How many vertices it has.
        file: Its name, for messages.
        limits: Bounds to hold.

    Raises:
        FormatError: If a face is odd, naming its row.
    """
    fans = Fans(vertices=vertices, file=file, field="f", limits=limits, first=1)
    above, face = 0, 0
    for row, line in enumerate(decode(data, file=file).splitlines(), start=1):
        tokens = line.partition("#")[0].split()
        if not tokens:
            continue
        if tokens[0] == "v":
            above += 1
        elif tokens[0] == "f":
            face += 1
            fans.add([_corner(token, above, file, row) for token in tokens[1:]], row=row, face=face)
    return fans.triangles()


def _corner(token: str, above: int, file: str, row: int) -> int:
    """The vertex of one corner, from 0; a number that leads nowhere stays out of range."""
    number = token.partition("/")[0]
    digits = number.removeprefix("-")
    if not (digits.isascii() and digits.isdecimal()) or len(digits) > 10 or not int(digits):
        raise FormatError(f'"{token[:40]}" does not name a vertex (1, 2, 3, …).', file=file, row=row, field="f")
    value = int(number)
    return above + value if value < 0 else value - 1
