"""The objectives of paper 001 on batches of a data set, and the validation score that chooses the final model.

Labels: stimuli without one are left out; classes are those of the training stimuli. The score is the accuracy on
validation stimuli of a vote among the K nearest training codes (for the CNN, of its own classifier); for a triplet
network that learns from people it is the share of validation triplets that hold, Σ_t w_t·[d⁺ ≤ d⁻] / Σ_t w_t.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from learning.data.augmentation import Augmentation, augment
from learning.data.batches import BalancedBatches, ClassIndex, JudgedTriplets, LabelledTriplets
from learning.data.source import FeatureSource
from learning.data.stimuli import TrainingData
from learning.data.weights import training_weights
from learning.embedding.backbones.drawing import set_generator
from learning.embedding.base import OnePhase
from learning.embedding.metric_labels import class_numbers, label_column, nearest_vote, spread
from learning.embedding.metric_losses import all_triplets_hinge, cross_entropy, structured_gaussian, triplet_hinge

if TYPE_CHECKING:
    from learning.embedding.metric import CNN, SGM, MetricNetwork, TripletNet

_CHUNK = 512  # stimuli embedded at a time
_MEASURED = 2048  # training stimuli that tell the size of the features


class MetricObjective(OnePhase):
    """What the objectives share: stimuli, classes, and accuracy by the nearest training codes.

    Attributes:
        index: the training rows of each class; None where labels are not needed and there are none.
    """

    loss_names: ClassVar[tuple[str, ...]] = ("loss",)
    score_name: ClassVar[str] = "accuracy"
    model: MetricNetwork

    def __init__(self, model: MetricNetwork, data: TrainingData, device: torch.device, labelled: bool = True) -> None:
        """Moves the data to the device.

        Args:
            model: the network, already there.
            data: stimuli and labels; rows of split 0 train, rows of split 1 validate.
            device: where the data shall live.
            labelled: whether labels are needed; otherwise they are not read.

        Raises:
            ValueError: no training stimulus, no labels, or changes of images asked for where there are no images.
        """
        self.model, self.config, self.device = model, model.config, device
        self.generator = torch.Generator().manual_seed(self.config.seed)
        set_generator(model, self.generator)
        self.source = FeatureSource.of(data.features, device=device)
        train = data.rows_of(0)
        if not len(train):
            raise ValueError("No stimulus is in the training split.")
        model.measure(self.source.rows(torch.from_numpy(spread(train, _MEASURED))), data.mean)
        self.augmentation = self._augmentation()
        self.mean = torch.tensor(data.mean, device=device).view(model.input_shape) if self.augmentation else None
        self.index: ClassIndex | None = None
        if labelled:
            labels = label_column(data, self.config.label)
            self.index = ClassIndex.build(labels, train)
            self.codes_of_labels = class_numbers(labels, self.index.names)
            validation = data.rows_of(1)
            self.validation_rows = torch.from_numpy(validation[labels[validation] != ""])
            self.references = torch.from_numpy(spread(np.sort(self.index.rows.numpy()), self.config.references))

    @property
    def classes(self) -> ClassIndex:
        """The training rows of each class."""
        if self.index is None:
            raise ValueError("This objective was made without labels.")
        return self.index

    def _augmentation(self) -> Augmentation | None:
        config = self.config
        if not config.augments:
            return None
        if len(self.model.input_shape) != 3:
            raise ValueError(
                f"Flips, rotations and the like change images, but stimuli here have the shape "
                f"{self.model.input_shape}; set them to 0."
            )
        return Augmentation(
            flip=config.flip,
            rotation=config.rotation,
            scale=config.zoom,
            translation=config.translation,
            brightness=config.brightness,
            contrast=config.contrast,
            erasing=config.erasing,
        )

    def encode(self, rows: Tensor) -> Tensor:
        """Returns the (R, D) codes of (R,) rows for training: with changed images, and in single precision."""
        x = self.source.rows(rows)
        if self.augmentation is not None:
            images = x.view(-1, *self.model.input_shape)
            x = augment(images, self.augmentation, self.generator, self.mean).flatten(1)
        return self.model.codes(x).float()

    def full_precision(self) -> AbstractContextManager[Any]:
        """Losses are computed in single precision even where layers are not."""
        return torch.autocast(self.device.type, enabled=False)

    @torch.no_grad()
    def embedded(self, rows: Tensor) -> Tensor:
        """Returns the (R, D) codes of (R,) rows in evaluation mode."""
        training = self.model.training
        self.model.eval()
        codes = [self.model.codes(self.source.rows(part)).float() for part in torch.split(rows, _CHUNK)]
        self.model.train(training)
        return torch.cat(codes)

    @torch.no_grad()
    def validate(self) -> dict[str, float] | None:
        """Returns "accuracy" on the labelled validation stimuli; None without any."""
        if not len(self.validation_rows):
            return None
        found = self.predict(self.validation_rows).cpu()
        return {"accuracy": (found == self.codes_of_labels[self.validation_rows]).double().mean().item()}

    def predict(self, rows: Tensor) -> Tensor:
        """Returns the (R,) class numbers that the K nearest references' votes give to (R,) rows."""
        labels = self.codes_of_labels[self.references].to(self.device)
        return nearest_vote(
            self.embedded(self.references), labels, self.embedded(rows), self.config.neighbours, len(self.classes)
        )


class CNNObjective(MetricObjective):
    """Mean cross-entropy of a class-balanced batch."""

    model: CNN

    def __init__(self, model: CNN, data: TrainingData, device: torch.device) -> None:
        super().__init__(model, data, device)
        model.classify_into(len(self.classes), torch.Generator().manual_seed(self.config.seed + 1))
        self.batches = BalancedBatches(self.classes, self.config.samples, self.config.classes)

    def losses(self, iteration: int) -> Tensor:
        """Returns [loss] of a fresh batch."""
        rows, labels = self.batches.draw(self.generator)
        scores = self.model.scores(self.encode(rows)).float()
        with self.full_precision():
            return cross_entropy(scores, labels.to(self.device))[None]

    def predict(self, rows: Tensor) -> Tensor:
        """Returns the (R,) class numbers of the highest scores."""
        return self.model.scores(self.embedded(rows)).argmax(1)


class SGMObjective(MetricObjective):
    """The structured Gaussian manifold loss of a class-balanced batch."""

    model: SGM

    def __init__(self, model: SGM, data: TrainingData, device: torch.device) -> None:
        super().__init__(model, data, device)
        self.batches = BalancedBatches(self.classes, self.config.samples, self.config.classes)

    def losses(self, iteration: int) -> Tensor:
        """Returns [loss] of a fresh batch."""
        rows, labels = self.batches.draw(self.generator)
        z = self.encode(rows)
        with self.full_precision():
            return structured_gaussian(z, labels.to(self.device), len(self.batches.index), self.model.config.s)[None]


class TripletObjective(MetricObjective):
    """The hinge of triplets from labels, from votes, or the sum of both."""

    loss_names: ClassVar[tuple[str, ...]] = ("loss", "labels", "votes")
    model: TripletNet

    def __init__(self, model: TripletNet, data: TrainingData, device: torch.device) -> None:
        """Moves the data to the device; see ``MetricObjective``.

        Raises:
            ValueError: also where no class has two stimuli, or no training triplet a weight above zero.
        """
        settings = model.config
        super().__init__(model, data, device, labelled=settings.source != "votes")
        self.settings = settings
        self.judged: JudgedTriplets | None = None
        self.labelled: LabelledTriplets | None = None
        if settings.source != "votes":
            self.labelled = LabelledTriplets(self.classes, settings.triplets, balanced=True)
            self.batches = BalancedBatches(self.classes, settings.samples, settings.classes)
        if settings.source != "labels":
            train = data.triplets.of_split(0)
            self.judged = JudgedTriplets.build(train, settings.triplets, training_weights(train, settings.weights))

    def losses(self, iteration: int) -> Tensor:
        """Returns [loss, labels, votes]; a source that is not used gives 0. Each stimulus is encoded once."""
        config = self.settings
        pool = classes = torch.empty(0, dtype=torch.int64)
        drawn, weights = torch.empty(0, 3, dtype=torch.int64), torch.empty(0)
        if self.labelled is not None and config.mining == "all":
            pool, classes = self.batches.draw(self.generator)
        elif self.labelled is not None:
            drawn = self.labelled.draw(self.generator)
        from_labels = len(drawn)
        if self.judged is not None:
            judged, weights = self.judged.draw(self.generator)
            drawn = torch.cat([drawn, judged])
        rows, member = torch.unique(drawn, return_inverse=True)
        z = self.encode(torch.cat([pool, rows]))
        member = (member + len(pool)).to(self.device)
        with self.full_precision():
            votes = triplet_hinge(z, member[from_labels:], weights.to(self.device), config.margin, config.distance)
            if len(pool) and config.distance != "soft":
                labels = all_triplets_hinge(z[: len(pool)], classes.to(self.device), config.margin, config.distance)
            else:
                labels = triplet_hinge(z, member[:from_labels], None, config.margin, config.distance)
            return torch.stack([labels + votes, labels, votes])


class VoteObjective(TripletObjective):
    """The same, scored by the validation triplets that people judged."""

    score_name: ClassVar[str] = "satisfied"

    def __init__(self, model: TripletNet, data: TrainingData, device: torch.device) -> None:
        super().__init__(model, data, device)
        validation = data.triplets.of_split(1)
        weights = training_weights(validation, self.settings.weights)
        self.validation_triplets = torch.from_numpy(validation.triplets[weights > 0])
        self.validation_weights = torch.from_numpy(weights[weights > 0])

    @torch.no_grad()
    def validate(self) -> dict[str, float] | None:
        """Returns "satisfied", and "accuracy" where labels train too; None without validation triplets."""
        if not len(self.validation_triplets):
            return None
        rows, member = torch.unique(self.validation_triplets, return_inverse=True)
        z = self.embedded(rows).cpu().double()
        anchor, nearer, farther = (z[place] for place in member.unbind(1))
        holds = (anchor - nearer).square().sum(1) <= (anchor - farther).square().sum(1)
        weights = self.validation_weights.double()
        figures = {"satisfied": ((weights * holds).sum() / weights.sum()).item()}
        return figures | ((super().validate() or {}) if self.index is not None else {})
