"""Person-wise splits: nobody's faces are in two parts (paper 000, Section IV-A: 80/10/10)."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from annotation.sampling.errors import DesignImpossible

TRAIN, VALIDATION, TEST = 0, 1, 2
FRACTIONS = (0.8, 0.1, 0.1)


def split_by_person(
    subjects: npt.NDArray[np.str_] | Sequence[str],
    *,
    fractions: Sequence[float] = FRACTIONS,
    seed: int | np.random.Generator,
) -> npt.NDArray[np.int8]:
    """Share persons out over train, validation and test.

    Args:
        subjects: (N,) person of each row; a row without a name (empty) is a person of its own.
        fractions: shares of persons, not negative, summing to 1.
        seed: seed or generator.

    Returns:
        (N,) int8: 0 train, 1 validation, 2 test.

    Raises:
        DesignImpossible: fractions that are not shares, or names that are not one list.
    """
    names = np.asarray(subjects, dtype=np.str_)
    if names.ndim != 1:
        raise DesignImpossible(f"Subjects must be one list, not an array of shape {names.shape}.")
    people, who = np.unique(names, return_inverse=True)
    who = who.astype(np.int64)
    nameless = np.flatnonzero(names == "")
    # Numbers 0 … named − 1 for those with a name ("" sorts first), then one number a nameless row.
    named = len(people) - bool(len(nameless))
    who -= bool(len(nameless))
    who[nameless] = named + np.arange(len(nameless))
    sizes = split_sizes(named + len(nameless), fractions)
    parts = np.repeat(np.arange(len(sizes), dtype=np.int8), sizes)
    return np.random.default_rng(seed).permutation(parts)[who]


def split_sizes(people: int, fractions: Sequence[float] = FRACTIONS) -> list[int]:
    """Whole numbers that sum to ``people``, by the largest remainder; nobody's split stays empty if it can be helped.

    Args:
        people: number of persons.
        fractions: shares, not negative, summing to 1.

    Returns:
        One size a fraction. With at least as many persons as positive fractions, each of these gets one at least, taken
        from the largest.

    Raises:
        DesignImpossible: fractions that are not shares.
    """
    shares = np.asarray(fractions, dtype=np.float64)
    if shares.shape != (3,) or not (shares >= 0).all() or not np.isclose(shares.sum(), 1):
        raise DesignImpossible(f"Split fractions must be three shares that sum to 1, not {list(fractions)}.")
    # Rounding first: 0.1 × 30 must be 3 and not 3.0000000000000004, or float noise would decide ties.
    exact = np.round(shares * people, 9)
    sizes = np.floor(exact).astype(np.int64)
    order = np.argsort(-(exact - sizes), kind="stable")
    sizes[order[: people - sizes.sum()]] += 1
    wanting = np.flatnonzero((shares > 0) & (sizes == 0))
    if people >= (shares > 0).sum():
        for split in wanting:
            sizes[np.argmax(sizes)] -= 1
            sizes[split] += 1
    return [int(size) for size in sizes]
