"""Frozen datasets, read back."""

from typing import BinaryIO

from annotation.errors import AnnotationError
from annotation.files import LocalCopy
from annotation.formats.frozen import FrozenDataset
from annotation.formats.registry import EXPORTS, load_export
from annotation.models import Dataset


def dataset_load(dataset: Dataset) -> FrozenDataset:
    with LocalCopy(dataset.file) as path:
        return FrozenDataset.load(path)


def dataset_export(*, dataset: Dataset, format: str, out: BinaryIO) -> None:
    """Write a dataset in one of the formats of annotation.formats.registry.

    Raises:
        AnnotationError: There is no such format.
    """
    if format not in EXPORTS:
        raise AnnotationError(f"There is no format {format!r}; there are {', '.join(sorted(EXPORTS))}.")
    load_export(format).write(dataset_load(dataset), out)
