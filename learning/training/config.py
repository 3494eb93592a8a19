"""Settings as frozen dataclasses that survive a trip through JSON, and the settings that every training shares.

No torch here: forms, serializers and the command line read these classes in processes that must stay light.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self


@dataclass(frozen=True)
class JsonConfig:
    """A frozen dataclass of numbers, texts, choices and tuples of integers that can be stored as JSON.

    Subclasses check ranges in ``__post_init__``; types are checked by ``from_json``, because only there do they come
    from outside.
    """

    def to_json(self) -> dict[str, Any]:
        """Returns the settings as plain JSON values (tuples become lists)."""
        values = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        return {key: list(value) if isinstance(value, tuple) else value for key, value in values.items()}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Builds the settings from JSON values; fields that are left out keep their defaults.

        Args:
            values: field name -> JSON value.

        Returns:
            The settings.

        Raises:
            ValueError: an unknown field, a value of the wrong type, or one out of range.
        """
        if not isinstance(values, Mapping):
            raise ValueError(f"{cls.__name__} must be an object with named fields, not {type(values).__name__}.")
        hints = typing.get_type_hints(cls)
        known = {field.name for field in dataclasses.fields(cls)}
        for key in values:
            if key not in known:
                raise ValueError(f"{cls.__name__} has no field {key!r}; it has {', '.join(sorted(known))}.")
        return cls(**{key: _convert(cls.__name__, key, value, hints[key]) for key, value in values.items()})


def _convert(owner: str, key: str, value: Any, hint: Any) -> Any:
    """Checks one JSON value against its field's type and returns it in Python's form."""
    origin = typing.get_origin(hint)
    if origin is Literal:
        choices = typing.get_args(hint)
        if isinstance(value, str) and value in choices:
            return value
        raise ValueError(f"{owner}.{key} must be one of {', '.join(map(repr, choices))}, not {value!r}.")
    if origin is types.UnionType:  # "int | None", the only union in use
        return None if value is None else _convert(owner, key, value, typing.get_args(hint)[0])
    if origin is tuple:
        if isinstance(value, (list, tuple)) and all(_is_int(item) for item in value):
            return tuple(value)
        raise ValueError(f"{owner}.{key} must be a list of whole numbers, not {value!r}.")
    if hint is float and (_is_int(value) or isinstance(value, float)):
        return float(value)
    if hint is int and _is_int(value):
        return value
    if hint is str and isinstance(value, str):
        return value
    kind = {int: "whole number", str: "text"}.get(hint, "number")
    raise ValueError(f"{owner}.{key} must be a {kind}, not {value!r}.")


def _is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


_MAY_BE_NONE = ("checkpoint_every", "clip_norm", "ema", "patience")


@dataclass(frozen=True)
class TrainingConfig(JsonConfig):
    """How a network is trained, whatever it is. Defaults are those of paper 000, section V-C.

    Attributes:
        iterations: number of optimiser steps.
        learning_rate: Adam's step size.
        evaluate_every: steps between two evaluations on the validation stimuli; the best one is kept.
        checkpoint_every: steps between two checkpoints; None means ``evaluate_every``.
        seed: of initial weights, batches, noise and dropout.
        threads: CPU threads of torch; more than one is slower wherever something else runs beside it.
        device: "auto" takes CUDA where there is one.
        processes: that take each step together, each on a batch of its own and, with CUDA, a GPU of its own.
        image_size: side in pixels in which pictures are read, where the data has no features.
        image_colour: "grey" or "rgb".
        precision: "bfloat16" computes layers in it on CUDA (on CPUs it is slower and refused); weights stay float32.
        schedule: how the learning rate goes on after the warm-up: "constant"; "linear" or "cosine" fall to 0;
            "step" multiplies it by ``step_factor`` every ``step_every`` iterations.
        warmup: iterations in which the learning rate rises linearly from 0.
        step_every: iterations, for "step".
        step_factor: for "step".
        weight_decay: decoupled (AdamW).
        clip_norm: the gradient of a phase is made no longer than this; None = not clipped.
        ema: decay of an exponential moving average of the weights, which is what is evaluated and kept; None = none.
        patience: evaluations without a better one after which the training ends; None = never early.
    """

    iterations: int = 100_000
    learning_rate: float = 1e-4
    evaluate_every: int = 2_500
    checkpoint_every: int | None = None
    seed: int = 0
    threads: int = 1
    device: Literal["auto", "cpu", "cuda"] = "auto"
    processes: int = 1
    image_size: int = 64
    image_colour: Literal["grey", "rgb"] = "grey"
    precision: Literal["float32", "bfloat16"] = "float32"
    schedule: Literal["constant", "linear", "cosine", "step"] = "constant"
    warmup: int = 0
    step_every: int = 10_000
    step_factor: float = 0.7
    weight_decay: float = 0.0
    clip_norm: float | None = None
    ema: float | None = None
    patience: int | None = None

    def __post_init__(self) -> None:
        require_positive(self, "iterations", "learning_rate", "evaluate_every", "threads", "processes", "image_size")
        require_positive(self, "step_every", "step_factor")
        require_positive(self, *(name for name in _MAY_BE_NONE if getattr(self, name) is not None))
        for name in ("warmup", "weight_decay"):
            if not 0 <= getattr(self, name) < float("inf"):
                raise ValueError(f"{type(self).__name__}.{name} must not be negative, but is {getattr(self, name)}.")
        if self.ema is not None and self.ema >= 1:
            raise ValueError(f"{type(self).__name__}.ema must be below 1, but is {self.ema}.")
        if self.seed < 0:
            raise ValueError(f"{type(self).__name__}.seed must not be negative, but is {self.seed}.")

    @property
    def steps_between_checkpoints(self) -> int:
        return self.checkpoint_every or self.evaluate_every


def require_positive(config: JsonConfig, *names: str) -> None:
    """Refuses a setting that is not a finite number above zero.

    Args:
        config: the settings.
        names: the fields to check; a tuple is checked item by item.

    Raises:
        ValueError: with the name of the field.
    """
    for name in names:
        value = getattr(config, name)
        for item in value if isinstance(value, tuple) else (value,):
            if not 0 < item < float("inf"):
                raise ValueError(f"{type(config).__name__}.{name} must be above zero, but is {item}.")
