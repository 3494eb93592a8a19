"""A frozen dataset: what was judged, how sure people were, and which rows are for training.

One uncompressed .npz file holds the arrays under the names of the fields, the labels as label_0, label_1, … beside
their names, and the manifest as JSON in UTF-8 bytes. The same content gives the same bytes and the same hash on every
machine.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from annotation.formats import checks
from annotation.formats.digest import content_digest
from annotation.formats.triplet_blocks import COLUMNS, TripletBlock, triplet_blocks

Ints = NDArray[np.int64]
FORMAT = "semblance-dataset"
# Version 2 may hold posteriors; a file of version 1 is read as what it is.
VERSION = 2
VERSIONS = (1, 2)
SPLITS = ("train", "validation", "test")


@dataclass(frozen=True, eq=False)
class FrozenDataset:
    """Weighted triplets over N stimuli; make one with build or load, never directly.

    Attributes:
        stimuli: (N,) str, distinct ids.
        subjects: (N,) str, "" where unknown.
        neutral: (N,) int64, row of the same subject's neutral stimulus, or −1.
        split: (N,) int8, 0 train, 1 validation, 2 test.
        labels: Name to (N,) str, "" where unknown.
        features: (N, ...) float32, finite, or None.
        triplets: (T, 3) int64 rows of stimuli: anchor, nearer, farther.
        weight: (T,) float32, finite, ≥ 0.
        margin: (T,) int16, |votes_nearer − votes_farther| wherever there are votes.
        votes_nearer: (T,) int16, ≥ 0.
        votes_farther: (T,) int16, ≥ 0.
        rounds: (T,) int32, round that asked for the triplet.
        triplet_split: (T,) int8, 0 train, 1 validation, 2 test.
        posterior: (T,) float32 in [0, 1], probability that the nearer is the right answer, or None where no method
            says it of every triplet.
        manifest: JSON object that tells where the data came from; holds format, format_version and content_sha256.
    """

    stimuli: NDArray[np.str_]
    subjects: NDArray[np.str_]
    neutral: Ints
    split: NDArray[np.int8]
    labels: dict[str, NDArray[np.str_]]
    features: NDArray[np.float32] | None
    triplets: Ints
    weight: NDArray[np.float32]
    margin: NDArray[np.int16]
    votes_nearer: NDArray[np.int16]
    votes_farther: NDArray[np.int16]
    rounds: NDArray[np.int32]
    triplet_split: NDArray[np.int8]
    posterior: NDArray[np.float32] | None
    manifest: dict[str, object]

    @classmethod
    def build(
        cls,
        *,
        stimuli: checks.Strings,
        subjects: checks.Strings,
        neutral: checks.Numbers,
        split: checks.Numbers,
        triplets: checks.Numbers,
        weight: checks.Numbers,
        margin: checks.Numbers,
        votes_nearer: checks.Numbers,
        votes_farther: checks.Numbers,
        rounds: checks.Numbers,
        triplet_split: checks.Numbers,
        labels: Mapping[str, checks.Strings] | None = None,
        features: checks.Numbers | None = None,
        posterior: checks.Numbers | None = None,
        manifest: Mapping[str, object] | None = None,
    ) -> FrozenDataset:
        """The one constructor: converts, checks everything once, hashes.

        Args:
            stimuli: As the attribute of the same name, and so are all others; lists are converted.
            subjects: See above.
            neutral: See above.
            split: See above.
            triplets: See above.
            weight: See above.
            margin: See above.
            votes_nearer: See above.
            votes_farther: See above.
            rounds: See above.
            triplet_split: See above.
            labels: See above.
            features: See above.
            posterior: See above.
            manifest: Anything that JSON can hold; format and content_sha256 are set here, and format_version unless
                it is that of an older file.

        Raises:
            FormatError: For the first array that is wrong, naming it and the row.
        """
        ids = checks.strings("stimuli", stimuli, None)
        n = len(ids)
        rows = checks.triplet_rows(triplets, n)
        t = len(rows)
        dataset = cls(
            stimuli=checks.distinct("stimuli", ids),
            subjects=checks.strings("subjects", subjects, n),
            neutral=checks.integers("neutral", neutral, n, np.int64, low=-1, high=n - 1),
            split=checks.integers("split", split, n, np.int8, low=0, high=2),
            labels={checks.label_name(name): checks.strings(name, of, n) for name, of in (labels or {}).items()},
            features=None if features is None else checks.floats("features", features, n),
            triplets=rows,
            weight=checks.floats("weight", weight, t, low=0.0, vector=True),
            margin=checks.integers("margin", margin, t, np.int16),
            votes_nearer=checks.integers("votes_nearer", votes_nearer, t, np.int16, low=0),
            votes_farther=checks.integers("votes_farther", votes_farther, t, np.int16, low=0),
            rounds=checks.integers("rounds", rounds, t, np.int32),
            triplet_split=checks.integers("triplet_split", triplet_split, t, np.int8, low=0, high=2),
            posterior=None if posterior is None else checks.shares("posterior", posterior, t),
            manifest=checks.json_object(manifest or {}),
        )
        checks.neutrals(dataset.neutral, dataset.subjects)
        checks.margins(dataset.margin, dataset.votes_nearer, dataset.votes_farther)
        version = dataset.manifest.get("format_version")
        facts = {
            "format": FORMAT,
            "format_version": version if version in VERSIONS else VERSION,
            "content_sha256": dataset.content_sha256(),
        }
        dataset.manifest.update(facts)
        return dataset

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """Every array under the name that it has in the file; the manifest is not among them."""
        names = sorted(self.labels)
        arrays: dict[str, NDArray[np.generic]] = {
            "stimuli": self.stimuli,
            "subjects": self.subjects,
            "neutral": self.neutral,
            "split": self.split,
            "label_names": np.array(names, dtype=np.str_),
            "triplets": self.triplets,
            "weight": self.weight,
            "margin": self.margin,
            "votes_nearer": self.votes_nearer,
            "votes_farther": self.votes_farther,
            "rounds": self.rounds,
            "triplet_split": self.triplet_split,
        }
        arrays |= {f"label_{at}": self.labels[name] for at, name in enumerate(names)}
        if self.features is not None:
            arrays["features"] = self.features
        if self.posterior is not None:
            arrays["posterior"] = self.posterior
        return arrays

    def blocks(self) -> Iterator[TripletBlock]:
        """The triplets, some ten thousand at a time."""
        return triplet_blocks({name: getattr(self, name) for name in COLUMNS}, self.posterior)

    def content_sha256(self) -> str:
        """Digest of all arrays (see digest.py); the manifest is left out, since it holds this digest."""
        return content_digest(self.arrays())

    def save(self, path: Path) -> None:
        """Write the one .npz file; a crash leaves either the old file or the new one.

        Args:
            path: Where to; the folder must exist.
        """
        from annotation.formats.frozen_file import save

        save(self, path)

    @classmethod
    def load(cls, source: Path | BinaryIO) -> FrozenDataset:
        """Read a file that save wrote, check it like new data, and compare its hash with its manifest.

        Args:
            source: The file, or a stream that can seek.

        Raises:
            FormatError: If it is no such file, was changed, or its content is wrong.
        """
        from annotation.formats.frozen_file import load

        return load(source)
