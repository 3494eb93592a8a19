"""Everything that a model trains on: stimuli as rows of features, and judgements about them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from learning.data.preprocessing import prepare, training_mean
from learning.data.source import is_mapped
from learning.data.triplets import SPLITS, TripletSet

_PIECE = 4096  # rows of a file centred at a time


class FrozenLike(Protocol):
    """What ``from_frozen`` reads of a frozen dataset (see ``annotation.formats.frozen``)."""

    @property
    def stimuli(self) -> Any: ...
    @property
    def subjects(self) -> Any: ...
    @property
    def neutral(self) -> Any: ...
    @property
    def split(self) -> Any: ...
    @property
    def labels(self) -> Any: ...
    @property
    def features(self) -> Any: ...
    @property
    def triplets(self) -> Any: ...
    @property
    def weight(self) -> Any: ...
    @property
    def margin(self) -> Any: ...
    @property
    def votes_nearer(self) -> Any: ...
    @property
    def votes_farther(self) -> Any: ...
    @property
    def triplet_split(self) -> Any: ...
    @property
    def manifest(self) -> Any: ...


@dataclass(frozen=True)
class TrainingData:
    """N stimuli with F features each, centred by the training mean.

    Attributes:
        stimuli: (N,) ids.
        features: (N, F) features, minus ``mean``.
        neutral: (N,) row of the same person's neutral stimulus, -1 where there is none.
        split: (N,) 0 train, 1 validation, 2 test.
        subjects: (N,) the person shown, "" where unknown.
        labels: name -> (N,) label of each stimulus, "" where unknown.
        triplets: the judgements.
        mean: (F,) mean of the training rows; add it to a decoder's output.
        shape: of one stimulus before flattening, (83, 3) for instance.
    """

    stimuli: NDArray[np.str_]
    features: NDArray[np.float32]
    neutral: NDArray[np.int64]
    split: NDArray[np.int8]
    subjects: NDArray[np.str_]
    labels: dict[str, NDArray[np.str_]]
    triplets: TripletSet
    mean: NDArray[np.float32]
    shape: tuple[int, ...]

    def __post_init__(self) -> None:
        n = len(self.stimuli)
        columns: dict[str, NDArray[Any]] = {"features": self.features, "neutral": self.neutral}
        columns |= {"split": self.split, "subjects": self.subjects}
        columns |= {f"label {name!r}": values for name, values in self.labels.items()}
        for name, column in columns.items():
            if len(column) != n:
                raise ValueError(f"There are {n} stimuli, but {len(column)} rows of {name}.")
        bad = (self.neutral < -1) | (self.neutral >= n)
        if bad.any():
            row = int(bad.argmax())
            raise ValueError(f"Stimulus {row} has the neutral {self.neutral[row]}, which is no row of the data.")
        self._check_splits()

    def _check_splits(self) -> None:
        """A judgement about a stimulus of another split would leak the test set into training."""
        members = self.split[self.triplets.triplets]  # (T, 3)
        leaks = (members != self.triplets.split[:, None]).any(axis=1)
        if leaks.any():
            row = int(leaks.argmax())
            raise ValueError(
                f"Triplet {row} is in the {SPLITS[self.triplets.split[row]]} split, but its stimuli "
                f"{self.triplets.triplets[row].tolist()} are not all in it."
            )

    def __len__(self) -> int:
        return len(self.stimuli)

    @property
    def n_features(self) -> int:
        """F, the number of features of one stimulus."""
        return int(self.features.shape[1])

    def rows_of(self, split: int) -> NDArray[np.int64]:
        """Returns the rows of one split (0 train, 1 validation, 2 test)."""
        return np.flatnonzero(self.split == split).astype(np.int64)

    def fingerprint(self) -> str:
        """Returns a sha256 over all that a training reads: features, neutrals, splits, triplets, labels, persons."""
        digest = hashlib.sha256()
        triplets = self.triplets
        judgements = (triplets.triplets, triplets.weights, triplets.margins, triplets.split, triplets.votes)
        for array in (self.features, self.neutral, self.split, *judgements):
            digest.update(f"{array.dtype}{array.shape}".encode())
            digest.update(np.ascontiguousarray(array).data)
        for name, texts in sorted({**self.labels, "": self.subjects}.items()):
            digest.update("\0".join((name, *texts.tolist())).encode())
        return digest.hexdigest()

    @classmethod
    def build(
        cls,
        *,
        stimuli: Any,
        features: Any,
        neutral: Any,
        split: Any,
        subjects: Any,
        labels: Mapping[str, Any],
        triplets: TripletSet,
        preprocess: str = "none",
        scheme: str = "",
    ) -> TrainingData:
        """Preprocesses raw features and centres them by the training mean.

        Args:
            stimuli: (N,) ids.
            features: (N, ...) raw features; a mapped array is centred in its own file.
            neutral: (N,) row of the neutral stimulus or -1.
            split: (N,) 0, 1 or 2.
            subjects: (N,) persons.
            labels: name -> (N,) labels.
            triplets: the judgements.
            preprocess: "face" or "none", see ``learning.data.preprocessing``.
            scheme: landmark scheme, for "face".

        Returns:
            The data.

        Raises:
            ValueError: what does not fit, in one sentence.
        """
        raw = np.asarray(features)
        rows = prepare(raw, preprocess, scheme, labels)
        parts = np.asarray(split, dtype=np.int8)
        if parts.shape != (len(rows),):
            raise ValueError(f"There are {len(rows)} rows of features, but splits of shape {parts.shape}.")
        mean = training_mean(rows, parts)
        return cls(
            stimuli=np.asarray(stimuli, dtype=np.str_),
            features=_centred(rows, mean),
            neutral=np.asarray(neutral, dtype=np.int64),
            split=parts,
            subjects=np.asarray(subjects, dtype=np.str_),
            labels={name: np.asarray(values, dtype=np.str_) for name, values in labels.items()},
            triplets=triplets,
            mean=mean,
            shape=tuple(raw.shape[1:]),
        )

    @classmethod
    def from_frozen(
        cls, frozen: FrozenLike, preprocess: str = "face", features: NDArray[np.float32] | None = None
    ) -> TrainingData:
        """Reads a frozen dataset.

        Args:
            frozen: the dataset.
            preprocess: "face" or "none".
            features: (N, ...) what models read instead of the dataset's own features, pictures for instance.

        Returns:
            The data.

        Raises:
            ValueError: the dataset has no features, or something in it does not fit.
        """
        features = frozen.features if features is None else features
        if features is None:
            raise ValueError("The dataset holds no features, so there is nothing for a model to read.")
        triplets = TripletSet.build(
            frozen.triplets,
            len(frozen.stimuli),
            weights=frozen.weight,
            margins=frozen.margin,
            split=frozen.triplet_split,
            # An imported margin may come without the votes behind it.
            votes=np.maximum(np.asarray(frozen.votes_nearer) + np.asarray(frozen.votes_farther), frozen.margin),
        )
        return cls.build(
            stimuli=frozen.stimuli,
            features=features,
            neutral=frozen.neutral,
            split=frozen.split,
            subjects=frozen.subjects,
            labels=frozen.labels,
            triplets=triplets,
            preprocess=preprocess,
            scheme=str(frozen.manifest.get("landmark_scheme", "")),
        )


def _centred(rows: NDArray[np.float32], mean: NDArray[np.float32]) -> NDArray[np.float32]:
    """Returns rows minus their mean; those of a file stay there and are changed piece by piece."""
    if not is_mapped(rows):
        return rows - mean
    for start in range(0, len(rows), _PIECE):
        rows[start : start + _PIECE] -= mean
    return rows
