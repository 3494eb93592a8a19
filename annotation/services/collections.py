"""Collections of stimuli: made, and filled by imports that are all or nothing."""

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from django.db import transaction
from django.utils.text import slugify

from accounts.models import User
from annotation.errors import AnnotationError, ImportRefused
from annotation.faces.schemes import SCHEMES
from annotation.files import content_store
from annotation.formats.errors import FormatError
from annotation.formats.stimuli import Limits, StimulusBatch, StimulusRow, read_stimuli
from annotation.models import Collection, FeatureBlock, Split, Stimulus
from annotation.sampling.splits import split_by_person

_BATCH = 1000
_SPLITS = {"train": Split.TRAIN, "validation": Split.VALIDATION, "test": Split.TEST}
_SUFFIXES = {"image/png": ".png", "image/jpeg": ".jpg", "image/webp": ".webp"}


@dataclass(frozen=True)
class ImportReport:
    added: int
    unchanged: int
    by_split: dict[str, int]


@dataclass(frozen=True)
class _Files:
    """Names in the storage of what belongs to one stimulus; "" where it has none."""

    picture: str
    mesh: str


def collection_get(*, owner: User, name: str, landmark_scheme: str = "") -> Collection:
    """The owner's collection of that name, made where it does not exist.

    Raises:
        AnnotationError: The scheme is unknown, or differs from that of the collection that is there.
    """
    if landmark_scheme and landmark_scheme not in SCHEMES:
        known = ", ".join(sorted(SCHEMES))
        raise AnnotationError(f"There is no landmark scheme {landmark_scheme!r}; there are {known}.")
    if (known_one := Collection.objects.filter(owner=owner, name=name).first()) is not None:
        if landmark_scheme and landmark_scheme != known_one.landmark_scheme:
            raise AnnotationError(
                f"The collection {name!r} has the landmark scheme {known_one.landmark_scheme or 'none'!r}, "
                f"not {landmark_scheme!r}."
            )
        return known_one
    base = slugify(name)[:100] or "collection"
    slug, number = base, 1
    while Collection.objects.filter(slug=slug).exists():
        number += 1
        slug = f"{base}-{number}"
    return Collection.objects.create(owner=owner, name=name, slug=slug, landmark_scheme=landmark_scheme)


def stimuli_import(*, collection: Collection, path: Path, seed: int = 0, limits: Limits | None = None) -> ImportReport:
    """Import a folder, a .zip or a manifest; what is there already, by id and content, is left alone.

    Args:
        collection: Where the stimuli go.
        path: A folder, an archive or a manifest (docs/importing.md).
        seed: Of the person-wise split, where the manifest gives none.
        limits: What an upload may be at most.

    Raises:
        ImportRefused: Something is wrong; the message names file, row and field, and nothing was imported.
    """
    try:
        with read_stimuli(path, limits=limits or Limits()) as batch:
            return _import(collection, batch, seed)
    except FormatError as error:
        raise ImportRefused(str(error)) from error


def _import(collection: Collection, batch: StimulusBatch, seed: int) -> ImportReport:
    known = dict(collection.stimuli.values_list("key", "sha256"))
    new = [row for row in batch.rows if row.key not in known]
    for row in batch.rows:
        if known.get(row.key, row.sha256) != row.sha256:
            raise ImportRefused(
                f"{row.source}: the stimulus {row.key!r} is in the collection with other content; give it another id."
            )
    if not new:
        return ImportReport(0, len(batch.rows), {})
    shape = _shape(collection, batch)
    splits = _splits(collection, new, seed)
    files = {row.key: _Files(_picture_store(row), _mesh_store(batch, row)) for row in new}
    with transaction.atomic():
        block = _block_store(collection, batch, new, shape)
        _insert(collection, new, splits, files, block)
    counts = {split.label.lower(): sum(splits[row.key] == split for row in new) for split in Split}
    return ImportReport(len(new), len(batch.rows) - len(new), counts)


def _shape(collection: Collection, batch: StimulusBatch) -> list[int]:
    """The shape of one stimulus's features, which a collection fixes with its first import."""
    shape = [] if batch.features is None else [int(size) for size in batch.features.shape[1:]]
    known = list(collection.feature_shape)
    if shape and known and shape != known:
        raise ImportRefused(
            f"Features of shape {tuple(shape)} do not fit the collection {collection.name!r}, "
            f"whose stimuli have {tuple(known)}."
        )
    scheme = SCHEMES.get(collection.landmark_scheme)
    if shape and scheme is not None and shape != [scheme.points, 3]:
        raise ImportRefused(
            f"The landmark scheme {scheme.name} has {scheme.points} points in 3D; these features are {tuple(shape)}."
        )
    return shape or known


def _splits(collection: Collection, rows: list[StimulusRow], seed: int) -> dict[str, int]:
    """The split of each new stimulus: as given, else its person's, else drawn person by person."""
    person_split = dict(collection.stimuli.exclude(subject="").values_list("subject", "split"))
    for row in rows:
        if row.split and row.subject:
            given = _SPLITS[row.split]
            if person_split.setdefault(row.subject, given) != given:
                raise ImportRefused(
                    f"{row.source}: the person {row.subject!r} would be in two splits; keep each person in one."
                )
    free = [row for row in rows if not row.split and row.subject not in person_split]
    drawn = split_by_person(np.array([row.subject for row in free], dtype=np.str_), seed=seed)
    result = {row.key: int(split) for row, split in zip(free, drawn, strict=True)}
    for row in rows:
        if row.key not in result:
            result[row.key] = int(_SPLITS[row.split]) if row.split else int(person_split[row.subject])
    return result


def _picture_store(row: StimulusRow) -> str:
    if row.picture is None:
        return ""
    return content_store(folder="pictures", content=row.picture.read(), suffix=_SUFFIXES[row.picture_type])[0]


def _mesh_store(batch: StimulusBatch, row: StimulusRow) -> str:
    content = batch.mesh(row)
    return "" if content is None else content_store(folder="meshes", content=content, suffix=".mesh")[0]


def _block_store(
    collection: Collection, batch: StimulusBatch, rows: list[StimulusRow], shape: list[int]
) -> FeatureBlock | None:
    """Keep the features of the new rows as one array, in their order."""
    places = [row.feature_row for row in rows if row.feature_row is not None]
    if batch.features is None or not places:
        return None
    array = np.ascontiguousarray(batch.features[places], dtype="<f4")
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    name, sha256 = content_store(folder="features", content=buffer.getvalue(), suffix=".npy")
    Collection.objects.filter(pk=collection.pk).update(feature_shape=shape)
    collection.feature_shape = shape
    return FeatureBlock.objects.create(collection=collection, file=name, sha256=sha256, rows=len(array))


def _insert(
    collection: Collection,
    rows: list[StimulusRow],
    splits: dict[str, int],
    files: dict[str, _Files],
    block: FeatureBlock | None,
) -> None:
    with_features = [row.key for row in rows if row.feature_row is not None]
    place = {key: number for number, key in enumerate(with_features)}
    made = Stimulus.objects.bulk_create(
        (
            Stimulus(
                collection=collection,
                key=row.key,
                kind=row.kind,
                sha256=row.sha256,
                subject=row.subject,
                split=splits[row.key],
                labels=row.labels,
                picture=files[row.key].picture,
                text=row.text,
                mesh=files[row.key].mesh,
                block=block if row.key in place else None,
                block_row=place.get(row.key),
            )
            for row in rows
        ),
        batch_size=_BATCH,
    )
    ids = dict(collection.stimuli.values_list("key", "pk"))
    expressions = [one for one, row in zip(made, rows, strict=True) if row.neutral]
    for one, row in zip(made, rows, strict=True):
        if row.neutral:
            one.neutral_id = ids[row.neutral]
    Stimulus.objects.bulk_update(expressions, ["neutral"], batch_size=_BATCH)
