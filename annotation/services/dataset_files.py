"""Datasets as files, made when first asked for and kept: page, API and command give the same bytes, at any time."""

import tempfile
from pathlib import Path

from django.core.files.storage import default_storage

from annotation.files import path_store
from annotation.models import Dataset, DatasetFile
from annotation.selectors.datasets import dataset_export, format_of


def dataset_file_get(*, dataset: Dataset, format: str) -> DatasetFile:
    """The file of a dataset in a format; it is written the first time.

    Raises:
        AnnotationError: There is no such format, or it cannot say what this dataset says.
    """
    known = DatasetFile.objects.filter(dataset=dataset, format=format).first()
    if known is not None and default_storage.exists(known.file):
        return known
    _, extension = format_of(format)
    if format == "npz":
        made = {"file": dataset.file, "sha256": dataset.file_sha256, "size": default_storage.size(dataset.file)}
    else:
        with tempfile.TemporaryDirectory(prefix="semblance-") as folder:
            path = Path(folder) / "export"
            with path.open("wb") as out:
                dataset_export(dataset=dataset, format=format, out=out)
            name, sha256 = path_store(folder="exports", path=path, suffix=extension)
            made = {"file": name, "sha256": sha256, "size": path.stat().st_size}
    if known is not None:  # its file was lost
        DatasetFile.objects.filter(pk=known.pk).update(**made)
        known.refresh_from_db()
        return known
    return DatasetFile.objects.get_or_create(dataset=dataset, format=format, defaults=made)[0]
