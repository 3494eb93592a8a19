"""Groups within an embedding: a Gaussian mixture by EM, a medoid per group and its nearest (paper 001, section 4.2.3).

g(i) = argmax_g π_g N(z_i; μ_g, Σ_g)                         40 components, full Σ_g
m_g = mean of z_i with g(i) = g,   medoid_g = argmin_{g(i) = g} ‖z_i − m_g‖
top_g = the k of the group nearest to the medoid, without it
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

COMPONENTS = 40
FIT_ROWS = 20_000  # EM sees at most so many codes, drawn by the seed; all of them are grouped


@dataclass(frozen=True)
class Group:
    """Stimuli that lie together.

    Attributes:
        medoid: row of the stimulus nearest to the group's mean.
        top: (≤ k,) rows nearest to the medoid, the nearest first.
        members: (n,) rows of all of the group.
        shares: label -> share of the members that have it, the largest first; without those of unknown label.
    """

    medoid: int
    top: NDArray[np.int64]
    members: NDArray[np.int64]
    shares: dict[str, float]


def find_groups(
    codes: NDArray[np.float32],
    labels: NDArray[np.str_] | None = None,
    *,
    components: int = COMPONENTS,
    top: int = 5,
    covariance: Literal["full", "diag", "spherical"] = "full",
    seed: int = 0,
) -> list[Group]:
    """Groups codes and finds what stands for each group.

    Args:
        codes: (N, D) codes.
        labels: (N,) labels, "" where unknown; None = no shares.
        components: how many groups; as many as codes where those are fewer.
        top: k.
        covariance: shape of a group; "diag" where D is large beside N.
        seed: of EM, and of the codes that it sees.

    Returns:
        The groups that have members, the largest first.

    Raises:
        ValueError: there are no codes.
    """
    if codes.ndim != 2 or not len(codes):
        raise ValueError(f"Groups need codes of shape (N, D), not {codes.shape}.")
    place = _assign(codes.astype(np.float64), min(components, len(codes)), covariance, seed)
    members = [np.flatnonzero(place == name) for name in np.unique(place)]
    members.sort(key=lambda rows: (-len(rows), int(rows[0])))
    return [_describe(codes, rows, labels, top) for rows in members]


def _assign(z: NDArray[np.float64], components: int, covariance: str, seed: int) -> NDArray[np.int64]:
    """Returns the (N,) component that most likely made each code."""
    from sklearn.mixture import GaussianMixture

    seen = z
    if len(z) > FIT_ROWS:
        seen = z[np.sort(np.random.default_rng(seed).choice(len(z), FIT_ROWS, replace=False))]
    # What EM adds to each variance has to follow the codes' units; the mean of the variances does.
    floor = 1e-6 * max(float(seen.var(axis=0).mean()), 1e-12)
    if components == 1 or len(seen) < 2:
        return np.zeros(len(z), dtype=np.int64)
    mixture = GaussianMixture(components, covariance_type=covariance, reg_covar=floor, random_state=seed)
    place: NDArray[np.int64] = mixture.fit(seen).predict(z).astype(np.int64)
    return place


def _describe(codes: NDArray[np.float32], rows: NDArray[np.int64], labels: NDArray[np.str_] | None, top: int) -> Group:
    z = codes[rows].astype(np.float64)
    medoid = int(np.square(z - z.mean(axis=0)).sum(axis=1).argmin())
    order = np.argsort(np.square(z - z[medoid]).sum(axis=1), kind="stable")
    nearest = rows[order[order != medoid][:top]]
    shares: dict[str, float] = {}
    if labels is not None:
        known = Counter(str(label) for label in labels[rows] if label != "")
        ranked = sorted(known.items(), key=lambda item: (-item[1], item[0]))
        shares = {label: count / known.total() for label, count in ranked}
    return Group(int(rows[medoid]), nearest, rows, shares)
