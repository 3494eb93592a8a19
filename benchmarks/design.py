"""Balanced designs beside a plain Python implementation, in one run: ``python -m benchmarks.design``.

The plain way to write such a design: put every stimulus k times into a bag, shuffle it, deal it out in threes, and swap
an entry with a random place wherever a row repeats a stimulus or a question. Both are timed in CPU time, turn by turn.
"""

import argparse
import random
import statistics
import time
from collections.abc import Callable, Sequence

import numpy as np

from annotation.sampling.balanced import balanced_triplets

CASES = (
    (10_002, 300),
    (500_001, 6),
)  # 3 divides both, so that the balance must be exact; about 1,000,000 triplets each
BAR = 15.0


def plain_design(n: int, k: int, seed: int) -> list[tuple[int, int, int]]:
    """Bag of items and swaps, in plain Python."""
    rng = random.Random(seed)
    bag = [item for item in range(n) for _ in range(k)]
    rng.shuffle(bag)
    seen: set[tuple[int, int, int]] = set()
    rows = []
    size = len(bag) - len(bag) % 3
    for start in range(0, size, 3):
        while True:
            reference, a, b = bag[start : start + 3]
            key = (reference, a, b) if a < b else (reference, b, a)
            if reference != a and reference != b and a != b and key not in seen:
                break
            here, there = start + rng.randrange(3), rng.randrange(start, len(bag))
            bag[here], bag[there] = bag[there], bag[here]
        seen.add(key)
        rows.append((reference, a, b))
    return rows


def timed(work: Callable[[], object]) -> tuple[float, object]:
    """CPU seconds of one call, and its result."""
    start = time.process_time()
    result = work()
    return time.process_time() - start, result


def describe(name: str, rows: np.ndarray, n: int) -> tuple[int, int]:
    """Print and return the extremes of the count per stimulus, with the roles' and the duplicates."""
    per_item = np.bincount(rows.ravel(), minlength=n)
    roles = [np.bincount(rows[:, role], minlength=n) for role in range(3)]
    questions = np.stack([rows[:, 0], rows[:, 1:].min(axis=1), rows[:, 1:].max(axis=1)], axis=1)
    duplicates = len(rows) - len(np.unique(questions, axis=0))
    own = int(((rows[:, 0] == rows[:, 1]) | (rows[:, 0] == rows[:, 2]) | (rows[:, 1] == rows[:, 2])).sum())
    spread = ", ".join(f"{label} {c.min()}-{c.max()}" for label, c in zip(("reference", "a", "b"), roles, strict=True))
    print(
        f"    {name:6} {len(rows):>9,} triplets | per stimulus {per_item.min()}-{per_item.max()} | {spread} "
        f"| duplicates {duplicates} | self-comparisons {own}"
    )
    return int(per_item.min()), int(per_item.max())


def compare(n: int, k: int, rounds: int) -> float:
    """One case: ``rounds`` turns of (plain, ours, ours, ours); returns the median of the turns' ratios."""
    plain_seconds, our_seconds, ratios = [], [], []
    for turn in range(rounds):
        plain, plain_rows = timed(lambda turn=turn: plain_design(n, k, turn))
        ours = [timed(lambda turn=turn, i=i: balanced_triplets(n, k, seed=10 * turn + i)) for i in range(3)]
        seconds = statistics.median(second for second, _ in ours)
        plain_seconds.append(plain)
        our_seconds.append(seconds)
        ratios.append(plain / seconds)
    rows = ours[-1][1]
    mine, ratio = statistics.median(our_seconds), statistics.median(ratios)
    print(f"{n:,} stimuli, k = {k}")
    describe("ours", np.asarray(rows), n)
    describe("plain", np.asarray(plain_rows), n)
    print(
        f"    CPU s  ours {mine:.3f} ({len(rows) / mine / 1e6:.1f}M triplets/s)  "
        f"plain {statistics.median(plain_seconds):.2f}  ratio {ratio:.1f} "
        f"(turns: {', '.join(f'{one:.1f}' for one in ratios)}; bar {BAR:g})"
    )
    return ratio


def main(arguments: Sequence[str] | None = None) -> int:
    """Run both cases; exit status 1 when a ratio is below the bar."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="turns per case")
    options = parser.parse_args(arguments)
    balanced_triplets(3_000, 6, seed=0)  # first calls pay for imports
    ratios = [compare(n, k, options.rounds) for n, k in CASES]
    met = min(ratios) >= BAR
    print(f"bar {BAR:g}x {'met' if met else 'MISSED'}")
    return 0 if met else 1


if __name__ == "__main__":
    raise SystemExit(main())
