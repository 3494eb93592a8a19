"""A decoder that knows how wrong it is: the variance of the likelihood is the mean squared error.

    −ln N(x | x̂, σ²I) = F/2 · ln(2πσ²) + ‖x − x̂‖²/(2σ²)          least for σ² = ‖x − x̂‖²/F, averaged over the batch
                      = F/2 · (ln(2π·σ²) + 1)  there

The second line is the loss of a batch: its gradient is that of the first with σ² held still, because the first does not
change with σ² at its minimum. So σ² needs no search, and the reconstruction and KL terms stay in balance as the error
falls. What the model is worth is told with σ² measured on training stimuli without dropout, which is saved with it.

Rybkin, Daniilidis, Levine: Simple and effective VAE training with calibrated decoders. ICML 2021.
"""

from __future__ import annotations

import math

from torch import Tensor

_SMALLEST_VARIANCE = 1e-10  # of a decoder without any error


def optimal_variance(square: Tensor, size: int) -> Tensor:
    """Returns σ² for a mean squared norm of errors.

    Args:
        square: () mean of ‖x − x̂‖² over a batch.
        size: F.
    """
    return (square / size).clamp_min(_SMALLEST_VARIANCE)


def optimal_nll(square: Tensor, size: int) -> Tensor:
    """−ln N(x | x̂, σ²I) with the best σ², its constant included, as a mean over a batch.

    Args:
        square: () mean of ‖x − x̂‖² over the batch.
        size: F.

    Returns:
        () F/2 · (ln(2πσ²) + 1), in nats.
    """
    return size / 2 * ((2 * math.pi * optimal_variance(square, size)).log() + 1)
