"""t-SNE maps by openTSNE, the only file that knows it (paper 001, figures 2 and 7).

    p_ij ∝ neighbours of z_i within a perplexity,   q_ij ∝ (1 + ‖y_i − y_j‖²)^−1,   y = argmin KL(P ‖ Q)

van der Maaten & Hinton (2008); Poličar et al., openTSNE (2024). New points are placed on a fitted map without moving
its points, so that a map stays the map while stimuli come in.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

PERPLEXITY = 30.0
ITERATIONS = 500
FEWEST = 4  # points; a perplexity of 1 needs three neighbours


@dataclass(frozen=True)
class TsneMap:
    """A fitted map.

    Attributes:
        coordinates: (N, 2) places of the codes it was fitted to.
        perplexity: what was used, at most (N − 1) / 3.
    """

    coordinates: NDArray[np.float32]
    perplexity: float
    _fitted: Any

    def add(self, codes: NDArray[np.float32], neighbours: int = 25) -> NDArray[np.float32]:
        """Places new codes on the map; the points that are there stay.

        Args:
            codes: (M, D) codes of the embedding that was mapped.
            neighbours: how many points of the map each starts among.

        Returns:
            (M, 2) places; they depend on the codes themselves, not on the other new ones.

        Raises:
            ValueError: the codes have another size than the map's.
        """
        size = self._fitted.affinities.knn_index.data.shape[1]
        if codes.ndim != 2 or codes.shape[1] != size:
            raise ValueError(f"The map was made of codes of size {size}, but these have the shape {codes.shape}.")
        if not len(codes):
            return np.empty((0, self.coordinates.shape[1]), dtype=np.float32)
        k = min(neighbours, len(self.coordinates))
        perplexity = min(5.0, (len(self.coordinates) - 1) / 3)
        placed = self._fitted.transform(codes.astype(np.float64), k=k, perplexity=perplexity)
        return np.asarray(placed, dtype=np.float32)


def fit_map(
    embedding: NDArray[np.float32],
    *,
    perplexity: float = PERPLEXITY,
    iterations: int = ITERATIONS,
    seed: int = 0,
    threads: int = 1,
) -> TsneMap:
    """Fits a map of two dimensions; the same seed and one thread give the same map.

    Args:
        embedding: (N, D) codes.
        perplexity: about how many neighbours count.
        iterations: after 250 of early exaggeration.
        seed: of the start and of the search for neighbours.
        threads: of openTSNE.

    Returns:
        The map.

    Raises:
        ValueError: there are too few codes.
    """
    from openTSNE import TSNE

    if embedding.ndim != 2 or len(embedding) < FEWEST:
        raise ValueError(f"A t-SNE map needs at least {FEWEST} codes of shape (N, D), not {embedding.shape}.")
    used = min(perplexity, (len(embedding) - 1) / 3)
    fitted = TSNE(perplexity=used, n_iter=iterations, random_state=seed, n_jobs=threads).fit(
        embedding.astype(np.float64)
    )
    return TsneMap(np.asarray(fitted, dtype=np.float32), used, fitted)
