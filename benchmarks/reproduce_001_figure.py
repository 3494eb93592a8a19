"""Figure 8 of paper 001: 40 groups by EM, each with its medoid and the nearest to it, as one picture."""

from pathlib import Path

import numpy as np

from benchmarks.rendered_faces import contact_sheet
from benchmarks.reproduce_001_data import faces, load
from benchmarks.reproduce_runs import Done
from learning.evaluation.clustering import mutual_information
from learning.evaluation.groups import find_groups

TOP = 9  # beside the medoid; two groups a line


def draw_groups(done: Done, work: Path, path: Path, components: int = 40) -> list[str]:
    """Draws the groups of all faces in a training's embedding.

    Args:
        done: the training.
        work: folder of the rendered faces.
        path: of the picture.
        components: of the mixture.

    Returns:
        Lines that say what the groups have in common.
    """
    data, pictures = load(done.study.source, work), faces(done.study.source, work).images
    codes = np.load(done.folder / "codes.npy")
    groups = find_groups(codes, data.labels["expression"], components=components, top=TOP)
    # Groups of one expression side by side, as the figure shows those of happiness.
    groups.sort(key=lambda group: next(iter(group.shares)))
    sheet = np.zeros((len(groups), TOP + 1, *pictures.shape[1:]), np.uint8)
    for place, group in enumerate(groups):
        rows = [group.medoid, *group.top.tolist()]
        sheet[place, : len(rows)] = pictures[rows]
    contact_sheet(sheet.reshape(-1, *pictures.shape[1:]), 2 * (TOP + 1), path, zoom=1)
    place = np.empty(len(codes), np.int64)
    for number, group in enumerate(groups):
        place[group.members] = number
    purity = float(np.mean([max(group.shares.values()) for group in groups]))
    lines = [
        f"\nFigure 8: {len(groups)} groups of {len(codes):,} faces by {done.study.row}, drawn to {path}: the medoid of "
        f"each and the {TOP} nearest to it, two groups a line, by expression.",
        f"* A group's most frequent expression makes up {purity:.0%} of it on average.",
    ]
    for name in ("level", "person"):
        labels = data.labels[name]
        found, chance = _shared(place, labels), _shared(place, _shuffled(labels, data.labels["expression"]))
        lines.append(f"* Groups and {name}: NMI {found:.3f}; {chance:.3f} where shuffled within each expression.")
    return lines


def _shared(place: np.ndarray, labels: np.ndarray) -> float:
    """NMI of groups and labels."""
    names, column = np.unique(labels, return_inverse=True)
    table = np.zeros((place.max() + 1, len(names)))
    np.add.at(table, (place, column), 1)
    return float(mutual_information(table[None])[0])


def _shuffled(labels: np.ndarray, within: np.ndarray) -> np.ndarray:
    """Labels that keep nothing but what ``within`` says of them."""
    rng, out = np.random.default_rng(0), labels.copy()
    for name in np.unique(within):
        rows = np.flatnonzero(within == name)
        out[rows] = labels[rng.permutation(rows)]
    return out
