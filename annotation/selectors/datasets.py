"""Frozen datasets, read back."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from annotation.errors import AnnotationError
from annotation.files import LocalCopy
from annotation.formats.errors import FormatError
from annotation.formats.frozen import FrozenDataset
from annotation.formats.frozen_stream import FrozenStream
from annotation.formats.registry import ANSWER_EXPORTS, EXPORTS, LESSER_EXPORTS, load_answers, load_writer
from annotation.models import Dataset
from annotation.selectors.bundle import bundle_write
from annotation.selectors.vote_export import CampaignAnswers

BUNDLE = "bundle"
# Every format of a dataset, in the order in which pages name them.
FORMATS = (*EXPORTS, *LESSER_EXPORTS, *ANSWER_EXPORTS, BUNDLE)


def dataset_load(dataset: Dataset) -> FrozenDataset:
    with LocalCopy(dataset.file) as path:
        return FrozenDataset.load(path)


@contextmanager
def dataset_stream(dataset: Dataset) -> Iterator[FrozenStream]:
    """A dataset's triplets, block by block."""
    with LocalCopy(dataset.file) as path:
        yield FrozenStream(path)


def format_of(name: str) -> tuple[str, str]:
    """Media type and ending of the files of a format.

    Raises:
        AnnotationError: There is no such format.
    """
    _check(name)
    if name == BUNDLE:
        return "application/zip", ".zip"
    kind = load_answers(name) if name in ANSWER_EXPORTS else load_writer(name)
    return kind.media_type, kind.extension


def dataset_export(*, dataset: Dataset, format: str, out: BinaryIO) -> None:
    """Write a dataset in one of FORMATS.

    Raises:
        AnnotationError: There is no such format, or it cannot say what this dataset says.
    """
    _check(format)
    try:
        if format == "npz":
            load_writer(format).write(dataset_load(dataset), out)
        elif format in ANSWER_EXPORTS:
            load_answers(format).write(_answers(dataset), out)
        else:
            with dataset_stream(dataset) as source:
                if format == BUNDLE:
                    bundle_write(dataset, source, out)
                else:
                    load_writer(format).write(source, out)
    except FormatError as error:
        raise AnnotationError(str(error)) from error


def _answers(dataset: Dataset) -> CampaignAnswers:
    """The answers of a dataset's rounds."""
    if not dataset.manifest.get("rounds"):
        raise AnnotationError(f"Dataset {dataset.pk} was made without votes, so there are none to write.")
    return CampaignAnswers(dataset.campaign, dataset.manifest["rounds"])


def _check(name: str) -> None:
    if name not in FORMATS:
        raise AnnotationError(f"There is no format {name!r}; there are {', '.join(sorted(FORMATS))}.")
