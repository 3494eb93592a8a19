"""Our losses of paper 001 beside pytorch-metric-learning's TripletMarginLoss: ``python -m benchmarks.metric_loss``.

Forward and backward on the same batch of codes, on one thread. The peer is installed apart. Both sides are processes
that take turns; figures are CPU times, ratios the medians of each turn's own ratio. Three comparisons, all with the
Euclidean distance of codes that are not normalised, margin 1 and the mean over triplets. Losses must agree to 1e-5, and
in double precision gradients too (in single precision, of millions of triplets, a few lie so near to the hinge's corner
that rounding decides on which side):

* all: every triplet that the labels allow. The peer lists them in each step; ours sorts distances instead.
* listed: the same triplets, listed beforehand and given to both sides as indices.
* few: 128 random ones of them, paper 001's batch, given as indices.

Our structured Gaussian loss, which does the same work for a network (labels in, one number out), stands beside the
peer's "all"; their values differ, because they are different losses.
"""

import argparse
import statistics
import sys
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.peers import NotInstalled, environment
from benchmarks.sides import Side

ROOT = Path(__file__).resolve().parent.parent
PINS = ("pytorch-metric-learning==2.9.0", "torch==2.13.0")
EQUAL = 1e-5
# Ours, theirs, and the least that the peer's time must be of ours.
PAIRS = (("all", "all", 1.0), ("listed", "listed", 1.0), ("few", "few", 1.0), ("sgm", "all", 1.0))


def turns(ours: Side, theirs: Side, mine: str, peer: str, rounds: int) -> tuple[float, float, list[float]]:
    """Milliseconds of CPU a step of ours and of theirs, and each turn's ratio."""
    steps = {
        name: max(1, min(500, int(0.3 / side.ask(f"run {name} 1")["cpu"])))
        for name, side in ((mine, ours), (peer, theirs))
    }
    pairs = [
        (ours.ask(f"run {mine} {steps[mine]}")["cpu"] * 1e3, theirs.ask(f"run {peer} {steps[peer]}")["cpu"] * 1e3)
        for _ in range(rounds)
    ]
    medians = (statistics.median(pair[at] for pair in pairs) for at in (0, 1))
    return *medians, [pair[1] / pair[0] for pair in pairs]


def difference(ours: Side, theirs: Side, name: str, folder: Path) -> float:
    """The largest difference of losses and of gradients, each relative to its largest number."""
    files = []
    for at, side in enumerate((ours, theirs)):
        files.append(folder / f"{name}-{at}.npz")
        side.ask(f"save {name} {files[-1]}")
    first, second = (dict(np.load(file)) for file in files)
    return max(float(np.abs(first[key] - second[key]).max() / np.abs(second[key]).max()) for key in first)


def compare(python: Path, rows: int, classes: int, latent: int, rounds: int) -> bool:
    """Print one batch's figures, and whether results agree and ours is the quicker everywhere."""
    script, size = "metric_loss_side.py", (rows, classes, latent)
    ours = Side(Path(sys.executable), script, ["ours", *size], ours=True)
    theirs = Side(python, script, ["theirs", *size], ours=False)
    print(f"{rows} codes × {latent}, {classes} classes, {int(ours.first['triplets']):,} triplets", flush=True)
    good = True
    with tempfile.TemporaryDirectory() as folder:
        for mine, peer, bar in PAIRS:
            quick, slow, ratios = turns(ours, theirs, mine, peer, rounds)
            apart = difference(ours, theirs, mine, Path(folder)) if mine == peer else None
            met = statistics.median(ratios) >= bar and (apart is None or apart <= EQUAL)
            good &= met
            print(
                f"  ours {mine:6} {quick:9.3f} ms   theirs {peer:6} {slow:9.2f} ms   "
                f"ratio {statistics.median(ratios):8.1f} ({min(ratios):.1f} to {max(ratios):.1f})   "
                + ("another loss" if apart is None else f"largest difference {apart:.1e}")
                + ("" if met else "   MISSED"),
                flush=True,
            )
    ours.end()
    theirs.end()
    return good


def main() -> int:
    """Measure every batch; exit status 1 where results differ or the peer is quicker."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--batches", nargs="+", default=["240x8", "1024x128"], help="codes x classes")
    parser.add_argument("--latent", type=int, default=64)
    options = parser.parse_args()
    try:
        python = environment("metric-learning", PINS)
    except NotInstalled as missing:
        sys.exit(str(missing))
    sizes = [tuple(map(int, size.split("x"))) for size in options.batches]
    good = [compare(python, rows, classes, options.latent, options.rounds) for rows, classes in sizes]
    print("results equal and ours the quicker everywhere" if all(good) else "MISSED somewhere, see above")
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
