"""Deep Gaussian mixture sub-space (paper 001, section 3.2, algorithm 2): classes within classes.

Training goes in rounds. Before each but the first, the training stimuli are embedded, and inside every original class
of n_c stimuli a mixture of k_c Gaussians with full covariances is fitted to the codes by EM; its components are the
classes of the next round:

    round r = 1, 2, …    k_c = min(n_c // 10, k_1 + r − 1, L)        1 for classes below ``smallest_class``

Codes of a trained class lie close together, so that ε·(their mean variance) is added to the diagonals of covariances.
The size of a batch stays: sub-classes share the c·n stimuli of an SGM batch, at least two each.

Symbols: L most components, D latent size.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from learning.data.batches import BalancedBatches, ClassIndex
from learning.data.stimuli import TrainingData
from learning.embedding.metric_objective import SGMObjective

if TYPE_CHECKING:
    from learning.embedding.metric import DGMS

_EPSILON = 1e-3


class DGMSObjective(SGMObjective):
    """The structured Gaussian manifold loss on sub-classes; accuracy is still that of the original classes.

    Attributes:
        round: for which the present sub-classes were made.
        sub_classes: (R,) of the rows ``classes.rows``, numbered over all classes from 0.
    """

    model: DGMS

    def __init__(self, model: DGMS, data: TrainingData, device: torch.device) -> None:
        super().__init__(model, data, device)
        self.settings = model.config
        self._divide_into(0, self.classes.codes())

    def losses(self, iteration: int) -> Tensor:
        """Returns [loss] of a fresh batch; at the first step of a round classes are divided anew before."""
        number = self.settings.round_of(iteration)
        if number != self.round:
            codes = self.embedded(self.classes.rows).cpu().double().numpy()
            components = [self.settings.components_of(number, members) for members in self.classes.counts.tolist()]
            divided = divide(codes, self.classes.codes().numpy(), components, self.settings.seed + number)
            self._divide_into(number, torch.from_numpy(divided))
        return super().losses(iteration)

    def _divide_into(self, number: int, sub_classes: Tensor) -> None:
        self.round, self.sub_classes = number, sub_classes
        labels = np.full(len(self.source), -1)
        rows = self.classes.rows.numpy()
        labels[rows] = sub_classes.numpy()
        index = ClassIndex.build(labels, rows)
        samples, classes = self.settings.samples, self.settings.classes
        if classes is None:
            samples = max(2, len(self.classes) * samples // len(index))
        self.batches = BalancedBatches(index, samples, classes)

    def state(self) -> dict[str, Tensor]:
        """Returns what a checkpoint must keep: the round and its sub-classes."""
        return {"round": torch.tensor(self.round), "sub_classes": self.sub_classes}

    def load_state(self, state: dict[str, Tensor]) -> None:
        """Takes back what ``state`` gave."""
        self._divide_into(int(state["round"]), state["sub_classes"].cpu())


def divide(
    codes: NDArray[np.float64], classes: NDArray[np.int64], components: list[int], seed: int
) -> NDArray[np.int64]:
    """Divides each class by a mixture of Gaussians.

    Args:
        codes: (R, D) codes.
        classes: (R,) class of each.
        components: of each class; 1 leaves it whole.
        seed: of the mixtures' first guesses.

    Returns:
        (R,) sub-classes, numbered from 0 over all classes in the classes' order; components without members get no
        number.
    """
    divided = np.empty(len(codes), dtype=np.int64)
    first = 0
    for number, count in enumerate(components):
        members = np.flatnonzero(classes == number)
        parts = np.zeros(len(members), dtype=np.int64)
        if count > 1:
            _, parts = np.unique(_mixture(codes[members], count, seed), return_inverse=True)
        divided[members] = first + parts
        first += int(parts.max(initial=-1)) + 1
    return divided


def _mixture(codes: NDArray[np.float64], count: int, seed: int) -> NDArray[np.int64]:
    """Returns the (R,) most probable component of each code."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.mixture import GaussianMixture
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    spread = codes.var(axis=0).mean()
    # One thread: sums of several come in any order, and a resumed training must find the same components.
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # near enough will do: the next round divides anew
        mixture = GaussianMixture(count, covariance_type="full", reg_covar=1e-6 + _EPSILON * spread, random_state=seed)
        found: NDArray[np.int64] = mixture.fit_predict(codes)
    return found
