"""Features of stimuli, read from their blocks."""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from django.core.files.storage import default_storage
from numpy.typing import NDArray

from annotation.models import FeatureBlock, Stimulus


def features_read(stimuli: Sequence[Stimulus]) -> NDArray[np.float32] | None:
    """The features of stimuli of one collection, in their order.

    Returns:
        (N, ...) float32, or None where any of them has none.
    """
    if not stimuli or any(stimulus.block_id is None for stimulus in stimuli):
        return None
    by_block: dict[int, list[int]] = defaultdict(list)
    for place, stimulus in enumerate(stimuli):
        by_block[stimulus.block_id or 0].append(place)
    features: NDArray[np.float32] | None = None
    for block in FeatureBlock.objects.filter(pk__in=by_block):
        array = _block_open(block)
        places = by_block[block.pk]
        rows = np.array([stimuli[place].block_row for place in places], dtype=np.int64)
        if features is None:
            features = np.empty((len(stimuli), *array.shape[1:]), dtype=np.float32)
        features[places] = array[rows]
    return features


def _block_open(block: FeatureBlock) -> NDArray[np.float32]:
    """The block's array, mapped and not read where the storage is a folder."""
    try:
        path = default_storage.path(block.file)
    except NotImplementedError:  # a remote storage
        with default_storage.open(block.file, "rb") as file:
            array: NDArray[np.float32] = np.load(file, allow_pickle=False)
            return array
    return np.load(path, mmap_mode="r", allow_pickle=False)  # type: ignore[no-any-return]
