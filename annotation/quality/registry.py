"""Aggregators: name -> dotted path, resolved on first use, so that scipy is loaded only by those that need it."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Protocol, cast

from annotation.quality.aggregate import Aggregate
from annotation.quality.votes import VoteTable

# Of triplets; "side-frame" needs votes with `left`.
AGGREGATORS = {
    "margin": "annotation.quality.margin.MarginAggregator",
    "one-coin": "annotation.quality.one_coin.OneCoin",
    "dawid-skene": "annotation.quality.dawid_skene.DawidSkene",
    "side-frame": "annotation.quality.side_frame.SideFrame",
}

LABEL_AGGREGATORS = {
    "plurality": "annotation.quality.plurality.PluralityAggregator",
    "one-coin": "annotation.quality.one_coin.OneCoin",
    "dawid-skene": "annotation.quality.dawid_skene.DawidSkene",
}

WEIGHTINGS = ("raw", "unit", "calibrated")  # every aggregator takes each of them


def stands_alone(name: str, weight: str) -> bool:
    """Whether each question's result comes from its own votes only, so that a round's do not change with the next.

    Models learn from all votes, a calibrated margin too; and a plurality takes its posterior from how far all agree.
    """
    return name == "margin" and weight != "calibrated"


class Aggregator(Protocol):
    """Votes in, one answer and one weight a question out. The class works with its defaults.

    Attributes:
        version: Of the algorithm; results name it. It changes when the same votes would give other numbers.
    """

    version: str

    def fit(self, votes: VoteTable) -> Aggregate:
        """Aggregate all questions.

        Args:
            votes: V votes on Q questions.
        """
        ...


def load_aggregator(name: str) -> Callable[..., Aggregator]:
    """The class of that name for triplets, to be called with its settings, such as ``weight="unit"``.

    Raises:
        KeyError: If there is none.
    """
    return _load(AGGREGATORS[name])


def load_label_aggregator(name: str) -> Callable[..., Aggregator]:
    """The class of that name for labels, to be called with its settings.

    Raises:
        KeyError: If there is none.
    """
    return _load(LABEL_AGGREGATORS[name])


def _load(path: str) -> Callable[..., Aggregator]:
    module, _, attribute = path.rpartition(".")
    return cast(Callable[..., Aggregator], getattr(import_module(module), attribute))
