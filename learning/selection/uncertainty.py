"""Questions of whose answer the model is least certain.

The model's answer to "is a or b more like r?" is P(a) = σ(d(r, b) − d(r, a)), d the Euclidean distance: the likelihood
that paper 000's triplet term (eq. 10) gives to a judgement. It is averaged over S samples of the posterior,

    p = 1/S Σ_s σ(d(r_s, b_s) − d(r_s, a_s)),      score = h(p) = −p ln p − (1 − p) ln(1 − p)   in nats, at most ln 2.

All three positions of a sample are drawn from the posterior together, so that a question about stimuli whose place is
in doubt is uncertain too, however far apart their means. A model without variances has S = 1, its positions:
p = σ(d(r, b) − d(r, a)), so that the order is by |d(r, b) − d(r, a)|, smallest first.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from learning.selection.base import Posterior, SelectionResult, check, top

SAMPLES = 32
_CHUNK = 65_536  # candidates at a time, so that memory does not grow with the pool


class UncertaintySelector:
    """Takes the candidates with the highest entropy of the averaged answer."""

    def __init__(self, samples: int = SAMPLES) -> None:
        self.samples = samples

    def select(self, pool: NDArray[np.int64], posterior: Posterior, count: int, seed: int) -> SelectionResult:
        """Chooses questions.

        Args:
            pool: (C, 3) candidates [reference, a, b].
            posterior: what the model believes.
            count: how many.
            seed: of the posterior samples and of the choice between equals.

        Returns:
            Distinct rows of the pool, the most uncertain first; parts: "p_a", the averaged probability of the answer a.
        """
        check(pool, count)
        p = answer_probability(pool, posterior, self.samples, seed)
        scores = binary_entropy(p)
        chosen = top(scores, pool, count, seed)
        return SelectionResult(chosen, scores[chosen], {"p_a": p[chosen]})


def answer_probability(pool: NDArray[np.int64], posterior: Posterior, samples: int, seed: int) -> NDArray[np.float64]:
    """Returns the (C,) probabilities that a is judged nearer, averaged over the posterior.

    Args:
        pool: (C, 3) candidates [reference, a, b].
        posterior: of the N stimuli.
        samples: S; not read where the posterior has no variances.
        seed: of the samples.
    """
    if posterior.log_variance is None:
        return _sigmoid(_difference(posterior.mean, pool))
    rng = np.random.default_rng(seed)
    # Only the stimuli in the pool are sampled: a pool of one split of a large collection stays cheap.
    rows, inverse = np.unique(pool, return_inverse=True)
    local = inverse.reshape(pool.shape)
    mean = posterior.mean[rows]
    deviation = np.exp(posterior.log_variance[rows] / 2)
    total = np.zeros(len(pool))
    for _ in range(samples):
        noise = rng.standard_normal(mean.shape, dtype=np.float32)
        total += _sigmoid(_difference((mean + deviation * noise).astype(np.float32), local))
    return total / samples


def _difference(z: NDArray[np.float32], pool: NDArray[np.int64]) -> NDArray[np.float64]:
    """Returns the (C,) differences d(r, b) − d(r, a)."""
    difference = np.empty(len(pool))
    for start in range(0, len(pool), _CHUNK):
        reference, a, b = (z[column] for column in pool[start : start + _CHUNK].T)
        to_a, to_b = (np.sqrt(np.square(reference - other).sum(axis=1)) for other in (a, b))
        difference[start : start + _CHUNK] = to_b - to_a
    return difference


def _sigmoid(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """1 / (1 + exp(−x)), written so that it overflows nowhere."""
    half: NDArray[np.float64] = (1 + np.tanh(x / 2)) / 2
    return half


def binary_entropy(p: NDArray[np.float64]) -> NDArray[np.float64]:
    """h(p) = −p ln p − (1 − p) ln(1 − p) in nats; 0 at p = 0 and p = 1."""
    tiny = np.finfo(np.float64).tiny
    entropy: NDArray[np.float64] = -(p * np.log(np.maximum(p, tiny)) + (1 - p) * np.log(np.maximum(1 - p, tiny)))
    return entropy
