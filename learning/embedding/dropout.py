"""Dropout that costs little on a CPU, and the ELU that it follows.

torch draws Bernoulli variables one by one: a quarter of a training step of paper 000's networks. Here masks come from
two pools of uniform 16-bit integers, drawn once from the seed. Every mask takes a random stretch of each pool and joins
them by exclusive or, so that each unit's integer is again uniform, and a mask would come back only if both offsets did
(one pair of 2^40). A unit is dropped where its integer is among the lowest ``rate`` of all;
rates are rounded to 1/65536.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

_LEVELS = 1 << 16
_POOL = 1 << 20  # integers in a pool; 2 MiB each, so that a processor's cache holds both
_STRETCH = 1 << 18  # integers taken with one pair of offsets


class Dropout:
    """A source of dropout masks.

    Attributes:
        scale: 1 / (probability that a unit is kept); kept units are multiplied by it, so that expectations stay.
    """

    def __init__(self, rate: float, generator: torch.Generator, seed: int, device: torch.device) -> None:
        """Draws the pools.

        Args:
            rate: probability that a unit is dropped, in [0, 1).
            generator: CPU generator of the offsets; its state is all that a checkpoint needs.
            seed: of the pools.
            device: where masks are made.
        """
        dropped = round(rate * _LEVELS)
        self.scale = _LEVELS / (_LEVELS - dropped)
        self._threshold = dropped - _LEVELS // 2  # the pools are signed
        self._generator = generator
        source = torch.Generator().manual_seed(seed)
        words = torch.empty(2, _POOL // 4, dtype=torch.int64).random_(-(2**63), None, generator=source)
        self._pools = words.view(torch.int16).to(device)

    def mask(self, rows: int, width: int, out: Tensor | None = None) -> Tensor:
        """Returns a (rows, width) mask: 1 = kept, 0 = dropped; fresh in float32, or in the contiguous ``out``."""
        size = rows * width
        mask = torch.empty(size, device=self._pools.device) if out is None else out.view(size)
        for start in range(0, size, _STRETCH):
            length = min(_STRETCH, size - start)
            left, right = torch.randint(_POOL - length + 1, (2,), generator=self._generator).tolist()
            bits = self._pools[0, left : left + length] ^ self._pools[1, right : right + length]
            torch.ge(bits, self._threshold, out=mask[start : start + length])
        return mask.view(rows, width)


class _EluDropout(torch.autograd.Function):
    """mask × scale × ELU(h), overwriting h; the backward pass needs only the result and the mask."""

    @staticmethod
    def forward(ctx: Any, h: Tensor, mask: Tensor, scale: float) -> Tensor:
        torch.ops.aten.elu_(h, 1.0, scale).mul_(mask)
        ctx.mark_dirty(h)
        ctx.save_for_backward(h, mask)
        ctx.scale = scale
        return h

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        result, mask = ctx.saved_tensors
        # The mask is not needed again, so the product and then the result are written over it. A second backward pass
        # through the same graph is refused by torch, which sees that a saved tensor changed.
        gradient = mask.mul_(gradients[0])
        # A dropped unit's result is 0, but its gradient is 0 as well, whatever the ELU's slope there.
        torch.ops.aten.elu_backward.grad_input(gradient, 1.0, ctx.scale, 1.0, True, result, grad_input=gradient)
        return gradient, None, None


def elu_dropout(h: Tensor, dropout: Dropout | None) -> Tensor:
    """Applies the exponential linear unit and then dropout.

    Args:
        h: (rows, width) a linear layer's fresh output; it may be overwritten.
        dropout: where masks come from; None = no dropout (evaluation).

    Returns:
        (rows, width) activations.
    """
    if dropout is None:
        return torch.nn.functional.elu(h, inplace=True)
    mask = dropout.mask(*h.shape)
    if h.dtype == torch.float64:
        mask = mask.double()
    activations: Tensor = _EluDropout.apply(h, mask, dropout.scale)  # type: ignore[no-untyped-call]
    return activations
