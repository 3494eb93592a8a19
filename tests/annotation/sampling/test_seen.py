"""What a design asks is found by hashes and in order alike; both beside a plain count."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.sampling.seen import Seen, SortedKeys

KEYS = st.lists(st.integers(0, 40) | st.integers(2**62, 2**62 + 40), min_size=1, max_size=60)


@pytest.mark.parametrize("kind", [Seen, SortedKeys])
@given(keys=KEYS, asked=KEYS)
def test_what_is_there_and_what_is_there_twice(kind: type, keys: list[int], asked: list[int]) -> None:
    seen = kind(np.array(keys, dtype=np.int64))
    assert seen.contains(np.array([asked], dtype=np.int64)).tolist() == [[key in keys for key in asked]]
    assert sorted(set(seen.doubled.tolist())) == sorted(key for key, count in Counter(keys).items() if count > 1)


def test_a_million_keys_with_some_of_them_again() -> None:
    rng = np.random.default_rng(0)
    keys = rng.integers(0, 10**12, 1_000_000)
    keys[rng.integers(0, len(keys), 500)] = keys[:500]
    seen, counts = Seen(keys), Counter(keys.tolist())
    assert seen.doubled.tolist() == sorted(key for key, count in counts.items() if count > 1)
    assert seen.contains(keys[:2000]).all()
    others = rng.integers(0, 10**12, 2000)
    assert seen.contains(others).tolist() == [key in counts for key in others.tolist()]


def test_a_row_that_changed_is_found_by_what_it_holds_now() -> None:
    keys = np.arange(100, dtype=np.int64)
    seen = Seen(keys)
    keys[7] = 1000
    assert seen.contains(np.array([7, 8], dtype=np.int64)).tolist() == [False, True]


@given(keys=KEYS, added=st.lists(st.integers(0, 40), max_size=8), data=st.data())
def test_keys_that_are_replaced_stay_sorted(keys: list[int], added: list[int], data: st.DataObject) -> None:
    gone = data.draw(st.lists(st.sampled_from(range(len(keys))), unique=True))
    seen = SortedKeys(np.array(keys, dtype=np.int64))
    seen.replace(*(np.array(values, dtype=np.int64) for values in ([keys[place] for place in gone], added)))
    left = Counter([key for place, key in enumerate(keys) if place not in gone] + added)
    assert sorted(set(seen.doubled.tolist())) == sorted(key for key, count in left.items() if count > 1)
    assert all(seen.contains(np.array([*left, -1], dtype=np.int64))[:-1])
