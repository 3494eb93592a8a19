"""How much an import may cost before it is refused."""

from __future__ import annotations

from dataclasses import dataclass

MEBI = 1 << 20
GIBI = 1 << 30


@dataclass(frozen=True)
class Limits:
    """Bounds that stop a decompression bomb long before the machine feels it.

    Attributes:
        entries: Files in one folder or archive, and rows in one manifest.
        total_bytes: Sum of the unpacked sizes in one archive.
        file_bytes: Unpacked size of one file (one array of 2^20 faces × 249 float32 is 1 GiB).
        ratio: Unpacked over packed size of one archived file above 1 MiB. Deflate reaches 1032 on zeros; measured
            landmarks stay under 3 and pictures under 2.
        manifest_bytes: Size of a manifest.
        columns: Columns of a manifest.
        cell_chars: Characters in one cell of a manifest.
        picture_bytes: Size of one picture file.
        picture_pixels: Width × height of one picture, checked before a pixel is decoded.
        text_chars: Characters of one text that people read.
        mesh_triangles: Triangles of one mesh, once its polygons are cut.
        feature_values: Numbers in the features of one stimulus.
        feature_bytes: Size of all features of one batch in memory, as float32, and of all its triangles.
    """

    entries: int = 1_000_000
    total_bytes: int = 16 * GIBI
    file_bytes: int = 4 * GIBI
    ratio: int = 200
    manifest_bytes: int = 256 * MEBI
    columns: int = 1_000
    cell_chars: int = 1_000
    picture_bytes: int = 32 * MEBI
    picture_pixels: int = 40_000_000
    text_chars: int = 10_000
    mesh_triangles: int = 1_000_000
    feature_values: int = 3_000_000
    feature_bytes: int = 4 * GIBI
