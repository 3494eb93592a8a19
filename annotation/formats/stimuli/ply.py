"""Header and vertices of a .ply file: ascii, or binary in either byte order. Its faces: ply_faces.py."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from annotation.formats.errors import FormatError
from annotation.formats.npy import Floats, to_float32
from annotation.formats.stimuli.texts import matrix

_TYPES = {
    **{"char": "i1", "int8": "i1", "uchar": "u1", "uint8": "u1", "short": "i2", "int16": "i2", "ushort": "u2"},
    **{"uint16": "u2", "int": "i4", "int32": "i4", "uint": "u4", "uint32": "u4"},
    **{"float": "f4", "float32": "f4", "double": "f8", "float64": "f8"},
}
ORDERS = {"ascii": "", "binary_little_endian": "<", "binary_big_endian": ">"}
_HEADER_BYTES = 1 << 16


@dataclass
class Element:
    """One "element" of the header.

    Attributes:
        name: Such as vertex or face.
        count: How many there are.
        properties: Type of each property in order; of a list, the type of what it holds.
        lists: Type of the length of those properties that are lists.
    """

    name: str
    count: int
    properties: dict[str, str] = field(default_factory=dict)
    lists: dict[str, str] = field(default_factory=dict)


def read_ply(data: bytes, *, file: str) -> Floats:
    """The vertices as (vertices, 3) float32.

    Args:
        data: The whole file.
        file: Its name, for messages.

    Raises:
        FormatError: If the header is odd, vertices lack x, y or z, or the file is shorter than it promises.
    """
    layout, elements, start = read_header(data, file)
    before: list[Element] = []
    for element in elements:
        if element.name == "vertex":
            break
        before.append(element)
    else:
        raise FormatError("The file has no vertices.", file=file)
    if element.lists or any(other.lists for other in before):
        raise FormatError("Lists before or inside the vertices are not supported.", file=file)
    if not {"x", "y", "z"} <= element.properties.keys():
        raise FormatError("The vertices need the properties x, y and z.", file=file)
    if layout == "ascii":
        return _ascii(data[start:], before, element, file, data.count(b"\n", 0, start))
    return _binary(data, start, before, element, ORDERS[layout], file)


def read_header(data: bytes, file: str) -> tuple[str, list[Element], int]:
    """Layout, elements and the offset of the body.

    Args:
        data: The whole file.
        file: Its name, for messages.

    Raises:
        FormatError: If it is not the header of a .ply file.
    """
    lines = data[:_HEADER_BYTES].split(b"\n")
    if lines[0].rstrip(b"\r") != b"ply":
        raise FormatError('A .ply file starts with the line "ply".', file=file)
    layout, offset = "", 0
    elements: list[Element] = []
    for row, raw in enumerate(lines, start=1):
        offset += len(raw) + 1
        words = raw.decode("ascii", errors="replace").split()
        if words == ["end_header"]:
            if layout not in ORDERS:
                raise FormatError(f'The layout "{layout}" is not one of {", ".join(ORDERS)}.', file=file)
            return layout, elements, offset
        if words[:1] == ["format"] and len(words) >= 2:
            layout = words[1]
        elif words[:1] == ["element"] and len(words) == 3 and words[2].isdigit():
            elements.append(Element(words[1], int(words[2])))
        elif words[:1] == ["property"]:
            _property(words, elements, file, row)
        elif words[:1] not in (["ply"], ["comment"], ["obj_info"], []):
            raise FormatError("This line of the header is not understood.", file=file, row=row)
    raise FormatError("The header has no end_header line.", file=file)


def _property(words: list[str], elements: list[Element], file: str, row: int) -> None:
    is_list = words[1:2] == ["list"]
    types = [_TYPES.get(word, "") for word in words[2 if is_list else 1 : -1]]
    good = len(types) == 1 + is_list and all(types) and not (is_list and types[0][0] == "f")
    if not elements or not good or words[-1] in elements[-1].properties:
        raise FormatError("This property is not understood.", file=file, row=row)
    elements[-1].properties[words[-1]] = types[-1]
    if is_list:
        elements[-1].lists[words[-1]] = types[0]


def _ascii(body: bytes, before: list[Element], vertex: Element, file: str, first: int) -> Floats:
    skip = sum(element.count for element in before)
    lines = body.decode("ascii", errors="replace").splitlines()[skip : skip + vertex.count]
    if len(lines) < vertex.count:
        raise FormatError(f"The file promises {vertex.count} vertices and holds {len(lines)}.", file=file)
    names = list(vertex.properties)
    table = matrix(((first + skip + at, line.split()) for at, line in enumerate(lines, start=1)), file=file)
    if table.shape[1] != len(names):
        raise FormatError(f"A vertex has {table.shape[1]} values where the header names {len(names)}.", file=file)
    return np.ascontiguousarray(table[:, [names.index(axis) for axis in "xyz"]])


def _binary(data: bytes, start: int, before: list[Element], vertex: Element, order: str, file: str) -> Floats:
    def record(element: Element) -> np.dtype[np.void]:
        return np.dtype([(name, order + kind) for name, kind in element.properties.items()])

    offset = start + sum(element.count * record(element).itemsize for element in before)
    kind = record(vertex)
    if vertex.count == 0 or offset + vertex.count * kind.itemsize > len(data):
        raise FormatError(f"The file is too short for the {vertex.count} vertices that it promises.", file=file)
    rows = np.frombuffer(data, dtype=kind, count=vertex.count, offset=offset)
    return np.stack([to_float32(rows[axis]) for axis in "xyz"], axis=1)
