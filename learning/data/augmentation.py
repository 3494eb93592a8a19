"""Random changes of images that leave their meaning alone, a whole batch at once.

Each image is flipped, then turned, scaled and moved in one bilinear resampling, then changed in contrast and
brightness, and at last a rectangle of it is erased:

    x'(p) = x(c + R(−θ)·(p − c − t) / s)      c the centre, θ the angle (counter-clockwise), s the scale, t the shift
    x''   = m + γ·(x' − m) + b                 m the image's mean, γ the contrast, b the brightness
    erased pixels take the value m + b

Pixels from outside take the value of the nearest one inside. All random numbers come from one CPU generator, twelve
for each image whatever the settings, so that the same state gives the same batch on any device. Erasing: Zhong, Zheng,
Kang, Li, Yang: Random erasing data augmentation. AAAI 2020.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import affine_grid, grid_sample

_DRAWS = 12
_LEAST_ERASED = 0.02  # share of an image
_LONGEST_ERASED = 3.3  # sides of a rectangle, one over the other


@dataclass(frozen=True)
class Augmentation:
    """How strong the changes are; 0 everywhere changes nothing.

    Attributes:
        flip: probability that left and right change places.
        rotation: largest angle in degrees, either way.
        scale: largest relative change of size: scales lie between 1 / (1 + scale) and 1 + scale.
        translation: largest shift, as a share of the image's side.
        brightness: largest number added, in units of the pixels.
        contrast: contrasts lie between 1 / (1 + contrast) and 1 + contrast.
        erasing: probability that a rectangle is erased.
        erased: largest share of an image that is erased.
    """

    flip: float = 0.0
    rotation: float = 0.0
    scale: float = 0.0
    translation: float = 0.0
    brightness: float = 0.0
    contrast: float = 0.0
    erasing: float = 0.0
    erased: float = 0.2

    def __post_init__(self) -> None:
        for name in ("rotation", "scale", "translation", "brightness", "contrast"):
            if getattr(self, name) < 0:
                raise ValueError(f"Augmentation.{name} must be 0 or more, but is {getattr(self, name)}.")
        for name in ("flip", "erasing"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"Augmentation.{name} must be a probability, but is {getattr(self, name)}.")
        if not _LEAST_ERASED <= self.erased < 1:
            raise ValueError(f"Augmentation.erased must be in [{_LEAST_ERASED}, 1), but is {self.erased}.")

    @property
    def resamples(self) -> bool:
        """Whether pixels move other than by a flip."""
        return bool(self.rotation or self.scale or self.translation)


def augment(images: Tensor, settings: Augmentation, generator: torch.Generator, mean: Tensor | None = None) -> Tensor:
    """Changes a batch.

    Args:
        images: (B, C, H, W) images.
        settings: how strongly.
        generator: on the CPU.
        mean: (C, H, W) what the images are centred by; it is added before and subtracted after, because a flipped
            image must be centred by the mean that has not been flipped.

    Returns:
        (B, C, H, W) images; the given ones themselves where nothing changes, otherwise new ones.
    """
    draws = torch.rand(_DRAWS, len(images), generator=generator).to(images.device, images.dtype)
    x = images if mean is None else images + mean
    flipped = draws[0] < settings.flip
    if settings.resamples:
        angles = math.radians(settings.rotation) * (2 * draws[1] - 1)
        scales = _around_one(draws[2], settings.scale)
        x = move(x, angles, scales, settings.translation * (2 * draws[3:5].t() - 1), flipped)
    elif settings.flip:
        x = torch.where(_column(flipped), x.flip(3), x)  # exact
    means = x.mean((1, 2, 3))
    if settings.brightness or settings.contrast:
        contrasts, added = _around_one(draws[5], settings.contrast), settings.brightness * (2 * draws[6] - 1)
        x = torch.addcmul(_column(means * (1 - contrasts) + added), x, _column(contrasts))
        means = means + added
    if settings.erasing:
        chosen = _column(draws[7] < settings.erasing)
        erased = chosen & rectangles(draws[8:12], settings.erased, x.shape[2], x.shape[3])
        x = torch.where(erased, _column(means), x)
    return x if mean is None else x - mean


def move(images: Tensor, angles: Tensor, scales: Tensor, shifts: Tensor, flipped: Tensor | None = None) -> Tensor:
    """Flips, turns, scales and moves images about their centres, in this order.

    Args:
        images: (B, C, H, W) images.
        angles: (B,) radians, counter-clockwise.
        scales: (B,) above 1 enlarges.
        shifts: (B, 2) to the right and down, in shares of the image's width and height.
        flipped: (B,) whether left and right change places; None means none.

    Returns:
        (B, C, H, W) images.
    """
    height, width = images.shape[2:]
    # In grid_sample's coordinates both sides run from −1 to 1, and y runs down.
    cos, sin = angles.cos() / scales, angles.sin() / scales
    matrix = torch.stack([cos, -sin * height / width, sin * width / height, cos], 1).view(-1, 2, 2)
    offset = -torch.bmm(matrix, 2 * shifts[:, :, None])
    matrix = torch.cat([matrix, offset], 2)
    if flipped is not None:
        matrix[:, 0] = torch.where(flipped[:, None], -matrix[:, 0], matrix[:, 0])
    grid = affine_grid(matrix, list(images.shape), align_corners=False)
    return grid_sample(images, grid, mode="bilinear", padding_mode="border", align_corners=False)


def _around_one(draws: Tensor, strength: float) -> Tensor:
    """Returns factors from 1 / (1 + strength) to 1 + strength, their logarithms uniform."""
    return torch.exp(math.log1p(strength) * (2 * draws - 1))


def _column(values: Tensor) -> Tensor:
    return values[:, None, None, None]


def rectangles(draws: Tensor, largest: float, height: int, width: int) -> Tensor:
    """Places a rectangle in each image.

    Args:
        draws: (4, B) numbers in [0, 1): area, shape, and place of the rectangle.
        largest: its largest share of an image; shares and the logarithms of the sides' ratio are uniform.
        height: H.
        width: W.

    Returns:
        (B, 1, H, W), true inside.
    """
    area = (_LEAST_ERASED + (largest - _LEAST_ERASED) * draws[0]) * height * width
    ratio = _around_one(draws[1], _LONGEST_ERASED - 1)
    rows = _stretch(height, (area * ratio).sqrt(), draws[2])
    columns = _stretch(width, (area / ratio).sqrt(), draws[3])
    return (rows[:, :, None] & columns[:, None, :])[:, None]


def _stretch(side: int, length: Tensor, place: Tensor) -> Tensor:
    """Returns (B, side), true in a stretch of about ``length``, anywhere within the side with equal chances."""
    length = length.round().clamp(1, side)
    start = (place * (side - length + 1)).floor()[:, None]
    at = torch.arange(side, device=length.device)
    return (at >= start) & (at < start + length[:, None])
