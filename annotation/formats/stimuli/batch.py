"""What an import gives: stimuli that were checked, their pictures still on disk, their features in one array."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from types import TracebackType

from annotation.formats.npy import Floats
from annotation.formats.stimuli.meshes import Triangles, pack
from annotation.formats.stimuli.pictures import PictureSource
from annotation.formats.stimuli.sources import Source


@dataclass(frozen=True)
class StimulusRow:
    """One stimulus.

    Attributes:
        key: Its id in this import.
        kind: image, landmarks, points, mesh or text.
        picture: What people see, read on demand by picture.read(), or None.
        text: What people read, or "".
        triangles: (m, 3) rows of its features that are a mesh's vertices, or None.
        feature_row: Row of the batch's features, or None.
        subject: Whose face it is, or "".
        neutral: Key of the same subject's neutral stimulus, or "".
        split: train, validation, test, or "" when not given.
        labels: Name to value; absent where the cell was empty.
        sha256: Digest of the content: kind, picture, text, features and their shape; never of the metadata.
        source: Where it came from, such as "manifest.csv row 3".
    """

    key: str
    kind: str
    picture: PictureSource | None
    feature_row: int | None
    subject: str
    neutral: str
    split: str
    labels: dict[str, str]
    sha256: str
    source: str
    text: str = ""
    triangles: Triangles | None = None

    @property
    def picture_type(self) -> str:
        """Media type of the picture, or ""."""
        return self.picture.media_type if self.picture else ""

    @property
    def picture_width(self) -> int:
        """Pixels, upright; 0 without a picture."""
        return self.picture.width if self.picture else 0

    @property
    def picture_height(self) -> int:
        """Pixels, upright; 0 without a picture."""
        return self.picture.height if self.picture else 0


@dataclass(frozen=True, eq=False)
class StimulusBatch:
    """Everything that one import read. Close it, or use it in a with block, once the pictures are stored.

    Attributes:
        rows: The stimuli in the order of the manifest, or of their names.
        features: (R, ...) float32, one row for each stimulus with features, or None.
        ignored: Files of a folder or archive that no stimulus uses because their kind is not supported.
    """

    rows: list[StimulusRow]
    features: Floats | None
    ignored: list[str] = field(default_factory=list)
    _source: Source | None = None

    def mesh(self, row: StimulusRow) -> bytes | None:
        """The compact form of a row's mesh (see meshes.py), or None where it is none.

        Args:
            row: One of the rows.
        """
        if row.triangles is None or row.feature_row is None or self.features is None:
            return None
        return pack(self.features[row.feature_row], row.triangles)

    def close(self) -> None:
        """Let go of the archive; pictures cannot be read any more."""
        if self._source is not None:
            self._source.close()

    def __enter__(self) -> StimulusBatch:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def content_sha256(
    kind: str,
    picture: PictureSource | None,
    features: Floats | None,
    *,
    text: str = "",
    triangles: Triangles | None = None,
) -> str:
    """Digest of what a stimulus is.

    Args:
        kind: image, landmarks, points, mesh or text.
        picture: The checked picture, or None.
        features: Its features, float32, or None.
        text: What people read, or "".
        triangles: A mesh's triangles, or None.
    """
    shape = "-" if features is None else "x".join(map(str, features.shape))
    head = f"semblance stimulus 1\nkind {kind}\npicture {picture.identity if picture else '-'}\nfeatures {shape}\n"
    # Lines that only some kinds have come last, so that what was imported before them keeps its digest.
    if text:
        head += f"text {hashlib.sha256(text.encode()).hexdigest()}\n"
    if triangles is not None:
        head += f"triangles {hashlib.sha256(triangles.astype('<u4', copy=False).tobytes()).hexdigest()}\n"
    digest = hashlib.sha256(head.encode())
    if features is not None:
        digest.update(features.astype("<f4", copy=False).tobytes())
    return digest.hexdigest()
