"""The settings of paper 001's models, without torch. Where the paper is silent the released code's choice stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from learning.training.config import TrainingConfig, require_positive

EncoderName = Literal["auto", "mlp", "points", "resnet18", "preact-resnet18", "alexnet", "cvgg13", "fmpnet"]


@dataclass(frozen=True)
class MetricConfig(TrainingConfig):
    """What CNN, triplet network and structured Gaussian manifold share: network, batches, changes of images.

    Attributes:
        latent: D, the size of the code.
        encoder: a name of ``backbones.registry.ENCODERS``; "auto" = "resnet18" for images (C, H, W), "mlp" for others.
        width: base number of channels of the encoders other than "mlp"; 64 in the published nets.
        hidden: widths of the hidden layers of "mlp".
        dropout: probability that a hidden unit of "mlp" is dropped; the other encoders have their own.
        label: which label column tells the classes; "" = the only one that there is.
        classes: c, classes in a batch; None = all.
        samples: n, stimuli of each class in a batch (section 3.1: 30).
        neighbours: K of the nearest-neighbour vote that measures accuracy (section 4.2.2: 11).
        references: how many training stimuli, spread evenly over them, the vote is taken among.
        flip: of images; this and the next six as in ``learning.data.augmentation``.
        rotation: largest angle in degrees.
        zoom: largest relative change of size.
        translation: largest shift, as a share of the side.
        brightness: largest number added, in units of the pixels.
        contrast: largest relative change of contrast.
        erasing: probability that a rectangle is erased.
    """

    iterations: int = 20_000
    evaluate_every: int = 500
    latent: int = 64
    encoder: EncoderName = "auto"
    width: int = 64
    hidden: tuple[int, ...] = (512, 256)
    dropout: float = 0.0
    label: str = ""
    classes: int | None = None
    samples: int = 30
    neighbours: int = 11
    references: int = 4_096
    flip: float = 0.0
    rotation: float = 0.0
    zoom: float = 0.0
    translation: float = 0.0
    brightness: float = 0.0
    contrast: float = 0.0
    erasing: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        require_positive(self, "latent", "width", "hidden", "samples", "neighbours", "references")
        if self.classes is not None and self.classes < 2:
            raise ValueError(f"{type(self).__name__}.classes must be 2 or more, but is {self.classes}.")
        if not 0 <= self.dropout < 1:
            raise ValueError(f"{type(self).__name__}.dropout must be in [0, 1), but is {self.dropout}.")
        for name in ("flip", "erasing"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{type(self).__name__}.{name} must be in [0, 1], but is {getattr(self, name)}.")
        for name in ("rotation", "zoom", "translation", "brightness", "contrast"):
            if not 0 <= getattr(self, name) < float("inf"):
                raise ValueError(f"{type(self).__name__}.{name} must not be negative, but is {getattr(self, name)}.")

    @property
    def augments(self) -> bool:
        """Whether images are changed in training."""
        changes = (self.flip, self.rotation, self.zoom, self.translation, self.brightness, self.contrast, self.erasing)
        return any(changes)


@dataclass(frozen=True)
class CNNConfig(MetricConfig):
    """Softmax cross-entropy on a linear layer over the code; fields as in ``MetricConfig``."""


@dataclass(frozen=True)
class TripletNetConfig(MetricConfig):
    """Triplet hinge; the other fields as in ``MetricConfig``.

    Attributes:
        source: "labels" = two stimuli of one class and one of another; "votes" = what people judged; "both" adds the
            two losses.
        mining: of "labels": "random" = ``triplets`` of them; "all" = every triplet of a batch of ``classes`` ×
            ``samples`` stimuli.
        triplets: V, triplets of each source in a batch (section 4.1: 128).
        margin: m, in units of the codes.
        distance: "euclidean", "squared", or "soft", see ``metric_losses``.
        weights: of votes, see ``learning.data.weights``: "raw" = vote margins, "unit" = margins over votes, "given".
    """

    source: Literal["labels", "votes", "both"] = "labels"
    mining: Literal["random", "all"] = "random"
    triplets: int = 128
    margin: float = 1.0
    distance: Literal["euclidean", "squared", "soft"] = "euclidean"
    weights: Literal["raw", "unit", "given"] = "raw"

    def __post_init__(self) -> None:
        super().__post_init__()
        require_positive(self, "triplets", "margin")
        if self.mining == "all" and self.distance == "soft":
            raise ValueError("TripletNetConfig.mining 'all' needs the distance 'euclidean' or 'squared', not 'soft'.")


@dataclass(frozen=True)
class SGMConfig(MetricConfig):
    """Structured Gaussian manifold; the other fields as in ``MetricConfig``.

    Attributes:
        s: standard deviation of each class, in units of the codes. Where codes lie many s apart from the start, the
            loss is flat and hardly falls: then a larger s helps.
    """

    s: float = 0.5

    def __post_init__(self) -> None:
        super().__post_init__()
        require_positive(self, "s")


@dataclass(frozen=True)
class DGMSConfig(SGMConfig):
    """Deep Gaussian mixture sub-space (section 3.2); the other fields as in ``SGMConfig``.

    Attributes:
        rounds: trainings, each but the first on classes divided anew; each takes ``iterations`` / ``rounds`` steps.
        first_components: sub-classes of a class at the first division; one more at each that follows.
        components: the most sub-classes of a class.
        smallest_class: a class of fewer training stimuli is never divided.
    """

    rounds: int = 20
    first_components: int = 2
    components: int = 4
    smallest_class: int = 100

    def __post_init__(self) -> None:
        super().__post_init__()
        require_positive(self, "rounds", "first_components", "components", "smallest_class")
        if self.rounds > self.iterations:
            raise ValueError(f"DGMSConfig.rounds is {self.rounds}, more than the {self.iterations} iterations.")
        if self.processes > 1:
            raise ValueError("DGMSConfig.processes must be 1: each process would divide the classes for itself.")
        if self.first_components > self.components:
            raise ValueError("DGMSConfig.first_components must not be above components.")

    def round_of(self, iteration: int) -> int:
        """Returns the round, from 0, that a step counted from 0 belongs to."""
        return min(self.rounds - 1, iteration * self.rounds // self.iterations)

    def components_of(self, round_number: int, members: int) -> int:
        """Returns into how many sub-classes a class of ``members`` training stimuli is divided before a round."""
        if round_number < 1 or members < self.smallest_class:
            return 1
        return max(1, min(members // 10, self.first_components + round_number - 1, self.components))
